using Prometheus;

namespace Returns.Worker.Notifier;

/// <summary>What the notifier counts. Safe across threads.</summary>
internal sealed class NotifierMetrics(IMetricFactory metrics)
{
    private readonly Counter _alerts = metrics.CreateCounter("returns_notifier_alerts_total",
        "Alerts raised or cleared, by receiver and what became of them: delivered, retried (attempts that failed), refreshed, refused, unreadable.", ["receiver", "result"]);

    /// <summary>One more.</summary>
    public void Count(string receiver, string result) => _alerts.WithLabels(receiver, result).Inc();
}
