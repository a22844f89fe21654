using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Returns.LocalKafka.Tests;

/// <summary>Confluent.Kafka clients with the settings the tests share.</summary>
/// <remarks>
/// Three of the client's own waits are cut, because every test pays for them: a disposed client's polling thread notices
/// after CancellationDelayMaxMs (100 by default), an assigned partition whose leader is not known is looked at again after
/// half a second, and the end of a partition is reported when a fetch has waited out FetchWaitMaxMs.
/// </remarks>
internal static class ConfluentClients
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static string NewName(string what) => $"{what}-{Guid.NewGuid():N}"[..Math.Min(what.Length + 13, 60)];

    private const int CancellationDelayMs = 2;

    public static IAdminClient Admin(string servers) => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).SetLogHandler((_, _) => { }).Build();

    public static async Task<string> CreateTopic(string servers, int partitions = 1, params (string Key, string Value)[] config)
    {
        var name = NewName("t");
        // An admin client of its own would take 100 ms to dispose; one on a producer's handle takes what the producer takes.
        using var owner = Producer(servers);
        using var admin = new DependentAdminClientBuilder(owner.Handle).Build();
        await admin.CreateTopicsAsync([new TopicSpecification
        {
            Name = name, NumPartitions = partitions, ReplicationFactor = 1, Configs = config.ToDictionary(c => c.Key, c => c.Value),
        }]);
        return name;
    }

    public static IProducer<string?, string?> Producer(string servers, Action<ProducerConfig>? configure = null)
    {
        var config = new ProducerConfig { BootstrapServers = servers, LingerMs = 2, Acks = Acks.All, CancellationDelayMaxMs = CancellationDelayMs };
        configure?.Invoke(config);
        return new ProducerBuilder<string?, string?>(config).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { })
            .SetKeySerializer(Nullable).SetValueSerializer(Nullable).Build();
    }

    public static IProducer<string?, string?> Transactional(string servers, string id, int timeoutMs = 30_000)
    {
        var producer = Producer(servers, config =>
        {
            config.TransactionalId = id;
            config.TransactionTimeoutMs = timeoutMs;
        });
        producer.InitTransactions(Patience);
        return producer;
    }

    public static IConsumer<string?, string?> Consumer(string servers, Action<ConsumerConfig>? configure = null, Action<ConsumerBuilder<string?, string?>>? build = null, Action<Error>? onError = null)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = servers,
            GroupId = NewName("g"),
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnablePartitionEof = false,
            SessionTimeoutMs = 6000,
            HeartbeatIntervalMs = 300,
            FetchWaitMaxMs = 100,
            CancellationDelayMaxMs = CancellationDelayMs,
        };
        configure?.Invoke(config);
        var builder = new ConsumerBuilder<string?, string?>(config).SetLogHandler((_, _) => { }).SetErrorHandler((_, error) => onError?.Invoke(error))
            .SetKeyDeserializer(NullableString).SetValueDeserializer(NullableString);
        build?.Invoke(builder);
        return builder.Build();
    }

    /// <summary>Reads all partitions of a topic from the beginning, or an offset, to where they end now.</summary>
    public static List<ConsumeResult<string?, string?>> ReadAll(string servers, string topic, IsolationLevel isolation = IsolationLevel.ReadCommitted, long from = 0)
    {
        using var consumer = Consumer(servers, config =>
        {
            config.IsolationLevel = isolation;
            config.EnablePartitionEof = true;
            config.FetchWaitMaxMs = 10;
        });
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var partitions = admin.GetMetadata(topic, Patience).Topics[0].Partitions.Select(p => new TopicPartition(topic, p.PartitionId)).ToList();
        // Makes the leaders known before the assignment asks for them.
        consumer.QueryWatermarkOffsets(partitions[0], Patience);
        consumer.Assign(partitions.Select(p => new TopicPartitionOffset(p, from == 0 ? Offset.Beginning : from)));
        var records = new List<ConsumeResult<string?, string?>>();
        var open = partitions.Select(p => p.Partition.Value).ToHashSet();
        var deadline = DateTime.UtcNow + Patience;
        while (open.Count > 0)
        {
            Assert.True(DateTime.UtcNow < deadline, $"{topic}: partitions {string.Join(",", open)} did not end within {Patience}; {records.Count} records came");
            var result = consumer.Consume(TimeSpan.FromMilliseconds(200));
            if (result is null) continue;
            if (result.IsPartitionEOF) open.Remove(result.Partition.Value);
            else records.Add(result);
        }

        return records;
    }

    public static List<string?> Values(this IEnumerable<ConsumeResult<string?, string?>> records) => records.Select(r => r.Message.Value).ToList();

    /// <summary>Waits for a condition, failing with what was waited for.</summary>
    public static void Until(Func<bool> condition, string what, TimeSpan? patience = null)
    {
        var deadline = DateTime.UtcNow + (patience ?? Patience);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, $"waited in vain for: {what}");
            Thread.Sleep(20);
        }
    }

    private static readonly ISerializer<string?> Nullable = new NullableSerializer();
    private static readonly IDeserializer<string?> NullableString = new NullableSerializer();

    private sealed class NullableSerializer : ISerializer<string?>, IDeserializer<string?>
    {
        public byte[] Serialize(string? data, SerializationContext context) => data is null ? null! : Encoding.UTF8.GetBytes(data);

        public string? Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => isNull ? null : Encoding.UTF8.GetString(data);
    }
}
