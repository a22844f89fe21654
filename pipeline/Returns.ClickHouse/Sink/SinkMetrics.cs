using Prometheus;

namespace Returns.ClickHouse.Sink;

/// <summary>The sink's metrics. Labels are tables and topics, of which there are a handful.</summary>
internal sealed class SinkMetrics(IMetricFactory metrics)
{
    public Counter Rows { get; } = metrics.CreateCounter("returns_sink_rows_inserted_total", "Rows inserted into ClickHouse.", ["table"]);

    public Histogram InsertSeconds { get; } = metrics.CreateHistogram(
        "returns_sink_insert_seconds", "Time of one insert that succeeded; their count is the number of batches.",
        new HistogramConfiguration { LabelNames = ["table"], Buckets = Histogram.ExponentialBuckets(0.001, 2, 15) });

    public Counter Retries { get; } = metrics.CreateCounter("returns_sink_retries_total", "Rounds tried again because ClickHouse was away.");

    public Counter Recovered { get; } = metrics.CreateCounter("returns_sink_pending_recovered_total", "Ranges found pending at an assignment, and landed.");

    public Counter Skipped { get; } = metrics.CreateCounter("returns_sink_rows_skipped_total", "Rows found in ClickHouse already by a look-up, and left out.", ["table"]);

    public Gauge Lag { get; } = metrics.CreateGauge("returns_sink_lag_records", "Offsets between what landed and the end, over the partitions this sink has.", ["topic"]);
}
