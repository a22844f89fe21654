using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Rules;
using Returns.Streams;
using Returns.Streams.Testing;
using Returns.Topologies.Compliance;
using Returns.Topologies.Tests.Triage;

namespace Returns.Topologies.Tests.Compliance;

/// <summary>Compliance under the test driver: publishes scans and triage's decisions, and reads what was committed.</summary>
internal sealed class ComplianceHarness
{
    public const string Program = "north";
    public const string Facility = "DC-LEEDS";
    public const long Minute = 60_000;
    public const long Hour = 60 * Minute;
    public const long Day = 24 * Hour;

    /// <summary>2026-01-01, when the agreements below begin.</summary>
    public const long Start = 1_767_225_600_000;

    private readonly CollectorRegistry _registry = Prometheus.Metrics.NewCustomRegistry();
    private readonly Topology _topology;
    private readonly List<List<byte[]>> _journalRecords = [];
    private readonly long[] _dispositions;
    private long _sequence;

    public ComplianceHarness(string? compliance = null, int partitions = 1)
    {
        _topology = ComplianceTopology.Build(LocalSchemaIds.BuiltIn, partitions, Prometheus.Metrics.WithCustomRegistry(_registry), NullLogger.Instance);
        Driver = new TopologyTestDriver(_topology, partitions);
        _dispositions = new long[partitions];
        for (var i = 0; i < partitions; i++)
        {
            _journalRecords.Add([]);
        }
        Publish(compliance ?? Agreement());
    }

    public TopologyTestDriver Driver { get; }

    public IReadOnlyList<StoreSpec> Stores => [.. _topology.SubTopologies.SelectMany(s => s.Stores)];

    public List<VendorUnit> Journal { get; } = [];

    public IReadOnlyList<IReadOnlyList<byte[]>> JournalRecords => _journalRecords;

    public List<VendorWindow> Windows { get; } = [];

    public List<VendorAlert> Alerts { get; } = [];

    public List<Chargeback> Documents { get; } = [];

    public List<DriverRecord> DeadLetters { get; } = [];

    /// <summary>One agreement in the rules' YAML; fields given replace those of the usual one, and an empty value leaves one out.</summary>
    public static string Agreement(params (string Field, string Value)[] fields)
    {
        var all = new Dictionary<string, string>
        {
            ["agreement"] = "'2026'",
            ["valid-from"] = "2026-01-01",
            ["valid-to"] = "",
            ["currency"] = "GBP",
            ["defect"] = "{reasons: [defective], grades: [X]}",
            ["allowed-percent"] = "{units: 10}",
            ["window"] = "rolling 24h",
            ["minimum-units"] = "10",
            ["authorization-needed"] = "true",
            ["packaging"] = "[{criterion: box, at-most: 1}]",
            ["billing"] = "1w",
            ["close-after"] = "1d",
            ["credit-percent"] = "100",
            ["handling-percent"] = "3.33",
            ["freight"] = "{paid-by: vendor, per-unit: 2.40}",
            ["fees"] = "{no-authorization: 4.00, packaging: 1.50, mis-shipped: 12.00}",
            ["dispute-days"] = "30",
            ["response-days"] = "10",
        };
        foreach (var (field, value) in fields)
        {
            all[field] = value;
        }
        return "      - " + string.Join("\n        ", all.Where(f => f.Value.Length > 0).Select(f => $"{f.Key}: {f.Value}"));
    }

    /// <summary>Publishes the shipped rules, with these agreements for the vendors V-1 and V-2.</summary>
    public void Publish(string compliance, string version = "1")
    {
        var vendors = string.Concat(new[] { "V-1", "V-2" }.Select(v => $"  - name: {v}\n    return-to-vendor: prohibited\n    compliance:\n{compliance}\n"));
        var text = $"kind: agreements\nprogram: '*'\nversion: '{version}'\nvendors:\n  - name: '*'\n    return-to-vendor: prohibited\n{vendors}";
        Assert.True(RuleDocument.TryParse("agreements.yaml", text, out var agreements, out var errors), string.Join('\n', errors));
        var record = new RuleSet();
        foreach (var document in ShippedRules.Documents.Where(d => d.Key != agreements!.Key).Append(agreements!))
        {
            document.Fill(Start, record);
            Driver.Pipe(Topics.Rules, document.Key.ToString(), TriageHarness.Encoded(record));
        }
    }

