using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Returns.LocalKafka;

namespace Returns.Streams.Tests.Kafka;

/// <summary>The Kafka of a test: the one RETURNS_TEST_KAFKA names, or a local broker in this process with a folder of its own.</summary>
public sealed class Kafka : IAsyncDisposable
{
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);
    private readonly string? _folder;
    private LocalKafkaServer? _server;

    private Kafka(string servers, string? folder, LocalKafkaServer? server) => (Servers, _folder, _server) = (servers, folder, server);

    public string Servers { get; }

    public bool IsLocal => _folder is not null;

    /// <summary>A local broker that clients reach through a gate.</summary>
    internal static async Task<Kafka> StartAsync(RequestGate gate)
    {
        var folder = Directory.CreateTempSubdirectory("returns-streams-").FullName;
        var way = gate.Open();
        var server = await LocalKafkaServer.StartAsync(Options(folder, 0) with { Advertised = way });
        gate.LeadTo(server.Port);
        return new Kafka($"{way.Host}:{way.Port}", folder, server);
    }

    public static async Task<Kafka> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("RETURNS_TEST_KAFKA") is { Length: > 0 } servers)
        {
            return new Kafka(servers, null, null);
        }
        var folder = Directory.CreateTempSubdirectory("returns-streams-").FullName;
        var server = await LocalKafkaServer.StartAsync(Options(folder, 0));
        return new Kafka(server.BootstrapServers, folder, server);
    }

    public Task StopAsync() => _server!.StopAsync();

    public async Task StartAgainAsync() =>
        _server = await LocalKafkaServer.StartAsync(Options(_folder!, int.Parse(Servers.Split(':')[^1], CultureInfo.InvariantCulture)));

    public async Task CreateAsync(string topic, int partitions, params (string Name, string Value)[] configs)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Servers }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = 1, Configs = configs.ToDictionary(c => c.Name, c => c.Value) }]);
    }

    /// <summary>Becomes a static member of a group, gets partitions, and is gone without a word.</summary>
    public void JoinAndLeaveUnsaid(string group, string topic)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
        {
            BootstrapServers = Servers,
            GroupId = group,
            GroupInstanceId = "gone",
            SessionTimeoutMs = 30_000,
            EnableAutoCommit = false,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
        }).Build();
        consumer.Subscribe(topic);
        var deadline = Environment.TickCount64 + (long)Bound.TotalMilliseconds;
        while (consumer.Assignment.Count == 0)
        {
            Assert.True(Environment.TickCount64 < deadline, "no partition was given");
            consumer.Consume(10);
        }
    }

    /// <summary>Waits until a group is in a state.</summary>
    public async Task UntilAsync(string group, ConsumerGroupState state)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Servers }).Build();
        var deadline = Environment.TickCount64 + (long)Bound.TotalMilliseconds;
        while ((await admin.DescribeConsumerGroupsAsync([group])).ConsumerGroupDescriptions[0].State != state)
        {
            Assert.True(Environment.TickCount64 < deadline, $"the group is not {state}");
            await Task.Delay(10);
        }
    }

    public void Produce(string topic, IEnumerable<(string Key, string? Value)> records, int? partition = null)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = Servers, LingerMs = 5, Partitioner = Partitioner.Murmur2Random }).Build();
        foreach (var (key, value) in records)
        {
            producer.Produce(new TopicPartition(topic, partition ?? Partition.Any), new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(key), Value = value is null ? null! : Encoding.UTF8.GetBytes(value) });
        }
        Assert.Equal(0, producer.Flush(Bound));
    }

    /// <summary>Reads committed records of all partitions until so many are there, and a little longer to see whether more come.</summary>
    public List<ConsumeResult<byte[], byte[]>> Read(string topic, int count, TimeSpan? bound = null)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
        {
            BootstrapServers = Servers,
            GroupId = $"check-{Guid.NewGuid():N}",
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
        }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var partitions = admin.GetMetadata(topic, Bound).Topics[0].Partitions.Count;
        consumer.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        var records = new List<ConsumeResult<byte[], byte[]>>();
        var deadline = Environment.TickCount64 + (long)(bound ?? Bound).TotalMilliseconds;
        var ends = new HashSet<int>();
        while (Environment.TickCount64 < deadline && (records.Count < count || ends.Count < partitions))
        {
            if (consumer.Consume(100) is not { } result)
            {
                continue;
            }
            if (result.IsPartitionEOF)
            {
                ends.Add(result.Partition.Value);
            }
            else
            {
                ends.Remove(result.Partition.Value);
                records.Add(result);
            }
        }
        return records;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
            Directory.Delete(_folder!, recursive: true);
        }
    }

    private static LocalKafkaOptions Options(string folder, int port) => new()
    {
        DataFolder = folder,
        Port = port,
        Log = TextWriter.Null,
        AutoCreateTopics = false,
        CompactionInterval = TimeSpan.FromMilliseconds(200),
        RetentionInterval = TimeSpan.FromSeconds(1),
    };
}
