using Returns.Contracts;

namespace Returns.Domain.Routing;

// Step 2: an operator's decision, within what no one may override.
internal ref partial struct RoutingPass<TCapacity>
{
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
}
