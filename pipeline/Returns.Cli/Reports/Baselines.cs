using System.Globalization;
using Returns.ClickHouse;

namespace Returns.Cli.Reports;

/// <summary>The period that reports hold their figures against, as ClickHouse keeps it for everyone.</summary>
internal sealed class Baselines(ClickHouseHttp clickHouse)
{
    /// <summary>The period pinned last; null where there is none.</summary>
    public async Task<Period?> PinnedAsync(CancellationToken cancel)
    {
        var row = (await clickHouse.QueryAsync("SELECT is_cleared, from_day, to_day FROM baselines ORDER BY pinned_at DESC, is_cleared LIMIT 1 FORMAT TSV", cancel)).Trim().Split('\t');
        return row.Length == 3 && row[0] == "false" ? new Period(Day(row[1]), Day(row[2])) : null;
    }

    /// <summary>Pins a period in place of the one before.</summary>
    public Task PinAsync(Period period, CancellationToken cancel) => clickHouse.QueryAsync(string.Create(CultureInfo.InvariantCulture,
        $"INSERT INTO baselines (is_cleared, from_day, to_day) VALUES (false, '{period.From:yyyy-MM-dd}', '{period.To:yyyy-MM-dd}')"), cancel);

    /// <summary>Leaves reports without one.</summary>
    public Task ClearAsync(CancellationToken cancel) => clickHouse.QueryAsync("INSERT INTO baselines (is_cleared, from_day, to_day) VALUES (true, '1970-01-01', '1970-01-01')", cancel);

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
