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
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public string Name => "sink";

    public string Usage => "[UNITS=300000] [ROUNDS=3] [RATE=12500] [SECONDS=15]: a grade and a disposition per unit into ClickHouse, in rows/s against a raw insert; and processor time at RATE units/s";

    public async Task<int> RunAsync(string[] args)
    {
        var (units, rounds, rate, seconds) = (Argument(args, 0, 300_000), Argument(args, 1, 3), Argument(args, 2, 12_500), Argument(args, 3, 15));
        using var kafka = KafkaAddress.FindOrStart();
        var folder = Directory.CreateTempSubdirectory("returns-benchmark-").FullName;
        var server = await LocalClickHouseServer.Start(folder);
        await CreateTopicsAsync(kafka.BootstrapServers);
        var (grades, dispositions) = Fill(kafka.BootstrapServers, units);
        using var engine = Process.GetProcessById(server.ProcessId);
        for (var round = 0; round < rounds; round++)
        {
            var before = ProcessorTime(engine);
            var raw = await RawAsync(Address(server, $"raw{round}"), grades, dispositions);
            var between = ProcessorTime(engine);
            var (sink, processor) = await DrainAsync(kafka.BootstrapServers, Address(server, $"sink{round}"), $"drain{round}", 2L * units);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"raw {2 * units / raw,10:N0} rows/s   sink {2 * units / sink,10:N0} rows/s   ratio {raw / sink:0.00}   processor time a row: raw {(between - before).TotalMicroseconds / (2 * units):0.0} µs in ClickHouse, sink {(ProcessorTime(engine) - between).TotalMicroseconds / (2 * units):0.0} µs in ClickHouse and {processor.TotalMicroseconds / (2 * units):0.0} µs in its process"));
        }
        if (rate > 0) await SteadyAsync(kafka, server, rate, seconds);
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        return 0;
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
        string[] topics = [Topics.Grades, Topics.Dispositions, Topics.Exceptions, Topics.VendorWindows, Topics.VendorAlerts, Topics.Chargebacks, Topics.DeadLetters];
        await admin.CreateTopicsAsync(topics.Select(topic => new TopicSpecification { Name = topic, NumPartitions = Partitions, ReplicationFactor = 1 }));
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

    private static async Task<(double Seconds, TimeSpan Processor)> DrainAsync(string servers, ClickHouseAddress address, string group, long rows)
    {
        using var http = new ClickHouseHttp(address, Patience);
        await new Migrator(http, NullLogger<Migrator>.Instance).ApplyAsync();
        var registry = Metrics.NewCustomRegistry();
        using var sink = new SinkService(
            new ClientConfig { BootstrapServers = servers }, address, LocalSchemaIds.BuiltIn, new SinkOptions { GroupId = group }, Metrics.WithCustomRegistry(registry), NullLogger<SinkService>.Instance);
        using var stop = new CancellationTokenSource();
        var running = sink.RunAsync(stop.Token);
        while (sink.Health.Partitions.Count == 0) await Task.Delay(5);
        var (started, processor) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        while (await InsertedAsync(registry) < rows)
        {
            if (running.IsCompleted) await running;
            if (Stopwatch.GetElapsedTime(started) > Patience) throw new TimeoutException($"the sink did not land {rows} rows within {Patience}");
            await Task.Delay(10);
        }
        var (seconds, used) = (Stopwatch.GetElapsedTime(started).TotalSeconds, Environment.CpuUsage.TotalTime - processor);
        await stop.CancelAsync();
        await running;
        return (seconds, used);
    }

    private static async Task SteadyAsync(KafkaAddress kafka, LocalClickHouseServer server, int rate, int seconds)
    {
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
        var (inserts, landed) = (await MetricAsync(registry, "returns_sink_insert_seconds_count"), await InsertedAsync(registry));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"steady {rate:N0} units/s: feeder and sink {(Environment.CpuUsage.TotalTime - own).TotalSeconds / wall:0.00} cores, ClickHouse {(ProcessorTime(clickHouse) - engine).TotalSeconds / wall:0.00} cores, broker {(kafka.BrokerTime - broker)?.TotalSeconds / wall:0.00} cores, {inserts / wall:0.0} inserts/s, landed {landed:N0} of {2 * rate * seconds:N0}"));
        await stop.CancelAsync();
        await running;
    }

    private static Task<double> InsertedAsync(CollectorRegistry registry) => MetricAsync(registry, "returns_sink_rows_inserted_total{");

    private static async Task<double> MetricAsync(CollectorRegistry registry, string name)
    {
        using var text = new MemoryStream();
        await registry.CollectAndExportAsTextAsync(text);
        return System.Text.Encoding.UTF8.GetString(text.ToArray()).Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal))
            .Sum(line => double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));
    }

    private static IProducer<Null, byte[]> Producer(string servers) => new ProducerBuilder<Null, byte[]>(new ProducerConfig
    {
        BootstrapServers = servers, LingerMs = 20, BatchSize = 1 << 20, CompressionType = CompressionType.Lz4, EnableDeliveryReports = false, QueueBufferingMaxMessages = 1_000_000,
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

    private static int Argument(string[] args, int index, int otherwise) =>
        args.Length <= index ? otherwise
        : int.TryParse(args[index], CultureInfo.InvariantCulture, out var value) && value >= 0 ? value
        : throw new FormatException($"argument {index + 1} is '{args[index]}': expected a number");

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
