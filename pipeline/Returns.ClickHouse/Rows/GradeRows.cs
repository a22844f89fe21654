using Returns.Contracts;

namespace Returns.ClickHouse.Rows;

/// <summary><see cref="ItemGraded"/> into <c>grades</c>.</summary>
internal sealed class GradeRows : IRowFormat<ItemGraded>
{
    public static string Table => "grades";

    public static IReadOnlyList<string> Columns { get; } =
    [
        "lpn", "program", "facility", "sku", "category", "vendor", "serial_number", "revision", "kind", "grade", "previous_grade",
        "limits.criterion", "limits.value", "limits.cap", "points", "confidence", "rule_version", "graded_at", "intake_at", "origin",
    ];

    public static string? Problem(ItemGraded record) =>
        ColumnTime.Problem(record.GradedAt, "gradedAt") ?? ColumnTime.Problem(record.IntakeAt, "intakeAt");

    public static void Append(ItemGraded record, RowBuffer row)
    {
        row.Text(record.Lpn);
        row.Text(record.Program);
        row.Text(record.Facility);
        row.Text(record.Sku);
        row.Text(record.Category);
        row.Text(record.Vendor);
        row.Text(record.SerialNumber);
        row.Int32(record.Revision);
        row.Raw(Symbols.GradingKind[(int)record.Kind]);
        row.Text(record.Grade);
        row.Text(record.PreviousGrade);
        row.Count(record.Limits.Count);
        foreach (var limit in record.Limits) row.Text(limit.Criterion);
        row.Count(record.Limits.Count);
        foreach (var limit in record.Limits) row.Double(limit.Value);
        row.Count(record.Limits.Count);
        foreach (var limit in record.Limits) row.Text(limit.Cap);
        row.Double(record.Points);
        row.Double(record.Confidence);
        row.Text(record.RuleVersion);
        row.Int64(record.GradedAt);
        row.Int64(record.IntakeAt);
        row.Raw(Symbols.Origin[(int)record.Origin]);
    }
}
