using Returns.Contracts;

namespace Returns.Domain.Routing;

// Steps 1 and 3: what the hard blocks that hold forbid, force and fall back to.
internal ref partial struct RoutingPass<TCapacity>
{
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

    private readonly Utf8 Forbidder(Disposition disposition)
    {
        foreach (var block in _blocks)
        {
            var rule = _rules.Routing[block];
            if (rule.Forbids.Contains(disposition)) return rule.Text;
        }

        return default;
    }
}
