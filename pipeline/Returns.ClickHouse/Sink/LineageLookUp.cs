using System.Globalization;

namespace Returns.ClickHouse.Sink;

/// <summary>Finds by the lineage columns what ClickHouse holds of a partition.</summary>
/// <remarks>Safe across threads.</remarks>
internal sealed class LineageLookUp(ClickHouseHttp clickHouse)
{
    /// <summary>The offsets within <paramref name="range"/> that have a row.</summary>
    /// <exception cref="ClickHouseException">ClickHouse is away, or refuses.</exception>
    public async Task<HashSet<long>> FindAsync(SinkPartition partition, PendingRange range, CancellationToken cancel)
    {
        var rows = await AskAsync(partition, "_offset", string.Create(CultureInfo.InvariantCulture, $"_offset BETWEEN {range.First} AND {range.Last}"), cancel);
        return [.. rows];
    }

    /// <summary>The greatest offset beyond <paramref name="offset"/> that has a row, or null.</summary>
    /// <exception cref="ClickHouseException">ClickHouse is away, or refuses.</exception>
    public async Task<long?> FindNewestBeyondAsync(SinkPartition partition, long offset, CancellationToken cancel)
    {
        var rows = await AskAsync(partition, "max(_offset)", string.Create(CultureInfo.InvariantCulture, $"_offset > {offset} HAVING count() > 0"), cancel);
        return rows.Count == 0 ? null : rows.Max();
    }

    private async Task<List<long>> AskAsync(SinkPartition partition, string select, string condition, CancellationToken cancel)
    {
        var place = string.Create(CultureInfo.InvariantCulture, $"_topic = {SqlText.Quote(partition.At.Topic)} AND _partition = {partition.At.Partition.Value}");
        var tables = new[] { partition.Topic.Table.Name, RowTable.DeadLetters.Name }.Distinct();
        var sql = string.Join(" UNION ALL ", tables.Select(table => $"SELECT {select} FROM {SqlText.QuoteName(table)} WHERE {place} AND {condition}"));
        var answer = await clickHouse.QueryAsync(sql + " FORMAT TabSeparated", cancel);
        var offsets = new List<long>();
        foreach (var line in answer.AsSpan().EnumerateLines())
        {
            if (line.Length > 0) offsets.Add(long.Parse(line, CultureInfo.InvariantCulture));
        }
        return offsets;
    }
}
