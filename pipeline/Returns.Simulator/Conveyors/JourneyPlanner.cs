using System.Numerics;
using Returns.Contracts;
using Returns.Domain.Grading;

namespace Returns.Simulator.Conveyors;

/// <summary>
/// Draws a unit's true condition and everything that is going to happen to it. Not thread safe.
/// </summary>
/// <remarks>
/// A unit is labelled, weighed and pictured on the belt and then inspected, and the inspection that completes the
/// mandatory findings is published after all else, so that the unit is graded once. What comes later is the same scan
/// again, or, where <see cref="Habits"/> say so, a correction or a quality sample.
/// </remarks>
internal sealed class JourneyPlanner(ulong seed, Habits habits)
{
    private readonly FindingList _findings = new();
    private readonly byte[] _gravity = new byte[Checklist.MaxCriteria];

    public void Plan(Journey unit, long number, in Arrival arrival)
    {
        var draws = new Draws(seed, number);
        unit.Arrival = arrival;
        unit.Unit = number;
        unit.StepCount = unit.NextStep = 0;
        unit.NeverComplete = false;
        var card = arrival.Product.Card;
        DrawCondition(unit, card, ref draws);
        var grader = (byte)draws.Below(8);
        Read(unit.Readings, card, grader, ref draws);
        unit.Reason = DrawReason(unit, card, ref draws);
        unit.HasAuthorization = !draws.Chance(habits.Unauthorized);
        unit.WeightGrams = Math.Max(1, arrival.Product.WeightGrams * draws.Between(94, 106) / 100);

        AddBelt(unit, card, ref draws);
        var completedBy = AddInspections(unit, card, grader, ref draws);
        if (draws.Chance(habits.Late)) MakeLate(unit, completedBy, ref draws);
        if (habits.WrongSku > 0 && draws.Chance(habits.WrongSku)) MisreadLabel(unit, ref draws);
        if (habits.Regraded > 0 && draws.Chance(habits.Regraded)) CorrectLater(unit, card, ref draws);
        if (habits.Sampled > 0 && draws.Chance(habits.Sampled)) Sample(unit, card, ref draws);
        unit.SortSteps();
        if (draws.Chance(habits.Repeated)) Repeat(unit, ref draws);
    }

    private void DrawCondition(Journey unit, InspectionCard card, ref Draws draws)
    {
        // Most returns are nearly new; the square gives the long tail.
        var wear = draws.Unit();
        wear = Math.Min(1, wear * wear * unit.Arrival.Product.Wear / 100);
        unit.Photographed = 0;
        _findings.Clear();
        for (var i = 0; i < card.Count; i++)
        {
            _gravity[i] = (byte)card.Gravity(i, wear, ref draws);
            var value = card.Reading(i, _gravity[i], ref draws);
            unit.Readings[i] = value;
            if (_gravity[i] > 0 && draws.Chance(700_000)) unit.Photographed |= 1UL << i;
            _findings.Restore(new Observation(card.Checklist.Criteria[i].Key, value, default));
        }
        unit.TrueGrade = card.Checklist.Grade(_findings, unit.Arrival.Product.DataBearing, unit.Arrival.Product.Hygiene).Grade;
    }

    /// <summary>What a grader makes of the true condition: of eight, two are strict and two lenient.</summary>
    private void Read(double[] readings, InspectionCard card, byte grader, ref Draws draws)
    {
        if (habits.Bias == 0 || grader >= 4) return;
        for (var i = 0; i < card.Count; i++)
        {
            if (!draws.Chance(habits.Bias)) continue;
            var read = card.Beside(i, _gravity[i], graver: grader < 2);
            if (read != _gravity[i]) readings[i] = card.Reading(i, read, ref draws);
        }
    }

