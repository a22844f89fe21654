using Prometheus;

namespace Returns.Streams.Kafka;

/// <summary>The metrics of all applications of a process; README.md has the table of them.</summary>
internal sealed class StreamsMetrics(IMetricFactory factory)
{
    public Counter Records { get; } = factory.CreateCounter("returns_streams_records_total", "Records processed, those processed again after a rollback included.", ["application", "thread"]);

    public Histogram ProcessSeconds { get; } = factory.CreateHistogram("returns_streams_process_seconds", "Time of one record, decoding included; one in 256 is measured.",
        new HistogramConfiguration { LabelNames = ["application"], Buckets = Histogram.ExponentialBuckets(1e-7, 4, 12) });

    public Histogram DecodeSeconds { get; } = factory.CreateHistogram("returns_streams_decode_seconds", "Time of decoding one record; one in 256 is measured.",
        new HistogramConfiguration { LabelNames = ["application"], Buckets = Histogram.ExponentialBuckets(1e-7, 4, 12) });

    public Histogram CommitSeconds { get; } = factory.CreateHistogram("returns_streams_commit_seconds", "Time of a commit, from the last record to the broker's word.",
        new HistogramConfiguration { LabelNames = ["application"], Buckets = Histogram.ExponentialBuckets(0.001, 2, 14) });

    public Counter Time { get; } = factory.CreateCounter("returns_streams_time_seconds_total", "Time of a stream thread, by what it went to: consume, decode, process, produce, commit, recover or idle.", ["application", "thread", "part"]);

    public Counter Aborts { get; } = factory.CreateCounter("returns_streams_aborts_total", "Transactions taken back, by what made it necessary.", ["application", "cause"]);

    public Gauge LagRecords { get; } = factory.CreateGauge("returns_streams_lag_records", "Records between a thread's places in a leading topic and its ends.", ["application", "thread", "topic"]);

    public Gauge LagSeconds { get; } = factory.CreateGauge("returns_streams_lag_seconds", "Age of the oldest record being processed, by the broker's or producer's timestamp; 0 at the end.", ["application", "thread", "topic"]);

    public Gauge RestoreLeft { get; } = factory.CreateGauge("returns_streams_restore_left_records", "Changelog offsets still to be read before every task runs.", ["application", "thread"]);

    public Gauge Tasks { get; } = factory.CreateGauge("returns_streams_tasks", "Tasks, by phase: restoring or running.", ["application", "thread", "phase"]);

    public Gauge StoreKeys { get; } = factory.CreateGauge("returns_streams_store_keys", "Keys in a store.", ["application", "thread", "store"]);

    public Gauge StoreBytes { get; } = factory.CreateGauge("returns_streams_store_bytes", "Memory of a store, in bytes.", ["application", "thread", "store"]);

    public Counter DeadLetters { get; } = factory.CreateCounter("returns_streams_dead_letters_total", "Records sent to the dead letters, by error class.", ["application", "class"]);

    public Counter Late { get; } = factory.CreateCounter("returns_streams_late_records_total", "Records that came after a window of theirs had closed.", ["application"]);

    public Counter Dropped { get; } = factory.CreateCounter("returns_streams_dropped_records_total", "Records that came after the retention of a window of theirs.", ["application"]);

    public Counter TableRejections { get; } = factory.CreateCounter("returns_streams_table_rejections_total", "Records that a global table did not apply, in each thread.", ["application", "topic", "class"]);
}
