using System.Text;
using Returns.Contracts;
using static Returns.Topologies.Tests.Triage.TriageHarness;

namespace Returns.Topologies.Tests.Triage;

/// <summary>What operators decide, and what rules do.</summary>
public sealed class OperatorTests
{
    private readonly TriageHarness _triage = new();

    public OperatorTests() => _triage.Publish(Item("SKU-1"));

    [Fact]
    public void An_override_decides_an_open_unit_and_holds_against_later_scans()
    {
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Pipe(Override("L1", "o1", Disposition.Donate, Start + 1000));
        _triage.Pipe(Inspection("L1", 1, Start + 2000));
        _triage.Commit();
        var route = _triage.Routes["L1"][^1];
        Assert.Equal((Disposition.Donate, RoutingCause.Operator, "op-17", "seen by me"),
            (route.Disposition, route.Cause, route.Operator.ToString(), route.OverrideReason.ToString()));
        Assert.Equal("A", Assert.Single(_triage.Grades["L1"]).Grade.ToString());
    }

    [Fact]
    public void The_later_override_counts_whichever_comes_first_and_a_repeated_one_is_counted()
    {
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Pipe(Override("L1", "o2", Disposition.Dispose, Start + 2000));
        _triage.Pipe(Override("L1", "o1", Disposition.Donate, Start + 1000));
        _triage.Pipe(Override("L1", "o2", Disposition.Dispose, Start + 2000));
        _triage.Commit();
        Assert.Equal(Disposition.Dispose, Assert.Single(_triage.Routes["L1"]).Disposition);
        Assert.Equal(1, _triage.Metric("returns_triage_overrides_total{effect=\"superseded\"}"));
        Assert.Equal(1, _triage.Metric("returns_triage_overrides_total{effect=\"repeated\"}"));
    }

    [Fact]
    public void A_hard_block_holds_against_an_override_which_is_recorded_as_refused()
    {
        var recalled = Item("SKU-R");
        recalled.Recalled = true;
        _triage.Publish(recalled);
        _triage.Pipe(Intake("L1", 1, Start, "SKU-R"));
        _triage.Pipe(Override("L1", "o1", Disposition.Restock, Start + 1000));
        _triage.Commit();
        var route = _triage.Routes["L1"][^1];
        Assert.NotEqual(Disposition.Restock, route.Disposition);
        Assert.Contains(route.Candidates, c => c.Disposition == Disposition.Restock && c.Outcome == CandidateOutcome.HardBlock);
        Assert.Null(route.Operator);
        Assert.Equal(1, _triage.Metric("returns_triage_overrides_total{effect=\"refused\"}"));
    }

    [Fact]
    public void An_override_to_manual_review_opens_an_exception_and_the_next_one_resolves_it()
    {
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Pipe(Override("L1", "o1", Disposition.ManualReview, Start + 1000));
        _triage.Pipe(Override("L1", "o2", Disposition.Quarantine, Start + 2000));
        _triage.Commit();
        Assert.Equal([(ExceptionState.Open, 1), (ExceptionState.Resolved, 2)], _triage.Exceptions["L1"].Select(e => (e.State, e.Revision)));
        Assert.Equal([(Disposition.ManualReview, 1), (Disposition.Quarantine, 2)], _triage.Routes["L1"].Select(r => (r.Disposition, r.Revision)));
    }

    [Fact]
    public void An_override_that_comes_before_any_scan_of_its_unit_is_kept()
    {
        _triage.Pipe(Override("L1", "o1", Disposition.Donate, Start + 1000));
        _triage.Commit();
        Assert.Empty(_triage.Exceptions);
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Commit();
        var route = Assert.Single(_triage.Routes["L1"]);
        Assert.Equal((Disposition.Donate, RoutingCause.Operator, Start + 1000), (route.Disposition, route.Cause, route.RoutedAt));
    }

    [Fact]
    public void An_override_of_a_unit_that_is_never_scanned_is_reviewed_after_the_deadline()
    {
        _triage.Pipe(Override("L9", "o1", Disposition.Donate, Start));
        _triage.Heartbeat(Start + (72 * Hour));
        _triage.Commit();
        Assert.Equal(ExceptionReason.NoIntake, Assert.Single(_triage.Exceptions["L9"]).Reason);
        Assert.Empty(_triage.DeadLetters);
    }

    [Fact]
    public void New_rules_hold_for_what_is_open_and_not_for_what_was_decided()
    {
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Pipe(Inspection("L1", 1, Start + 1000));
        _triage.Pipe(Intake("L2", 1000, Start));
        var grading = ShippedRules.Documents.Single(d => d.Kind == RuleKind.Grading);
        _triage.Publish([Changed(grading, grading.Version, "next-1")]);
        _triage.Pipe(Inspection("L2", 2000, Start + 1000));
        _triage.Commit();
        Assert.Equal(grading.Version, Assert.Single(_triage.Grades["L1"]).RuleVersion.ToString());
        Assert.Equal("next-1", Assert.Single(_triage.Grades["L2"]).RuleVersion.ToString());
    }

    [Fact]
    public void A_broken_rule_document_leaves_the_rules_in_force()
    {
        var grading = ShippedRules.Documents.Single(d => d.Kind == RuleKind.Grading);
        _triage.Driver.Pipe(Topics.Rules, grading.Key.ToString(), Encoding.UTF8.GetBytes("nonsense"));
        _triage.Pipe(Intake("L1", 1, Start));
        _triage.Pipe(Inspection("L1", 1, Start + 1000));
        _triage.Commit();
        Assert.Single(_triage.Routes["L1"]);
        Assert.Equal(1, _triage.Metric("returns_triage_rule_errors_total{kind=\"unreadable\"}"));
    }

    [Fact]
    public void Without_rules_a_unit_is_reviewed_and_decided_once_they_are_published()
    {
        var triage = new TriageHarness(rules: false);
        triage.Publish(Item("SKU-1"));
        triage.Pipe(Intake("L1", 1, Start));
        triage.Pipe(Inspection("L1", 1, Start + 1000));
        triage.Commit();
        Assert.Equal(ExceptionReason.RulesMissing, Assert.Single(triage.Exceptions["L1"]).Reason);
        triage.Publish(ShippedRules.Documents);
        triage.Commit();
        Assert.Equal(ExceptionState.Resolved, triage.Exceptions["L1"][^1].State);
        Assert.Single(triage.Routes["L1"]);
    }

    private static Returns.Domain.Rules.RuleDocument Changed(Returns.Domain.Rules.RuleDocument document, string from, string to)
    {
        Assert.True(Returns.Domain.Rules.RuleDocument.TryParse("changed", document.Text.Replace($"version: '{from}'", $"version: '{to}'", StringComparison.Ordinal), out var changed, out var errors),
            string.Join(", ", errors));
        return changed!;
    }
}
