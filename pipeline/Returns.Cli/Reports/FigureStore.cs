using System.Globalization;
using System.Text.Json;
using Returns.ClickHouse;
using Returns.Contracts;
using Returns.Domain.Recovery;

namespace Returns.Cli.Reports;

/// <summary>Whose figures: a retailer's units of one origin.</summary>
internal readonly record struct Population(string Program, string Origin);

/// <summary>What figures are about: a value of a dimension.</summary>
internal readonly record struct Slice(Population Of, string Dimension, string Value);

/// <summary>What a vendor's defective units cost, and what it was charged.</summary>
internal sealed record VendorCharges(string Vendor, Currency Currency, long Units, long Defects, decimal DefectValue, long Documents, decimal Charged)
{
    public double? Recovery => RecoveryRates.Chargeback(Charged, DefectValue);
}

/// <summary>Figures of a period.</summary>
internal sealed class PeriodFigures
{
    /// <summary>The sums, by whose they are and what they are about.</summary>
    public Dictionary<Slice, RecoveryTotals> Totals { get; } = [];

    /// <summary>How final each population's figures are: early, final or correction.</summary>
    public Dictionary<Population, string> State { get; } = [];

    /// <summary>By population, the billing windows that end in the period.</summary>
    public Dictionary<string, List<VendorCharges>> Charges { get; } = [];

    /// <summary>Units received on each day.</summary>
    public Dictionary<(Population Of, DateOnly Day), (long Units, long WrittenOff)> Days { get; } = [];

    /// <summary>The populations, the largest first.</summary>
    public IReadOnlyList<Population> Populations => [.. Totals.Where(t => t.Key.Dimension == "program").OrderByDescending(t => t.Value.Units).ThenBy(t => t.Key.Of.Program, StringComparer.Ordinal).Select(t => t.Key.Of)];

    /// <summary>The values of a dimension and their sums.</summary>
    public IReadOnlyList<(string Value, RecoveryTotals Totals)> By(Population of, string dimension) =>
        [.. Totals.Where(t => t.Key.Of == of && t.Key.Dimension == dimension).OrderBy(t => t.Key.Value, StringComparer.Ordinal).Select(t => (t.Key.Value, t.Value))];

    /// <summary>All of a population; empty where it has no units.</summary>
    public RecoveryTotals Whole(Population of) => Totals.GetValueOrDefault(new Slice(of, "program", "")) ?? new RecoveryTotals();
}

/// <summary>Reads figures from ClickHouse, and puts those of days together.</summary>
internal sealed class FigureStore(ClickHouseHttp clickHouse)
{
    /// <summary>The figures of a month, as its windows have them.</summary>
    public Task<PeriodFigures> MonthAsync(Period month, CancellationToken cancel) => ReadAsync(month, "month", cancel);

    /// <summary>The figures of any days, added up. Product lines are left out: over a long time they are many.</summary>
    public Task<PeriodFigures> DaysAsync(Period period, CancellationToken cancel) => ReadAsync(period, "day", cancel);

    /// <summary>The first and the last month there are figures for; null where there are none.</summary>
    public async Task<(Period First, Period Last)?> MonthsAsync(CancellationToken cancel)
    {
        var row = (await clickHouse.QueryAsync("SELECT count(), formatDateTime(min(start), '%Y-%m'), formatDateTime(max(start), '%Y-%m') FROM recovery WHERE span = 'month' AND dimension = 'program' FORMAT TSV", cancel)).Trim().Split('\t');
        return row[0] != "0" && Period.TryParseMonth(row[1], out var first) && Period.TryParseMonth(row[2], out var last) ? (first, last) : null;
    }

    private async Task<PeriodFigures> ReadAsync(Period period, string span, CancellationToken cancel)
    {
        var figures = new PeriodFigures();
        var read = new RecoveryFigures();
        foreach (var row in await RowsAsync(
            $"""
            SELECT program, origin, dimension, value, figure, units, restocked, refurbished, resold, returned_to_vendor, donated, written_off, quarantined, in_review,
                kept_grams, dwell_millis, dwell.buckets AS buckets, dwell.counts AS counts,
                amounts.currency AS currency, amounts.valued_units AS valued_units, amounts.received_value AS received_value, amounts.decided_value AS decided_value,
                amounts.written_off_value AS written_off_value, amounts.costed_units AS costed_units, amounts.handling_cost AS handling_cost,
                amounts.expected_units AS expected_units, amounts.expected_proceeds AS expected_proceeds, amounts.settled_units AS settled_units,
                amounts.settled_proceeds AS settled_proceeds, amounts.settled_expected AS settled_expected, amounts.rated_units AS rated_units,
                amounts.resale_value AS resale_value, amounts.rated_recovery AS rated_recovery
            FROM recovery_current FINAL
            WHERE span = '{span}' AND {Within("start", period)} AND units != 0 {(span == "day" ? "AND dimension != 'product_line'" : "")}
            """, cancel))
        {
            var of = new Population(Text(row, "program"), Text(row, "origin"));
            var slice = new Slice(of, Text(row, "dimension"), Text(row, "value"));
            if (!figures.Totals.TryGetValue(slice, out var totals))
            {
                figures.Totals.Add(slice, totals = new RecoveryTotals());
            }
            Fill(row, read);
            totals.Add(read);
            if (slice.Dimension == "program")
            {
                figures.State[of] = Text(row, "figure");
            }
        }
        foreach (var row in await RowsAsync($"SELECT program, vendor, currency, sum(units) AS units, sum(defects) AS defects, sum(defect_value) AS defect_value, sum(documents) AS documents, sum(charged) AS charged FROM vendor_chargeback_recovery WHERE {Within("window_end", period, inclusiveEnd: true)} GROUP BY ALL", cancel))
        {
            var program = Text(row, "program");
            if (!figures.Charges.TryGetValue(program, out var charges))
            {
                figures.Charges.Add(program, charges = []);
            }
            charges.Add(new VendorCharges(Text(row, "vendor"), Currency.Parse(Text(row, "currency")), Number(row, "units"), Number(row, "defects"), Amount(row.GetProperty("defect_value")), Number(row, "documents"), Amount(row.GetProperty("charged"))));
        }
        foreach (var row in await RowsAsync($"SELECT program, origin, toDate(start) AS day, units, written_off FROM recovery WHERE span = 'day' AND dimension = 'program' AND {Within("start", period)}", cancel))
        {
            figures.Days[(new Population(Text(row, "program"), Text(row, "origin")), DateOnly.ParseExact(Text(row, "day"), "yyyy-MM-dd", CultureInfo.InvariantCulture))] = (Number(row, "units"), Number(row, "written_off"));
        }
        return figures;
    }

