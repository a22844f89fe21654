using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.ClickHouse.Migrations;
using Returns.ClickHouse.Sink;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.LocalKafka;

namespace Returns.ClickHouse.Tests;

/// <summary>A broker with the outcome topics, a database with the tables, and an oracle: what a read-committed consumer finds.</summary>
internal sealed class Stage : IAsyncDisposable
{
    public static readonly string[] OutcomeTopics = [Topics.Grades, Topics.Dispositions, Topics.Exceptions, Topics.VendorWindows, Topics.VendorAlerts, Topics.Chargebacks, Topics.Settlements, Topics.Recovery, Topics.DeadLetters];
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder;
    private readonly LocalKafkaServer _broker;
    private readonly List<RunningSink> _sinks = [];
    private int _transactions;

    private Stage(TemporaryFolder folder, LocalKafkaServer broker, ClickHouseAddress address)
    {
        (_folder, _broker, Address) = (folder, broker, address);
        Http = new ClickHouseHttp(address, TimeSpan.FromSeconds(30));
    }

    public ClickHouseAddress Address { get; }

    public ClickHouseHttp Http { get; }

    public string BootstrapServers => _broker.BootstrapServers;

    public static async Task<Stage> StartAsync(ClickHouseAddress address, int partitions = 3)
    {
        var folder = new TemporaryFolder();
        var broker = await LocalKafkaServer.StartAsync(new LocalKafkaOptions { DataFolder = folder.Path, Log = TextWriter.Null });
        var stage = new Stage(folder, broker, address);
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).Build();
        await admin.CreateTopicsAsync(OutcomeTopics.Select(name => new TopicSpecification { Name = name, NumPartitions = partitions, ReplicationFactor = 1 }));
        await new Migrator(stage.Http, NullLogger<Migrator>.Instance).ApplyAsync();
        return stage;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sink in _sinks) await sink.DisposeAsync();
        Http.Dispose();
        await _broker.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Starts a sink; <paramref name="at"/> may throw to kill it there.</summary>
    public RunningSink Sink(Action<SinkStep>? at = null, SinkOptions? options = null, Action<ClientConfig>? configure = null)
    {
        var client = new ClientConfig { BootstrapServers = BootstrapServers };
        configure?.Invoke(client);
        var sink = new RunningSink(client, Address, options ?? new SinkOptions { MaxDelay = TimeSpan.FromMilliseconds(20) }, at);
        _sinks.Add(sink);
        return sink;
    }

    /// <summary>Publishes outcomes of <paramref name="units"/> units in transactions, every third of which is aborted.</summary>
    public void Publish(int units, int seed, int perTransaction = 50)
    {
        var samples = new OutcomeSamples(seed);
        var random = new Random(seed);
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig
        {
            BootstrapServers = BootstrapServers,
            TransactionalId = $"test-{seed}-{++_transactions}",
            LingerMs = 1,
        }).Build();
        producer.InitTransactions(Patience);
        for (var unit = 0; unit < units;)
        {
            producer.BeginTransaction();
            var abort = random.Next(3) == 0;
            for (var i = 0; i < perTransaction && unit < units; i++, unit += abort ? 0 : 1)
            {
                var lpn = $"{(abort ? "ABORTED" : "LPN")}-{seed}-{unit}";
                Send(producer, Topics.Grades, lpn, samples.Graded(lpn));
                Send(producer, Topics.Dispositions, lpn, samples.Routed(lpn));
                if (random.Next(10) == 0) Send(producer, Topics.Exceptions, lpn, samples.Raised(lpn));
            }
            if (abort) producer.AbortTransaction(Patience);
            else producer.CommitTransaction(Patience);
        }
    }

    public void Publish<T>(string topic, string key, T record) where T : class, IAvroRecord<T>, new() => PublishRaw(topic, new Message<string, byte[]> { Key = key, Value = Wire(record) });

    /// <summary>Publishes a message as it is, outside of any transaction.</summary>
    public void PublishRaw(string topic, Message<string, byte[]> message)
    {
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = BootstrapServers, LingerMs = 0 }).Build();
        producer.Produce(topic, message);
        producer.Flush(Patience);
    }

    /// <summary>What the group has committed for a partition.</summary>
    public GroupOffset Committed(string topic, int partition)
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = BootstrapServers, GroupId = "returns.sink" }).Build();
        return new GroupOffsets(consumer.Handle).Read([new TopicPartition(topic, partition)], Patience)[0];
    }

    /// <summary>The places of all committed records of the outcome topics, and their values.</summary>
    public Dictionary<Place, byte[]> Oracle()
    {
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig
        {
            BootstrapServers = BootstrapServers,
            GroupId = "oracle",
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnableAutoCommit = false,
            EnablePartitionEof = true,
        }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var open = OutcomeTopics.SelectMany(topic => admin.GetMetadata(topic, Patience).Topics[0].Partitions.Select(p => new TopicPartition(topic, p.PartitionId))).ToHashSet();
        consumer.Assign(open.Select(p => new TopicPartitionOffset(p, Offset.Beginning)));
        var records = new Dictionary<Place, byte[]>();
        for (var started = Stopwatch.GetTimestamp(); open.Count > 0;)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Patience, $"{open.Count} partitions did not end");
            if (consumer.Consume(100) is not { } result) continue;
            if (result.IsPartitionEOF) open.Remove(result.TopicPartition);
            else records.Add(new Place(result.Topic, result.Partition.Value, result.Offset.Value), result.Message.Value);
        }
        return records;
    }

    /// <summary>The places of all rows, with how often each is there.</summary>
    public async Task<Dictionary<Place, int>> RowsAsync()
    {
        var union = string.Join(" UNION ALL ", new[] { "grades", "dispositions", "exceptions", "vendor_windows", "vendor_alerts", "chargebacks", "settlements", "recovery_windows", "dead_letters" }.Select(table => $"SELECT _topic, _partition, _offset FROM {table}"));
        var text = await Http.QueryAsync($"SELECT _topic, _partition, _offset, count() FROM ({union}) GROUP BY ALL");
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).ToDictionary(
            cells => new Place(cells[0], Number(cells[1]), long.Parse(cells[2], CultureInfo.InvariantCulture)), cells => Number(cells[3]));
    }

    /// <summary>Waits until every committed record has a row, and then checks that each has exactly one, and nothing else has.</summary>
    public async Task AllLandedOnceAsync(params RunningSink[] running)
    {
        var oracle = Oracle();
        var started = Stopwatch.GetTimestamp();
        Dictionary<Place, int> rows;
        while (true)
        {
            foreach (var sink in running) sink.ThrowIfFailed();
            rows = await RowsAsync();
            if (oracle.Keys.All(rows.ContainsKey)) break;
            Assert.True(Stopwatch.GetElapsedTime(started) < Patience, $"{oracle.Keys.Count(place => !rows.ContainsKey(place))} of {oracle.Count} records did not land");
            await Task.Delay(20);
        }
        Assert.DoesNotContain(rows, row => row.Value != 1);
        Assert.DoesNotContain(rows.Keys, place => !oracle.ContainsKey(place));
    }

    public async Task<string> ScalarAsync(string sql) => (await Http.QueryAsync(sql)).Trim('\n');

    public static byte[] Wire<T>(T record) where T : class, IAvroRecord<T>, new()
    {
        ArrayBufferWriter<byte> bytes = new();
        ConfluentWire.Write(bytes, record, T.SchemaId);
        return bytes.WrittenSpan.ToArray();
    }

    public static Headers DeadLetterHeaders(string topic, int partition, long offset, string errorClass, string message) => new()
    {
        { "source.topic", Encoding.UTF8.GetBytes(topic) },
        { "source.partition", Encoding.UTF8.GetBytes(partition.ToString(CultureInfo.InvariantCulture)) },
        { "source.offset", Encoding.UTF8.GetBytes(offset.ToString(CultureInfo.InvariantCulture)) },
        { "error.class", Encoding.UTF8.GetBytes(errorClass) },
        { "error.message", Encoding.UTF8.GetBytes(message) },
    };

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void Send<T>(IProducer<string, byte[]> producer, string topic, string lpn, T record) where T : class, IAvroRecord<T>, new() =>
        producer.Produce(topic, new Message<string, byte[]> { Key = lpn, Value = Wire(record) });
}

