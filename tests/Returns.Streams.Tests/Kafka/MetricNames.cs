using System.Text;
using System.Text.RegularExpressions;
using Prometheus;
using Returns.Streams.Kafka;

namespace Returns.Streams.Tests.Kafka;

public sealed partial class MetricNames
{
    [Fact]
    public async Task The_table_of_metrics_has_all_there_are_with_type_and_labels_and_no_others()
    {
        var registry = Metrics.NewCustomRegistry();
        var metrics = new StreamsMetrics(Metrics.WithCustomRegistry(registry));
        var labels = typeof(StreamsMetrics).GetProperties().Select(p => (Collector)p.GetValue(metrics)!).ToDictionary(c => c.Name, c => string.Join(", ", c.LabelNames));
        using var exported = new MemoryStream();
        await registry.CollectAndExportAsTextAsync(exported, TestContext.Current.CancellationToken);
        var registered = Type().Matches(Encoding.UTF8.GetString(exported.ToArray()))
            .Select(m => $"{m.Groups[1].Value} | {m.Groups[2].Value} | {labels[m.Groups[1].Value]}").Order(StringComparer.Ordinal);
        var readme = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Returns.Streams.README.md"), TestContext.Current.CancellationToken);
        var documented = Row().Matches(readme)
            .SelectMany(m => m.Groups[1].Value.Split(", ").Select(name => $"{name} | {m.Groups[2].Value} | {m.Groups[3].Value}")).Order(StringComparer.Ordinal);
        Assert.Equal(documented, registered);
    }

    [GeneratedRegex("^# TYPE ([a-z_]+) ([a-z]+)", RegexOptions.Multiline)]
    private static partial Regex Type();

    [GeneratedRegex(@"^\| (returns_streams_[a-z_, ]+) \| ([a-z]+) \| ([a-z, ]+) \| ", RegexOptions.Multiline)]
    private static partial Regex Row();
}
