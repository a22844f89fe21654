using Returns.ClickHouse.Rows;

namespace Returns.ClickHouse.Sink;

/// <summary>A table rows go to, and the statement that inserts them.</summary>
/// <param name="Name">The table's name.</param>
/// <param name="Insert">The statement up to and including FORMAT RowBinary, escaped for a URL.</param>
internal sealed record RowTable(string Name, string Insert)
{
    /// <summary>The table of dead letters.</summary>
    public static RowTable DeadLetters { get; } = Of(DeadLetterRows.Table, DeadLetterRows.Columns);

    /// <summary>A table with the lineage columns in front of <paramref name="columns"/>.</summary>
    public static RowTable Of(string name, IReadOnlyList<string> columns) => new(name, Uri.EscapeDataString(
        $"INSERT INTO {SqlText.QuoteName(name)} ({string.Join(", ", ((string[])["_topic", "_partition", "_offset", .. columns]).Select(SqlText.QuoteName))}) FORMAT RowBinary"));
}
