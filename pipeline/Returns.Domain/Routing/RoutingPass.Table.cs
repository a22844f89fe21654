using Returns.Contracts;

namespace Returns.Domain.Routing;

// Step 5: the routing table and its policy.
internal ref partial struct RoutingPass<TCapacity>
{
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
