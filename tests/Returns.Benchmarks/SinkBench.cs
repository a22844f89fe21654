using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.ClickHouse;
using Returns.ClickHouse.Migrations;
using Returns.ClickHouse.Rows;
using Returns.ClickHouse.Sink;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.LocalClickHouse;

namespace Returns.Benchmarks;

/// <summary>
/// The sink from Kafka into the local ClickHouse, beside the same rows, encoded beforehand, inserted as RowBinary in blocks of
/// 50,000, four at once. Then what it costs at a steady rate.
/// </summary>
internal sealed class SinkBench : IBenchmark
{
    private const int Partitions = 12;
    private const int BlockRows = 50_000;
    private static readonly string[] Read = [Topics.Grades, Topics.Dispositions, Topics.Exceptions, Topics.VendorWindows, Topics.VendorAlerts, Topics.Chargebacks, Topics.Settlements, Topics.Recovery, Topics.DeadLetters];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public string Name => "sink";

    public string Usage => "a grade and a disposition a unit into the local ClickHouse against a raw insert of the same rows";

    public bool IsBudget => true;

    public async Task RunAsync(BenchmarkRun run)
    {
        var (servers, units) = (run.Kafka.BootstrapServers, run.Sized(200_000));
        var folder = Directory.CreateTempSubdirectory("returns-benchmark-").FullName;
        var server = await LocalClickHouseServer.Start(folder);
        await CreateTopicsAsync(servers);
        var (grades, dispositions) = Fill(servers, units);
        var database = 0;
        // Once uncounted, as the code is compiled for what it was seen to do.
        await Sink();
        var (ours, raw) = await run.InTurnsAsync(Sink, async () => 2 * units / await RawAsync(Address(server, $"raw{database++}"), grades, dispositions));
        run.Add(new Row { Work = "sink into the local ClickHouse", Unit = "rows/s", Ours = ours, Against = "raw RowBinary insert", Reference = raw, Target = 0.7 });
        await SteadyAsync(run, server, run.Sized(12_500), TimeSpan.FromSeconds(8));
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();
        await admin.DeleteTopicsAsync(Read);

        async Task<double> Sink() => 2 * units / await DrainAsync(servers, Address(server, $"sink{database}"), $"drain{database++}", 2L * units);
    }

    private static TimeSpan ProcessorTime(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    private static ClickHouseAddress Address(LocalClickHouseServer server, string database) => ClickHouseAddress.Parse(server.Endpoint.ToString()).WithDatabase(database);

    private static async Task CreateTopicsAsync(string servers)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();
        await admin.CreateTopicsAsync(Read.Select(topic => new TopicSpecification { Name = topic, NumPartitions = Partitions, ReplicationFactor = 1 }));
    }

    /// <summary>Publishes the outcomes, and encodes the same as rows.</summary>
    private static (List<RowBuffer> Grades, List<RowBuffer> Dispositions) Fill(string servers, int units)
    {
        using var producer = Producer(servers);
        var (grades, dispositions, outcomes) = (new List<RowBuffer>(), new List<RowBuffer>(), new Outcomes());
        for (var unit = 0; unit < units; unit++)
        {
            if (unit % BlockRows == 0)
            {
                grades.Add(new RowBuffer());
                dispositions.Add(new RowBuffer());
            }
            outcomes.Next(unit);
            Append<ItemGraded, GradeRows>(grades[^1], Topics.Grades, unit, outcomes.Graded);
            Append<ItemRouted, DispositionRows>(dispositions[^1], Topics.Dispositions, unit, outcomes.Routed);
            Publish(producer, unit, outcomes);
        }
        producer.Flush(Patience);
        return (grades, dispositions);
    }

