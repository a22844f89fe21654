using Returns.Contracts;

namespace Returns.ClickHouse.Rows;

/// <summary><see cref="ItemRouted"/> into <c>dispositions</c>.</summary>
internal sealed class DispositionRows : IRowFormat<ItemRouted>
{
    public static string Table => "dispositions";

    public static IReadOnlyList<string> Columns { get; } =
    [
        "lpn", "program", "facility", "sku", "category", "vendor", "grade", "return_reason", "ra_number", "revision", "cause",
        "disposition", "channel", "previous_disposition",
        "candidates.disposition", "candidates.channel", "candidates.value", "candidates.currency", "candidates.outcome", "candidates.detail",
        "blocks", "expected_value", "expected_currency", "reference_price", "reference_currency", "cost", "cost_currency",
        "handling_cost", "handling_currency", "weight_grams", "price_paid", "price_currency", "operator", "override_reason", "rule_version", "routed_at", "intake_at", "dwell_millis", "origin",
    ];

    public static string? Problem(ItemRouted record) =>
        ColumnTime.Problem(record.RoutedAt, "routedAt") ?? ColumnTime.Problem(record.IntakeAt, "intakeAt");

    public static void Append(ItemRouted record, RowBuffer row)
    {
        row.Text(record.Lpn);
        row.Text(record.Program);
        row.Text(record.Facility);
        row.Text(record.Sku);
        row.Text(record.Category);
        row.Text(record.Vendor);
        row.Text(record.Grade);
        Symbol(Symbols.ReturnReason, (int?)record.ReturnReason, row);
        row.Text(record.RaNumber);
        row.Int32(record.Revision);
        row.Raw(Symbols.RoutingCause[(int)record.Cause]);
        row.Raw(Symbols.Disposition[(int)record.Disposition]);
        row.Text(record.Channel);
        Symbol(Symbols.Disposition, (int?)record.PreviousDisposition, row);
        AppendCandidates(record.Candidates, row);
        row.Count(record.Blocks.Count);
        foreach (var block in record.Blocks) row.Raw(Symbols.HardBlock[(int)block]);
        row.Amount(record.ExpectedValue);
        row.Amount(record.ReferencePrice);
        row.Amount(record.Cost);
        row.Amount(record.HandlingCost);
        row.Byte((byte)(record.WeightGrams is null ? 1 : 0));
        if (record.WeightGrams is { } grams) row.Int32(grams);
        row.Amount(record.PricePaid);
        row.Text(record.Operator);
        row.Text(record.OverrideReason);
        row.Text(record.RuleVersion);
        row.Int64(record.RoutedAt);
        row.Int64(record.IntakeAt);
        row.Int64(record.DwellMillis);
        row.Raw(Symbols.Origin[(int)record.Origin]);
    }

    private static void AppendCandidates(RecordList<Candidate> candidates, RowBuffer row)
    {
        row.Count(candidates.Count);
        foreach (var candidate in candidates) row.Raw(Symbols.Disposition[(int)candidate.Disposition]);
        row.Count(candidates.Count);
        foreach (var candidate in candidates) row.Text(candidate.Channel);
        row.Count(candidates.Count);
        foreach (var candidate in candidates)
        {
            row.Byte((byte)(candidate.Value is null ? 1 : 0));
            if (candidate.Value is { } value) row.Decimal(value.Amount);
        }
        row.Count(candidates.Count);
        foreach (var candidate in candidates) row.Currency(candidate.Value?.Currency ?? Currency.None);
        row.Count(candidates.Count);
        foreach (var candidate in candidates) row.Raw(Symbols.CandidateOutcome[(int)candidate.Outcome]);
        row.Count(candidates.Count);
        foreach (var candidate in candidates) row.Text(candidate.Detail);
    }

    private static void Symbol(byte[][] symbols, int? value, RowBuffer row)
    {
        row.Byte((byte)(value is null ? 1 : 0));
        if (value is { } index) row.Raw(symbols[index]);
    }
}
