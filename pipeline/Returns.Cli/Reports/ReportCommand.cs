using System.CommandLine;
using System.Globalization;
using System.Text;
using Returns.Cli.Up;

namespace Returns.Cli.Reports;

/// <summary>The command line of <c>returns report</c>.</summary>
internal static class ReportCommand
{
    private static readonly string[] Formats = ["html", "csv", "parquet"];

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var server = new ClickHouseOptions();
        var month = new Option<string>("--month") { Description = "The month, UTC, such as 2011-05.", Required = true, HelpName = "MONTH" };
        var format = new Option<string>("--format") { Description = "html, a page; csv or parquet, every figure of the month, a row for each currency.", DefaultValueFactory = _ => "html", HelpName = "FORMAT" };
        format.AcceptOnlyFromAmong(Formats);
        var file = new Option<FileInfo?>("--out") { Description = "File to write; recovery-MONTH.FORMAT where not given.", HelpName = "FILE" };
        var command = server.On(new Command("report", "A month's recovery on one page, or as data.") { month, format, file });
        command.Validators.Add(result =>
        {
            if (!Period.TryParseMonth(result.GetValue(month) ?? "", out _))
            {
                result.AddError($"--month: '{result.GetValue(month)}' is no month such as 2011-05");
            }
        });
        command.SetAction((result, cancel) => server.RunAsync(result, async clickHouse =>
        {
            _ = Period.TryParseMonth(result.GetValue(month)!, out var period);
            var store = new FigureStore(clickHouse);
            var figures = await store.MonthAsync(period, cancel);
            if (figures.Populations.Count == 0)
            {
                throw new UpException($"no units were received in {period}: {(await store.MonthsAsync(cancel) is { } there ? $"there are figures for {there.First} to {there.Last}" : "there are no figures yet")}");
            }
            var pinned = await new Baselines(clickHouse).PinnedAsync(cancel);
            var before = pinned is { } days ? await store.DaysAsync(days, cancel) : null;
            var into = result.GetValue(file)?.FullName ?? Path.GetFullPath($"recovery-{result.GetValue(month)}.{result.GetValue(format)}");
            try
            {
                if (result.GetValue(format) == "html")
                {
                    await File.WriteAllTextAsync(into, ReportPage.Write(period, figures, pinned, before, TimeProvider.System.GetUtcNow()), cancel);
                }
                else
                {
                    using var data = new MemoryStream();
                    await clickHouse.CopyAsync(Data(period, pinned, before, result.GetValue(format) == "csv" ? "CSVWithNames" : "Parquet"), data, cancel);
                    await File.WriteAllBytesAsync(into, data.ToArray(), cancel);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new UpException($"--out: {into} cannot be written: {error.Message}");
            }
            Console.WriteLine(into);
            return 0;
        }, cancel));
        return command;
    }

    /// <summary>Every figure of the month with the baseline's rates beside it; a row for each currency, and one without where there is none.</summary>
    private static string Data(Period month, Period? pinned, PeriodFigures? before, string format) => string.Create(CultureInfo.InvariantCulture,
        $"""
        SELECT r.program AS program, r.origin AS origin, formatDateTime(r.start, '%Y-%m') AS month, r.dimension AS dimension, r.value AS value, r.figure AS figure, r.revision AS revision,
            r.units AS units, r.decided AS decided, r.restocked AS restocked, r.refurbished AS refurbished, r.resold AS resold, r.returned_to_vendor AS returned_to_vendor, r.donated AS donated,
            r.written_off AS written_off, r.quarantined AS quarantined, r.in_review AS in_review, r.write_off_rate AS write_off_rate, b.write_off_rate AS baseline_write_off_rate,
            r.kept_kilograms AS kept_kilograms, r.dwell_median_seconds AS dwell_median_seconds, r.dwell_p90_seconds AS dwell_p90_seconds,
            a.currency AS currency, a.received_value AS received_value, a.decided_value AS decided_value, a.written_off_value AS written_off_value, a.write_off_rate_value AS write_off_rate_value,
            b.write_off_rate_value AS baseline_write_off_rate_value, a.handling_cost AS handling_cost, a.costed_units AS costed_units, a.cost_per_return AS cost_per_return, b.cost_per_return AS baseline_cost_per_return,
            a.expected_proceeds AS expected_proceeds, a.settled_units AS settled_units, a.settled_proceeds AS settled_proceeds, a.settled_expected AS settled_expected, a.net_recovery AS net_recovery,
            a.rated_units AS rated_units, a.resale_value AS resale_value, a.rated_recovery AS rated_recovery, a.recovery_rate AS recovery_rate, b.recovery_rate AS baseline_recovery_rate,
            CAST({(pinned is { } days ? $"'{days.From:yyyy-MM-dd}/{days.To:yyyy-MM-dd}'" : "NULL")} AS Nullable(String)) AS baseline
        FROM (SELECT * FROM recovery WHERE span = 'month' AND start = toDateTime64('{month.From:yyyy-MM-dd} 00:00:00', 3, 'UTC')) AS r
        LEFT JOIN (SELECT * FROM recovery_amounts WHERE span = 'month' AND start = toDateTime64('{month.From:yyyy-MM-dd} 00:00:00', 3, 'UTC')) AS a
            ON a.program = r.program AND a.origin = r.origin AND a.dimension = r.dimension AND a.value = r.value
        LEFT JOIN ({Rates(before)}) AS b
            ON b.program = r.program AND b.origin = r.origin AND b.dimension = r.dimension AND b.value = r.value AND b.currency = a.currency
        ORDER BY program, origin, dimension, value, currency
        FORMAT {format}
        """);

    /// <summary>The baseline's rates as a table, in SQL.</summary>
    private static string Rates(PeriodFigures? before)
    {
        const string Columns = "'program String, origin String, dimension String, value String, currency String, write_off_rate Nullable(Float64), write_off_rate_value Nullable(Float64), cost_per_return Nullable(Decimal(19, 4)), recovery_rate Nullable(Float64)'";
        var rows = new StringBuilder();
        foreach (var (slice, totals) in before?.Totals ?? [])
        {
            var currencies = totals.Currencies.ToArray();
            foreach (var amounts in currencies.Length > 0 ? currencies : [new Domain.Recovery.CurrencyTotals()])
            {
                string[] cells =
                [
                    Quoted(slice.Of.Program), Quoted(slice.Of.Origin), Quoted(slice.Dimension), Quoted(slice.Value), Quoted(amounts.Currency.ToString()),
                    Number(Domain.Recovery.RecoveryRates.WriteOffUnits(totals)), Number(Domain.Recovery.RecoveryRates.WriteOffValue(amounts)),
                    Domain.Recovery.RecoveryRates.CostPerReturn(amounts) is { } cost ? $"'{cost.ToString(CultureInfo.InvariantCulture)}'" : "NULL", Number(Domain.Recovery.RecoveryRates.Recovery(amounts)),
                ];
                rows.Append(rows.Length == 0 ? "" : ", ").Append('(').AppendJoin(", ", cells).Append(')');
            }
        }
        return rows.Length == 0 ? $"SELECT * FROM values({Columns}, ('', '', '', '', '', NULL, NULL, NULL, NULL)) WHERE false" : $"SELECT * FROM values({Columns}, {rows})";
    }

    private static string Quoted(string text) => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    private static string Number(double? share) => share is { } known ? known.ToString("R", CultureInfo.InvariantCulture) : "NULL";
}