    private static ReturnReason DrawReason(Journey unit, InspectionCard card, ref Draws draws)
    {
        if (unit.Arrival.Product.Recalled && draws.Chance(300_000)) return ReturnReason.Recall;
        var broken = unit.TrueGrade * 2 > card.Checklist.Scale.Worst;
        return draws.Below(100) switch
        {
            < 34 => broken ? ReturnReason.Defective : ReturnReason.ChangedMind,
            < 50 => broken ? ReturnReason.DamagedInTransit : ReturnReason.WrongSize,
            < 66 => ReturnReason.NotAsDescribed,
            < 76 => broken ? ReturnReason.Defective : ReturnReason.WrongItem,
            < 84 => ReturnReason.LateDelivery,
            < 90 => ReturnReason.Defective,
            < 94 => broken ? ReturnReason.Warranty : ReturnReason.ChangedMind,
            _ => ReturnReason.Unspecified,
        };
    }

    private void AddBelt(Journey unit, InspectionCard card, ref Draws draws)
    {
        unit.Add(new Step(0, 0, ScanKind.Intake, 0)).Station = (byte)draws.Below(2);
        if (!draws.Chance(habits.Unweighed))
        {
            var at = draws.Between(4_000, 20_000);
            unit.Add(new Step(at, at, ScanKind.Weigh, 0));
        }
        if (!draws.Chance(habits.Unpictured))
        {
            var at = draws.Between(22_000, 60_000);
            unit.Add(new Step(at, at, ScanKind.ImageGrade, 0)).Station = (byte)draws.Below(2);
            var off = draws.Chance(120_000) ? (draws.Chance(500_000) ? 1 : -1) : 0;
            if (off != 0 && draws.Chance(60_000)) off *= 2;
            unit.ImageGrade = Math.Clamp(unit.TrueGrade + off, 0, card.Checklist.Scale.Worst);
            unit.ImageConfidence = draws.Chance(habits.Blurred) ? draws.Between(300, 690) / 1000.0 : draws.Between(750, 995) / 1000.0;
        }
    }

    /// <summary>Adds one inspection or two, and gives the index of the step that completes the mandatory findings.</summary>
    private int AddInspections(Journey unit, InspectionCard card, byte grader, ref Draws draws)
    {
        var mandatory = card.MandatoryFor(unit.Arrival.Product);
        var observed = mandatory;
        for (var i = 0; i < card.Count; i++)
        {
            // A flaw catches the eye; what is as it should be is often not written down.
            if (draws.Chance(_gravity[i] > 0 ? 950_000 : 150_000)) observed |= 1UL << i;
        }
        var corrected = draws.Chance(habits.Misread);
        if (mandatory != 0 && draws.Chance(habits.Withheld))
        {
            observed &= ~(1UL << Pick(mandatory, ref draws));
            unit.NeverComplete = true;
        }

        var at = draws.Between(120_000, 600_000);
        var later = at + draws.Between(40_000, 300_000);
        var first = FirstHalf(observed & mandatory);
        if (first != 0 && (corrected || draws.Chance(habits.TwoBenches)))
        {
            ref var before = ref unit.Add(new Step(at, at, ScanKind.Inspection, first));
            (before.Station, before.Grader) = ((byte)draws.Below(3), grader);
            var second = observed & ~first;
            if (corrected)
            {
                var criterion = Pick(first, ref draws);
                second |= 1UL << criterion;
                before.Misread = (sbyte)criterion;
                before.MisreadAs = card.Reading(criterion, card.Beside(criterion, _gravity[criterion], _gravity[criterion] == 0), ref draws);
            }
            (observed, at) = (second, later);
        }
        ref var last = ref unit.Add(new Step(at, at, ScanKind.Inspection, observed));
        (last.Station, last.Grader) = ((byte)draws.Between(3, 5), grader);
        return unit.StepCount - 1;
    }

