using System.Globalization;
using Returns.ClickHouse;

namespace Returns.Cli.Up;

/// <summary>Counts a run's units in ClickHouse.</summary>
/// <param name="clickHouse">The server and database.</param>
/// <param name="label">What the LPNs of the run begin with: letters, digits and dashes.</param>
internal sealed class OutcomeTables(ClickHouseHttp clickHouse, string label)
{
    /// <summary>Rows of the run, which is quick, and enough to watch it by.</summary>
    public async Task<TableCounts> RowsAsync(CancellationToken cancel)
    {
        var dispositions = new Dictionary<string, long>();
        var (graded, exceptions, deadLetters) = (0L, 0L, 0L);
        foreach (var (table, name, count) in await AskAsync(
            $"""
            SELECT 'dispositions', toString(disposition), count() FROM dispositions WHERE startsWith(lpn, '{label}') GROUP BY disposition
            UNION ALL SELECT 'grades', '', count() FROM grades WHERE startsWith(lpn, '{label}')
            UNION ALL SELECT 'exceptions', '', count() FROM exceptions WHERE startsWith(lpn, '{label}')
            UNION ALL SELECT 'dead_letters', '', count() FROM dead_letters WHERE startsWith(key, '{label}') AND error_class != 'Redriven'
            """, cancel))
        {
            switch (table)
            {
                case "dispositions": dispositions[name] = count; break;
                case "grades": graded = count; break;
                case "exceptions": exceptions = count; break;
                default: deadLetters = count; break;
            }
        }
        return new TableCounts(graded, dispositions, exceptions, deadLetters);
    }

    /// <summary>Units of the run by their latest outcome.</summary>
    public async Task<(ClickHouseCounts Counts, long ManualReview)> UnitsAsync(CancellationToken cancel)
    {
        var (graded, routed, review) = (0L, 0L, 0L);
        foreach (var (table, name, count) in await AskAsync(
            $"""
            SELECT 'items', toString(state), count() FROM items WHERE startsWith(lpn, '{label}') GROUP BY state
            UNION ALL SELECT 'grades', '', uniqExact(lpn) FROM grades WHERE startsWith(lpn, '{label}')
            """, cancel))
        {
            switch (table, name)
            {
                case ("grades", _): graded = count; break;
                case (_, "routed"): routed = count; break;
                case (_, "manual_review"): review = count; break;
                default: throw new UpException($"ClickHouse: the view items has the state '{name}', which this program does not know: it was made by a newer one");
            }
        }
        return (new ClickHouseCounts(graded, routed), review);
    }

    private async Task<IEnumerable<(string Table, string Name, long Count)>> AskAsync(string sql, CancellationToken cancel) =>
        (await clickHouse.QueryAsync(sql, cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))
            .Select(fields => (fields[0], fields[1], long.Parse(fields[2], CultureInfo.InvariantCulture)));
}
