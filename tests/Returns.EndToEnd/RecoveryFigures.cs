using System.Diagnostics;

namespace Returns.EndToEnd;

/// <summary>Recovery in the whole pipeline: every figure in ClickHouse is the sum of its items there, whatever is killed on the way, and the
/// report has the same.</summary>
/// <remarks>One collection: each test runs a whole pipeline, which is work for two cores on its own.</remarks>
[Collection("pipeline")]
public sealed class RecoveryFigures
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);

    private static readonly (string Dimension, string Value)[] Dimensions =
    [
        ("program", "''"), ("facility", "facility"), ("category", "ifNull(category, '')"), ("product_line", @"replaceRegexpOne(ifNull(sku, ''), '([0-9])[A-Za-z]+$', '\\1')"),
        ("grade", "ifNull(grade, '')"), ("channel", "if(disposition = 'resell', ifNull(channel, disposition), disposition)"), ("vendor", "ifNull(vendor, '')"),
    ];

    private static readonly (string Span, string Start)[] Spans = [("hour", "toStartOfHour(received_at)"), ("day", "toStartOfDay(received_at)"), ("month", "toStartOfMonth(received_at)")];

    /// <summary>Items as recovery counts them.</summary>
    private const string Units =
        """
        SELECT i.*, coalesce(i.intake_at, i.event_time) AS received_at, i.disposition NOT IN ('quarantine', 'manual_review') AS decided, i.disposition = 'dispose' AS written_off,
            s.lpn != '' AS settled, s.amount AS paid, toString(s.currency) AS paid_currency,
            if(decided AND isNotNull(i.expected_value), i.expected_value + if(i.handling_currency = i.expected_currency, ifNull(i.handling_cost, 0), 0), NULL) AS proceeds,
            if(settled, paid - if(i.handling_currency = paid_currency, ifNull(i.handling_cost, 0), 0), if(decided, i.expected_value, NULL)) AS net,
            if(settled, paid_currency, i.expected_currency) AS net_currency
        FROM items AS i LEFT JOIN settled_units AS s ON s.lpn = i.lpn
        """;

    [Fact]
    public async Task Every_figure_is_the_sum_of_its_items_though_recovery_is_killed_and_the_report_has_them()
    {
        using var folder = new TemporaryFolder();
        ReturnFile.Write(folder.File("returns.csv"), seed: 21, lines: 600);
        await using var up = UpProcess.Start("--input", folder.File("returns.csv"), "--data", folder.Path);
        await up.LineAsync("streaming:");
        up.Kill("--roles recovery");
        await up.LineAsync("Everything stays up");

        Assert.Equal("0", await up.AskClickHouseAsync("SELECT count() FROM dead_letters"));
        Assert.NotEqual("0", await up.AskClickHouseAsync("SELECT count() FROM settled_units"));
        await up.AskClickHouseAsync($"CREATE TABLE checked ENGINE = Memory AS {Units}");
        foreach (var (span, start) in Spans)
        {
            foreach (var (dimension, value) in Dimensions)
            {
                foreach (var query in (Func<string, string, string, string, string>[])[Outcomes, Receipts, Amounts, Payments])
                {
                    var differing = await up.AskClickHouseAsync(query(dimension, value, span, start));
                    Assert.True(differing == "1\t[]", $"{dimension} by {span}, {query.Method.Name}: {differing}");
                }
            }
        }

        var clickHouse = up.AddressOf("ClickHouse");
        var (code, output) = await RunAsync("baseline", "pin", "--from", "2011-07-01", "--to", "2011-07-11", "--clickhouse", clickHouse);
        Assert.True(code == 0, output);
        (code, output) = await RunAsync("report", "--month", "2011-07", "--clickhouse", clickHouse, "--out", folder.File("july.html"));
        Assert.True(code == 0, output);
        var page = await File.ReadAllTextAsync(folder.File("july.html"));
        var received = await up.AskClickHouseAsync("SELECT count() FROM items WHERE toStartOfMonth(coalesce(intake_at, event_time)) = '2011-07-01'");
        Assert.Contains($"<b>{long.Parse(received, System.Globalization.CultureInfo.InvariantCulture):N0}</b><small>units;", page, StringComparison.Ordinal);
        Assert.Contains("against the baseline", page, StringComparison.Ordinal);
        (code, output) = await RunAsync("report", "--month", "2011-07", "--format", "csv", "--clickhouse", clickHouse, "--out", folder.File("july.csv"));
        Assert.True(code == 0, output);
        var rows = (await File.ReadAllTextAsync(folder.File("july.csv"))).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(await up.AskClickHouseAsync("SELECT sum(greatest(1, length(amounts.currency))) FROM recovery_current FINAL WHERE span = 'month' AND start = '2011-07-01' AND units != 0"), $"{rows.Length - 1}");

        up.Interrupt();
        await up.EndAsync();
    }

    /// <summary>A query that says whether there are windows, and some that differ in what became of their units: each window stands on
    /// both sides with the same figures, or on each with others.</summary>
    private static string Outcomes(string dimension, string value, string span, string start) => Counted(dimension, value, span, start,
    [
        ("decided", "countIf(decided)"), ("restocked", "countIf(disposition = 'restock')"), ("refurbished", "countIf(disposition = 'refurbish')"), ("resold", "countIf(disposition = 'resell')"),
        ("returned_to_vendor", "countIf(disposition = 'return_to_vendor')"), ("donated", "countIf(disposition = 'donate')"), ("written_off", "countIf(written_off)"), ("quarantined", "countIf(disposition = 'quarantine')"),
        ("round(kept_kilograms * 1000)", "sumIf(ifNull(weight_grams, 0), decided AND NOT written_off)"), ("dwell_millis", "sumIf(ifNull(dwell_millis, 0), decided)"),
    ], "");

    /// <summary>The same of all units, in the windows that are open: one whose deadline has passed comes days after its receipt, and waits for the
    /// correction of those that have closed.</summary>
    private static string Receipts(string dimension, string value, string span, string start) => Counted(dimension, value, span, start,
        [("units", "count()"), ("in_review", "countIf(disposition = 'manual_review')")], "figure = 'early'");

    private static string Counted(string dimension, string value, string span, string start, (string Figure, string Items)[] counts, string which) =>
        $"""
        SELECT count() > 0, groupArrayIf(4)((value, start, {string.Join(", ", counts.Select((_, i) => $"f{i}"))}), sides != 2) FROM
        (
            SELECT *, count() AS sides FROM
            (
                SELECT program, origin, value, toDateTime(start, 'UTC') AS start, {string.Join(", ", counts.Select((c, i) => $"toInt64({c.Figure}) AS f{i}"))}
                FROM recovery WHERE dimension = '{dimension}' AND span = '{span}' {(which.Length > 0 ? "AND " + which : "")}
                UNION ALL
                SELECT program, origin, {value} AS value, toDateTime({start}, 'UTC') AS start, {string.Join(", ", counts.Select((c, i) => $"toInt64({c.Items}) AS f{i}"))}
                FROM checked GROUP BY program, origin, value, start
            )
            WHERE ({string.Join(" OR ", counts.Select((_, i) => $"f{i} != 0"))}) {Among(dimension, span, which)}
            GROUP BY ALL
        )
        """;

    /// <summary>A condition that leaves the windows that are so.</summary>
    private static string Among(string dimension, string span, string which) => which.Length == 0 ? ""
        : $"AND (program, origin, value, start) IN (SELECT program, origin, value, toDateTime(start, 'UTC') FROM recovery WHERE dimension = '{dimension}' AND span = '{span}' AND {which})";

    /// <summary>The same of the amounts that were decided.</summary>
    private static string Amounts(string dimension, string value, string span, string start) => Compared(dimension, value, span, start,
        ["valued_units", "received_value", "decided_value", "written_off_value", "costed_units", "handling_cost", "expected_units", "expected_proceeds"],
        """
        (cost_currency, isNotNull(cost), ifNull(cost, 0), if(decided, ifNull(cost, 0), 0), if(written_off, ifNull(cost, 0), 0), false, toDecimal64(0, 4), false, toDecimal64(0, 4)),
        (handling_currency, false, toDecimal64(0, 4), toDecimal64(0, 4), toDecimal64(0, 4), decided AND isNotNull(handling_cost), if(decided, ifNull(handling_cost, 0), 0), false, toDecimal64(0, 4)),
        (expected_currency, false, toDecimal64(0, 4), toDecimal64(0, 4), toDecimal64(0, 4), false, toDecimal64(0, 4), isNotNull(proceeds), ifNull(proceeds, 0))
        """, "");

    /// <summary>The same of what payments change, in the windows that are open: in a closed one they wait for its correction.</summary>
    private static string Payments(string dimension, string value, string span, string start) => Compared(dimension, value, span, start,
        ["settled_units", "settled_proceeds", "settled_expected", "rated_units", "resale_value", "rated_recovery"],
        """
        (toString(paid_currency), settled, if(settled, paid, 0), if(settled AND expected_currency = paid_currency, ifNull(proceeds, 0), 0), false, toDecimal64(0, 4), toDecimal64(0, 4)),
        (reference_currency, false, toDecimal64(0, 4), toDecimal64(0, 4), isNotNull(net) AND net_currency = reference_currency, if(isNotNull(net) AND net_currency = reference_currency, ifNull(reference_price, 0), 0),
            if(net_currency = reference_currency, ifNull(net, 0), 0))
        """, "figure = 'early'");

    private static string Compared(string dimension, string value, string span, string start, string[] columns, string contributions, string which) =>
        $"""
        SELECT count() > 0, groupArrayIf(4)((value, start, currency, {string.Join(", ", columns.Select((_, i) => $"f{i}"))}), sides != 2) FROM
        (
            SELECT *, count() AS sides FROM
            (
                SELECT program, origin, value, toDateTime(start, 'UTC') AS start, currency, {string.Join(", ", columns.Select((c, i) => $"toDecimal128({c}, 4) AS f{i}"))}
                FROM recovery_amounts WHERE dimension = '{dimension}' AND span = '{span}' {(which.Length > 0 ? "AND " + which : "")}
                UNION ALL
                SELECT program, origin, value, start, c.1 AS currency, {string.Join(", ", columns.Select((_, i) => $"toDecimal128(sum(c.{i + 2}), 4) AS f{i}"))}
                FROM (SELECT program, origin, {value} AS value, toDateTime({start}, 'UTC') AS start, arrayJoin([{contributions}]) AS c FROM checked)
                WHERE c.1 != '' {Among(dimension, span, which)}
                GROUP BY program, origin, value, start, currency
            )
            WHERE {string.Join(" OR ", columns.Select((_, i) => $"f{i} != 0"))}
            GROUP BY ALL
        )
        """;

    private static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "returns.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Bound);
        return (process.ExitCode, await output + await errors);
    }
}