    /// <summary>The lower half of the bits, none where there are fewer than two.</summary>
    private static ulong FirstHalf(ulong bits)
    {
        var half = 0UL;
        for (var take = BitOperations.PopCount(bits) / 2; take > 0; take--)
        {
            half |= bits & (~bits + 1);
            bits &= bits - 1;
        }
        return half;
    }

    private static int Pick(ulong bits, ref Draws draws)
    {
        for (var skip = draws.Below(BitOperations.PopCount(bits)); skip > 0; skip--) bits &= bits - 1;
        return BitOperations.TrailingZeroCount(bits);
    }

    /// <summary>
    /// Holds a scan back: one of the belt until shortly before the unit is complete, or the earlier of two inspections until
    /// after the other.
    /// </summary>
    private static void MakeLate(Journey unit, int completedBy, ref Draws draws)
    {
        var step = draws.Below(completedBy);
        ref var late = ref unit.Steps[step];
        var complete = unit.Steps[completedBy].PublishAfter;
        late.PublishAfter = late.Kind == ScanKind.Inspection
            ? complete + draws.Between(1_000, 30_000)
            : draws.Between(late.PublishAfter, complete - 1);
    }

    private static void MisreadLabel(Journey unit, ref Draws draws)
    {
        unit.Steps[0].WrongSku = true;
        // Some are never read again: nobody will ever know what they are but an operator.
        if (draws.Chance(200_000)) return;
        var at = draws.Between(5_000, 900_000);
        unit.Add(new Step(Math.Max(at, unit.Steps[0].PublishAfter), at, ScanKind.Intake, 0) { Station = unit.Steps[0].Station });
    }

    private void CorrectLater(Journey unit, InspectionCard card, ref Draws draws)
    {
        var last = unit.Steps[LastInspection(unit)];
        if (last.Findings == 0) return;
        var criterion = Pick(last.Findings, ref draws);
        ref var wrong = ref unit.Steps[LastInspection(unit)];
        wrong.Misread = (sbyte)criterion;
        wrong.MisreadAs = card.Reading(criterion, card.Beside(criterion, _gravity[criterion], _gravity[criterion] == 0), ref draws);
        var at = Math.Max(last.PublishAfter, last.ScanAfter) + draws.Between(60_000, 1_800_000);
        unit.Add(new Step(at, at, ScanKind.Inspection, 1UL << criterion) { Station = last.Station, Grader = last.Grader });
    }

    private void Sample(Journey unit, InspectionCard card, ref Draws draws)
    {
        var grader = (byte)draws.Below(8);
        for (var i = 0; i < card.Count; i++) unit.QualityReadings[i] = card.Reading(i, _gravity[i], ref draws);
        Read(unit.QualityReadings, card, grader, ref draws);
        var last = unit.Steps[LastInspection(unit)];
        var at = last.PublishAfter + draws.Between(120_000, 1_800_000);
        unit.Add(new Step(at, at, ScanKind.Inspection, card.MandatoryFor(unit.Arrival.Product)) { Grader = grader, QualitySample = true });
    }

    private static int LastInspection(Journey unit)
    {
        var last = 0;
        for (var i = 1; i < unit.StepCount; i++)
        {
            if (unit.Steps[i].Kind == ScanKind.Inspection && unit.Steps[i].ScanAfter >= unit.Steps[last].ScanAfter) last = i;
        }
        return last;
    }

    private static void Repeat(Journey unit, ref Draws draws)
    {
        var step = draws.Below(unit.StepCount);
        var again = unit.Steps[step] with { };
        again.Repeats = (sbyte)step;
        again.PublishAfter += draws.Chance(500_000) ? draws.Between(0, 2_000) : draws.Between(60_000, 1_200_000);
        // The steps before the repeat keep their places, so it still names the right one.
        var place = unit.StepCount++;
        for (; place > step + 1 && unit.Steps[place - 1].PublishAfter > again.PublishAfter; place--) unit.Steps[place] = unit.Steps[place - 1];
        unit.Steps[place] = again;
    }
}
