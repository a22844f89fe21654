using Returns.Contracts;
using Returns.Domain.Channels;
using Returns.Domain.Grading;
using Returns.Domain.Rules;

namespace Returns.Domain.Routing;

/// <summary>One decision of the <see cref="Router"/> under way.</summary>
internal ref struct RoutingPass<TCapacity> where TCapacity : struct, IChannelCapacity
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
        result.Begin(rules, _catalog, _blocks, grade);
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

    /// <summary>The operator's decision, unless a hard block forbids it or it names what is not there.</summary>
    private bool Obey(in OperatorDecision decision)
    {
        var disposition = decision.Disposition;
        if (!decision.Grade.IsNone)
        {
            var grade = _rules.Grading.Scale.IndexOf(decision.Grade);
            if (grade < 0) return Refuse(disposition, CandidateOutcome.NotAllowed, RoutingTexts.UnknownGrade);
            _grade = grade;
            _result.UseGrade(grade);
        }

        if (_forbidden.Contains(disposition)) return Refuse(disposition, CandidateOutcome.HardBlock, Forbidder(disposition));
        if (disposition == Disposition.Resell && decision.Channel.IsEmpty) return ResellAnywhere();

        var outlet = disposition == Disposition.Resell
            ? _rules.Channels.Find(decision.Channel.Span)
            : _rules.Channels.Of(disposition);
        if (disposition == Disposition.Resell && outlet is null)
            return Refuse(disposition, CandidateOutcome.NotAllowed, RoutingTexts.UnknownChannel);

        var option = new RoutingOption(disposition, outlet);
        if (option.Channel >= 0 && !_capacity.HasRoom(option.Channel))
        {
            _result.Add(new RouteCandidate(disposition, outlet, CandidateOutcome.NoCapacity, ValueOf(option),
                outlet!.Texts.Capacity));
            Review(ExceptionReason.NoCapacity, RoutingCause.Operator, RoutingTexts.NoRoom);
            return true;
        }

        var index = _result.Add(
            new RouteCandidate(disposition, outlet, CandidateOutcome.Chosen, ValueOf(option), RoutingTexts.Operator));
        _result.Choose(index, RoutingCause.Operator,
            disposition == Disposition.ManualReview ? ExceptionReason.OperatorRequest : null);
        return true;
    }

    private bool Refuse(Disposition disposition, CandidateOutcome outcome, Utf8 detail)
    {
        _result.Refuse(new RouteCandidate(disposition, null, outcome, null, detail));
        _grade = _computedGrade;
        _result.UseGrade(_computedGrade);
        return false;
    }

    /// <summary>An operator who names no channel gets the one that brings most.</summary>
    private bool ResellAnywhere()
    {
        if (_grade < 0) return Refuse(Disposition.Resell, CandidateOutcome.NotAllowed, RoutingTexts.Ungraded);
        var choice = new Choice(RoutingPolicy.Value);
        foreach (var channel in _rules.Channels.Channels)
            Consider(new RoutingOption(Disposition.Resell, channel), RoutingTexts.Operator, ref choice);
        if (choice.Best >= 0)
        {
            Settle(choice, 0, RoutingCause.Operator);
            return true;
        }

        if (choice.LackedRoom)
        {
            Review(ExceptionReason.NoCapacity, RoutingCause.Operator, RoutingTexts.NoRoom);
            return true;
        }

        return Refuse(Disposition.Resell, CandidateOutcome.NotAllowed, RoutingTexts.NothingLeft);
    }

    /// <summary>
    /// What the holding blocks force, or, once the table has left nothing, what they fall back to. False where they name
    /// nothing.
    /// </summary>
    private bool Force(bool fallback)
    {
        var first = _result.Count;
        var chosen = -1;
        var named = false;
        var authorizationMissing = false;
        foreach (var block in _blocks)
        {
            var rule = _rules.Routing[block];
            foreach (var disposition in fallback ? rule.FallbackArray : rule.ForceArray)
            {
                named = true;
                if (Listed(disposition, first)) continue;
                var option = new RoutingOption(disposition, _rules.Channels.Of(disposition));
                var outcome = Forced(option, out var detail);
                if (outcome == CandidateOutcome.Chosen)
                {
                    detail = rule.Text;
                    if (chosen >= 0) outcome = CandidateOutcome.LowerPriority;
                }
                else if (outcome == CandidateOutcome.VendorTerms)
                {
                    authorizationMissing |= Terms() == TermsVerdict.AuthorizationMissing;
                }

                var index = _result.Add(new RouteCandidate(disposition, option.Outlet, outcome, ValueOf(option), detail));
                if (outcome == CandidateOutcome.Chosen) chosen = index;
            }
        }

        if (!named) return false;
        if (chosen >= 0)
        {
            var interim = _result.At(chosen).Disposition == Disposition.ManualReview;
            _result.Choose(chosen, RoutingCause.HardBlock, interim ? ExceptionReason.Other : null);
        }
        else
        {
            Review(authorizationMissing ? ExceptionReason.AuthorizationMissing : ExceptionReason.NoRoute,
                RoutingCause.HardBlock, RoutingTexts.NothingLeft);
        }

        return true;
    }

    private readonly bool Listed(Disposition disposition, int from)
    {
        for (var i = from; i < _result.Count; i++)
            if (_result.At(i).Disposition == disposition) return true;
        return false;
    }

    /// <summary>Whether a block's own disposition can have the unit. Currencies are not asked: safety has no price.</summary>
    private readonly CandidateOutcome Forced(in RoutingOption option, out Utf8 detail)
    {
        detail = default;
        if (_forbidden.Contains(option.Disposition))
        {
            detail = Forbidder(option.Disposition);
            return CandidateOutcome.HardBlock;
        }

        if (option.Disposition == Disposition.ReturnToVendor)
        {
            var verdict = Terms();
            if (verdict == TermsVerdict.Met) return CandidateOutcome.Chosen;
            detail = _terms.TextOf(verdict);
            return CandidateOutcome.VendorTerms;
        }

        if (option.Outlet is { } outlet)
        {
            if (!outlet.Takes(_category))
            {
                detail = outlet.Texts.Category;
                return CandidateOutcome.NotAllowed;
            }

            var grade = _grade >= 0 ? _grade : _rules.Grading.Scale.Worst;
            if (grade > outlet.WorstGrade)
            {
                detail = outlet.Texts.Grade;
                return CandidateOutcome.GradeTooLow;
            }
        }

        return CandidateOutcome.Chosen;
    }

    /// <summary>Sends the unit back where the vendor's terms force it. False where the table decides.</summary>
    private bool ForceReturn(RoutingRow? row)
    {
        if (_terms.ReturnToVendor != ReturnToVendor.Forced) return false;
        var option = new RoutingOption(Disposition.ReturnToVendor, null);
        if (_forbidden.Contains(Disposition.ReturnToVendor))
        {
            if (!Lists(row)) AddReturn(option, CandidateOutcome.HardBlock, Forbidder(Disposition.ReturnToVendor));
            return false;
        }

        var verdict = Terms();
        if (verdict == TermsVerdict.Met)
        {
            var index = AddReturn(option, CandidateOutcome.Chosen, _terms.Forced);
            HoldBack(row);
            _result.Choose(index, RoutingCause.VendorTerms);
            return true;
        }

        if (verdict == TermsVerdict.AuthorizationMissing)
        {
            AddReturn(option, CandidateOutcome.VendorTerms, _terms.TextOf(verdict));
            HoldBack(row);
            Review(ExceptionReason.AuthorizationMissing, RoutingCause.VendorTerms, _terms.TextOf(verdict));
            return true;
        }

        if (!Lists(row)) AddReturn(option, CandidateOutcome.VendorTerms, _terms.TextOf(verdict));
        return false;
    }

    private int AddReturn(in RoutingOption option, CandidateOutcome outcome, Utf8 detail) =>
        _result.Add(new RouteCandidate(option.Disposition, null, outcome, ValueOf(option), detail));

    private static bool Lists(RoutingRow? row)
    {
        if (row is null) return false;
        foreach (ref readonly var option in row.Options)
            if (option.Disposition == Disposition.ReturnToVendor) return true;
        return false;
    }

    /// <summary>Records what the table would have allowed, had the vendor's terms not decided.</summary>
    private void HoldBack(RoutingRow? row)
    {
        if (row is null) return;
        foreach (ref readonly var option in row.Options)
        {
            if (option.Disposition == Disposition.ReturnToVendor) continue;
            var forbidden = _forbidden.Contains(option.Disposition);
            _result.Add(new RouteCandidate(option.Disposition, option.Outlet,
                forbidden ? CandidateOutcome.HardBlock : CandidateOutcome.VendorTerms, ValueOf(option),
                forbidden ? Forbidder(option.Disposition) : _terms.Forced));
        }
    }

    private void FollowTable(RoutingRow? row)
    {
        if (row is null)
        {
            if (!Force(fallback: true)) Review(ExceptionReason.NoRoute, RoutingCause.Policy, RoutingTexts.NoRow);
            return;
        }

        var first = _result.Count;
        var choice = new Choice(row.Policy);
        foreach (ref readonly var option in row.Options) Consider(option, row.Text, ref choice);

        if (choice.Best >= 0)
        {
            if (_result.At(choice.Best).Disposition == Disposition.Dispose && choice.BestIfGranted != choice.Best)
                SpareFromDisposal(choice, first);
            else
                Settle(choice, first, RoutingCause.Policy);
            return;
        }

        if (choice.LackedRoom)
            Review(ExceptionReason.NoCapacity, RoutingCause.Policy, RoutingTexts.NoRoom);
        else if (choice.LackedAuthorization)
            Review(ExceptionReason.AuthorizationMissing, RoutingCause.Policy, _terms.TextOf(TermsVerdict.AuthorizationMissing));
        else if (!Force(fallback: true))
            Review(ExceptionReason.NoRoute, RoutingCause.Policy, RoutingTexts.NothingLeft);
    }

    /// <summary>A human decides what would be disposed of only because something that can still be had is lacking.</summary>
    private readonly void SpareFromDisposal(in Choice choice, int first)
    {
        var room = _result.At(choice.BestIfGranted).Outcome == CandidateOutcome.NoCapacity;
        ref var dispose = ref _result.At(choice.Best);
        dispose = dispose.With(CandidateOutcome.NotAllowed,
            room ? RoutingTexts.NotForWantOfRoom : RoutingTexts.NotForWantOfAuthorization);
        for (var i = first; i < _result.Count; i++)
            if (_result.At(i).Outcome == CandidateOutcome.Chosen) Lower(i, choice.Policy);
        if (room) Review(ExceptionReason.NoCapacity, RoutingCause.Policy, RoutingTexts.NoRoom);
        else
            Review(ExceptionReason.AuthorizationMissing, RoutingCause.Policy, _terms.TextOf(TermsVerdict.AuthorizationMissing));
    }

    /// <summary>Records one candidate; it stays provisionally chosen where nothing holds it back.</summary>
    private void Consider(in RoutingOption option, Utf8 text, ref Choice choice)
    {
        var value = ValueOf(option);
        var outcome = Weigh(option, value, out var detail);
        if (outcome == CandidateOutcome.Chosen) detail = text;
        var index = _result.Add(new RouteCandidate(option.Disposition, option.Outlet, outcome, value, detail));
        switch (outcome)
        {
            case CandidateOutcome.Chosen:
            case CandidateOutcome.NoCapacity:
                var bid = option.Channel >= 0 ? _capacity.BidPrice(option.Channel) : 0;
                choice.Offer(index, (value ?? 0) - bid, hasRoom: outcome == CandidateOutcome.Chosen);
                break;
            case CandidateOutcome.VendorTerms when value is not null && Terms() == TermsVerdict.AuthorizationMissing:
                choice.OfferWithAuthorization(index, value.Value);
                break;
        }
    }

    private readonly CandidateOutcome Weigh(in RoutingOption option, long? value, out Utf8 detail)
    {
        detail = default;
        if (_forbidden.Contains(option.Disposition))
        {
            detail = Forbidder(option.Disposition);
            return CandidateOutcome.HardBlock;
        }

        if (option.Disposition == Disposition.ReturnToVendor)
        {
            var verdict = Terms();
            if (verdict != TermsVerdict.Met)
            {
                detail = _terms.TextOf(verdict);
                return CandidateOutcome.VendorTerms;
            }

            if (value is not null) return CandidateOutcome.Chosen;
            detail = _terms.CurrencyText;
            return CandidateOutcome.CurrencyMismatch;
        }

        if (option.Outlet is not { } outlet) return CandidateOutcome.Chosen;
        if (!outlet.Takes(_category))
        {
            detail = outlet.Texts.Category;
            return CandidateOutcome.NotAllowed;
        }

        if (_grade > outlet.WorstGrade)
        {
            detail = outlet.Texts.Grade;
            return CandidateOutcome.GradeTooLow;
        }

        if (outlet.Currency != _catalog.Currency)
        {
            detail = outlet.Texts.Currency;
            return CandidateOutcome.CurrencyMismatch;
        }

        if (outlet.Index < 0 || _capacity.HasRoom(outlet.Index)) return CandidateOutcome.Chosen;
        detail = outlet.Texts.Capacity;
        return CandidateOutcome.NoCapacity;
    }

    private readonly void Settle(in Choice choice, int first, RoutingCause cause)
    {
        for (var i = first; i < _result.Count; i++)
            if (i != choice.Best && _result.At(i).Outcome == CandidateOutcome.Chosen) Lower(i, choice.Policy);
        var interim = _result.At(choice.Best).Disposition == Disposition.ManualReview;
        _result.Choose(choice.Best, cause, interim ? ExceptionReason.Other : null);
    }

    private readonly void Lower(int index, RoutingPolicy policy)
    {
        ref var candidate = ref _result.At(index);
        candidate = candidate.With(
            policy == RoutingPolicy.Value ? CandidateOutcome.LowerValue : CandidateOutcome.LowerPriority);
    }

    private readonly void Review(ExceptionReason reason, RoutingCause cause, Utf8 detail)
    {
        var index = _result.Add(
            new RouteCandidate(Disposition.ManualReview, null, CandidateOutcome.Chosen, null, detail));
        _result.Choose(index, cause, reason);
    }

    private readonly TermsVerdict Terms() =>
        _terms.Check(_reason, _grade, _facts.DwellMillis, _facts.HasAuthorization);

    private readonly Utf8 Forbidder(Disposition disposition)
    {
        foreach (var block in _blocks)
        {
            var rule = _rules.Routing[block];
            if (rule.Forbids.Contains(disposition)) return rule.Text;
        }

        return default;
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

    /// <summary>The best candidate so far.</summary>
    private ref struct Choice(RoutingPolicy policy)
    {
        private long _bestScore;
        private long _scoreIfGranted;

        public readonly RoutingPolicy Policy => policy;

        /// <summary>The best candidate that can have the unit; -1 for none.</summary>
        public int Best { get; private set; } = -1;

        /// <summary>The best candidate if every channel had room and every authorization were there; -1 for none.</summary>
        public int BestIfGranted { get; private set; } = -1;

        public bool LackedRoom { get; private set; }

        public bool LackedAuthorization { get; private set; }

        public void Offer(int index, long score, bool hasRoom)
        {
            OfferIfGranted(index, score);
            if (!hasRoom)
            {
                LackedRoom = true;
                return;
            }

            if (Best < 0 || (policy == RoutingPolicy.Value && score > _bestScore))
            {
                Best = index;
                _bestScore = score;
            }
        }

        public void OfferWithAuthorization(int index, long score)
        {
            LackedAuthorization = true;
            OfferIfGranted(index, score);
        }

        private void OfferIfGranted(int index, long score)
        {
            if (BestIfGranted >= 0 && (policy != RoutingPolicy.Value || score <= _scoreIfGranted)) return;
            BestIfGranted = index;
            _scoreIfGranted = score;
        }
    }
}
