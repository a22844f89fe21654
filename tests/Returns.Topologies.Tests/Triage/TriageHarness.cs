using System.Buffers;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Rules;
using Returns.Streams;
using Returns.Streams.Testing;
using Returns.Topologies.Triage;

namespace Returns.Topologies.Tests.Triage;

/// <summary>Triage under the test driver: publishes events as a foreign client would, and reads what was committed.</summary>
internal sealed class TriageHarness
{
    public const string Program = "north";
    public const string Facility = "DC-LEEDS";

    /// <summary>2026-03-02T08:00:00Z.</summary>
    public const long Start = 1_772_438_400_000;
    public const long Hour = 3_600_000;

    private readonly Topology _topology;
    private readonly CollectorRegistry _registry = Prometheus.Metrics.NewCustomRegistry();

    public TriageHarness(int partitions = 1, bool rules = true)
    {
        _topology = TriageTopology.Build(LocalSchemaIds.BuiltIn, Prometheus.Metrics.WithCustomRegistry(_registry), NullLogger.Instance);
        Driver = new TopologyTestDriver(_topology, partitions);
        if (rules)
        {
            Publish(ShippedRules.Documents);
        }
    }

    public TopologyTestDriver Driver { get; }

    public StoreSpec Items => _topology.SubTopologies[0].Stores[0];

    public Dictionary<string, List<ItemGraded>> Grades { get; } = [];

    public Dictionary<string, List<ItemRouted>> Routes { get; } = [];

    public Dictionary<string, List<ItemException>> Exceptions { get; } = [];

    public List<DriverRecord> DeadLetters { get; } = [];

    public static byte[] Encoded<T>(T record, int? schemaId = null) where T : class, IAvroRecord<T>, new()
    {
        var output = new ArrayBufferWriter<byte>();
        ConfluentWire.Write(output, record, schemaId ?? T.SchemaId);
        return output.WrittenSpan.ToArray();
    }

    public void Publish(IEnumerable<RuleDocument> documents)
    {
        var record = new RuleSet();
        foreach (var document in documents)
        {
            document.Fill(Start, record);
            Driver.Pipe(Topics.Rules, document.Key.ToString(), Encoded(record));
        }
    }

    public static CatalogItem Item(string sku, string category = "electronics") => new()
    {
        Program = Program,
        Sku = sku,
        Description = sku,
        Category = category,
        Vendor = "V-1001",
        Cost = new Money(60m, Currency.Parse("GBP")),
        ReferencePrice = new Money(120m, Currency.Parse("GBP")),
        WeightGrams = 700,
        UpdatedAt = Start,
    };

    public void Publish(CatalogItem item) => Driver.Pipe(Topics.Catalog, $"{item.Program}|{item.Sku}", Encoded(item));

    public static ItemScan Scan(string lpn, long sequence, ScanKind kind, long at, string station = "S-1") => new()
    {
        Lpn = lpn,
        Program = Program,
        Facility = Facility,
        Station = station,
        Sequence = sequence,
        Kind = kind,
        ScannedAt = at,
    };

    public static ItemScan Intake(string lpn, long sequence, long at, string sku = "SKU-1", ReturnReason reason = ReturnReason.ChangedMind)
    {
        var scan = Scan(lpn, sequence, ScanKind.Intake, at);
        scan.Sku = Utf8.From(sku);
        scan.ReturnReason = reason;
        scan.PricePaid = new Money(129.99m, Currency.Parse("GBP"));
        return scan;
    }

    /// <summary>An inspection with every mandatory finding of electronics in its best state, some of them replaced.</summary>
    public static ItemScan Inspection(string lpn, long sequence, long at, params (string Criterion, double Value)[] replaced)
    {
        var scan = Scan(lpn, sequence, ScanKind.Inspection, at, "I-1");
        foreach (var (criterion, value) in Good("electronics").Where(g => replaced.All(r => r.Criterion != g.Criterion)).Concat(replaced))
        {
            var finding = scan.Findings.Add();
            finding.Criterion = criterion;
            finding.Value = value;
        }
        return scan;
    }

    /// <summary>Each mandatory criterion with the value that takes nothing off.</summary>
    public static IEnumerable<(string Criterion, double Value)> Good(string category)
    {
        var checklist = ShippedRules.Book.Find("any"u8)!.Grading.Find(Encoding.UTF8.GetBytes(category))!;
        foreach (var criterion in checklist.Criteria.ToArray().Where(c => c.Mandatory == Returns.Domain.Grading.Mandatory.Always))
        {
            yield return (criterion.Name.ToString(), new[] { 0, 1, criterion.Maximum, criterion.Minimum }
                .Where(v => criterion.TryEvaluate(v, out _))
                .MinBy(v => criterion.TryEvaluate(v, out var outcome) ? (outcome.Cap * 1000) + outcome.Minus : int.MaxValue));
        }
    }

    public static OperatorOverride Override(string lpn, string id, Disposition disposition, long at) => new()
    {
        OverrideId = id,
        Lpn = lpn,
        Operator = "op-17",
        Reason = "seen by me",
        Disposition = disposition,
        DecidedAt = at,
    };

    public void Pipe(ItemScan scan) => Driver.Pipe(Topics.Scans, scan.Lpn.ToString(), Encoded(scan));

    public void Pipe(OperatorOverride decision) => Driver.Pipe(Topics.Overrides, decision.Lpn.ToString(), Encoded(decision));

    public void Heartbeat(long at, int partition = 0) =>
        Driver.Pipe(Topics.Heartbeats, null, Encoded(new StationHeartbeat { Facility = Facility, Station = "all", At = at }), partition);

    /// <summary>Commits, and takes in what was published since.</summary>
    public void Commit()
    {
        Driver.Commit();
        Take(Topics.Grades, Grades, new WireDecoder<ItemGraded>(), r => r.Lpn);
        Take(Topics.Dispositions, Routes, new WireDecoder<ItemRouted>(), r => r.Lpn);
        Take(Topics.Exceptions, Exceptions, new WireDecoder<ItemException>(), r => r.Lpn);
        DeadLetters.AddRange(Driver.Read(Topics.DeadLetters));
    }

    /// <summary>A counter or gauge, as a scrape shows it.</summary>
    public double Metric(string series)
    {
        using var stream = new MemoryStream();
        _registry.CollectAndExportAsTextAsync(stream).GetAwaiter().GetResult();
        var line = Encoding.UTF8.GetString(stream.ToArray()).Split('\n').FirstOrDefault(l => l.StartsWith(series + " ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(series.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Units that wait at a station, as a scrape shows it.</summary>
    public double Waiting(string station, string state, string facility = Facility) =>
        Metric($"returns_triage_waiting_units{{facility=\"{facility}\",station=\"{station}\",state=\"{state}\"}}");

    private void Take<T>(string topic, Dictionary<string, List<T>> into, WireDecoder<T> decoder, Func<T, Utf8> lpnOf) where T : class, IAvroRecord<T>, new()
    {
        foreach (var record in Driver.Read(topic))
        {
            var decoded = new T();
            Assert.True(decoder.TryDecode(record.Value, decoded, out var error), error.ToString());
            var lpn = lpnOf(decoded).ToString();
            Assert.Equal(lpn, Encoding.UTF8.GetString(record.Key!));
            if (!into.TryGetValue(lpn, out var list))
            {
                into.Add(lpn, list = []);
            }
            list.Add(decoded);
        }
    }
}