    public ItemScan Scan(string lpn, long at, ScanKind kind = ScanKind.Inspection, params (string Criterion, double Value)[] findings)
    {
        var scan = new ItemScan { Lpn = lpn, Program = Program, Facility = Facility, Station = "I-1", Sequence = ++_sequence, Kind = kind, ScannedAt = at, Grader = "B-7" };
        foreach (var (criterion, value) in findings)
        {
            var finding = scan.Findings.Add();
            finding.Criterion = criterion;
            finding.Value = value;
            finding.Evidence = $"photo-{criterion}";
        }
        return scan;
    }

    public void Publish(ItemScan scan) => Driver.Pipe(Topics.Scans, scan.Lpn.ToString(), TriageHarness.Encoded(scan));

    public static ItemRouted Decision(string lpn, long receivedAt, ReturnReason reason = ReturnReason.ChangedMind, string grade = "B", string? vendor = "V-1", int revision = 1, decimal? cost = 60m,
        string currency = "GBP", string? ra = null) => new()
        {
            Lpn = lpn,
            Program = Program,
            Facility = Facility,
            Sku = "SKU-1",
            Category = "homeware",
            Vendor = vendor is null ? default(Utf8?) : Utf8.From(vendor),
            Grade = Utf8.From(grade),
            ReturnReason = reason,
            RaNumber = ra is null ? default(Utf8?) : Utf8.From(ra),
            Revision = revision,
            Disposition = Disposition.Dispose,
            Cost = cost is { } amount ? new Money(amount, Currency.Parse(currency)) : null,
            RuleVersion = "grading:1 routing:1 channels:1 agreements:1",
            RoutedAt = receivedAt + revision - 1,
            IntakeAt = receivedAt,
        };

    public void Publish(ItemRouted decision) => Driver.Pipe(Topics.Dispositions, decision.Lpn.ToString(), TriageHarness.Encoded(decision));

    /// <summary>Receives a unit: its intake scan and triage's decision on it.</summary>
    public void Receive(string lpn, long at, ReturnReason reason = ReturnReason.ChangedMind, string grade = "B", string vendor = "V-1", decimal? cost = 60m, string currency = "GBP", string? ra = null)
    {
        Publish(Scan(lpn, at, ScanKind.Intake));
        Publish(Decision(lpn, at, reason, grade, vendor, 1, cost, currency, ra));
    }

    /// <summary>Lets event time be this, for both vendors.</summary>
    public void Advance(long to)
    {
        foreach (var vendor in new[] { "V-1", "V-2" })
        {
            // A unit of no interest, under an agreement of a vendor of its own kind, moves the vendors' time by the journal.
            Receive($"clock-{vendor}-{to.ToString(CultureInfo.InvariantCulture)}", to, vendor: vendor);
        }
        Commit();
        Driver.Pipe(Topics.Heartbeats, Encoding.UTF8.GetBytes(Facility), TriageHarness.Encoded(new StationHeartbeat { Facility = Facility, At = to }), 0);
        Commit();
    }

    public void Commit()
    {
        // What the first part of the topology has sent is read by the second one.
        Driver.Commit();
        Driver.Commit();
        foreach (var record in Driver.Read(Topics.VendorUnits))
        {
            _journalRecords[record.Partition].Add(record.Value!);
            Journal.Add(Decoded<VendorUnit>(record));
        }
        Windows.AddRange(Driver.Read(Topics.VendorWindows).Select(Decoded<VendorWindow>));
        Alerts.AddRange(Driver.Read(Topics.VendorAlerts).Select(Decoded<VendorAlert>));
        Documents.AddRange(Driver.Read(Topics.Chargebacks).Select(Decoded<Chargeback>));
        DeadLetters.AddRange(Driver.Read(Topics.DeadLetters));
    }

    public double Metric(string line)
    {
        using var stream = new MemoryStream();
        _registry.CollectAndExportAsTextAsync(stream).GetAwaiter().GetResult();
        return double.Parse(Encoding.UTF8.GetString(stream.ToArray()).Split('\n').Single(l => l.StartsWith(line + " ", StringComparison.Ordinal)).Split(' ')[^1], CultureInfo.InvariantCulture);
    }

    private static T Decoded<T>(DriverRecord record) where T : class, IAvroRecord<T>, new()
    {
        var decoded = new T();
        Assert.True(new WireDecoder<T>().TryDecode(record.Value, decoded, out var error), error.ToString());
        return decoded;
    }
}
