using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Grading;
using Returns.Domain.Rules;
using Returns.Streams;
using Returns.Streams.Tasks;
using Returns.Topologies.Triage;

namespace Returns.Benchmarks;

/// <summary>
/// The triage task alone on one core, from a record's bytes to the bytes of grades, dispositions and changelog, which go nowhere:
/// what is left of a stream thread when the broker costs nothing. Each unit comes in four scans: intake, two inspections, weight.
/// </summary>
internal sealed class TriageBench : IBenchmark
{
    private const int ScansPerUnit = 4;
    private const int ScansPerCommit = 20_000;
    private const int Batch = 50_000;
    private const long Start = 1_700_000_000_000;

    public string Name => "triage";

    public string Usage => "[UNITS=500000] [OPEN=1000]: the triage task without a broker, OPEN units on the belt at a time, in scans/s and bytes allocated a scan";

    public Task<int> RunAsync(string[] args)
    {
        var units = Argument(args, 0, "UNITS", 500_000);
        var open = Argument(args, 1, "OPEN", 1000);
        var topology = TriageTopology.Build(LocalSchemaIds.BuiltIn, Prometheus.Metrics.WithCustomRegistry(Prometheus.Metrics.NewCustomRegistry()), NullLogger.Instance);
        var tables = topology.Tables.Select(t => t.Create()).ToList();
        var checklists = Fill(tables);
        var output = new Nowhere();
        var task = new StreamTask(topology, topology.SubTopologies[0], 0, output, tables, long.MinValue);
        task.Ready();

        // Twice, as the code is compiled for what it was seen to do.
        for (var round = 0; round < 2; round++)
        {
            output.Clear();
            var (took, bytes, scans) = Run(task, checklists, round * units, units, open);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(round == 0 ? "warm-up" : "triage")}: {scans / took.TotalSeconds:N0} scans/s, {took.TotalNanoseconds / scans:N0} ns and {(double)bytes / scans:N1} bytes allocated each; "
                + $"{output.Count(Topics.Grades)} grades, {output.Count(Topics.Dispositions)} dispositions, {output.Count(Topics.Exceptions)} exceptions, {output.Changes} changes of state"));
        }
        return Task.FromResult(0);
    }

    private static (TimeSpan Took, long Bytes, long Scans) Run(StreamTask task, Checklist[] checklists, int first, int units, int open)
    {
        var took = TimeSpan.Zero;
        var (bytes, scans, offset) = (0L, 0L, 0L);
        var batch = new List<(byte[] Key, byte[] Value)>(Batch);
        var scan = new ItemScan();
        // Unit u has its scans at the steps u, u + open, …: that many units are on the belt at any time.
        for (long step = 0; step < units + (long)open * (ScansPerUnit - 1); step++)
        {
            for (var kind = 0; kind < ScansPerUnit; kind++)
            {
                var unit = step - (long)open * kind;
                if (unit >= 0 && unit < units)
                {
                    batch.Add(Record(scan, checklists, first + (int)unit, kind, first + step));
                }
            }
            if (batch.Count >= Batch)
            {
                Process();
            }
        }
        Process();
        return (took, bytes, scans);

        void Process()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = Stopwatch.GetTimestamp();
            foreach (var (key, value) in batch)
            {
                task.Process(0, new InputRecord(Topics.Scans, 0, offset, key, true, value, true));
                if (++offset % ScansPerCommit == 0)
                {
                    task.Flush();
                    task.Committed();
                }
            }
            took += Stopwatch.GetElapsedTime(start);
            bytes += GC.GetAllocatedBytesForCurrentThread() - before;
            scans += batch.Count;
            batch.Clear();
        }
    }

    private static (byte[] Key, byte[] Value) Record(ItemScan scan, Checklist[] checklists, int unit, int kind, long step)
    {
        var lpn = Encoding.UTF8.GetBytes($"LPN-{unit:D10}");
        var checklist = checklists[unit % checklists.Length];
        scan.Clear();
        scan.Lpn = new Utf8(lpn);
        scan.Program = "north";
        scan.Facility = "DC-LEEDS";
        scan.Station = $"S-{kind}";
        scan.Sequence = unit;
        scan.ScannedAt = Start + step;
        scan.Origin = Origin.Simulated;
        switch (kind)
        {
            case 0:
                scan.Kind = ScanKind.Intake;
                scan.Sku = Utf8.From($"SKU-{unit % checklists.Length}");
                scan.ReturnReason = (ReturnReason)(unit % 8);
                scan.PricePaid = new Money(unit % 10_000 / 100m, Currency.Parse("GBP"));
                break;
            case 3:
                scan.Kind = ScanKind.Weigh;
                scan.WeightGrams = 400 + (unit % 100);
                break;
            default:
                scan.Kind = ScanKind.Inspection;
                var half = (checklist.Criteria.Length + 1) / 2;
                foreach (var criterion in kind == 1 ? checklist.Criteria[..half] : checklist.Criteria[half..])
                {
                    var finding = scan.Findings.Add();
                    finding.Criterion = criterion.Name;
                    finding.Value = criterion.Kind switch { CriterionKind.YesNo => 1, CriterionKind.Ordinal => unit % criterion.Levels.Count, _ => criterion.Maximum };
                }
                break;
        }
        return (lpn, Encoded(scan));
    }

    private static Checklist[] Fill(List<GlobalTable> tables)
    {
        var files = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "rules"), "*.yaml").Select(path => new RuleFile(path, File.ReadAllBytes(path)));
        if (!RuleFile.TryCompile(files, out var documents, out var book, out var errors))
        {
            throw new InvalidOperationException(string.Join(Environment.NewLine, errors));
        }
        foreach (var document in documents)
        {
            var record = new RuleSet();
            document.Fill(Start, record);
            Apply(tables, Topics.Rules, document.Key, Encoded(record));
        }
        var checklists = book.Find("north"u8)!.Grading.Checklists.ToArray();
        for (var i = 0; i < checklists.Length; i++)
        {
            Apply(tables, Topics.Catalog, $"north|SKU-{i}", Encoded(new CatalogItem
            {
                Program = "north", Sku = $"SKU-{i}", Description = "an item", Category = checklists[i].Category, Vendor = $"V-{i + 1}001",
                Cost = new Money(40m, Currency.Parse("GBP")), ReferencePrice = new Money(95m, Currency.Parse("GBP")), WeightGrams = 500,
            }));
        }
        return checklists;
    }

    private static void Apply(List<GlobalTable> tables, string topic, Utf8 key, byte[] value)
    {
        var table = tables[topic == Topics.Catalog ? 0 : 1];
        if (!table.TryApply(new InputRecord(topic, 0, 0, key.Span, true, value, true), out var rejection))
        {
            throw new InvalidOperationException(rejection.Message);
        }
    }

    private static byte[] Encoded<T>(T record) where T : class, IAvroRecord<T>, new()
    {
        var output = new ArrayBufferWriter<byte>();
        ConfluentWire.Write(output, record, T.SchemaId);
        return output.WrittenSpan.ToArray();
    }

    private static int Argument(string[] args, int index, string name, int otherwise)
    {
        if (args.Length <= index)
        {
            return otherwise;
        }
        return int.TryParse(args[index], NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0
            ? value
            : throw new FormatException($"{name} '{args[index]}': expected a whole number above 0");
    }

    /// <summary>Counts what is sent, and drops it.</summary>
    private sealed class Nowhere : ITaskOutput
    {
        private readonly Dictionary<string, int> _sent = [];

        public long Changes { get; private set; }

        public int Count(string topic) => _sent.GetValueOrDefault(topic);

        public void Clear()
        {
            _sent.Clear();
            Changes = 0;
        }

        public void Send(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _sent[topic] = _sent.GetValueOrDefault(topic) + 1;

        public void SendTombstone(string topic, ReadOnlySpan<byte> key) => Changes++;

        public void SendChange(string topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue) => Changes++;

        public void SendDeadLetter(string topic, in InputRecord record, in Rejection rejection) => throw new InvalidOperationException(rejection.Message);
    }
}