/// <summary>Where a record stands, and which record a row came from.</summary>
internal readonly record struct Place(string Topic, int Partition, long Offset);

/// <summary>A sink that runs until it is stopped, or dies.</summary>
internal sealed class RunningSink : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly SinkService _service;
    private readonly Task _run;
    private bool _isDisposed;

    public RunningSink(ClientConfig client, ClickHouseAddress address, SinkOptions options, Action<SinkStep>? at)
    {
        Metrics = Prometheus.Metrics.NewCustomRegistry();
        _service = new SinkService(client, address, LocalSchemaIds.BuiltIn, options, Prometheus.Metrics.WithCustomRegistry(Metrics), NullLogger.Instance, at);
        _run = _service.RunAsync(_stop.Token);
    }

    public CollectorRegistry Metrics { get; }

    public SinkHealth Health => _service.Health;

    /// <summary>Ends when the sink does.</summary>
    public Task Ended => _run.WaitAsync(Stage.Patience);

    public void ThrowIfFailed()
    {
        if (_run.IsFaulted) _run.GetAwaiter().GetResult();
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Ended;
    }

    /// <summary>The metrics as Prometheus reads them.</summary>
    public async Task<string> ExportAsync()
    {
        using var stream = new MemoryStream();
        await Metrics.CollectAndExportAsTextAsync(stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>The sum of a metric over its labels.</summary>
    public async Task<double> MetricAsync(string name) =>
        (await ExportAsync()).Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal))
            .Sum(line => double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        await _stop.CancelAsync();
        await Task.WhenAny(_run, Task.Delay(TimeSpan.FromSeconds(20)));
        _service.Dispose();
        _stop.Dispose();
    }
}

/// <summary>What a test throws to end a sink between two steps.</summary>
internal sealed class SinkKilledException : Exception;
