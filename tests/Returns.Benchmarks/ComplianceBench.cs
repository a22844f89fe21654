using System.Buffers;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams;
using Returns.Streams.Tasks;
using Returns.Topologies.Compliance;

namespace Returns.Benchmarks;

/// <summary>
/// The vendors' task of compliance alone, from the journal's bytes to the bytes of figures, alerts, documents and changelog, which
/// go nowhere: rolling windows of 52 weeks and billing windows of four, over two years and many vendors.
/// </summary>
internal sealed class ComplianceBench : IBenchmark
{
    private const int Vendors = 10_000;

    /// <summary>Fewer do not fill the windows' parts.</summary>
    private const int FewestUnits = 400_000;

    private const int Recorded = 4096;
    private const int UnitsPerCommit = 20_000;
    private const long Start = 1_700_000_000_000;
    private const long TwoYears = 2 * 364 * 86_400_000L;

    public string Name => "compliance";

    public string Usage => "the vendors' task without a broker, 10,000 vendors and 52 weeks rolling: cost of a unit and bytes of state, from few units to many (SIZE=25: to 100,000,000)";

    public bool IsBudget => false;

    public Task RunAsync(BenchmarkRun run)
    {
        var most = run.Sized(4_000_000);
        foreach (var units in new[] { most / 100, most / 10, most }.Where(units => units >= FewestUnits || units == most))
        {
            Run(run, units);
        }
        return Task.CompletedTask;
    }

    /// <summary>Two years of so many units through a task of its own.</summary>
    private static void Run(BenchmarkRun run, int units)
    {
        var topology = ComplianceTopology.Build(LocalSchemaIds.BuiltIn, 1, Prometheus.Metrics.WithCustomRegistry(Prometheus.Metrics.NewCustomRegistry()), NullLogger.Instance);
        var output = new Counter();
        var task = new StreamTask(topology, topology.SubTopologies[1], 0, output, [.. topology.Tables.Select(t => t.Create())], long.MinValue);
        task.Ready();

        var unit = Template();
        var buffer = new ArrayBufferWriter<byte>(1024);
        var (took, bytes, offset, greatest) = (TimeSpan.Zero, 0L, 0L, 0L);
        var batch = new List<(byte[] Key, byte[] Value)>(Recorded);
        while (offset < units)
        {
            var number = offset + batch.Count;
            Fill(unit, number, (int)(number * 7919 % Vendors), Start + (TwoYears / units * number));
            buffer.ResetWrittenCount();
            ConfluentWire.Write(buffer, unit, VendorUnit.SchemaId);
            batch.Add((Encoding.UTF8.GetBytes($"{unit.Program}|{unit.Vendor}"), buffer.WrittenSpan.ToArray()));
            if (batch.Count == Recorded || number + 1 == units)
            {
                Process();
            }
        }
        run.Note($"{units:N0} units of {Vendors:N0} vendors: {took.TotalMicroseconds / units:N2} µs and {(double)bytes / units:N0} bytes allocated each; state {task.Stores.Sum(s => s.Count):N0} keys, at most {greatest / 1e6:N0} MB, {greatest / Vendors:N0} bytes a vendor, {(double)greatest / units:N1} a unit; {output.Count(Topics.VendorWindows):N0} figures, {output.Count(Topics.VendorAlerts):N0} alerts, {output.Count(Topics.Chargebacks):N0} documents");

        void Process()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = Stopwatch.GetTimestamp();
            foreach (var (recordKey, value) in batch)
            {
                task.Process(0, new InputRecord(Topics.VendorUnits, 0, offset, recordKey, true, value, true));
                if (++offset % UnitsPerCommit == 0)
                {
                    task.Flush();
                    task.Committed();
                }
            }
            took += Stopwatch.GetElapsedTime(start);
            bytes += GC.GetAllocatedBytesForCurrentThread() - before;
            greatest = Math.Max(greatest, task.Stores.Sum(s => s.Bytes));
            batch.Clear();
        }
    }

    private static VendorUnit Template()
    {
        var unit = new VendorUnit { Program = "north", Facility = "DC-LEEDS", Sku = "SKU-1", Category = "electronics", Revision = 1, Grade = Utf8.From("B"), RuleVersion = "grading:1 routing:1 channels:1 agreements:1" };
        var terms = unit.SetTerms();
        (terms.Id, terms.Name, terms.Version, terms.Currency) = ("0123456789abcdef", "2026", "1", Currency.Parse("GBP"));
        (terms.AllowedUnits, terms.WindowKind, terms.WindowHours, terms.MinimumUnits, terms.ClearPercent) = (300, RateWindowKind.Rolling, 52 * 168, 50, 80);
        (terms.BillingHours, terms.CloseAfterHours, terms.CreditPercent, terms.HandlingPercent) = (4 * 168, 72, 10_000, 500);
        unit.SetStanding();
        for (var i = 0; i < 3; i++)
        {
            var scan = unit.Scans.Add();
            (scan.ContentHash, scan.Facility, scan.Station, scan.Grader) = (new string('a', 64), "DC-LEEDS", "I-1", Utf8.From("B-7"));
        }
        for (var i = 0; i < 6; i++)
        {
            var finding = unit.Findings.Add();
            (finding.Criterion, finding.Value, finding.Evidence) = ($"criterion-{i}", 1, Utf8.From("sha256:0123456789"));
        }
        return unit;
    }

    private static void Fill(VendorUnit unit, long number, int vendor, long at)
    {
        unit.Lpn = $"LPN-{number:D10}";
        unit.Vendor = $"V-{vendor:D5}";
        (unit.ReceivedAt, unit.DecidedAt, unit.OriginTime) = (at, at, at);
        var standing = unit.Standing!;
        standing.Clear();
        standing.AgreementId = "0123456789abcdef";
        standing.ReceivedAt = at;
        standing.Value = 10 + (number % 9000 / 100m);
        // A vendor in twenty is over what is allowed.
        if (number % (vendor % 20 == 0 ? 12 : 50) == 0)
        {
            standing.Violations.Add(Violation.Defect);
            var charge = standing.Charges.Add();
            (charge.Kind, charge.Amount) = (ChargeKind.Credit, standing.Value.GetValueOrDefault());
        }
    }

    /// <summary>Counts what is sent, and drops it.</summary>
    private sealed class Counter : ITaskOutput
    {
        private readonly Dictionary<string, long> _sent = [];

        public long Count(string topic) => _sent.GetValueOrDefault(topic);

        public void Send(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _sent[topic] = _sent.GetValueOrDefault(topic) + 1;

        public void SendTombstone(string topic, ReadOnlySpan<byte> key)
        {
        }

        public void SendChange(string topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue)
        {
        }

        public void SendDeadLetter(string topic, in InputRecord record, in Rejection rejection) => throw new InvalidOperationException(rejection.Message);
    }
}
