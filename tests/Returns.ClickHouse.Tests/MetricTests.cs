namespace Returns.ClickHouse.Tests;

public sealed class MetricTests(Databases databases)
{
    [Fact]
    public async Task Every_metric_of_the_readme_is_there_under_its_name()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        stage.Publish(units: 10, seed: 1);
        var sink = stage.Sink();
        await stage.AllLandedOnceAsync(sink);
        await ExactlyOnceTests.Eventually(() => sink.Health.Partitions.Count == Stage.OutcomeTopics.Length, "the lag is published");

        var text = await sink.ExportAsync();
        foreach (var (name, type) in ((string, string)[])
            [
                ("returns_sink_rows_inserted_total", "counter"), ("returns_sink_insert_seconds", "histogram"), ("returns_sink_retries_total", "counter"),
                ("returns_sink_pending_recovered_total", "counter"), ("returns_sink_rows_skipped_total", "counter"), ("returns_sink_lag_records", "gauge"),
            ])
        {
            Assert.Contains($"# TYPE {name} {type}\n", text, StringComparison.Ordinal);
        }
        Assert.Contains("returns_sink_rows_inserted_total{table=\"grades\"} 10", text, StringComparison.Ordinal);
    }
}
