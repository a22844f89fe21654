using Returns.Contracts;
using Returns.Domain.Channels;
using Returns.Domain.Grading;
using Returns.Domain.Rules;

namespace Returns.Domain.Routing;

/// <summary>
/// One decision of the <see cref="Router"/> under way. Its steps, in the order of <see cref="Run"/>, have a file each.
/// </summary>
internal ref partial struct RoutingPass<TCapacity> where TCapacity : struct, IChannelCapacity
{
    private const long MillisPerDay = 86_400_000;

    private readonly ProgramRules _rules;
    private readonly CatalogFacts _catalog;
    private readonly ItemFacts _facts;
    private readonly RouteResult _result;
    private readonly TCapacity _capacity;
    private readonly VendorTerms _terms;
    private readonly HardBlockSet _blocks;
    private readonly DispositionSet _forbidden;
    private readonly ReturnReason _reason;
    private readonly int _category;
    private readonly int _days;
    private readonly int _grams;
    private readonly int _computedGrade;
    private int _grade;

    public RoutingPass(ProgramRules rules, Checklist checklist, ItemFacts facts, int grade, FindingSignals signals,
        in TCapacity capacity, RouteResult result)
    {
        _rules = rules;
        _facts = facts;
        _catalog = facts.Catalog!;
        _capacity = capacity;
        _result = result;
        _category = checklist.Index;
        _grade = _computedGrade = grade;
        _reason = facts.ReturnReason ?? ReturnReason.Unspecified;
        _terms = rules.Vendors.Of(_catalog.Vendor.Span);
        _days = (int)Math.Min(facts.DwellMillis / MillisPerDay, int.MaxValue);
        _grams = facts.WeightGrams > 0 ? facts.WeightGrams
            : _catalog.WeightGrams > 0 ? _catalog.WeightGrams
            : rules.Routing.AssumedWeight(_category);
        _blocks = HardBlockSet.Of(_catalog, signals);
        foreach (var block in _blocks) _forbidden = _forbidden.Union(rules.Routing[block].Forbids);
        result.Begin(rules, _catalog, _terms, _blocks, grade, _grams);
    }

    public bool Run(OperatorDecision? decision, bool operatorOnly)
    {
        if (decision is { } choice && Obey(choice)) return true;
        if (operatorOnly) return false;
        if (Force(fallback: false)) return true;
        if (_grade < 0) return false;

        var row = _rules.Routing.Match(_category, _grade, _reason);
        if (!ForceReturn(row)) FollowTable(row);
        return true;
    }

    private readonly void Review(ExceptionReason reason, RoutingCause cause, Utf8 detail)
    {
        var index = _result.Add(
            new RouteCandidate(Disposition.ManualReview, null, CandidateOutcome.Chosen, null, detail));
        _result.Choose(index, cause, reason);
    }

    /// <summary>Net recovery value where grade, terms and currency allow to put a figure to it.</summary>
    private readonly long? ValueOf(in RoutingOption option)
    {
        if (option.Disposition == Disposition.ReturnToVendor)
        {
            return _terms.ReturnToVendor != ReturnToVendor.Prohibited && _terms.Currency == _catalog.CostCurrency
                && _terms.Currency == _catalog.Currency
                ? _terms.Value(_catalog.Cost, _grams)
                : null;
        }

        return option.Outlet is { } outlet && outlet.Currency == _catalog.Currency
            && _grade >= 0 && _grade <= outlet.WorstGrade
            ? outlet.Value(_catalog.ReferencePrice, _grade, _rules.Routing.LossPerDay(_category), _days, _grams)
            : null;
    }
}
