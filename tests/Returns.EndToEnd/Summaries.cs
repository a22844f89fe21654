using System.Text.Json;

namespace Returns.EndToEnd;

/// <summary>What every summary must satisfy, and what two of the same run share.</summary>
internal static class Summaries
{
    /// <summary>Units in equal units out, in the topics and in ClickHouse.</summary>
    public static void Balances(JsonElement summary)
    {
        Assert.Equal(Number(summary, "units"), Number(summary, "routed") + Number(summary, "manualReview"));
        Assert.Equal(Number(summary, "routed"), summary.GetProperty("dispositions").EnumerateObject().Sum(d => d.Value.GetInt64()));
        Assert.Equal(Number(summary, "graded"), Number(summary.GetProperty("clickhouse"), "graded"));
        Assert.Equal(Number(summary, "routed"), Number(summary.GetProperty("clickhouse"), "routed"));
    }

    /// <summary>A figure of a summary.</summary>
    public static long Number(JsonElement summary, string name) => summary.GetProperty(name).GetInt64();

    /// <summary>All but the times, as text.</summary>
    public static string Totals(JsonElement summary) =>
        string.Join('\n', summary.EnumerateObject().Where(p => p.Name is not ("seconds" or "scansPerSecond")).Select(p => $"{p.Name}: {p.Value}"));
}
