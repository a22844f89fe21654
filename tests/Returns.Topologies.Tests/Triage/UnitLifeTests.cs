using Returns.Contracts;
using static Returns.Topologies.Tests.Triage.TriageHarness;

namespace Returns.Topologies.Tests.Triage;

/// <summary>What becomes of one unit.</summary>
public sealed class UnitLifeTests
{
    private readonly TriageHarness _triage = new();

    public UnitLifeTests() => _triage.Publish(Item("SKU-1"));

    [Fact]
    public void Graded_and_routed_once_all_mandatory_findings_are_in()
    {
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Commit();
        Assert.Empty(_triage.Grades);
        _triage.Pipe(Inspection("L1", 1, Start + 60_000));
        _triage.Commit();

        var grade = Assert.Single(_triage.Grades["L1"]);
        Assert.Equal(("A", 1, GradingKind.First, "electronics", "V-1001", "SKU-1"),
            (grade.Grade.ToString(), grade.Revision, grade.Kind, grade.Category.ToString(), grade.Vendor.ToString(), grade.Sku.ToString()));
        Assert.Equal((Start, Start + 60_000), (grade.IntakeAt, grade.GradedAt));
        var route = Assert.Single(_triage.Routes["L1"]);
        Assert.Equal((Disposition.Restock, 1, 60_000L), (route.Disposition, route.Revision, route.DwellMillis));
        Assert.Null(route.PreviousDisposition);
        Assert.Equal(129.99m, route.PricePaid!.Value.Amount);
        Assert.Empty(_triage.Exceptions);
        Assert.Empty(_triage.DeadLetters);
    }

    [Fact]
    public void Scans_in_another_order_give_the_same()
    {
        _triage.Pipe(Inspection("L1", 1, Start + 60_000));
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Commit();
        var route = Assert.Single(_triage.Routes["L1"]);
        Assert.Equal((Disposition.Restock, Start + 60_000, 60_000L), (route.Disposition, route.RoutedAt, route.DwellMillis));
        Assert.Single(_triage.Grades["L1"]);
    }

    [Fact]
    public void A_repeated_scan_changes_nothing_and_is_counted()
    {
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Pipe(Inspection("L1", 1, Start + 1000));
        _triage.Commit();
        var changes = _triage.Driver.ChangelogLength(_triage.Items);
        _triage.Pipe(Inspection("L1", 1, Start + 1000));
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Commit();
        Assert.Single(_triage.Grades["L1"]);
        Assert.Single(_triage.Routes["L1"]);
        Assert.Equal(changes, _triage.Driver.ChangelogLength(_triage.Items));
        Assert.Equal(2, _triage.Metric("returns_triage_scans_total{effect=\"repeated\"}"));
        Assert.Equal(2, _triage.Metric("returns_triage_scans_total{effect=\"late\"}"));
    }

    [Fact]
    public void A_late_correction_regrades_and_reroutes()
    {
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Pipe(Inspection("L1", 1, Start + 1000));
        _triage.Pipe(Inspection("L1", 2, Start + 2000, ("powers-on", 0)));
        _triage.Commit();
        var grades = _triage.Grades["L1"];
        Assert.Equal([("A", 1), ("D", 2)], grades.Select(g => (g.Grade.ToString(), g.Revision)));
        Assert.Equal((GradingKind.Correction, "A"), (grades[1].Kind, grades[1].PreviousGrade.ToString()));
        Assert.Equal("powers-on", Assert.Single(grades[1].Limits).Criterion.ToString());
        var routes = _triage.Routes["L1"];
        Assert.Equal([1, 2], routes.Select(r => r.Revision));
        Assert.Equal(Disposition.Restock, routes[1].PreviousDisposition);
        Assert.NotEqual(Disposition.Restock, routes[1].Disposition);
    }

    [Fact]
    public void A_correction_that_comes_before_what_it_corrects_still_counts()
    {
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Pipe(Inspection("L1", 2, Start + 2000, ("powers-on", 0)));
        _triage.Pipe(Inspection("L1", 1, Start + 1000));
        _triage.Commit();
        Assert.Equal("D", Assert.Single(_triage.Grades["L1"]).Grade.ToString());
        Assert.Single(_triage.Routes["L1"]);
    }

    [Fact]
    public void Of_several_intakes_the_latest_says_what_the_unit_is_and_the_earliest_when_it_came()
    {
        _triage.Pipe(Intake("L1", 2, Start + 5000));
        _triage.Pipe(Intake("L1", 1, Start, "SKU-MISREAD", ReturnReason.WrongSize));
        _triage.Pipe(Inspection("L1", 1, Start + 9000));
        _triage.Commit();
        var route = Assert.Single(_triage.Routes["L1"]);
        Assert.Equal(("SKU-1", ReturnReason.ChangedMind, Start, 9000L), (route.Sku.ToString(), route.ReturnReason, route.IntakeAt, route.DwellMillis));
    }