    private static async Task<double> RawAsync(ClickHouseAddress address, List<RowBuffer> grades, List<RowBuffer> dispositions)
    {
        using var http = new ClickHouseHttp(address, Patience);
        await new Migrator(http, NullLogger<Migrator>.Instance).ApplyAsync();
        var (gradeTable, dispositionTable) = (RowTable.Of(GradeRows.Table, GradeRows.Columns), RowTable.Of(DispositionRows.Table, DispositionRows.Columns));
        var blocks = grades.Select(rows => (gradeTable, rows)).Concat(dispositions.Select(rows => (dispositionTable, rows))).ToList();
        var started = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(blocks.Index(), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (block, cancel) =>
            await http.InsertAsync(block.Item.Item1.Insert, $"raw:{block.Index}", block.Item.rows.Written, cancel));
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<double> DrainAsync(string servers, ClickHouseAddress address, string group, long rows)
    {
        using var http = new ClickHouseHttp(address, Patience);
        await new Migrator(http, NullLogger<Migrator>.Instance).ApplyAsync();
        var registry = Metrics.NewCustomRegistry();
        using var sink = new SinkService(
            new ClientConfig { BootstrapServers = servers }, address, LocalSchemaIds.BuiltIn, new SinkOptions { GroupId = group }, Metrics.WithCustomRegistry(registry), NullLogger<SinkService>.Instance);
        using var stop = new CancellationTokenSource();
        var running = sink.RunAsync(stop.Token);
        while (sink.Health.Partitions.Count == 0) await Task.Delay(5);
        var started = Stopwatch.GetTimestamp();
        while (await InsertedAsync(registry) < rows)
        {
            if (running.IsCompleted) await running;
            if (Stopwatch.GetElapsedTime(started) > Patience) throw new TimeoutException($"the sink did not land {rows} rows within {Patience}");
            await Task.Delay(10);
        }
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await stop.CancelAsync();
        await running;
        return seconds;
    }

    private static async Task SteadyAsync(BenchmarkRun run, LocalClickHouseServer server, int rate, TimeSpan time)
    {
        var (kafka, seconds) = (run.Kafka, (int)time.TotalSeconds);
        var address = Address(server, "steady");
        using var http = new ClickHouseHttp(address, Patience);
        await new Migrator(http, NullLogger<Migrator>.Instance).ApplyAsync();
        using var clickHouse = Process.GetProcessById(server.ProcessId);
        var registry = Metrics.NewCustomRegistry();
        using var sink = new SinkService(
            new ClientConfig { BootstrapServers = kafka.BootstrapServers }, address, LocalSchemaIds.BuiltIn, new SinkOptions { GroupId = "drain0" }, Metrics.WithCustomRegistry(registry), NullLogger<SinkService>.Instance);
        using var stop = new CancellationTokenSource();
        var running = sink.RunAsync(stop.Token);
        while (sink.Health.Partitions.Count == 0) await Task.Delay(5);
        using var producer = Producer(kafka.BootstrapServers);
        var outcomes = new Outcomes();
        var (own, engine, broker, started) = (Environment.CpuUsage.TotalTime, ProcessorTime(clickHouse), kafka.BrokerTime, Stopwatch.GetTimestamp());
        for (var unit = 0; unit < rate * seconds;)
        {
            for (var due = Stopwatch.GetElapsedTime(started).TotalSeconds * rate; unit < due && unit < rate * seconds; unit++)
            {
                outcomes.Next(unit);
                Publish(producer, unit, outcomes);
            }
            await Task.Delay(20);
        }
        var wall = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var (inserts, landed) = (await Samples.SumAsync(registry, "returns_sink_insert_seconds_count"), await InsertedAsync(registry));
        run.Note($"sink at a steady {rate:N0} units/s: feeder and sink {(Environment.CpuUsage.TotalTime - own).TotalSeconds / wall:0.00} cores, ClickHouse {(ProcessorTime(clickHouse) - engine).TotalSeconds / wall:0.00} cores, broker {(kafka.BrokerTime - broker)?.TotalSeconds / wall:0.00} cores, {inserts / wall:0.0} inserts/s, landed {landed:N0} of {2 * rate * seconds:N0}");
        await stop.CancelAsync();
        await running;
    }

    private static Task<double> InsertedAsync(CollectorRegistry registry) => Samples.SumAsync(registry, "returns_sink_rows_inserted_total");

    private static IProducer<Null, byte[]> Producer(string servers) => new ProducerBuilder<Null, byte[]>(new ProducerConfig
    {
        BootstrapServers = servers,
        LingerMs = 20,
        BatchSize = 1 << 20,
        CompressionType = CompressionType.Lz4,
        EnableDeliveryReports = false,
        QueueBufferingMaxMessages = 1_000_000,
    }).Build();

    private static void Publish(IProducer<Null, byte[]> producer, int unit, Outcomes outcomes)
    {
        Send(producer, new TopicPartition(Topics.Grades, unit % Partitions), outcomes.Graded);
        Send(producer, new TopicPartition(Topics.Dispositions, unit % Partitions), outcomes.Routed);
    }

    private static void Send<T>(IProducer<Null, byte[]> producer, TopicPartition to, T record) where T : class, IAvroRecord<T>, new()
    {
        ArrayBufferWriter<byte> bytes = new(600);
        ConfluentWire.Write(bytes, record, T.SchemaId);
        while (true)
        {
            try
            {
                producer.Produce(to, new Message<Null, byte[]> { Value = bytes.WrittenSpan.ToArray() });
                return;
            }
            catch (ProduceException<Null, byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    private static void Append<T, TFormat>(RowBuffer rows, string topic, int unit, T record) where TFormat : IRowFormat<T>
    {
        rows.Bytes(System.Text.Encoding.UTF8.GetBytes(topic));
        rows.Int32(unit % Partitions);
        rows.Int64(unit / Partitions);
        TFormat.Append(record, rows);
    }

    /// <summary>A typical grade and disposition: two limits, four candidates.</summary>
    private sealed class Outcomes
    {
        private static readonly Utf8[] Categories = ["electronics", "apparel", "homeware", "toys", "beauty"];
        private static readonly Utf8[] Grades = ["A", "B", "C", "D", "X"];
        private static readonly Currency Pounds = Currency.Parse("GBP");
        private readonly long _start = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

        public ItemGraded Graded { get; } = new();

        public ItemRouted Routed { get; } = new();

        public void Next(int unit)
        {
            Utf8 lpn = string.Create(CultureInfo.InvariantCulture, $"LPN{unit:D12}");
            Utf8 sku = string.Create(CultureInfo.InvariantCulture, $"SKU-{unit * 7 % 50_000}");
            var (category, grade, at) = (Categories[unit % 5], Grades[unit % 5], _start + unit * 3L);
            var g = Graded;
            g.Clear();
            (g.Lpn, g.Program, g.Facility, g.Sku, g.Category, g.Vendor) = (lpn, "NORTH", "DC-LEEDS", sku, category, "V-ACME");
            (g.Revision, g.Kind, g.Grade, g.Points, g.Confidence, g.RuleVersion) = (1, GradingKind.First, grade, unit % 100, 0.93, "grading-3");
            (g.GradedAt, g.IntakeAt, g.Origin) = (at, at - 60_000, Origin.Simulated);
            for (var i = 0; i < 2; i++)
            {
                var limit = g.Limits.Add();
                (limit.Criterion, limit.Value, limit.Cap) = ("screen-condition", i, grade);
            }
            var r = Routed;
            r.Clear();
            (r.Lpn, r.Program, r.Facility, r.Sku, r.Category, r.Vendor, r.Grade) = (lpn, "NORTH", "DC-LEEDS", sku, category, "V-ACME", grade);
            (r.ReturnReason, r.Revision, r.Cause, r.Disposition, r.Channel) = (ReturnReason.ChangedMind, 1, RoutingCause.Policy, Disposition.Resell, "b2b-wholesale");
            var value = new Money(unit % 10_000 / 100m, Pounds);
            (r.ExpectedValue, r.ReferencePrice, r.Cost, r.PricePaid) = (value, value, value, value);
            (r.RuleVersion, r.RoutedAt, r.IntakeAt, r.DwellMillis, r.Origin) = ("routing-5", at, at - 60_000, 60_000, Origin.Simulated);
            for (var i = 0; i < 4; i++)
            {
                var candidate = r.Candidates.Add();
                (candidate.Disposition, candidate.Channel, candidate.Value) = ((Disposition)i, "off-price", value);
                (candidate.Outcome, candidate.Detail) = (CandidateOutcome.LowerPriority, "routing row 12: grade B of electronics");
            }
        }
    }
}
