using System.Text.Json;
using System.Text.RegularExpressions;

namespace Returns.EndToEnd.Dashboards;

/// <summary>A dashboard as it is in dashboards/.</summary>
internal sealed partial class Dashboard
{
    private static readonly Lazy<IReadOnlyList<Dashboard>> Files = new(() =>
        [.. Directory.EnumerateFiles(Path.Combine(UpProcess.RepositoryFolder, "dashboards"), "*.json").Order(StringComparer.Ordinal).Select(f => new Dashboard(f))]);

    private Dashboard(string file)
    {
        Name = Path.GetFileNameWithoutExtension(file);
        Json = JsonDocument.Parse(File.ReadAllText(file)).RootElement;
    }

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Dashboard> All => Files.Value;

    /// <summary>The file's name.</summary>
    public string Name { get; }

    /// <summary>As Grafana reads it.</summary>
    public JsonElement Json { get; }

    /// <summary>Its panels.</summary>
    public IEnumerable<JsonElement> Panels => Json.GetProperty("panels").EnumerateArray();

    /// <summary>The uid of what an element takes its data from.</summary>
    public static string SourceOf(JsonElement element) => element.GetProperty("datasource").GetProperty("uid").GetString()!;

    /// <summary>A query of ClickHouse as Grafana's data source would send it for a year that has everything, of all programs.</summary>
    public string Sql(string text)
    {
        foreach (var variable in Json.GetProperty("templating").GetProperty("list").EnumerateArray())
        {
            text = text.Replace($"${{{variable.GetProperty("name").GetString()}:singlequote}}", variable.GetProperty("query").GetString()!, StringComparison.Ordinal);
        }
        text = TimeFilter().Replace(text, "$1 >= toDateTime('2025-12-01 00:00:00', 'UTC') AND $1 <= toDateTime('2030-01-01 00:00:00', 'UTC')");
        return TimeInterval().Replace(text, "toStartOfInterval(toDateTime($1), INTERVAL 3600 second)");
    }

    /// <summary>A query of Prometheus as Grafana would send it.</summary>
    public static string PromQl(string text) => text.Replace("$__rate_interval", "1m", StringComparison.Ordinal);

    [GeneratedRegex(@"\$__timeFilter\(([a-z_.]+)\)")]
    private static partial Regex TimeFilter();

    [GeneratedRegex(@"\$__timeInterval\(([a-z_.]+)\)")]
    private static partial Regex TimeInterval();
}