    /// <summary>A condition in SQL. A billing window belongs to the period that its last moment is in.</summary>
    private static string Within(string column, Period period, bool inclusiveEnd = false) => string.Create(CultureInfo.InvariantCulture,
        $"{column} {(inclusiveEnd ? ">" : ">=")} toDateTime64('{period.From:yyyy-MM-dd} 00:00:00', 3, 'UTC') AND {column} {(inclusiveEnd ? "<=" : "<")} toDateTime64('{period.To:yyyy-MM-dd} 00:00:00', 3, 'UTC')");

    private async Task<IEnumerable<JsonElement>> RowsAsync(string sql, CancellationToken cancel) =>
        (await clickHouse.QueryAsync(sql + " SETTINGS output_format_json_quote_64bit_integers = 0, output_format_json_quote_decimals = 1 FORMAT JSONEachRow", cancel))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement);

    private static void Fill(JsonElement row, RecoveryFigures into)
    {
        into.Clear();
        into.Units = Number(row, "units");
        into.Restocked = Number(row, "restocked");
        into.Refurbished = Number(row, "refurbished");
        into.Resold = Number(row, "resold");
        into.ReturnedToVendor = Number(row, "returned_to_vendor");
        into.Donated = Number(row, "donated");
        into.WrittenOff = Number(row, "written_off");
        into.Quarantined = Number(row, "quarantined");
        into.InReview = Number(row, "in_review");
        into.KeptGrams = Number(row, "kept_grams");
        into.DwellMillis = Number(row, "dwell_millis");
        foreach (var bucket in row.GetProperty("buckets").EnumerateArray())
        {
            into.Dwell.Buckets.Add(bucket.GetInt32());
        }
        foreach (var count in row.GetProperty("counts").EnumerateArray())
        {
            into.Dwell.Counts.Add(count.GetInt64());
        }
        for (var i = 0; i < row.GetProperty("currency").GetArrayLength(); i++)
        {
            var amounts = into.Currencies.Add();
            amounts.Currency = Currency.Parse(row.GetProperty("currency")[i].GetString()!);
            amounts.ValuedUnits = row.GetProperty("valued_units")[i].GetInt64();
            amounts.ReceivedValue = Amount(row.GetProperty("received_value")[i]);
            amounts.DecidedValue = Amount(row.GetProperty("decided_value")[i]);
            amounts.WrittenOffValue = Amount(row.GetProperty("written_off_value")[i]);
            amounts.CostedUnits = row.GetProperty("costed_units")[i].GetInt64();
            amounts.HandlingCost = Amount(row.GetProperty("handling_cost")[i]);
            amounts.ExpectedUnits = row.GetProperty("expected_units")[i].GetInt64();
            amounts.ExpectedProceeds = Amount(row.GetProperty("expected_proceeds")[i]);
            amounts.SettledUnits = row.GetProperty("settled_units")[i].GetInt64();
            amounts.SettledProceeds = Amount(row.GetProperty("settled_proceeds")[i]);
            amounts.SettledExpected = Amount(row.GetProperty("settled_expected")[i]);
            amounts.RatedUnits = row.GetProperty("rated_units")[i].GetInt64();
            amounts.ResaleValue = Amount(row.GetProperty("resale_value")[i]);
            amounts.RatedRecovery = Amount(row.GetProperty("rated_recovery")[i]);
        }
    }

    private static string Text(JsonElement row, string column) => row.GetProperty(column).GetString()!;

    private static long Number(JsonElement row, string column) => row.GetProperty(column).GetInt64();

    private static decimal Amount(JsonElement value) => decimal.Parse(value.GetString()!, CultureInfo.InvariantCulture);
}
