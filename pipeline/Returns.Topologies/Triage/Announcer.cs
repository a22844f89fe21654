using System.IO.Hashing;
using System.Runtime.InteropServices;
using Returns.Contracts;
using Returns.Domain;
using Returns.Domain.Grading;
using Returns.Streams;
using Returns.Topologies.Triage.State;

namespace Returns.Topologies.Triage;

/// <summary>
/// Compares a decision with what was last published of the unit, publishes what is news, and says in the state's outcome what
/// stands now. Events that belong together share a revision. For the task's thread.
/// </summary>
internal sealed class Announcer(Output<ItemGraded> grades, Output<ItemRouted> dispositions, Output<ItemException> exceptions, TriageTally tally)
{
    private readonly ItemGraded _graded = new();
    private readonly ItemRouted _routed = new();
    private readonly ItemException _exception = new();
    private readonly byte[] _previousGrade = new byte[4];
    private byte[] _lpn = new byte[128];

    public void Announce(ReadOnlySpan<byte> lpn, ItemState state, Decision decision, DecisionCause cause)
    {
        ref var outcome = ref state.Outcome;
        var review = ReviewOf(state, decision);

        // Without intake there is no time to count dwell from, and the schema asks for one.
        var grade = decision.Grade.IsGraded && state.Facts.IntakeAt is not null ? decision.Grade.Grade : default;
        var gradeBasis = grade.IsNone ? 0 : GradeBasis(state, decision);
        var newGrade = !grade.IsNone && (grade != outcome.Grade || gradeBasis != outcome.GradeBasis);
        var routeBasis = decision.IsRouted ? RouteBasis(state, decision) : 0;
        var newRoute = decision.IsRouted && routeBasis != outcome.RouteBasis;
        var opened = review is not null && (newRoute || outcome.Exception != review);
        var resolved = review is null && outcome.Exception is not null;
        if (newGrade || newRoute || opened || resolved)
        {
            outcome.Revision++;
        }

        if (newGrade)
        {
            SendGrade(lpn, state, decision, cause);
            (outcome.Grade, outcome.GradeBasis) = (grade, gradeBasis);
        }
        if (opened)
        {
            tally.Review(review.GetValueOrDefault());
            SendException(lpn, state, decision, ExceptionState.Open, review.GetValueOrDefault());
            outcome.Exception = review;
        }
        else if (resolved)
        {
            tally.Resolved();
            SendException(lpn, state, decision, ExceptionState.Resolved, outcome.Exception.GetValueOrDefault());
            outcome.Exception = null;
        }
        if (newRoute)
        {
            SendRoute(lpn, state, decision);
            outcome.Disposition = decision.Route.Disposition;
        }
        if (decision.IsRouted || review is not null)
        {
            outcome.RouteBasis = routeBasis;
        }
        outcome.Status = review is not null ? UnitStatus.Review : decision.IsRouted ? UnitStatus.Routed : UnitStatus.Open;
    }

    /// <summary>Why a human must decide: by the decision, or because its deadline has passed while it is open.</summary>
    private static ExceptionReason? ReviewOf(ItemState state, Decision decision) => decision.State switch
    {
        DecisionState.ManualReview => decision.Review,
        DecisionState.Open when state.DeadlinePassed =>
            state.Facts.IntakeAt is null ? ExceptionReason.NoIntake
            : decision.WaitsFor == WaitsFor.Catalog ? ExceptionReason.UnknownSku
            : ExceptionReason.DeadlinePassed,
        _ => null,
    };

    /// <summary>What the grade rests on, beyond itself: the findings that limit it, its points, what a quality sample said.</summary>
    private static uint GradeBasis(ItemState state, Decision decision)
    {
        var grade = decision.Grade;
        Span<ulong> basis = stackalloc ulong[2 + FindingList.Capacity];
        basis[0] = ((ulong)grade.Findings.Points << 32) | ((ulong)grade.Quality << 8)
            | (grade.Quality == QualityVerdict.None ? 0 : (ulong)grade.QualityGradeIndex);
        basis[1] = XxHash3.HashToUInt64(grade.Checklist.Category.Span);
        var count = 2;
        var criteria = grade.Checklist.Criteria;
        for (var i = 0; i < criteria.Length; i++)
        {
            if ((grade.Findings.Limits >> i & 1) != 0)
            {
                basis[count++] = criteria[i].Key.Value ^ BitConverter.DoubleToUInt64Bits(ValueOf(state.Facts.Findings, criteria[i].Key));
            }
        }
        return Hash(basis[..count]);
    }

    /// <summary>What the decision is. What it is worth is left out: a unit weighed after it was routed is not routed again for
    /// that alone.</summary>
    private static uint RouteBasis(ItemState state, Decision decision)
    {
        var route = decision.Route;
        var follows = route.OverrideRefused || route.Cause == RoutingCause.Operator;
        Span<ulong> basis =
        [
            (ulong)route.Disposition | ((ulong)route.Cause << 8) | ((ulong)route.Blocks.Bits << 16) | ((ulong)((int?)route.Review + 1 ?? 0) << 24)
                | ((ulong)route.Grade.Packed << 32),
            route.Channel is { } channel ? XxHash3.HashToUInt64(channel.Name.Span) : 0,
            follows && state.Operator is { } choice ? choice.Id : 0,
        ];
        return Hash(basis);
    }

