using System.Globalization;
using System.Text;
using Returns.ClickHouse;
using Returns.ClickHouse.Rows;
using Returns.ClickHouse.Sink;
using Returns.Contracts;
using Returns.Contracts.Wire;

namespace Returns.Chaos.Oracle;

/// <summary>What ClickHouse's tables must hold: each record of the outcome topics as one row, byte for byte.</summary>
internal sealed class LandedRows(Uri clickHouse) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = clickHouse, Timeout = TimeSpan.FromSeconds(60) };

    public async Task CompareAsync(CommittedLog log, Differences differences, CancellationToken cancel)
    {
        await CompareAsync(GradeRows.Table, GradeRows.Columns, Rows<ItemGraded, GradeRows>(log[Topics.Grades]), differences, cancel);
        await CompareAsync(DispositionRows.Table, DispositionRows.Columns, Rows<ItemRouted, DispositionRows>(log[Topics.Dispositions]), differences, cancel);
        await CompareAsync(ExceptionRows.Table, ExceptionRows.Columns, Rows<ItemException, ExceptionRows>(log[Topics.Exceptions]), differences, cancel);
        await CompareAsync(VendorWindowRows.Table, VendorWindowRows.Columns, Rows<VendorWindow, VendorWindowRows>(log[Topics.VendorWindows]), differences, cancel);
        await CompareAsync(VendorAlertRows.Table, VendorAlertRows.Columns, Rows<VendorAlert, VendorAlertRows>(log[Topics.VendorAlerts]), differences, cancel);
        await CompareAsync(ChargebackRows.Table, ChargebackRows.Columns, Rows<Chargeback, ChargebackRows>(log[Topics.Chargebacks]), differences, cancel);
        await CompareAsync(DeadLetterRows.Table, DeadLetterRows.Columns, DeadLetters(log[Topics.DeadLetters]), differences, cancel);
    }

    public void Dispose() => _http.Dispose();

    private async Task CompareAsync(string table, IReadOnlyList<string> columns, List<(string Place, byte[] Row)> expected, Differences differences, CancellationToken cancel)
    {
        var all = string.Join(", ", ((string[])["_topic", "_partition", "_offset", .. columns]).Select(SqlText.QuoteName));
        var found = await AskAsync($"SELECT {all} FROM {SqlText.QuoteName(table)} ORDER BY _topic, _partition, _offset FORMAT RowBinary", cancel);
        var at = 0;
        string? other = null;
        foreach (var (place, row) in expected)
        {
            if (!found.AsSpan(at).StartsWith(row))
            {
                other = place;
                break;
            }
            at += row.Length;
        }
        if (other is null && at == found.Length)
        {
            return;
        }
        var before = differences.Count;
        var lines = Encoding.UTF8.GetString(await AskAsync($"SELECT _topic, _partition, _offset, count() FROM {SqlText.QuoteName(table)} GROUP BY ALL FORMAT TSV", cancel));
        var counts = lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'))
            .ToDictionary(f => $"{f[0]} [{f[1]}] @{f[2]}", f => int.Parse(f[3], CultureInfo.InvariantCulture));
        var places = expected.Select(e => e.Place).ToHashSet();
        foreach (var place in places.Union(counts.Keys))
        {
            var (wanted, has) = (places.Contains(place) ? 1 : 0, counts.GetValueOrDefault(place));
            if (wanted != has)
            {
                differences.Add($"table {table}", place, string.Create(CultureInfo.InvariantCulture, $"{wanted} rows"), string.Create(CultureInfo.InvariantCulture, $"{has} rows"));
            }
        }
        if (differences.Count == before)
        {
            differences.Add($"table {table}", other ?? "its end", "the record's row", "other values");
        }
    }

    private async Task<byte[]> AskAsync(string sql, CancellationToken cancel)
    {
        using var query = new StringContent(sql);
        using var answer = await _http.PostAsync(new Uri($"/?database={ClickHouseAddress.DefaultDatabase}", UriKind.Relative), query, cancel);
        var bytes = await answer.Content.ReadAsByteArrayAsync(cancel);
        return answer.IsSuccessStatusCode ? bytes : throw new InvalidOperationException($"ClickHouse answered {(int)answer.StatusCode} to {sql}: {Encoding.UTF8.GetString(bytes)}");
    }

    private static List<(string Place, byte[] Row)> Rows<T, TFormat>(IReadOnlyList<CommittedRecord> records) where T : class, IAvroRecord<T>, new() where TFormat : IRowFormat<T>
    {
        var (decoder, decoded, buffer) = (new WireDecoder<T>(), new T(), new RowBuffer());
        return [.. records.Select(record =>
        {
            if (!decoder.TryDecode(record.Value, decoded, out var error))
            {
                throw new InvalidDataException($"{PlaceOf(record)} cannot be read: {error}");
            }
            Begin(buffer, record);
            TFormat.Append(decoded, buffer);
            return (PlaceOf(record), buffer.Written.ToArray());
        })];
    }

    private static List<(string Place, byte[] Row)> DeadLetters(IReadOnlyList<CommittedRecord> records)
    {
        var buffer = new RowBuffer();
        return [.. records.Select(record =>
        {
            var headers = DeadLetterHeaders.Read(record.Headers);
            Begin(buffer, record);
            DeadLetterRows.Append(
                new DeadLetter
                {
                    Key = record.Key, HasKey = record.Key is not null, Value = record.Value, HasValue = record.Value is not null,
                    SourceTopic = headers.Topic, SourcePartition = headers.Partition, SourceOffset = headers.Offset,
                    ErrorClass = headers.ErrorClass, ErrorMessage = headers.ErrorMessage, RecordedAt = record.Timestamp,
                },
                buffer);
            return (PlaceOf(record), buffer.Written.ToArray());
        })];
    }

    private static void Begin(RowBuffer buffer, CommittedRecord record)
    {
        buffer.CutTo(0);
        buffer.Bytes(Encoding.UTF8.GetBytes(record.Topic));
        buffer.Int32(record.Partition);
        buffer.Int64(record.Offset);
    }

    private static string PlaceOf(CommittedRecord record) => string.Create(CultureInfo.InvariantCulture, $"{record.Topic} [{record.Partition}] @{record.Offset}");
}
