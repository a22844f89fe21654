using Confluent.Kafka;

namespace Returns.ClickHouse.Sink;

/// <summary>What the sink says of itself: the health snapshot and the lag.</summary>
/// <remarks>Written by the polling thread; <see cref="Health"/> may be read by any.</remarks>
internal sealed class SinkStatus(SinkMetrics metrics, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
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
            lags[i++] = new PartitionLag(partition.At.Topic, partition.At.Partition.Value, lag);
            sums[partition.At.Topic] = sums.GetValueOrDefault(partition.At.Topic) + Math.Max(0, lag);
        }
        foreach (var (topic, lag) in sums) metrics.Lag.WithLabels(topic).Set(lag);
        _health = _health with { Partitions = lags };
        if (lags.Length > 0 && _health.State == SinkState.Starting) Set(SinkState.Running, null);
        else if (lags.Length == 0 && _health.State == SinkState.Running) Set(SinkState.Starting, null);
    }
}
