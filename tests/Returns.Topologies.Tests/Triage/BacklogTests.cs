using Returns.Contracts;
using static Returns.Topologies.Tests.Triage.TriageHarness;

namespace Returns.Topologies.Tests.Triage;

/// <summary>How many units wait at which station.</summary>
public sealed class BacklogTests
{
    [Fact]
    public void A_unit_waits_where_it_was_scanned_last_until_it_is_routed()
    {
        var triage = new TriageHarness();
        triage.Publish(Item("SKU-1"));
        triage.Pipe(Intake("L1", 1, Start));
        triage.Pipe(Intake("L2", 2, Start));
        triage.Commit();
        Assert.Equal(2, triage.Waiting("S-1", "open"));

        triage.Pipe(Scan("L1", 1, ScanKind.Other, Start + 2_000, "S-7"));
        // From before that, and so no sign that it is there now.
        triage.Pipe(Scan("L1", 1, ScanKind.Other, Start + 1_000, "S-8"));
        triage.Commit();
        Assert.Equal((1, 1, 0), (triage.Waiting("S-1", "open"), triage.Waiting("S-7", "open"), triage.Waiting("S-8", "open")));

        triage.Pipe(Inspection("L1", 1, Start + 3_000));
        triage.Commit();
        Assert.Single(triage.Routes["L1"]);
        Assert.Equal((1, 0, 0), (triage.Waiting("S-1", "open"), triage.Waiting("S-7", "open"), triage.Waiting("I-1", "open")));
    }

    [Fact]
    public void One_that_a_person_must_decide_waits_in_review_until_the_decision()
    {
        var triage = new TriageHarness();
        triage.Pipe(Intake("L1", 1, Start));
        triage.Heartbeat(Start + (73 * Hour));
        triage.Commit();
        Assert.Equal((0, 1), (triage.Waiting("S-1", "open"), triage.Waiting("S-1", "review")));

        triage.Publish(Item("SKU-1"));
        triage.Pipe(Override("L1", "o1", Disposition.Donate, Start + (73 * Hour)));
        triage.Pipe(Inspection("L1", 1, Start + (73 * Hour)));
        triage.Commit();
        Assert.Equal((0, 0), (triage.Waiting("I-1", "open"), triage.Waiting("I-1", "review")));
        Assert.Equal((0, 0), (triage.Waiting("S-1", "open"), triage.Waiting("S-1", "review")));
    }

    [Fact]
    public void In_another_distribution_centre_it_waits_there()
    {
        var triage = new TriageHarness();
        triage.Pipe(Intake("L1", 1, Start));
        var moved = Scan("L1", 1, ScanKind.Other, Start + 1, "S-1");
        moved.Facility = "DC-HULL";
        triage.Pipe(moved);
        triage.Commit();
        triage.Driver.Restart();
        Assert.Equal((0, 1), (triage.Waiting("S-1", "open"), triage.Waiting("S-1", "open", "DC-HULL")));
    }

    [Fact]
    public void What_is_not_committed_is_not_shown_and_a_restart_shows_what_is()
    {
        var triage = new TriageHarness();
        triage.Pipe(Intake("L1", 1, Start));
        triage.Commit();
        triage.Pipe(Intake("L2", 2, Start));
        Assert.Equal(1, triage.Waiting("S-1", "open"));
        triage.Driver.Abort();
        Assert.Equal(1, triage.Waiting("S-1", "open"));
        triage.Driver.Restart();
        Assert.Equal(1, triage.Waiting("S-1", "open"));
        triage.Commit();
        Assert.Equal(2, triage.Waiting("S-1", "open"));
    }

    [Fact]
    public void A_decision_for_a_unit_that_nobody_has_scanned_waits_nowhere()
    {
        var triage = new TriageHarness();
        triage.Pipe(Override("L1", "o1", Disposition.Donate, Start));
        triage.Commit();
        Assert.Equal((0, 0), (triage.Waiting("unknown", "open", ""), triage.Waiting("", "open", "")));
    }

    [Fact]
    public void Stations_that_a_broken_scanner_invents_are_counted_as_other()
    {
        var triage = new TriageHarness();
        for (var i = 0; i < 2_100; i++)
        {
            triage.Pipe(Scan($"L{i}", 1, ScanKind.Other, Start + i, $"broken-{i}"));
        }
        triage.Commit();
        Assert.Equal(1, triage.Waiting("broken-1999", "open"));
        Assert.Equal(100, triage.Waiting("other", "open", "other"));
    }
}
