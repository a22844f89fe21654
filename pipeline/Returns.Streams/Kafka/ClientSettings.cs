using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Returns.Streams.Kafka;

/// <summary>Makes the Kafka clients of an application: its connection, and the settings that its guarantees and speed rest on.</summary>
internal sealed class ClientSettings(string application, StreamsOptions options, ILogger log)
{
    private readonly BrokerRefusals _refusals = new(application, log);
    private readonly string _instance = options.GroupInstanceId ?? Guid.NewGuid().ToString("N");

    /// <summary>The transactional id of a thread. It begins with the instance's own name, so that a restart fences what was before.</summary>
    public string TransactionalId(int thread) => $"{application}-{_instance}-{thread}";

    /// <summary>What brokers refuse the application for; null where nothing.</summary>
    public string? Refused => _refusals.Current;

    public IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig(Connection("admin")))
        .SetLogHandler((_, m) => Log(m)).SetErrorHandler((_, e) => _refusals.Hear(e)).Build();

    /// <summary>The consumer of a thread: a member of the group.</summary>
    public ConsumerBuilder<Ignore, Ignore> Member(int thread, Action allBrokersDown)
    {
        var config = Reading($"thread-{thread}");
        config.GroupInstanceId = options.GroupInstanceId is { } id ? $"{id}-{thread}" : null;
        config.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky;
        return Build(config, allBrokersDown);
    }

    /// <summary>A consumer of partitions that are assigned by hand: it never joins the group, whose offsets it may read.</summary>
    public IConsumer<Ignore, Ignore> Reader(string name) => Build(Reading(name), static () => { }).Build();

    public IProducer<Null, Null> Producer(int thread, Action allBrokersDown) => new ProducerBuilder<Null, Null>(new ProducerConfig(Connection($"thread-{thread}"))
    {
        TransactionalId = TransactionalId(thread),
        TransactionTimeoutMs = (int)options.TransactionTimeout.TotalMilliseconds,
        EnableIdempotence = true,
        // A record that is not delivered fails its transaction; a report for each one would only cost.
        EnableDeliveryReports = false,
        Partitioner = Partitioner.Murmur2Random,
        LingerMs = 20,
        BatchSize = 1_000_000,
        BatchNumMessages = 100_000,
        // Every client in every language reads what is not compressed; not every one has lz4 or zstd. Kafka's own topic setting
        // compression.type compresses at the broker, where disk is dearer than time.
        CompressionType = CompressionType.None,
        // Where all brokers were gone for a moment, librdkafka 2.16 would forget the group's coordinator and then wait without
        // end for it to come back when offsets are sent to a transaction (librdkafka issues 5511 and 5456).
        MetadataRecoveryStrategy = MetadataRecoveryStrategy.None,
        QueueBufferingMaxMessages = 1_000_000,
        QueueBufferingMaxKbytes = 256 * 1024,
    }).SetLogHandler((_, m) => Log(m)).SetErrorHandler((_, e) => OnError(e, allBrokersDown)).Build();

    private ConsumerConfig Reading(string name) => new(Connection(name))
    {
        GroupId = application,
        SessionTimeoutMs = (int)options.SessionTimeout.TotalMilliseconds,
        HeartbeatIntervalMs = Math.Max(100, (int)options.SessionTimeout.TotalMilliseconds / 4),
        IsolationLevel = IsolationLevel.ReadCommitted,
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        AutoOffsetReset = AutoOffsetReset.Earliest,
        AllowAutoCreateTopics = false,
        EnablePartitionEof = true,
        QueuedMinMessages = 200_000,
        // With the default, a queue that was full once is not filled again for a second, which is longer than it lasts.
        FetchQueueBackoffMs = 20,
    };

    private ConsumerBuilder<Ignore, Ignore> Build(ConsumerConfig config, Action allBrokersDown) => new ConsumerBuilder<Ignore, Ignore>(config)
        .SetLogHandler((_, m) => Log(m))
        .SetErrorHandler((_, e) => OnError(e, allBrokersDown));

    /// <summary>A copy, because the wrapping configurations of Confluent.Kafka write through.</summary>
    private ClientConfig Connection(string name) => new(options.Client.ToDictionary(p => p.Key, p => p.Value)) { ClientId = $"{application}-{name}" };

    private void OnError(Error error, Action allBrokersDown)
    {
        _refusals.Hear(error);
        if (error.Code == ErrorCode.Local_AllBrokersDown)
        {
            allBrokersDown();
        }
    }

    // The clients complain once for each attempt to reach a broker; the runtime says once that it is away.
    private void Log(LogMessage message) => log.LogDebug("{Client}: {Facility}: {Message}", message.Name, message.Facility, message.Message);
}
