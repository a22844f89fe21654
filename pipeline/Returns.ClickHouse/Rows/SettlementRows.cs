using Returns.Contracts;

namespace Returns.ClickHouse.Rows;

/// <summary><see cref="Settlement"/> into <c>settlements</c>.</summary>
internal sealed class SettlementRows : IRowFormat<Settlement>
{
    public static string Table => "settlements";

    public static IReadOnlyList<string> Columns { get; } =
        ["settlement_id", "lpn", "program", "payer", "payer_name", "revision", "amount", "currency", "reference", "paid_at", "origin"];

    public static string? Problem(Settlement record) => ColumnTime.Problem(record.PaidAt, "paidAt");

    public static void Append(Settlement record, RowBuffer row)
    {
        row.Text(record.SettlementId);
        row.Text(record.Lpn);
        row.Text(record.Program);
        row.Raw(Symbols.Payer[(int)record.Payer]);
        row.Text(record.PayerName);
        row.Int32(record.Revision);
        row.Decimal(record.Amount.Amount);
        row.Currency(record.Amount.Currency);
        row.Text(record.Reference);
        row.Int64(record.PaidAt);
        row.Raw(Symbols.Origin[(int)record.Origin]);
    }
}
