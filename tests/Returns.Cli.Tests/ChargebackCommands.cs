using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Tests;
using Returns.Contracts.Wire;
using Returns.Domain.Rules;
using Returns.LocalKafka;
using Returns.Streams.Testing;
using Returns.Topologies.Compliance;

namespace Returns.Cli.Tests;

/// <summary><c>returns chargebacks</c> against a broker that has what a week of compliance left there.</summary>
public sealed class ChargebackCommands : IAsyncLifetime
{
    private const long Start = 1_767_225_600_000;
    private const long Hour = 3_600_000;
    private const long Day = 24 * Hour;

    private static readonly string[] Kept = [Topics.Scans, Topics.Dispositions, Topics.VendorUnits, Topics.Chargebacks];

    private readonly string _folder = Directory.CreateTempSubdirectory("returns-chargebacks-").FullName;
    private readonly Dictionary<string, List<(byte[] Key, byte[] Value)>> _records = Kept.ToDictionary(t => t, _ => new List<(byte[], byte[])>());

    public ValueTask InitializeAsync()
    {
        var topology = ComplianceTopology.Build(LocalSchemaIds.BuiltIn, 1, Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()), NullLogger.Instance);
        var driver = new TopologyTestDriver(topology);
        var files = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "rules"), "*.yaml").Select(path => new RuleFile(path, File.ReadAllBytes(path)));
        Assert.True(RuleFile.TryCompile(files, out var documents, out _, out _));
        foreach (var document in documents)
        {
            var record = new RuleSet();
            document.Fill(0, record);
            driver.Pipe(Topics.Rules, document.Key.ToString(), Encoded(record));
        }
        for (var i = 0; i < 200; i++)
        {
            Receive($"LPN-{i:000}", Start + i * Hour, i % 4 == 0 ? ReturnReason.Defective : i == 7 ? ReturnReason.WrongItem : ReturnReason.ChangedMind);
        }
        Receive("CLOCK-1", Start + 32 * Day, ReturnReason.ChangedMind);
        Receive("LATE", Start + Day, ReturnReason.WrongItem);
        Receive("CLOCK-2", Start + 40 * Day, ReturnReason.ChangedMind);
        Receive("CLOCK-3", Start + 41 * Day, ReturnReason.ChangedMind);
        driver.Commit();
        driver.Commit();
        foreach (var topic in new[] { Topics.VendorUnits, Topics.Chargebacks })
        {
            _records[topic].AddRange(driver.Read(topic).Select(r => (r.Key!, r.Value!)));
        }
        return ValueTask.CompletedTask;

        void Receive(string lpn, long at, ReturnReason reason)
        {
            var scan = new ItemScan { Lpn = lpn, Program = "north", Facility = "DC-LEEDS", Station = "I-1", Sequence = _records[Topics.Scans].Count, Kind = ScanKind.Intake, ScannedAt = at, Grader = "B-7" };
            var finding = scan.Findings.Add();
            (finding.Criterion, finding.Value, finding.Evidence) = ("accessories-complete", reason == ReturnReason.WrongItem ? 0 : 1, Utf8.From("photo<1>"));
            Keep(Topics.Scans, lpn, Encoded(scan));
            Keep(Topics.Dispositions, lpn, Encoded(new ItemRouted
            {
                Lpn = lpn,
                Program = "north",
                Facility = "DC-LEEDS",
                Sku = "SKU-1",
                Category = "electronics",
                Vendor = Utf8.From("V-1001"),
                Grade = Utf8.From("B"),
                ReturnReason = reason,
                Revision = 1,
                Disposition = Disposition.Resell,
                Cost = new Money(60m, Currency.Parse("GBP")),
                RuleVersion = "1",
                RoutedAt = at,
                IntakeAt = at,
            }));
        }

        void Keep(string topic, string lpn, byte[] value)
        {
            _records[topic].Add((Encoding.UTF8.GetBytes(lpn), value));
            driver.Pipe(topic, lpn, value);
        }
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Documents_are_listed_shown_with_their_units_verified_and_exported()
    {
        await using var broker = await BrokerAsync();
        var (code, output) = await CommandLine.RunAsync("chargebacks", "list", "--kafka", broker.BootstrapServers);
        Assert.True(code == 0, output);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Contains("north|V-1001 #1", lines[0], StringComparison.Ordinal);
        Assert.Contains("corrects CB-", lines[1], StringComparison.Ordinal);

        (code, output) = await CommandLine.RunAsync("chargebacks", "show", lines[0].Split(' ')[0], "--kafka", broker.BootstrapServers);
        Assert.True(code == 0, output);
        var shown = JsonDocument.Parse(output).RootElement;
        var units = shown.GetProperty("units").EnumerateArray().ToList();
        Assert.Equal(51, units.Count);
        Assert.Equal(200, shown.GetProperty("figures").GetProperty("units").GetInt32());
        // The lines are the units' charges, and the units the evidence.
        Assert.Equal(shown.GetProperty("total").GetDecimal(), units.Sum(u => u.GetProperty("charges").EnumerateArray().Sum(c => c.GetProperty("amount").GetDecimal())));
        Assert.All(units, u => Assert.Equal("B-7", u.GetProperty("findings")[0].GetProperty("grader").GetString()));

        (code, output) = await CommandLine.RunAsync("chargebacks", "verify", "--kafka", broker.BootstrapServers);
        Assert.True(code == 0, output);
        Assert.Contains("2 documents, 204 records of the journal, 408 raw records compared, 0 no longer held: all is as the documents say", output, StringComparison.Ordinal);

        (code, output) = await CommandLine.RunAsync("chargebacks", "export", "--out", Path.Combine(_folder, "out"), "--kafka", broker.BootstrapServers);
        Assert.True(code == 0, output);
        Assert.Equal(4, Directory.GetFiles(Path.Combine(_folder, "out")).Length);
        var page = await File.ReadAllTextAsync(Directory.GetFiles(Path.Combine(_folder, "out"), "CB-*.html").Single());
        Assert.Contains("<code>photo&lt;1&gt;</code>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("photo<1>", page, StringComparison.Ordinal);

        (code, output) = await CommandLine.RunAsync("chargebacks", "show", "CB-nothing", "--kafka", broker.BootstrapServers);
        Assert.Equal(1, code);
        Assert.Contains("no document 'CB-nothing' among 2", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Topics.Scans, 203, false, "returns.scans [0] @203: the scan of unit 'CLOCK-3' is missing")]
    [InlineData(Topics.Scans, 40, true, "returns.scans [0] @40: the scan of unit 'LPN-040' has the hash")]
    [InlineData(Topics.Chargebacks, 0, false, "document 1 before it is missing")]
    [InlineData(Topics.Chargebacks, 1, false, "of what is due is in no document: one is missing")]
    [InlineData(Topics.Chargebacks, 0, true, "it was edited")]
    [InlineData(Topics.VendorUnits, 40, false, "and the journal gives 199")]
    public async Task What_was_edited_or_removed_is_named(string topic, int offset, bool edit, string said)
    {
        await using var broker = await BrokerAsync((topic, offset, edit));
        var (code, output) = await CommandLine.RunAsync("chargebacks", "verify", "--kafka", broker.BootstrapServers);
        Assert.True(code == 3, output);
        Assert.Contains(said, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_that_cannot_be_decoded_is_named_and_the_others_are_verified()
    {
        _records[Topics.Chargebacks][0] = (_records[Topics.Chargebacks][0].Key, [0, 0, 0, 0, 12, 255]);
        _records[Topics.Scans][40].Value[^1] ^= 1;
        await using var broker = await BrokerAsync();
        var (code, output) = await CommandLine.RunAsync("chargebacks", "verify", "--kafka", broker.BootstrapServers);
        Assert.True(code == 3, output);
        Assert.Contains("returns.chargebacks [0] @0: it cannot be decoded", output, StringComparison.Ordinal);
        Assert.Contains("document 1 before it is missing", output, StringComparison.Ordinal);
        Assert.Contains("returns.scans [0] @40: the scan of unit 'LPN-040' has the hash", output, StringComparison.Ordinal);
        Assert.Contains("2 documents, 204 records of the journal", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Documents_under_a_registrys_ids_are_verified_with_it_and_named_without()
    {
        using var registry = new LoopbackRegistry();
        registry.Schemas[VendorUnit.SchemaId] = VendorUnit.SchemaJson;
        registry.Schemas[ItemScan.SchemaId] = ItemScan.SchemaJson;
        registry.Schemas[ItemRouted.SchemaId] = ItemRouted.SchemaJson;
        registry.Schemas[700] = Chargeback.SchemaJson;
        foreach (var (_, value) in _records[Topics.Chargebacks])
        {
            BinaryPrimitives.WriteInt32BigEndian(value.AsSpan(1), 700);
        }
        await using var broker = await BrokerAsync();
        var (code, output) = await CommandLine.RunAsync("chargebacks", "verify", "--kafka", broker.BootstrapServers, "--schema-registry", registry.Url);
        Assert.True(code == 0, output);
        Assert.Contains("2 documents, 204 records of the journal, 408 raw records compared, 0 no longer held: all is as the documents say", output, StringComparison.Ordinal);
        (code, output) = await CommandLine.RunAsync("chargebacks", "list", "--kafka", broker.BootstrapServers, "--schema-registry", registry.Url);
        Assert.True(code == 0, output);
        (code, output) = await CommandLine.RunAsync("chargebacks", "list", "--kafka", broker.BootstrapServers);
        Assert.True(code == 1, output);
        Assert.Contains("returns.chargebacks [0] @0: schema id 700", output, StringComparison.Ordinal);
    }

    /// <summary>A broker with what was kept, but for one record that was removed or edited.</summary>
    private async Task<LocalKafkaServer> BrokerAsync((string Topic, int Offset, bool Edit)? tampered = null)
    {
        var broker = await LocalKafkaServer.StartAsync(new LocalKafkaOptions { DataFolder = Path.Combine(_folder, "kafka"), Log = TextWriter.Null });
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).Build();
        await admin.CreateTopicsAsync(Kept.Select(topic => new TopicSpecification { Name = topic, NumPartitions = 1, ReplicationFactor = 1 }));
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = broker.BootstrapServers, EnableIdempotence = true, LingerMs = 1 }).Build();
        foreach (var topic in Kept)
        {
            for (var offset = 0; offset < _records[topic].Count; offset++)
            {
                var (key, value) = _records[topic][offset];
                if (tampered is { } at && at.Topic == topic && at.Offset == offset)
                {
                    if (!at.Edit)
                    {
                        continue;
                    }
                    value = [.. value];
                    value[value.Length / 2] ^= 1;
                }
                producer.Produce(topic, new Message<byte[], byte[]> { Key = key, Value = value });
            }
        }
        producer.Flush(TimeSpan.FromSeconds(30));
        return broker;
    }

    private static byte[] Encoded<T>(T record) where T : class, IAvroRecord<T>, new()
    {
        var output = new ArrayBufferWriter<byte>();
        ConfluentWire.Write(output, record, T.SchemaId);
        return output.WrittenSpan.ToArray();
    }
}
