using Returns.Contracts;

namespace Returns.ClickHouse.Rows;

/// <summary><see cref="VendorWindow"/> into <c>vendor_windows</c>.</summary>
internal sealed class VendorWindowRows : IRowFormat<VendorWindow>
{
    public static string Table => "vendor_windows";

    public static IReadOnlyList<string> Columns { get; } =
    [
        "program", "vendor", "agreement_id", "agreement", "kind", "start", "end", "figure", "revision", "currency", .. DefectColumns.Names,
    ];

    public static string? Problem(VendorWindow record) =>
        ColumnTime.Problem(record.Start, "start") ?? ColumnTime.Problem(record.End, "end");

    public static void Append(VendorWindow record, RowBuffer row)
    {
        row.Text(record.Program);
        row.Text(record.Vendor);
        row.Text(record.AgreementId);
        row.Text(record.Agreement);
        row.Raw(Symbols.VendorWindowKind[(int)record.Kind]);
        row.Int64(record.Start);
        row.Int64(record.End);
        row.Raw(Symbols.FigureKind[(int)record.Figure]);
        row.Int32(record.Revision);
        row.Currency(record.Currency);
        DefectColumns.Append(record.Figures, row);
    }
}

/// <summary>The columns of <see cref="DefectFigures"/>.</summary>
internal static class DefectColumns
{
    public static readonly string[] Names = ["units", "defects", "valued_units", "value", "defect_value"];

    public static void Append(DefectFigures figures, RowBuffer row)
    {
        row.Int64(figures.Units);
        row.Int64(figures.Defects);
        row.Int64(figures.ValuedUnits);
        row.Decimal(figures.Value);
        row.Decimal(figures.DefectValue);
    }
}
