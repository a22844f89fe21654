using System.Text;
using System.Text.RegularExpressions;

namespace Returns.Streams.Tests.Kafka;

public sealed partial class MetricNames
{
    [Fact]
    public async Task The_table_of_metrics_has_all_there_are_and_no_others()
    {
        await using var kafka = await Kafka.StartAsync();
        await using var application = new RunningApplication(new Counting(), kafka);
        using var exported = new MemoryStream();
        await application.Metrics.CollectAndExportAsTextAsync(exported, TestContext.Current.CancellationToken);
        var registered = Type().Matches(Encoding.UTF8.GetString(exported.ToArray())).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal);
        var readme = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Returns.Streams.README.md"), TestContext.Current.CancellationToken);
        Assert.Equal(Name().Matches(readme).Select(m => m.Value).Distinct().Order(StringComparer.Ordinal), registered);
    }

    [GeneratedRegex("^# TYPE ([a-z_]+) ", RegexOptions.Multiline)]
    private static partial Regex Type();

    [GeneratedRegex("returns_streams_[a-z_]+")]
    private static partial Regex Name();
}
