using Returns.Contracts;

namespace Returns.ClickHouse.Rows;

/// <summary><see cref="VendorAlert"/> into <c>vendor_alerts</c>.</summary>
internal sealed class VendorAlertRows : IRowFormat<VendorAlert>
{
    public static string Table => "vendor_alerts";

    public static IReadOnlyList<string> Columns { get; } =
    [
        "alert_id", "program", "vendor", "agreement_id", "agreement", "measure", "state", "at", "raised_at", "allowed", "rate", "lower_bound",
        "window_start", "window_end", "currency", .. DefectColumns.Names,
    ];

    public static string? Problem(VendorAlert record) =>
        ColumnTime.Problem(record.At, "at") ?? ColumnTime.Problem(record.RaisedAt, "raisedAt")
        ?? ColumnTime.Problem(record.WindowStart, "windowStart") ?? ColumnTime.Problem(record.WindowEnd, "windowEnd");

    public static void Append(VendorAlert record, RowBuffer row)
    {
        row.Text(record.AlertId);
        row.Text(record.Program);
        row.Text(record.Vendor);
        row.Text(record.AgreementId);
        row.Text(record.Agreement);
        row.Raw(Symbols.RateMeasure[(int)record.Measure]);
        row.Raw(Symbols.AlertState[(int)record.State]);
        row.Int64(record.At);
        row.Int64(record.RaisedAt);
        row.Double(record.Allowed);
        row.Double(record.Rate);
        row.Double(record.LowerBound);
        row.Int64(record.WindowStart);
        row.Int64(record.WindowEnd);
        row.Currency(record.Currency);
        DefectColumns.Append(record.Figures, row);
    }
}
