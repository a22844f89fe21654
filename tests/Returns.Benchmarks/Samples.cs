using System.Globalization;
using System.Text;
using Prometheus;

namespace Returns.Benchmarks;

/// <summary>A metric's samples as they would be scraped: benchmarks read what an operator reads.</summary>
internal static class Samples
{
    /// <summary>The samples of one name, with their labels as text; none where nobody counts it.</summary>
    public static async Task<List<(string Labels, double Value)>> ReadAsync(CollectorRegistry registry, string name)
    {
        using var text = new MemoryStream();
        await registry.CollectAndExportAsTextAsync(text);
        return
        [
            .. Encoding.UTF8.GetString(text.ToArray()).Split('\n')
                .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] is '{' or ' ')
                .Select(line => (line[name.Length..line.LastIndexOf(' ')], double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture))),
        ];
    }

    /// <summary>The sum over all labels.</summary>
    public static async Task<double> SumAsync(CollectorRegistry registry, string name) => (await ReadAsync(registry, name)).Sum(sample => sample.Value);

    /// <summary>Where a stream thread's time went, in nanoseconds a record by part; empty where the runtime does not count it.</summary>
    public static async Task<string> TimePerRecordAsync(CollectorRegistry registry, double records)
    {
        var parts = await ReadAsync(registry, "returns_streams_time_seconds_total");
        return string.Join(", ", parts.Select(part => (Part: Label(part.Labels, "part"), part.Value)).GroupBy(part => part.Part)
            .Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Key} {part.Sum(p => p.Value) * 1e9 / records:N0} ns")));
    }

    private static string Label(string labels, string name)
    {
        var start = labels.IndexOf($"{name}=\"", StringComparison.Ordinal) + name.Length + 2;
        return labels[start..labels.IndexOf('"', start)];
    }
}