    private static uint Hash(ReadOnlySpan<ulong> basis) =>
        (uint)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(basis)) | 1;

    private static double ValueOf(FindingList findings, CriterionKey criterion)
    {
        foreach (ref readonly var finding in findings.Items)
        {
            if (finding.Criterion == criterion)
            {
                return finding.Value;
            }
        }
        return 0;
    }

    private void SendGrade(ReadOnlySpan<byte> lpn, ItemState state, Decision decision, DecisionCause cause)
    {
        var previous = state.Outcome.Grade;
        tally.Graded(again: !previous.IsNone);
        var intake = state.Facts.IntakeAt.GetValueOrDefault();
        decision.Grade.Fill(state.Facts, _graded);
        _graded.Lpn = Lpn(lpn);
        _graded.Program = state.Program;
        _graded.Facility = state.Facility;
        _graded.Sku = state.Sku;
        _graded.Vendor = VendorOf(state);
        _graded.SerialNumber = OrNull(state.SerialNumber);
        _graded.Revision = state.Outcome.Revision;
        _graded.PreviousGrade = previous.IsNone ? default(Utf8?) : Name(previous);
        _graded.Kind = previous.IsNone ? GradingKind.First : cause switch
        {
            DecisionCause.QualitySample => GradingKind.QualityCheck,
            DecisionCause.Rules => GradingKind.RuleChange,
            _ => GradingKind.Correction,
        };
        _graded.GradedAt = state.Facts.DecidedAt;
        _graded.IntakeAt = intake;
        _graded.Origin = state.Origin;
        grades.Send(lpn, _graded);
    }

    private void SendRoute(ReadOnlySpan<byte> lpn, ItemState state, Decision decision)
    {
        var facts = state.Facts;
        tally.Routed(again: state.Outcome.Disposition is not null, Math.Max(0, facts.DwellMillis));
        var byOperator = decision.Route.Cause == RoutingCause.Operator ? state.Operator : null;
        decision.Route.Fill(facts, _routed);
        _routed.Lpn = Lpn(lpn);
        _routed.Program = state.Program;
        _routed.Facility = state.Facility;
        _routed.Sku = state.Sku;
        _routed.RaNumber = OrNull(state.RaNumber);
        _routed.Revision = state.Outcome.Revision;
        _routed.PreviousDisposition = state.Outcome.Disposition;
        _routed.PricePaid = state.PricePaid;
        _routed.Operator = byOperator?.Operator;
        _routed.OverrideReason = byOperator?.Reason;
        _routed.RoutedAt = facts.DecidedAt;
        _routed.IntakeAt = facts.IntakeAt ?? facts.DecidedAt;
        _routed.DwellMillis = facts.DwellMillis;
        _routed.Origin = state.Origin;
        dispositions.Send(lpn, _routed);
    }

    private void SendException(ReadOnlySpan<byte> lpn, ItemState state, Decision decision, ExceptionState what, ExceptionReason reason)
    {
        var graded = decision.Grade.IsGraded;
        _exception.Clear();
        _exception.Lpn = Lpn(lpn);
        _exception.Program = state.Program;
        _exception.Facility = state.Facility;
        _exception.Sku = OrNull(state.Sku);
        _exception.Category = state.Facts.Catalog?.Category;
        _exception.Vendor = VendorOf(state);
        _exception.Grade = graded ? decision.Grade.Checklist.Scale[decision.Grade.GradeIndex] : default(Utf8?);
        _exception.Revision = state.Outcome.Revision;
        _exception.State = what;
        _exception.Reason = reason;
        _exception.Detail = what == ExceptionState.Resolved ? ReviewTexts.Resolved
            : decision.IsRouted ? decision.Route.Detail
            : ReviewTexts.Of(reason);
        if (what == ExceptionState.Open && decision.Checklist is not null && !graded)
        {
            decision.Grade.AddMissingTo(_exception.Missing);
        }
        _exception.RaisedAt = state.DeadlinePassed ? Math.Max(state.Facts.DecidedAt, state.WaitingSince) : state.Facts.DecidedAt;
        _exception.IntakeAt = state.Facts.IntakeAt;
        _exception.RuleVersion = decision.Checklist is null ? default(Utf8?) : decision.Grade.Rules.Version;
        _exception.Origin = state.Origin;
        exceptions.Send(lpn, _exception);
    }

    // The key at hand lies in the task's memory, and an event wants an array.
    private Utf8 Lpn(ReadOnlySpan<byte> lpn)
    {
        if (lpn.Length > _lpn.Length)
        {
            _lpn = new byte[lpn.Length];
        }
        lpn.CopyTo(_lpn);
        return new Utf8(_lpn, 0, lpn.Length);
    }

    private Utf8 Name(GradeCode grade)
    {
        var length = 0;
        for (var shift = 24; shift >= 0; shift -= 8)
        {
            if ((byte)(grade.Packed >> shift) is var letter and not 0)
            {
                _previousGrade[length++] = letter;
            }
        }
        return new Utf8(_previousGrade, 0, length);
    }

    private static Utf8? VendorOf(ItemState state) => state.Facts.Catalog is { Vendor.IsEmpty: false } catalog ? catalog.Vendor : default(Utf8?);

    private static Utf8? OrNull(Utf8 text) => text.IsEmpty ? default(Utf8?) : text;
}
