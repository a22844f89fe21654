using Prometheus;

namespace Returns.Worker.Roles;

/// <summary>What <c>/health/ready</c> says, as metrics. For one collection at a time.</summary>
internal sealed class RoleMetrics(IMetricFactory metrics)
{
    private readonly Gauge _ready = metrics.CreateGauge("returns_worker_ready", "1 while the role is ready, else 0.", ["role"]);
    private readonly Gauge _stuck = metrics.CreateGauge("returns_worker_stuck_partitions", "Partitions that are stuck.", ["role", "topic"]);

    /// <summary>Shows the roles as they are now, whether or not their threads hang.</summary>
    public void Show(IEnumerable<IRole> roles)
    {
        foreach (var role in roles)
        {
            var health = role.Health;
            _ready.WithLabels(role.Name).Set(health.IsReady ? 1 : 0);
            var partitions = health.Partitions ?? [];
            foreach (var topic in partitions.GroupBy(p => p.Topic))
            {
                _stuck.WithLabels(role.Name, topic.Key).Set(topic.Count(p => p.State == "stuck"));
            }
            // What another process has now is stuck there, or not.
            foreach (var labels in _stuck.GetAllLabelValues().Where(l => l[0] == role.Name && !partitions.Any(p => p.Topic == l[1])).ToList())
            {
                _stuck.RemoveLabelled(labels);
            }
        }
    }
}
