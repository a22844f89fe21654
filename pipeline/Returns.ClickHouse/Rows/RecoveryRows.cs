using Returns.Contracts;

namespace Returns.ClickHouse.Rows;

/// <summary><see cref="RecoveryWindow"/> into <c>recovery_windows</c>, and the latest of each window into <c>recovery_current</c>.</summary>
internal sealed class RecoveryRows : IRowFormat<RecoveryWindow>
{
    public static string Table => "recovery_windows";

    public static string? LatestTable => "recovery_current";

    public static IReadOnlyList<string> Columns { get; } =
    [
        "program", "origin", "dimension", "value", "span", "start", "end", "figure", "revision",
        "units", "restocked", "refurbished", "resold", "returned_to_vendor", "donated", "written_off", "quarantined", "in_review", "kept_grams",
        "dwell_millis", "dwell_median_millis", "dwell_p90_millis", "write_off_rate", "dwell.buckets", "dwell.counts",
        "amounts.currency", "amounts.valued_units", "amounts.received_value", "amounts.decided_value", "amounts.written_off_value", "amounts.costed_units",
        "amounts.handling_cost", "amounts.expected_units", "amounts.expected_proceeds", "amounts.settled_units", "amounts.settled_proceeds",
        "amounts.settled_expected", "amounts.rated_units", "amounts.resale_value", "amounts.rated_recovery",
        "rates.currency", "rates.write_off_rate", "rates.recovery_rate", "rates.cost_per_return", "rates.net_recovery",
    ];

    public static string? Problem(RecoveryWindow record) =>
        ColumnTime.Problem(record.Start, "start") ?? ColumnTime.Problem(record.End, "end");

    public static void Append(RecoveryWindow record, RowBuffer row)
    {
        row.Text(record.Program);
        row.Raw(Symbols.Origin[(int)record.Origin]);
        row.Raw(Symbols.RecoveryDimension[(int)record.Dimension]);
        row.Text(record.Value);
        row.Raw(Symbols.WindowSpan[(int)record.Span]);
        row.Int64(record.Start);
        row.Int64(record.End);
        row.Raw(Symbols.FigureKind[(int)record.Figure]);
        row.Int32(record.Revision);
        var figures = record.Figures;
        row.Int64(figures.Units);
        row.Int64(figures.Restocked);
        row.Int64(figures.Refurbished);
        row.Int64(figures.Resold);
        row.Int64(figures.ReturnedToVendor);
        row.Int64(figures.Donated);
        row.Int64(figures.WrittenOff);
        row.Int64(figures.Quarantined);
        row.Int64(figures.InReview);
        row.Int64(figures.KeptGrams);
        row.Int64(figures.DwellMillis);
        row.Int64(record.DwellMedianMillis);
        row.Int64(record.DwellP90Millis);
        row.Double(record.WriteOffRate);
        row.Count(figures.Dwell.Buckets.Count);
        foreach (var bucket in figures.Dwell.Buckets) row.Int32(bucket);
        row.Count(figures.Dwell.Counts.Count);
        foreach (var count in figures.Dwell.Counts) row.Int64(count);
        Append(figures.Currencies, row);
        Append(record.Rates, row);
    }

    private static void Append(RecordList<CurrencyFigures> amounts, RowBuffer row)
    {
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Currency(amount.Currency);
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Int64(amount.ValuedUnits);
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Decimal(amount.ReceivedValue);
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Decimal(amount.DecidedValue);
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Decimal(amount.WrittenOffValue);
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Int64(amount.CostedUnits);
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Decimal(amount.HandlingCost);
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Int64(amount.ExpectedUnits);
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Decimal(amount.ExpectedProceeds);
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Int64(amount.SettledUnits);
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Decimal(amount.SettledProceeds);
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Decimal(amount.SettledExpected);
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Int64(amount.RatedUnits);
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Decimal(amount.ResaleValue);
        row.Count(amounts.Count);
        foreach (var amount in amounts) row.Decimal(amount.RatedRecovery);
    }

    private static void Append(RecordList<CurrencyRates> rates, RowBuffer row)
    {
        row.Count(rates.Count);
        foreach (var rate in rates) row.Currency(rate.Currency);
        row.Count(rates.Count);
        foreach (var rate in rates) row.Double(rate.WriteOffRate);
        row.Count(rates.Count);
        foreach (var rate in rates) row.Double(rate.RecoveryRate);
        row.Count(rates.Count);
        foreach (var rate in rates) row.Decimal(rate.CostPerReturn);
        row.Count(rates.Count);
        foreach (var rate in rates) row.Decimal(rate.NetRecovery);
    }
}