    [Fact]
    public void What_no_decision_rests_on_publishes_nothing()
    {
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Pipe(Inspection("L1", 1, Start + 1000));
        var divert = Scan("L1", 5, ScanKind.Divert, Start + 3000);
        divert.SetDivert().Lane = "7";
        _triage.Pipe(divert);
        var weigh = Scan("L1", 6, ScanKind.Weigh, Start + 4000);
        weigh.WeightGrams = 705;
        _triage.Pipe(weigh);
        var absurd = Scan("L1", 7, ScanKind.Weigh, Start + 5000);
        absurd.WeightGrams = -4;
        _triage.Pipe(absurd);
        _triage.Pipe(Scan("L1", 8, ScanKind.Other, Start + 6000));
        _triage.Commit();
        Assert.Single(_triage.Grades["L1"]);
        Assert.Single(_triage.Routes["L1"]);
        Assert.Equal(1, _triage.Metric("returns_triage_values_ignored_total"));
    }

    [Fact]
    public void Held_until_the_catalogue_knows_its_sku()
    {
        _triage.Pipe(Intake("L1", 1, Start, "SKU-NEW"));
        _triage.Pipe(Inspection("L1", 1, Start + 1000));
        _triage.Commit();
        Assert.Empty(_triage.Routes);
        Assert.Equal(1, _triage.Metric("returns_triage_units_held_total"));
        _triage.Publish(Item("SKU-NEW"));
        _triage.Commit();
        Assert.Equal(Disposition.Restock, Assert.Single(_triage.Routes["L1"]).Disposition);
        Assert.Equal(Start + 1000, _triage.Routes["L1"][0].RoutedAt);
    }

    [Fact]
    public void Held_units_survive_a_restart_and_an_abort()
    {
        _triage.Pipe(Intake("L1", 1, Start, "SKU-NEW"));
        _triage.Pipe(Inspection("L1", 1, Start + 1000));
        _triage.Commit();
        _triage.Driver.Restart();
        _triage.Publish(Item("SKU-NEW"));
        _triage.Driver.Abort();
        _triage.Commit();
        Assert.Single(_triage.Routes["L1"]);
    }

    [Fact]
    public void A_corrected_sku_is_not_held_under_the_wrong_one()
    {
        _triage.Pipe(Intake("L1", 1, Start, "SKU-MISREAD"));
        _triage.Pipe(Intake("L1", 2, Start + 1000));
        _triage.Pipe(Inspection("L1", 1, Start + 2000));
        _triage.Commit();
        Assert.Single(_triage.Routes["L1"]);
    }

    [Fact]
    public void An_unknown_sku_is_reviewed_after_the_deadline_and_resolved_by_the_catalogue()
    {
        _triage.Pipe(Intake("L1", 1, Start, "SKU-NEW"));
        _triage.Pipe(Inspection("L1", 1, Start + 1000));
        _triage.Heartbeat(Start + (73 * Hour));
        _triage.Commit();
        var open = Assert.Single(_triage.Exceptions["L1"]);
        Assert.Equal((ExceptionState.Open, ExceptionReason.UnknownSku, 1), (open.State, open.Reason, open.Revision));
        _triage.Publish(Item("SKU-NEW"));
        _triage.Commit();
        Assert.Equal((ExceptionState.Resolved, 2), (_triage.Exceptions["L1"][1].State, _triage.Exceptions["L1"][1].Revision));
        Assert.Equal(2, Assert.Single(_triage.Routes["L1"]).Revision);
    }

    [Fact]
    public void Missing_findings_are_reviewed_after_the_deadline_and_a_later_scan_resolves_it()
    {
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Heartbeat(Start + (72 * Hour) - 1);
        _triage.Commit();
        Assert.Empty(_triage.Exceptions);
        _triage.Heartbeat(Start + (72 * Hour));
        _triage.Commit();
        var open = Assert.Single(_triage.Exceptions["L1"]);
        Assert.Equal((ExceptionState.Open, ExceptionReason.DeadlinePassed), (open.State, open.Reason));
        Assert.Equal(Good("electronics").Select(g => g.Criterion), open.Missing.Select(m => m.ToString()));
        Assert.Equal(Start, open.IntakeAt);
        _triage.Pipe(Inspection("L1", 1, Start + (73 * Hour)));
        _triage.Commit();
        Assert.Equal([ExceptionState.Open, ExceptionState.Resolved], _triage.Exceptions["L1"].Select(e => e.State));
        Assert.Equal(Disposition.Restock, Assert.Single(_triage.Routes["L1"]).Disposition);
        Assert.Equal(1, _triage.Metric("returns_triage_deadlines_passed_total"));
    }

