using Returns.Contracts;
using static Returns.Topologies.Tests.Compliance.ComplianceHarness;

namespace Returns.Topologies.Tests.Compliance;

public sealed class Alerts
{
    [Fact]
    public void An_alert_is_raised_by_the_unit_that_crosses_and_once()
    {
        var compliance = new ComplianceHarness();
        for (var i = 0; i < 40; i++)
        {
            compliance.Receive($"u-{i}", Start + i * Minute, i >= 20 ? ReturnReason.Defective : ReturnReason.ChangedMind);
            compliance.Commit();
            if (i % 7 == 0)
            {
                compliance.Driver.Restart();
            }
        }
        // 6 of 26: Wilson's lower bound is 0.11. With 5 of 25 it is 0.089.
        var alert = Assert.Single(compliance.Alerts);
        Assert.Equal(AlertState.Raised, alert.State);
        Assert.Equal((26L, 6L), (alert.Figures.Units, alert.Figures.Defects));
        Assert.Equal((Start + 25 * Minute, Start + 25 * Minute), (alert.At, alert.RaisedAt));
        Assert.Equal(0.1, alert.Allowed, 12);
        Assert.Equal(6.0 / 26, alert.Rate, 12);
        Assert.InRange(alert.LowerBound, 0.1, 0.12);
        Assert.Equal(Day, alert.WindowEnd - alert.WindowStart);
        Assert.StartsWith("VA-", alert.AlertId.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void It_clears_under_the_same_id_when_the_rate_has_come_down_and_can_be_raised_again_under_another()
    {
        var compliance = new ComplianceHarness(Agreement(("allowed-percent", "{units: 50}"), ("clear-percent", "80")));
        var at = Start;
        Receive(20, ReturnReason.Defective);
        Receive(28, ReturnReason.ChangedMind); // 20 of 48 are over 40 %
        Assert.Equal([AlertState.Raised], compliance.Alerts.Select(a => a.State));
        Receive(2, ReturnReason.ChangedMind); // 20 of 50
        Receive(60, ReturnReason.Defective);
        Assert.Equal([AlertState.Raised, AlertState.Cleared, AlertState.Raised], compliance.Alerts.Select(a => a.State));
        Assert.Equal((50L, 20L), (compliance.Alerts[1].Figures.Units, compliance.Alerts[1].Figures.Defects));
        Assert.Equal(compliance.Alerts[0].AlertId, compliance.Alerts[1].AlertId);
        Assert.Equal(compliance.Alerts[0].RaisedAt, compliance.Alerts[1].RaisedAt);
        Assert.NotEqual(compliance.Alerts[0].AlertId, compliance.Alerts[2].AlertId);

        void Receive(int count, ReturnReason reason)
        {
            for (var i = 0; i < count; i++)
            {
                at += Minute;
                compliance.Receive($"u-{at}", at, reason);
            }
            compliance.Commit();
        }
    }

    [Fact]
    public void It_clears_when_the_window_has_moved_past_all_units()
    {
        var compliance = new ComplianceHarness();
        Defective(compliance, 20);
        compliance.Advance(Start + Day + Hour);
        Assert.Equal([AlertState.Raised, AlertState.Cleared], compliance.Alerts.Select(a => a.State));
        Assert.InRange(compliance.Alerts[1].At, Start + Day, Start + Day + Hour);
    }

    [Fact]
    public void Few_units_raise_none_though_all_are_defective_and_all_of_enough_units_raise_one()
    {
        var compliance = new ComplianceHarness();
        Defective(compliance, 9);
        Assert.Empty(compliance.Alerts);
        Defective(compliance, 10);
        Assert.Equal((10L, 10L, 1.0), Assert.Single(compliance.Alerts.Select(a => (a.Figures.Units, a.Figures.Defects, a.Rate))));
    }

    [Fact]
    public void A_regrade_takes_a_unit_out_of_the_rate()
    {
        var compliance = new ComplianceHarness();
        Defective(compliance, 20);
        for (var i = 0; i < 20; i++)
        {
            compliance.Publish(Decision($"d-{i}", Start + i, revision: 2));
        }
        compliance.Commit();
        Assert.Equal([AlertState.Raised, AlertState.Cleared], compliance.Alerts.Select(a => a.State));
        Assert.Equal((20L, 1L), (compliance.Alerts[1].Figures.Units, compliance.Alerts[1].Figures.Defects));
    }

    [Fact]
    public void Units_and_value_raise_alerts_of_their_own()
    {
        var compliance = new ComplianceHarness(Agreement(("allowed-percent", "{units: 50, value: 10}")));
        for (var i = 0; i < 60; i++)
        {
            compliance.Receive($"u-{i}", Start + i, i % 3 == 0 ? ReturnReason.Defective : ReturnReason.ChangedMind, cost: i % 3 == 0 ? 90m : 10m);
        }
        compliance.Commit();
        Assert.Equal(RateMeasure.Value, Assert.Single(compliance.Alerts).Measure);
    }

    [Fact]
    public void A_tumbling_window_forgets_at_its_end()
    {
        var compliance = new ComplianceHarness(Agreement(("window", "tumbling 1h")));
        Defective(compliance, 20, Start + Hour - 30);
        compliance.Advance(Start + Hour);
        compliance.Advance(Start + Hour + Minute);
        Assert.Equal([(AlertState.Raised, Start, Start + Hour), (AlertState.Cleared, Start + Hour, Start + 2 * Hour)], compliance.Alerts.Select(a => (a.State, a.WindowStart, a.WindowEnd)));
        var last = compliance.Windows.Last(w => w.Kind == VendorWindowKind.Rate && w.Vendor.Equals("V-1"u8));
        Assert.Equal((Start + Hour, 2L), (last.Start, last.Figures.Units));
    }

    [Fact]
    public void A_year_that_rolls_is_kept_in_sixty_parts_however_many_units()
    {
        var compliance = new ComplianceHarness(Agreement(("window", "rolling 52w"), ("billing", "52w")));
        const long Part = 52 * 7 * Day / 60;
        for (var i = 0; i < 4000; i++)
        {
            compliance.Receive($"u-{i}", Start + i * Part / 25);
            if (i % 100 == 99)
            {
                compliance.Commit();
            }
        }
        // Parts, a billing window or two, names, rate.
        Assert.InRange(compliance.Driver.Store(compliance.Stores[1]).Count, 60, 66);
        var window = compliance.Windows.Last(w => w.Kind == VendorWindowKind.Rate);
        Assert.Equal(60 * 25, window.Figures.Units);
    }

    [Fact]
    public void An_account_whose_windows_are_gone_is_forgotten_and_the_chain_of_documents_is_not()
    {
        var compliance = new ComplianceHarness(Agreement(("valid-to", "2026-01-08")));
        compliance.Receive("one", Start, ReturnReason.WrongItem);
        compliance.Advance(Start + Day);
        // Under no agreement: the journal does not move. A vendor's figures end with its agreement's records, and heartbeats.
        compliance.Driver.AdvanceWallClock(0);
        compliance.Driver.Pipe(Topics.Heartbeats, "DC"u8.ToArray(), Triage.TriageHarness.Encoded(new StationHeartbeat { Facility = "DC", At = Start + 900 * Day }), 0);
        for (var minute = 1; minute < 4; minute++)
        {
            compliance.Driver.AdvanceWallClock(minute * Minute);
        }
        compliance.Commit();
        Assert.Single(compliance.Documents);
        Assert.Equal(1, compliance.Driver.Store(compliance.Stores[1]).Count);
    }

    private static void Defective(ComplianceHarness compliance, int count, long from = Start)
    {
        for (var i = 0; i < count; i++)
        {
            compliance.Receive($"d-{i}", from + i, ReturnReason.Defective);
        }
        compliance.Commit();
    }
}
