using Prometheus;
using Returns.Domain.Rules;

namespace Returns.Topologies.Rules;

/// <summary>What a role tells of its rules. Safe across threads.</summary>
internal sealed class RuleMetrics
{
    private readonly Counter _errors;
    private readonly Gauge _rules;

    /// <param name="metrics">Makes them.</param>
    /// <param name="prefix">Begins their names, such as <c>returns_triage</c>.</param>
    public RuleMetrics(IMetricFactory metrics, string prefix)
    {
        _errors = metrics.CreateCounter($"{prefix}_rule_errors_total",
            "What was wrong with rule documents, per stream thread: unreadable (one alone), misfit (with the others).", ["kind"]);
        _rules = metrics.CreateGauge($"{prefix}_rules_info", "1 for the rules in force.", ["program", "grading", "routing"]);
    }

    /// <summary>A document could not be read.</summary>
    public void Unreadable() => _errors.WithLabels("unreadable").Inc();

    /// <summary>A document does not fit the others.</summary>
    public void Misfit() => _errors.WithLabels("misfit").Inc();

    /// <summary>Shows the versions in force instead of those before.</summary>
    public void InForce(RuleBook before, RuleBook now)
    {
        foreach (var old in before.Programs)
        {
            _rules.RemoveLabelled(old.Program, old.Grading.Version.ToString(), old.RoutingVersion.ToString());
        }
        foreach (var rules in now.Programs)
        {
            _rules.WithLabels(rules.Program, rules.Grading.Version.ToString(), rules.RoutingVersion.ToString()).Set(1);
        }
    }
}
