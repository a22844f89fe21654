using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Returns.ClickHouse.Rows;
using Returns.Contracts;

namespace Returns.ClickHouse.Tests;

public sealed class RowTests(Databases databases)
{
    [Fact]
    public async Task Every_column_of_a_grade_holds_what_the_record_says()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        var samples = new OutcomeSamples(1);
        var records = Enumerable.Range(0, 20).Select(i => samples.Graded($"LPN{i}")).ToList();
        foreach (var record in records) stage.Publish(Topics.Grades, record.Lpn.ToString(), record);
        await stage.AllLandedOnceAsync(stage.Sink());

        var rows = await RowsByOffset(stage, "grades");
        for (var i = 0; i < records.Count; i++)
        {
            var (record, row) = (records[i], rows[i]);
            Assert.Equal(
                [
                    record.Lpn.ToString(), record.Program.ToString(), record.Facility.ToString(), record.Sku.ToString(), record.Category.ToString(),
                    record.Vendor?.ToString(), record.SerialNumber?.ToString(), Text(record.Revision), record.Kind.ToSymbol(), record.Grade.ToString(),
                    record.PreviousGrade?.ToString(), List(record.Limits.Select(l => l.Criterion.ToString())), List(record.Limits.Select(l => Text(l.Value))),
                    List(record.Limits.Select(l => l.Cap.ToString())), Text(record.Points), Text(record.Confidence), record.RuleVersion.ToString(),
                    Time(record.GradedAt), Time(record.IntakeAt), record.Origin.ToSymbol(),
                ],
                GradeRows.Columns.Select(column => Cell(row, column)));
        }
    }

    [Fact]
    public async Task Every_column_of_a_disposition_holds_what_the_record_says()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        var samples = new OutcomeSamples(2);
        var records = Enumerable.Range(0, 30).Select(i => samples.Routed($"LPN{i}")).ToList();
        foreach (var record in records) stage.Publish(Topics.Dispositions, record.Lpn.ToString(), record);
        await stage.AllLandedOnceAsync(stage.Sink());

        var rows = await RowsByOffset(stage, "dispositions");
        for (var i = 0; i < records.Count; i++)
        {
            var (record, row) = (records[i], rows[i]);
            Assert.Equal(
                [
                    record.Lpn.ToString(), record.Program.ToString(), record.Facility.ToString(), record.Sku.ToString(), record.Category.ToString(),
                    record.Vendor?.ToString(), record.Grade?.ToString(), record.ReturnReason?.ToSymbol(), record.RaNumber?.ToString(), Text(record.Revision),
                    record.Cause.ToSymbol(), record.Disposition.ToSymbol(), record.Channel?.ToString(), record.PreviousDisposition?.ToSymbol(),
                    List(record.Candidates.Select(c => c.Disposition.ToSymbol())), List(record.Candidates.Select(c => c.Channel?.ToString())),
                    List(record.Candidates.Select(c => Amount(c.Value))), List(record.Candidates.Select(c => c.Value?.Currency.ToString() ?? "")),
                    List(record.Candidates.Select(c => c.Outcome.ToSymbol())), List(record.Candidates.Select(c => c.Detail?.ToString())),
                    List(record.Blocks.Select(b => b.ToSymbol())),
                    Amount(record.ExpectedValue), Code(record.ExpectedValue), Amount(record.ReferencePrice), Code(record.ReferencePrice),
                    Amount(record.Cost), Code(record.Cost), Amount(record.HandlingCost), Code(record.HandlingCost), record.WeightGrams is { } grams ? Text(grams) : null, Amount(record.PricePaid), Code(record.PricePaid), record.Operator?.ToString(),
                    record.OverrideReason?.ToString(), record.RuleVersion.ToString(), Time(record.RoutedAt), Time(record.IntakeAt), Text(record.DwellMillis),
                    record.Origin.ToSymbol(),
                ],
                DispositionRows.Columns.Select(column => Cell(row, column)));
        }
    }

    [Fact]
    public async Task Every_column_of_an_exception_holds_what_the_record_says()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        var samples = new OutcomeSamples(3);
        var records = Enumerable.Range(0, 20).Select(i => samples.Raised($"LPN{i}")).ToList();
        foreach (var record in records) stage.Publish(Topics.Exceptions, record.Lpn.ToString(), record);
        await stage.AllLandedOnceAsync(stage.Sink());

        var rows = await RowsByOffset(stage, "exceptions");
        for (var i = 0; i < records.Count; i++)
        {
            var (record, row) = (records[i], rows[i]);
            Assert.Equal(
                [
                    record.Lpn.ToString(), record.Program.ToString(), record.Facility.ToString(), record.Sku?.ToString(), record.Category?.ToString(),
                    record.Vendor?.ToString(), record.Grade?.ToString(), Text(record.Revision), record.State.ToSymbol(), record.Reason.ToSymbol(),
                    record.Detail.ToString(), List(record.Missing.Select(m => m.ToString())), Time(record.RaisedAt),
                    record.IntakeAt is { } intakeAt ? Time(intakeAt) : null, record.RuleVersion?.ToString(), record.Origin.ToSymbol(),
                ],
                ExceptionRows.Columns.Select(column => Cell(row, column)));
        }
    }

    [Fact]
    public async Task Every_column_of_a_vendors_window_holds_what_the_record_says_and_the_latest_figure_is_found()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        var samples = new OutcomeSamples(7);
        var records = Enumerable.Range(0, 20).Select(_ => samples.Window()).ToList();
        foreach (var record in records) stage.Publish(Topics.VendorWindows, "V-1", record);
        await stage.AllLandedOnceAsync(stage.Sink());

        var rows = await RowsByOffset(stage, "vendor_windows");
        for (var i = 0; i < records.Count; i++)
        {
            var (record, row) = (records[i], rows[i]);
            Assert.Equal(
                [
                    record.Program.ToString(), record.Vendor.ToString(), record.AgreementId.ToString(), record.Agreement.ToString(), record.Kind.ToSymbol(),
                    Time(record.Start), Time(record.End), record.Figure.ToSymbol(), Text(record.Revision), record.Currency.ToString(), .. Figures(record.Figures),
                ],
                VendorWindowRows.Columns.Select(column => Cell(row, column)));
        }
        var last = records.Last(r => r.Kind == VendorWindowKind.Rate);
        Assert.Equal(Text(last.Figures.Units), await stage.ScalarAsync($"SELECT units FROM vendor_defect_rates WHERE kind = 'rate' AND vendor = '{last.Vendor}' AND agreement_id = '{last.AgreementId}'"));
    }

    [Fact]
    public async Task Every_column_of_an_alert_holds_what_the_record_says()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        var samples = new OutcomeSamples(8);
        var records = Enumerable.Range(0, 20).Select(_ => samples.Alert()).ToList();
        foreach (var record in records) stage.Publish(Topics.VendorAlerts, "V-1", record);
        await stage.AllLandedOnceAsync(stage.Sink());

        var rows = await RowsByOffset(stage, "vendor_alerts");
        for (var i = 0; i < records.Count; i++)
        {
            var (record, row) = (records[i], rows[i]);
            Assert.Equal(
                [
                    record.AlertId.ToString(), record.Program.ToString(), record.Vendor.ToString(), record.AgreementId.ToString(), record.Agreement.ToString(),
                    record.Measure.ToSymbol(), record.State.ToSymbol(), Time(record.At), Time(record.RaisedAt), Text(record.Allowed), Text(record.Rate), Text(record.LowerBound),
                    Time(record.WindowStart), Time(record.WindowEnd), record.Currency.ToString(), .. Figures(record.Figures),
                ],
                VendorAlertRows.Columns.Select(column => Cell(row, column)));
        }
    }

    [Fact]
    public async Task Every_column_of_a_chargeback_holds_what_the_record_says_and_charges_add_up()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        var samples = new OutcomeSamples(9);
        var records = Enumerable.Range(0, 20).Select(_ => samples.Charged()).ToList();
        foreach (var record in records) stage.Publish(Topics.Chargebacks, "V-1", record);
        await stage.AllLandedOnceAsync(stage.Sink());

        var rows = await RowsByOffset(stage, "chargebacks");
        for (var i = 0; i < records.Count; i++)
        {
            var (record, row) = (records[i], rows[i]);
            Assert.Equal(
                [
                    record.DocumentId.ToString(), record.Kind.ToSymbol(), record.Program.ToString(), record.Vendor.ToString(), Text(record.Sequence),
                    record.Corrects?.ToString(), Text(record.Revision), record.Terms.Id.ToString(), record.Terms.Name.ToString(), record.Terms.Version.ToString(),
                    Time(record.WindowStart), Time(record.WindowEnd), record.Terms.Currency.ToString(), .. Figures(record.Figures), record.DefectsCharged ? "true" : "false",
                    List(record.Lines.Select(l => l.Kind.ToSymbol())), List(record.Lines.Select(l => Text(l.Units))), List(record.Lines.Select(l => Amount(l.Amount))),
                    Amount(record.Total), Time(record.IssuedAt), Time(record.DisputeUntil), Time(record.RespondBy), Text(record.Journal.Partition),
                    Text(record.Journal.FirstOffset), Text(record.Journal.LastOffset), Text(record.Journal.Records), record.Journal.Hash.ToString(),
                    record.PreviousHash?.ToString(), record.ContentHash.ToString(),
                ],
                ChargebackRows.Columns.Select(column => Cell(row, column)));
        }
        Assert.Equal(records.Sum(r => r.Total), decimal.Parse(await stage.ScalarAsync("SELECT sum(charged) FROM vendor_charges"), CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Every_column_of_a_settlement_holds_what_the_record_says()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        var samples = new OutcomeSamples(10);
        var records = Enumerable.Range(0, 20).Select(i => samples.Paid($"LPN{i}")).ToList();
        foreach (var record in records) stage.Publish(Topics.Settlements, record.Lpn.ToString(), record);
        await stage.AllLandedOnceAsync(stage.Sink());

        var rows = await RowsByOffset(stage, "settlements");
        for (var i = 0; i < records.Count; i++)
        {
            var (record, row) = (records[i], rows[i]);
            Assert.Equal(
                [
                    record.SettlementId.ToString(), record.Lpn.ToString(), record.Program.ToString(), record.Payer.ToSymbol(), record.PayerName.ToString(), Text(record.Revision),
                    Amount(record.Amount), Code(record.Amount), record.Reference?.ToString(), Time(record.PaidAt), record.Origin.ToSymbol(),
                ],
                SettlementRows.Columns.Select(column => Cell(row, column)));
        }
    }

    [Fact]
    public async Task Every_column_of_a_recovery_window_holds_what_the_record_says_and_the_latest_of_each_is_current()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        var samples = new OutcomeSamples(11);
        var records = Enumerable.Range(0, 100).Select(_ => samples.Recovered()).ToList();
        foreach (var record in records) stage.Publish(Topics.Recovery, "window", record);
        await stage.AllLandedOnceAsync(stage.Sink());

        var rows = await RowsByOffset(stage, "recovery_windows");
        for (var i = 0; i < records.Count; i++)
        {
            var (record, row, figures) = (records[i], rows[i], records[i].Figures);
            Assert.Equal(
                [
                    record.Program.ToString(), record.Origin.ToSymbol(), record.Dimension.ToSymbol(), record.Value.ToString(), record.Span.ToSymbol(), Time(record.Start), Time(record.End),
                    record.Figure.ToSymbol(), Text(record.Revision), Text(figures.Units), Text(figures.Restocked), Text(figures.Refurbished), Text(figures.Resold),
                    Text(figures.ReturnedToVendor), Text(figures.Donated), Text(figures.WrittenOff), Text(figures.Quarantined), Text(figures.InReview), Text(figures.KeptGrams),
                    Text(figures.DwellMillis), MaybeText(record.DwellMedianMillis), MaybeText(record.DwellP90Millis), record.WriteOffRate is { } rate ? Text(rate) : null,
                    List(figures.Dwell.Buckets.Select(b => Text(b))), List(figures.Dwell.Counts.Select(Text)),
                    List(figures.Currencies.Select(c => c.Currency.ToString())), List(figures.Currencies.Select(c => Text(c.ValuedUnits))), List(figures.Currencies.Select(c => Amount(c.ReceivedValue))),
                    List(figures.Currencies.Select(c => Amount(c.DecidedValue))), List(figures.Currencies.Select(c => Amount(c.WrittenOffValue))), List(figures.Currencies.Select(c => Text(c.CostedUnits))),
                    List(figures.Currencies.Select(c => Amount(c.HandlingCost))), List(figures.Currencies.Select(c => Text(c.ExpectedUnits))), List(figures.Currencies.Select(c => Amount(c.ExpectedProceeds))),
                    List(figures.Currencies.Select(c => Text(c.SettledUnits))), List(figures.Currencies.Select(c => Amount(c.SettledProceeds))), List(figures.Currencies.Select(c => Amount(c.SettledExpected))),
                    List(figures.Currencies.Select(c => Text(c.RatedUnits))), List(figures.Currencies.Select(c => Amount(c.ResaleValue))), List(figures.Currencies.Select(c => Amount(c.RatedRecovery))),
                    List(record.Rates.Select(r => r.Currency.ToString())), List(record.Rates.Select(r => r.WriteOffRate is { } share ? Text(share) : null)),
                    List(record.Rates.Select(r => r.RecoveryRate is { } share ? Text(share) : null)), List(record.Rates.Select(r => r.CostPerReturn is { } cost ? Amount(cost) : null)),
                    List(record.Rates.Select(r => Amount(r.NetRecovery))),
                ],
                RecoveryRows.Columns.Select(column => Cell(row, column)));
        }
        var latest = records.GroupBy(r => (r.Program, r.Origin, r.Dimension, r.Value, r.Span, r.Start)).Select(g => g.Last()).ToList();
        Assert.Equal(
            latest.Select(r => $"{r.Origin.ToSymbol()} {r.Dimension.ToSymbol()} {r.Value} {r.Span.ToSymbol()} {Time(r.Start)} {r.Figures.Units}").Order(StringComparer.Ordinal),
            (await stage.ScalarAsync("SELECT concat(origin, ' ', dimension, ' ', value, ' ', span, ' ', toString(start), ' ', toString(units)) FROM recovery")).Split('\n').Order(StringComparer.Ordinal));
        Assert.Equal(
            latest.SelectMany(r => r.Figures.Currencies.Zip(r.Rates).Select(c => $"{r.Origin.ToSymbol()} {r.Dimension.ToSymbol()} {r.Value} {r.Span.ToSymbol()} {Time(r.Start)} {c.First.Currency} {Amount(c.First.ResaleValue)} {Amount(c.Second.NetRecovery)}")).Order(StringComparer.Ordinal),
            (await stage.ScalarAsync("SELECT concat(origin, ' ', dimension, ' ', value, ' ', span, ' ', toString(start), ' ', currency, ' ', toString(resale_value), ' ', toString(net_recovery)) FROM recovery_amounts")).Split('\n').Order(StringComparer.Ordinal));
        // What is dropped there after a while has to stay here.
        Assert.Equal("0\t1", await stage.ScalarAsync("SELECT countIf(name = 'recovery_current' AND create_table_query LIKE '%TTL%'), countIf(name = 'recovery_windows' AND create_table_query LIKE '%TTL%') FROM system.tables WHERE database = currentDatabase()"));
        var months = latest.Where(r => r is { Span: WindowSpan.Month, Dimension: RecoveryDimension.Category }).ToList();
        Assert.NotEmpty(months);
        Assert.Equal(Text(months.Sum(r => Math.Max(1, r.Figures.Currencies.Count))), await stage.ScalarAsync("SELECT count() FROM monthly_write_off_rate"));
        Assert.Equal(Text(months.Sum(r => r.Figures.WrittenOff)), await stage.ScalarAsync("SELECT sum(written_off) FROM (SELECT DISTINCT origin, month, category, written_off FROM monthly_write_off_rate)"));
        Assert.Equal(Text(latest.Where(r => r is { Span: WindowSpan.Month, Dimension: RecoveryDimension.Grade }).Sum(r => r.Figures.Currencies.Count(c => c.RatedUnits > 0))), await stage.ScalarAsync("SELECT count() FROM monthly_recovery_rate"));
    }

    [Fact]
    public async Task The_largest_amounts_keep_every_digit()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        var record = new OutcomeSamples(4).Routed("LPN");
        record.ExpectedValue = new Money(999_999_999_999_999.9999m, Currency.Parse("GBP"));
        record.Cost = new Money(-999_999_999_999_999.9999m, Currency.Parse("GBP"));
        record.PricePaid = new Money(0.1m, Currency.Parse("GBP"));
        stage.Publish(Topics.Dispositions, "LPN", record);
        await stage.AllLandedOnceAsync(stage.Sink());

        Assert.Equal("999999999999999.9999\t-999999999999999.9999\t0.1", await stage.ScalarAsync("SELECT expected_value, cost, price_paid FROM dispositions"));
    }

    [Fact]
    public async Task What_cannot_be_read_lands_as_a_dead_letter_with_its_bytes_and_the_reason()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        var good = Stage.Wire(new OutcomeSamples(5).Graded("LPN"));
        var future = new OutcomeSamples(6).Graded("LATE");
        future.GradedAt = long.MaxValue;
        stage.PublishRaw(Topics.Grades, new Message<string, byte[]> { Key = "cut", Value = good[..^3] });
        stage.PublishRaw(Topics.Grades, new Message<string, byte[]> { Key = "tombstone", Value = null! });
        stage.PublishRaw(Topics.Grades, new Message<string, byte[]> { Key = "text", Value = "not avro"u8.ToArray() });
        stage.PublishRaw(Topics.Grades, new Message<string, byte[]> { Key = "future", Value = Stage.Wire(future) });
        stage.PublishRaw(Topics.Grades, new Message<string, byte[]> { Key = null!, Value = [] });
        stage.PublishRaw(Topics.Grades, new Message<string, byte[]> { Key = "good", Value = good });
        await stage.AllLandedOnceAsync(stage.Sink());

        Assert.Equal("1", await stage.ScalarAsync("SELECT count() FROM grades"));
        Assert.Equal(
            ["0 cut Truncated", "1 tombstone Tombstone", "2 text NotWireFormat", "3 future BadValue", "4 - NotWireFormat"],
            (await stage.ScalarAsync("SELECT concat(toString(source_offset), ' ', ifNull(key, '-'), ' ', error_class) FROM dead_letters ORDER BY _offset")).Split('\n'));
        Assert.Equal(Convert.ToHexString(good[..^3]), await stage.ScalarAsync("SELECT hex(value) FROM dead_letters WHERE key = 'cut'"));
        Assert.Equal("\\N\t", await stage.ScalarAsync("SELECT (SELECT value FROM dead_letters WHERE key = 'tombstone'), (SELECT value FROM dead_letters WHERE key IS NULL)"));
        Assert.Contains("gradedAt is 9223372036854775807", await stage.ScalarAsync("SELECT error_message FROM dead_letters WHERE key = 'future'"), StringComparison.Ordinal);
        Assert.Equal("0", await stage.ScalarAsync("SELECT countIf(source_topic != 'returns.grades' OR abs(dateDiff('second', recorded_at, now())) > 600) FROM dead_letters"));
    }

    [Fact]
    public async Task Dead_letters_keep_their_headers_and_bad_headers_lose_nothing()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        stage.PublishRaw(Topics.DeadLetters, new Message<string, byte[]>
        {
            Key = "k",
            Value = [0, 255, 9, 10],
            Headers = Stage.DeadLetterHeaders("returns.scans", 7, 12345678901, "BadIndex", "größer\tals"),
        });
        stage.PublishRaw(Topics.DeadLetters, new Message<string, byte[]>
        {
            Key = "k2",
            Value = [1],
            Headers = new Headers { { "returns.source.partition", Encoding.UTF8.GetBytes("seven") }, { "returns.error.message", "prefixed"u8.ToArray() }, { "error.class", null } },
        });
        stage.PublishRaw(Topics.DeadLetters, new Message<string, byte[]> { Key = "k3", Value = null! });
        await stage.AllLandedOnceAsync(stage.Sink());

        Assert.Equal(
            [
                "k\t00FF090A\treturns.scans\t7\t12345678901\tBadIndex\tgrößer\\tals",
                "k2\t01\t\t-1\t-1\t\tprefixed",
                "k3\t\\N\t\t-1\t-1\t\t",
            ],
            (await stage.ScalarAsync("SELECT key, hex(value), source_topic, source_partition, source_offset, error_class, error_message FROM dead_letters ORDER BY _offset")).Split('\n'));
    }

    private static async Task<List<JsonElement>> RowsByOffset(Stage stage, string table)
    {
        var text = await stage.Http.QueryAsync(
            $"SELECT * FROM {table} ORDER BY _offset SETTINGS output_format_json_quote_64bit_integers = 0, output_format_json_quote_decimals = 1 FORMAT JSONEachRow");
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private static string? Cell(JsonElement row, string column) => Text(row.GetProperty(column));

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Array => List(value.EnumerateArray().Select(Text)),
        _ => double.TryParse(value.GetRawText(), CultureInfo.InvariantCulture, out var number) && value.GetRawText().AsSpan().ContainsAny('.', 'e')
            ? Text(number)
            : value.GetRawText(),
    };

    private static string List(IEnumerable<string?> values) => "[" + string.Join(", ", values.Select(v => v ?? "null")) + "]";

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string? MaybeText(long? value) => value is { } number ? Text(number) : null;

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Time(long millis) => DateTimeOffset.FromUnixTimeMilliseconds(millis).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);

    private static string? Amount(Money? money) => money?.Amount.ToString("0.####", CultureInfo.InvariantCulture);

    private static string Amount(decimal amount) => amount.ToString("0.####", CultureInfo.InvariantCulture);

    private static IEnumerable<string> Figures(DefectFigures figures) =>
        [Text(figures.Units), Text(figures.Defects), Text(figures.ValuedUnits), Amount(figures.Value), Amount(figures.DefectValue)];

    private static string Code(Money? money) => money?.Currency.ToString() ?? "";
}
