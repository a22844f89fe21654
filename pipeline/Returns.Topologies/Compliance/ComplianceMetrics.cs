using Prometheus;

namespace Returns.Topologies.Compliance;

/// <summary>What compliance counts. Safe across threads; tasks count in a <see cref="ComplianceTally"/> first.</summary>
internal sealed class ComplianceMetrics
{
    public ComplianceMetrics(IMetricFactory metrics)
    {
        var units = metrics.CreateCounter("returns_compliance_units_total",
            "Assessments of units, by effect: counted (the first of a unit), changed, withdrawn (from a vendor or an agreement), without_agreement.", ["effect"]);
        Units = [.. ComplianceTally.UnitEffects.Select(e => units.WithLabels(e))];
        var alerts = metrics.CreateCounter("returns_compliance_alerts_total", "Alerts, by what became of them: raised, cleared.", ["state"]);
        Alerts = [alerts.WithLabels("raised"), alerts.WithLabels("cleared")];
        var documents = metrics.CreateCounter("returns_compliance_documents_total", "Documents issued, by kind: chargeback, correction.", ["kind"]);
        Documents = [documents.WithLabels("chargeback"), documents.WithLabels("correction")];
        Missed = metrics.CreateCounter("returns_compliance_missed_total", "Changes of units whose billing window takes no correction any more.");
    }

    public Counter.Child[] Units { get; }

    public Counter.Child[] Alerts { get; }

    public Counter.Child[] Documents { get; }

    public Counter Missed { get; }
}
