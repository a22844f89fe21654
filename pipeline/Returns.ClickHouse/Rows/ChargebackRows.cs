using Returns.Contracts;

namespace Returns.ClickHouse.Rows;

/// <summary><see cref="Chargeback"/> into <c>chargebacks</c>. Of the terms, the topic holds the rest.</summary>
internal sealed class ChargebackRows : IRowFormat<Chargeback>
{
    public static string Table => "chargebacks";

    public static IReadOnlyList<string> Columns { get; } =
    [
        "document_id", "kind", "program", "vendor", "sequence", "corrects", "revision", "agreement_id", "agreement", "agreement_version",
        "window_start", "window_end", "currency", .. DefectColumns.Names, "defects_charged", "lines.kind", "lines.units", "lines.amount", "total",
        "issued_at", "dispute_until", "respond_by", "journal_partition", "journal_first_offset", "journal_last_offset", "journal_records",
        "journal_hash", "previous_hash", "content_hash",
    ];

    public static string? Problem(Chargeback record) =>
        ColumnTime.Problem(record.WindowStart, "windowStart") ?? ColumnTime.Problem(record.WindowEnd, "windowEnd")
        ?? ColumnTime.Problem(record.IssuedAt, "issuedAt") ?? ColumnTime.Problem(record.DisputeUntil, "disputeUntil")
        ?? ColumnTime.Problem(record.RespondBy, "respondBy");

    public static void Append(Chargeback record, RowBuffer row)
    {
        row.Text(record.DocumentId);
        row.Raw(Symbols.DocumentKind[(int)record.Kind]);
        row.Text(record.Program);
        row.Text(record.Vendor);
        row.Int64(record.Sequence);
        row.Text(record.Corrects);
        row.Int32(record.Revision);
        row.Text(record.Terms.Id);
        row.Text(record.Terms.Name);
        row.Text(record.Terms.Version);
        row.Int64(record.WindowStart);
        row.Int64(record.WindowEnd);
        row.Currency(record.Terms.Currency);
        DefectColumns.Append(record.Figures, row);
        row.Byte((byte)(record.DefectsCharged ? 1 : 0));
        row.Count(record.Lines.Count);
        foreach (var line in record.Lines) row.Raw(Symbols.ChargeKind[(int)line.Kind]);
        row.Count(record.Lines.Count);
        foreach (var line in record.Lines) row.Int64(line.Units);
        row.Count(record.Lines.Count);
        foreach (var line in record.Lines) row.Decimal(line.Amount);
        row.Decimal(record.Total);
        row.Int64(record.IssuedAt);
        row.Int64(record.DisputeUntil);
        row.Int64(record.RespondBy);
        row.Int32(record.Journal.Partition);
        row.Int64(record.Journal.FirstOffset);
        row.Int64(record.Journal.LastOffset);
        row.Int64(record.Journal.Records);
        row.Text(record.Journal.Hash);
        row.Text(record.PreviousHash);
        row.Text(record.ContentHash);
    }
}
