using Returns.Contracts;
using Returns.Domain.Channels;
using Returns.Domain.Grading;
using Returns.Domain.Rules;

namespace Returns.Domain.Routing;

/// <summary>
/// Where a unit goes, and every candidate that was considered. Made for reuse; not safe for concurrent use. Its content
/// refers to the rules and the catalogue item it was made of, not to the facts.
/// </summary>
public sealed class RouteResult
{
    // One per operator's choice, channel, option of a row, disposition of a block, and the review itself.
    internal const int MaxCandidates = 1 + ChannelsDocument.MaxChannels + RoutingDocument.MaxOptions + 16;

    private readonly RouteCandidate[] _candidates = new RouteCandidate[MaxCandidates];
    private ProgramRules? _rules;
    private CatalogFacts? _catalog;
    private VendorTerms? _terms;
    private int _chosen;
    private int _grams;

    /// <summary>The decision.</summary>
    public Disposition Disposition { get; private set; }

    /// <summary>The resale channel, for resell.</summary>
    public Outlet? Channel { get; private set; }

    /// <summary>What decided.</summary>
    public RoutingCause Cause { get; private set; }

    /// <summary>Why a human must decide; null unless <see cref="Disposition"/> is manual review.</summary>
    public ExceptionReason? Review { get; private set; }

    /// <summary>True where an operator's decision could not be followed; its candidate says why.</summary>
    public bool OverrideRefused { get; private set; }

    /// <summary>Hard blocks that held.</summary>
    public HardBlockSet Blocks { get; private set; }

    /// <summary>Index of the grade routed on; -1 where none.</summary>
    public int GradeIndex { get; private set; }

    /// <summary>The grade routed on; none where none.</summary>
    public GradeCode Grade => GradeIndex < 0 || _rules is null ? default : _rules.Grading.Scale.CodeOf(GradeIndex);

    /// <summary>Every candidate, in the order considered. Valid until the next decision.</summary>
    public ReadOnlySpan<RouteCandidate> Candidates => _candidates.AsSpan(0, Count);

    /// <summary>The candidate chosen.</summary>
    public ref readonly RouteCandidate Chosen => ref _candidates[_chosen];

    internal int Count { get; private set; }

    /// <summary>What to look at, in words: the rule behind the decision.</summary>
    public Utf8 Detail => _candidates[_chosen].Detail;

    internal void Begin(ProgramRules rules, CatalogFacts catalog, VendorTerms terms, HardBlockSet blocks, int grade, int grams)
    {
        _rules = rules;
        _catalog = catalog;
        _terms = terms;
        _grams = grams;
        Blocks = blocks;
        GradeIndex = grade;
        Count = 0;
        _chosen = 0;
        Disposition = Disposition.ManualReview;
        Channel = null;
        Cause = RoutingCause.Policy;
        Review = null;
        OverrideRefused = false;
    }

    internal void UseGrade(int grade) => GradeIndex = grade;

    internal int Add(in RouteCandidate candidate)
    {
        _candidates[Count] = candidate;
        return Count++;
    }

    internal ref RouteCandidate At(int index) => ref _candidates[index];

    internal void Refuse(in RouteCandidate candidate)
    {
        OverrideRefused = true;
        Add(candidate);
    }

    internal void Choose(int index, RoutingCause cause, ExceptionReason? review = null)
    {
        ref var candidate = ref _candidates[index];
        candidate = candidate.With(CandidateOutcome.Chosen);
        _chosen = index;
        Disposition = candidate.Disposition;
        Channel = candidate.Channel;
        Cause = cause;
        Review = review;
    }

    /// <summary>Sets what the decision knows of the event; other fields are left alone.</summary>
    /// <param name="facts">The facts the decision was made of.</param>
    /// <param name="into">The event.</param>
    /// <exception cref="InvalidOperationException">No decision has been made.</exception>
    public void Fill(ItemFacts facts, ItemRouted into)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(into);
        if (_rules is null || _catalog is null || Count == 0) throw new InvalidOperationException("nothing was decided");
        into.Category = _catalog.Category;
        into.Vendor = _catalog.Vendor.IsEmpty ? default(Utf8?) : _catalog.Vendor;
        into.Grade = GradeIndex < 0 ? default(Utf8?) : _rules.Grading.Scale[GradeIndex];
        into.ReturnReason = facts.ReturnReason;
        into.Cause = Cause;
        into.Disposition = Disposition;
        into.Channel = Channel?.Name;
        into.ReferencePrice = FixedAmount.ToMoney(_catalog.ReferencePrice, _catalog.Currency);
        into.Cost = FixedAmount.ToMoney(_catalog.Cost, _catalog.CostCurrency);
        into.ExpectedValue = Money(Chosen);
        into.HandlingCost = HandlingCost();
        into.WeightGrams = _grams;
        into.RuleVersion = _rules.RoutingVersion;
        into.Blocks.Clear();
        foreach (var block in Blocks) into.Blocks.Add(block);
        into.Candidates.Clear();
        foreach (ref readonly var candidate in Candidates)
        {
            var entry = into.Candidates.Add();
            entry.Disposition = candidate.Disposition;
            entry.Channel = candidate.Channel?.Name;
            entry.Value = Money(candidate);
            entry.Outcome = candidate.Outcome;
            entry.Detail = candidate.Detail.IsEmpty ? default(Utf8?) : candidate.Detail;
        }
    }

    /// <summary>What the chosen way costs, in its own currency, also where that is not the unit's and there is no net value.</summary>
    private Money? HandlingCost()
    {
        if (Disposition == Disposition.ReturnToVendor)
        {
            return _terms is { ReturnToVendor: not ReturnToVendor.Prohibited } terms ? FixedAmount.ToMoney(terms.Cost(_grams), terms.Currency) : null;
        }
        return Chosen.Outlet is { } outlet ? FixedAmount.ToMoney(outlet.Cost(GradeIndex, _grams), outlet.Currency) : null;
    }

    private Money? Money(in RouteCandidate candidate) =>
        candidate.Value is { } value ? FixedAmount.ToMoney(value, _catalog!.Currency) : null;
}
