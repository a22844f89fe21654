using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Rules;
using Returns.Streams;
using Returns.Streams.Tasks;
using Returns.Topologies.Triage;

namespace Returns.Benchmarks;

/// <summary>
/// The triage task alone on one core, from a record's bytes to the bytes of grades, dispositions and changelog, which go
/// nowhere, with ever more open units in its store: each has had its intake and first inspection, and waits for the second.
/// When as many are open as there are to be, each unit that comes completes the one that has been open the longest.
/// </summary>
internal sealed class GrowthBench : IBenchmark
{
    private const int ScansPerCommit = 20_000;
    private const int Batch = 20_000;
    private const int Fewest = 10_000;
    private const int UnitsPerRound = 20_000;
    private const long Start = 1_700_000_000_000;
    // Half of the shortest deadline, so that none passes.
    private static readonly double OpenFor = TimeSpan.FromHours(24).TotalMilliseconds;

    public string Name => "growth";

    public string Usage => "the triage task without a broker: cost of a scan and bytes of a unit, from 10,000 open units to 10,000,000";

    public bool IsBudget => true;

    public Task RunAsync(BenchmarkRun run)
    {
        var sizes = new List<int>();
        for (var size = Fewest; size <= run.Sized(10_000_000); size *= 10)
        {
            sizes.Add(size);
        }
        // One that is not measured, as the code is compiled for what it was seen to do. Seven of eight of its units are decided.
        var decided = new Line(30_000);
        decided.Run(250_000);
        var lines = sizes.ConvertAll(size => new Line(size));
        var bytesPerUnit = lines.ConvertAll(line =>
        {
            line.Run(line.Open);
            return line.BytesPerUnit;
        });
        var (costs, allocations) = (lines.ConvertAll(_ => new List<double>()), lines.ConvertAll(_ => new List<double>()));
        for (var round = 0; round < run.Rounds; round++)
        {
            for (var i = 0; i < lines.Count; i++)
            {
                var (took, allocated) = lines[i].Run(UnitsPerRound);
                costs[i].Add(took.TotalNanoseconds / (UnitsPerRound * Belt.ScansPerUnit));
                allocations[i].Add((double)allocated / (UnitsPerRound * Belt.ScansPerUnit));
            }
        }
        run.Add(new Row
        {
            Work = $"triage task alone, {Count(sizes[^1])} open units",
            Unit = "ns/scan",
            Ours = costs[^1],
            Against = $"with {Count(sizes[0])}",
            Reference = costs[0],
            Target = 1.5,
            AtMost = true,
        });
        run.Add(new Row { Work = $"state of {Count(sizes[^1])} open units", Unit = "bytes/unit", Ours = [bytesPerUnit[^1]], Target = 200, AtMost = true });
        run.Add(new Row { Work = "state of units of which seven in eight are decided, kept for 7 days", Unit = "bytes/unit", Ours = [decided.BytesPerUnit] });
        for (var i = 0; i < lines.Count; i++)
        {
            run.Note($"triage task alone, {sizes[i]:N0} open units: {Row.Median(costs[i]):N0} ns of processor a scan ({costs[i].Min():N0} to {costs[i].Max():N0}), {bytesPerUnit[i]:0.0} bytes a unit, {Row.Median(allocations[i]):0.0} bytes allocated a scan, by which the store grows for what is decided");
        }
        return Task.CompletedTask;
    }

    private static string Count(int units) => units.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A task, and the belt that comes to it.</summary>
    private sealed class Line
    {
        private readonly Belt _belt;
        private readonly StreamTask _task;
        private readonly List<(byte[] Key, byte[] Value)> _batch = [];
        private readonly double _millis;
        private long _step;
        private long _offset;

        public Line(int open)
        {
            (Open, _millis) = (open, OpenFor / open);
            var topology = TriageTopology.Build(LocalSchemaIds.BuiltIn, Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()), NullLogger.Instance);
            var tables = topology.Tables.Select(t => t.Create()).ToList();
            _belt = new Belt(Rules(tables));
            foreach (var (key, item) in _belt.Catalogue())
            {
                Apply(tables[0], Topics.Catalog, key, _belt.Encoded(item));
            }
            _task = new StreamTask(topology, topology.SubTopologies[0], 0, new Nowhere(), tables, long.MinValue);
            _task.Ready();
        }

        /// <summary>Units that are open from when as many have come.</summary>
        public int Open { get; }

        public double BytesPerUnit => (double)_task.Stores[0].Bytes / _task.Stores[0].Count;

        /// <summary>Brings so many units, and completes as many as are then over.</summary>
        /// <returns>Processor time and bytes allocated by the task alone.</returns>
        public (TimeSpan Took, long Allocated) Run(int units)
        {
            var (took, allocated) = (TimeSpan.Zero, 0L);
            for (var end = _step + units; _step < end;)
            {
                _batch.Clear();
                for (; _step < end && _batch.Count < Batch; _step++)
                {
                    Add(_step, 0);
                    Add(_step, 1);
                    if (_step >= Open)
                    {
                        Add(_step - Open, 2);
                        Add(_step - Open, 3);
                    }
                }
                var (before, started) = (GC.GetAllocatedBytesForCurrentThread(), Environment.CpuUsage.TotalTime);
                foreach (var (key, value) in _batch)
                {
                    _task.Process(0, new InputRecord(Topics.Scans, 0, _offset, key, true, value, true));
                    if (++_offset % ScansPerCommit == 0)
                    {
                        _task.Flush();
                        _task.Committed();
                    }
                }
                took += Environment.CpuUsage.TotalTime - started;
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            }
            return (took, allocated);

            void Add(long unit, int kind)
            {
                var lpn = Belt.Lpn(unit);
                _batch.Add((lpn, _belt.Scan(lpn, unit, kind, Start + (long)(_step * _millis))));
            }
        }

        private static RuleBook Rules(List<GlobalTable> tables)
        {
            var files = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "rules"), "*.yaml").Select(path => new RuleFile(path, File.ReadAllBytes(path)));
            if (!RuleFile.TryCompile(files, out var documents, out var rules, out var errors))
            {
                throw new InvalidOperationException(string.Join(Environment.NewLine, errors));
            }
            var (record, encoder) = (new RuleSet(), new WireEncoder<RuleSet>());
            foreach (var document in documents)
            {
                document.Fill(Start, record);
                Apply(tables[1], Topics.Rules, document.Key, encoder.Encode(record).ToArray());
            }
            return rules;
        }

        private static void Apply(GlobalTable table, string topic, Utf8 key, byte[] value)
        {
            if (!table.TryApply(new InputRecord(topic, 0, 0, key.Span, true, value, true), out var rejection))
            {
                throw new InvalidOperationException(rejection.Message);
            }
        }
    }

    /// <summary>Drops what is sent.</summary>
    private sealed class Nowhere : ITaskOutput
    {
        public void Send(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
        }

        public void SendTombstone(string topic, ReadOnlySpan<byte> key)
        {
        }

        public void SendChange(string topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue)
        {
        }

        public void SendDeadLetter(string topic, in InputRecord record, in Rejection rejection) => throw new InvalidOperationException(rejection.Message);
    }
}
