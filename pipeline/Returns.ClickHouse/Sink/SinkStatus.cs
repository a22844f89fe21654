using Confluent.Kafka;

namespace Returns.ClickHouse.Sink;

/// <summary>What the sink says of itself: the health snapshot and the lag.</summary>
/// <remarks>Written by the polling thread; <see cref="Health"/> may be read by any.</remarks>
internal sealed class SinkStatus(SinkMetrics metrics, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    /// <summary>How long a partition with a lag may stand still. A round lands within seconds, or ClickHouse is away.</summary>
    public static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(60);

    private readonly Dictionary<TopicPartition, (long Landed, long Since)> _moved = [];
    private volatile SinkHealth _health = new(SinkState.Starting, time.GetUtcNow(), null, []);
    private long _published;

    public SinkHealth Health => _health;

    public void Set(SinkState state, string? reason)
    {
        if (_health.State != state || _health.Reason != reason)
        {
            _health = _health with { State = state, Reason = reason, Since = _health.State == state ? _health.Since : time.GetUtcNow() };
        }
    }

    public void CountRetry() => metrics.Retries.Inc();

    /// <summary>Renews the lag once a second.</summary>
    public void Publish(Dictionary<TopicPartition, SinkPartition>.ValueCollection partitions, IConsumer<CapturedBytes, CapturedBytes> consumer)
    {
        if (_published != 0 && time.GetElapsedTime(_published) < Interval) return;
        _published = time.GetTimestamp();
        var lags = new PartitionLag[partitions.Count];
        var sums = new Dictionary<string, long>();
        var i = 0;
        foreach (var partition in partitions)
        {
            var end = consumer.GetWatermarkOffsets(partition.At).High.Value;
            var lag = end < 0 ? -1 : Math.Max(0, end - Math.Max(0, partition.Landed.Value));
            if (lag <= 0 || !_moved.TryGetValue(partition.At, out var moved) || moved.Landed != partition.Landed.Value)
            {
                _moved[partition.At] = moved = (partition.Landed.Value, time.GetTimestamp());
            }
            lags[i++] = new PartitionLag(partition.At.Topic, partition.At.Partition.Value, lag, time.GetElapsedTime(moved.Since));
            sums[partition.At.Topic] = sums.GetValueOrDefault(partition.At.Topic) + Math.Max(0, lag);
        }
        foreach (var (topic, lag) in sums) metrics.Lag.WithLabels(topic).Set(lag);
        _health = _health with { Partitions = lags };
        if (lags.Length > 0 && _health.State == SinkState.Starting) Set(SinkState.Running, null);
        else if (lags.Length == 0 && _health.State is SinkState.Running or SinkState.Stuck) Set(SinkState.Starting, null);
        foreach (var gone in _moved.Keys.Where(at => !partitions.Any(p => p.At == at)).ToList()) _moved.Remove(gone);
        ShowStuck(lags);
    }

    private void ShowStuck(PartitionLag[] lags)
    {
        var stuck = Array.FindIndex(lags, l => l.IsStuck);
        if (stuck >= 0 && _health.State is SinkState.Running or SinkState.Stuck)
        {
            var partition = lags[stuck];
            Set(SinkState.Stuck, string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"{partition.Topic} [{partition.Partition}]: nothing has landed for {partition.StillFor.TotalSeconds:0} s, with {partition.Lag} records to go: see the broker that leads it, and the log of ClickHouse"));
        }
        else if (stuck < 0 && _health.State == SinkState.Stuck)
        {
            Set(SinkState.Running, null);
        }
    }
}
