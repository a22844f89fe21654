using Prometheus;

namespace Returns.Worker.Notifier;

/// <summary>What the notifier counts. Safe across threads.</summary>
internal sealed class NotifierMetrics(IMetricFactory metrics)
{
    private readonly Counter _alerts = metrics.CreateCounter("returns_notifier_alerts_total",
        "Alerts raised or cleared, by receiver and what became of them: delivered, retried (attempts that failed), refreshed, refused, unreadable.", ["receiver", "result"]);

    /// <summary>Shows a receiver from the begin: an increase from nothing is one that Prometheus cannot see.</summary>
    public void Begin(string receiver)
    {
        foreach (var result in (string[])["delivered", "retried", "refreshed", "refused", "unreadable"])
        {
            _alerts.WithLabels(receiver, result);
        }
    }

    /// <summary>One more.</summary>
    public void Count(string receiver, string result) => _alerts.WithLabels(receiver, result).Inc();
}