    [Fact]
    public void A_unit_without_intake_is_reviewed_after_the_deadline_and_waits_anew_once_taken_in()
    {
        _triage.Pipe(Scan("L1", 90, ScanKind.Divert, Start));
        _triage.Heartbeat(Start + (72 * Hour));
        _triage.Commit();
        Assert.Equal(ExceptionReason.NoIntake, Assert.Single(_triage.Exceptions["L1"]).Reason);
        _triage.Pipe(Intake("L1", 1, Start + (72 * Hour)));
        _triage.Commit();
        Assert.Equal(ExceptionState.Resolved, _triage.Exceptions["L1"][1].State);
        _triage.Heartbeat(Start + (144 * Hour));
        _triage.Commit();
        Assert.Equal((ExceptionState.Open, ExceptionReason.DeadlinePassed), (_triage.Exceptions["L1"][2].State, _triage.Exceptions["L1"][2].Reason));
        Assert.Equal([1, 2, 3], _triage.Exceptions["L1"].Select(e => e.Revision));
    }

    [Fact]
    public void A_decided_unit_that_becomes_incomplete_waits_anew_and_is_then_reviewed()
    {
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Pipe(Inspection("L1", 1, Start + 1000));
        _triage.Pipe(Inspection("L1", 2, Start + Hour, ("functional-test", 99)));
        _triage.Commit();
        Assert.Empty(_triage.Exceptions);
        _triage.Heartbeat(Start + (72 * Hour) + 2000);
        _triage.Commit();
        Assert.Empty(_triage.Exceptions);
        _triage.Heartbeat(Start + (74 * Hour));
        _triage.Commit();
        Assert.Equal("functional-test", Assert.Single(Assert.Single(_triage.Exceptions["L1"]).Missing).ToString());
        _triage.Pipe(Inspection("L1", 3, Start + (75 * Hour)));
        _triage.Commit();
        Assert.Equal(Disposition.Restock, _triage.Routes["L1"][^1].Disposition);
        Assert.Equal(3, _triage.Routes["L1"][^1].Revision);
    }

    [Fact]
    public void A_doubtful_image_sends_the_unit_to_review_and_a_better_one_brings_it_back()
    {
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Pipe(Inspection("L1", 1, Start + 1000));
        _triage.Pipe(Image("L1", 1, Start + 2000, "A", 0.2));
        _triage.Commit();
        Assert.Equal(ExceptionReason.LowConfidence, Assert.Single(_triage.Exceptions["L1"]).Reason);
        _triage.Pipe(Image("L1", 2, Start + 3000, "A", 0.95));
        _triage.Commit();
        Assert.Equal(ExceptionState.Resolved, _triage.Exceptions["L1"][1].State);
        Assert.Equal([1, 3], _triage.Routes["L1"].Select(r => r.Revision));
        Assert.Single(_triage.Grades["L1"]);
    }

    [Fact]
    public void A_quality_sample_is_compared_and_said_so()
    {
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Pipe(Inspection("L1", 1, Start + 1000));
        var second = Inspection("L1", 9, Start + 5000);
        second.QualitySample = true;
        _triage.Pipe(second);
        _triage.Commit();
        Assert.Equal([GradingKind.First, GradingKind.QualityCheck], _triage.Grades["L1"].Select(g => g.Kind));
        Assert.Equal(["A", "A"], _triage.Grades["L1"].Select(g => g.Grade.ToString()));
        Assert.Single(_triage.Routes["L1"]);
    }

    [Fact]
    public void A_recalled_unit_is_routed_at_intake_without_a_grade()
    {
        var recalled = Item("SKU-R");
        recalled.Recalled = true;
        _triage.Publish(recalled);
        _triage.Pipe(Intake("L1", 1, Start, "SKU-R"));
        _triage.Commit();
        var route = Assert.Single(_triage.Routes["L1"]);
        Assert.Equal(RoutingCause.HardBlock, route.Cause);
        Assert.Null(route.Grade);
        Assert.Equal([HardBlock.Recall], route.Blocks.AsSpan().ToArray());
        Assert.Empty(_triage.Grades);
    }

    [Fact]
    public void A_routed_unit_is_forgotten_after_a_week_of_event_time()
    {
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Pipe(Inspection("L1", 1, Start + 1000));
        _triage.Heartbeat(Start + (7 * 24 * Hour));
        _triage.Commit();
        Assert.Equal(1, _triage.Driver.Store(_triage.Items).Count);
        _triage.Heartbeat(Start + (7 * 24 * Hour) + 1000);
        _triage.Commit();
        Assert.Equal(0, _triage.Driver.Store(_triage.Items).Count);
        Assert.Equal(1, _triage.Metric("returns_triage_units_forgotten_total"));

        // What comes after that is a unit without intake.
        _triage.Pipe(Scan("L1", 9, ScanKind.Divert, Start + (8 * 24 * Hour)));
        _triage.Heartbeat(Start + (11 * 24 * Hour));
        _triage.Commit();
        Assert.Equal(ExceptionReason.NoIntake, Assert.Single(_triage.Exceptions["L1"]).Reason);
    }

    private static ItemScan Image(string lpn, long sequence, long at, string grade, double confidence)
    {
        var scan = Scan(lpn, sequence, ScanKind.ImageGrade, at, "CAM");
        var image = scan.SetImageGrade();
        image.Grade = grade;
        image.Confidence = confidence;
        image.Model = "m1";
        return scan;
    }
}
