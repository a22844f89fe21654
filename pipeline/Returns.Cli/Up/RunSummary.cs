using System.Text.Json;
using System.Text.Json.Serialization;

namespace Returns.Cli.Up;

/// <summary>What became of a run's units: the JSON that <c>--summary</c> writes.</summary>
/// <param name="Lines">Data lines of the file; 0 for a simulated shift.</param>
/// <param name="RejectedLines">Lines of the file that are no returns of a product.</param>
/// <param name="Units">Units that came in: one LPN each. Equal to <see cref="Routed"/> plus <see cref="ManualReview"/>.</param>
/// <param name="Scans">Scans published for them, duplicates and corrections included.</param>
/// <param name="Graded">Units with a grade on returns.grades.</param>
/// <param name="Routed">Units whose latest outcome is a disposition.</param>
/// <param name="ManualReview">Units whose latest outcome waits for an operator.</param>
/// <param name="DeadLettered">Records of these units on returns.dlq.</param>
/// <param name="Dispositions">Routed units by disposition; they add up to <see cref="Routed"/>.</param>
/// <param name="ClickHouse">The same, counted in ClickHouse.</param>
/// <param name="Seconds">From the first scan published by this process to the last unit in ClickHouse.</param>
/// <param name="ScansPerSecond">Scans published by this process, by <see cref="Seconds"/>; 0 where an earlier process had published all.</param>
internal sealed record RunSummary(
    long Lines,
    long RejectedLines,
    long Units,
    long Scans,
    long Graded,
    long Routed,
    long ManualReview,
    long DeadLettered,
    IReadOnlyDictionary<string, long> Dispositions,
    [property: JsonPropertyName("clickhouse")] ClickHouseCounts ClickHouse,
    double Seconds,
    double ScansPerSecond)
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The summary as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Format);
}

/// <summary>What ClickHouse holds of a run's units.</summary>
/// <param name="Graded">Units with a grade.</param>
/// <param name="Routed">Units whose latest outcome is a disposition.</param>
internal sealed record ClickHouseCounts(long Graded, long Routed);
