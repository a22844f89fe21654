using Returns.Contracts;

namespace Returns.ClickHouse.Rows;

/// <summary><see cref="ItemException"/> into <c>exceptions</c>.</summary>
internal sealed class ExceptionRows : IRowFormat<ItemException>
{
    public static string Table => "exceptions";

    public static IReadOnlyList<string> Columns { get; } =
    [
        "lpn", "program", "facility", "sku", "category", "vendor", "grade", "revision", "state", "reason", "detail", "missing",
        "raised_at", "intake_at", "rule_version", "origin",
    ];

    public static string? Problem(ItemException record) =>
        ColumnTime.Problem(record.RaisedAt, "raisedAt") ?? ColumnTime.Problem(record.IntakeAt ?? 0, "intakeAt");

    public static void Append(ItemException record, RowBuffer row)
    {
        row.Text(record.Lpn);
        row.Text(record.Program);
        row.Text(record.Facility);
        row.Text(record.Sku);
        row.Text(record.Category);
        row.Text(record.Vendor);
        row.Text(record.Grade);
        row.Int32(record.Revision);
        row.Raw(Symbols.ExceptionState[(int)record.State]);
        row.Raw(Symbols.ExceptionReason[(int)record.Reason]);
        row.Text(record.Detail);
        row.Count(record.Missing.Count);
        foreach (var criterion in record.Missing) row.Text(criterion);
        row.Int64(record.RaisedAt);
        row.Byte((byte)(record.IntakeAt is null ? 1 : 0));
        if (record.IntakeAt is { } intakeAt) row.Int64(intakeAt);
        row.Text(record.RuleVersion);
        row.Raw(Symbols.Origin[(int)record.Origin]);
    }
}
