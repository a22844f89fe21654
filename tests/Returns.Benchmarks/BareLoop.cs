using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Returns.Benchmarks;

/// <summary>
/// The least a stream runtime on Confluent.Kafka has to do, and so what it is compared with: consume under read_committed,
/// add to a Dictionary, produce one record per so many, commit outputs and offsets in a transaction every 100 ms. One
/// consumer, one producer, one thread, and every client setting that was found to help.
/// </summary>
internal static class BareLoop
{
    /// <summary>The partitions of the topics it reads and writes.</summary>
    public const int Partitions = 12;

    /// <summary>The bytes of one value; its first sixteen are a number that repeats and a sequence number, the rest are text-like.</summary>
    public const int ValueSize = 180;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CommitInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>A new topic of <see cref="Partitions"/> partitions.</summary>
    public static async Task<string> CreateTopicAsync(string servers)
    {
        var name = $"bare-loop-{Guid.NewGuid():N}";
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = name, NumPartitions = Partitions, ReplicationFactor = 1 }]);
        return name;
    }

    /// <summary>Deletes a topic.</summary>
    public static async Task DeleteTopicAsync(string servers, string topic)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();
        await admin.DeleteTopicsAsync([topic]);
    }

    /// <summary>Fills a topic with records of <see cref="ValueSize"/> bytes and 100,000 different keys, lz4-compressed.</summary>
    /// <returns>The seconds it took.</returns>
    public static double Fill(string servers, string topic, int messages)
    {
        using var producer = BuildProducer(servers, null);
        var value = new byte[ValueSize];
        var random = new Random(1);
        for (var i = 16; i < value.Length; i++) value[i] = (byte)('0' + random.Next(64));
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < messages; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(value, i % 100_000);
            BinaryPrimitives.WriteInt64LittleEndian(value.AsSpan(8), i);
            for (var j = 0; j < 8; j++) value[16 + random.Next(ValueSize - 16)] = (byte)('0' + random.Next(64));
            Produce(producer, new TopicPartition(topic, i % Partitions), new Message<long, byte[]> { Key = i % 100_000, Value = value });
        }

        producer.Flush(Patience);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>As <see cref="Measure"/>, into a topic that is there for the one run.</summary>
    public static async Task<double> MeasureOnceAsync(string servers, string source, int messages, int inputsPerOutput)
    {
        var target = await CreateTopicAsync(servers);
        var seconds = Measure(servers, source, target, messages, inputsPerOutput);
        await DeleteTopicAsync(servers, target);
        return seconds;
    }

    /// <summary>Runs the loop in a consumer group of its own until it has read so many messages of a topic.</summary>
    /// <param name="servers">Where Kafka is.</param>
    /// <param name="source">What it reads, from the beginning.</param>
    /// <param name="target">Where outputs go; null consumes only.</param>
    /// <param name="messages">How many it reads.</param>
    /// <param name="inputsPerOutput">How many inputs make an output.</param>
    /// <returns>The seconds from the first record's arrival to the end of the last commit.</returns>
    public static double Measure(string servers, string source, string? target, int messages, int inputsPerOutput)
    {
        using var consumer = BuildConsumer(servers);
        using var producer = target is null ? null : BuildProducer(servers, $"bare-loop-{Guid.NewGuid():N}");
        producer?.InitTransactions(Patience);
        producer?.BeginTransaction();
        consumer.Subscribe(source);
        var counts = new Dictionary<long, long>();
        var output = new Message<long, byte[]> { Value = new byte[ValueSize] };
        var targets = Enumerable.Range(0, Partitions).Select(p => new TopicPartition(target ?? source, p)).ToArray();
        var deadline = Stopwatch.GetTimestamp() + Stopwatch.Frequency * 120;
        long started = 0, committed = 0;
        for (var read = 0; read < messages;)
        {
            // The clock is read once per 256 records, and whenever there is nothing to do.
            var result = consumer.Consume(TimeSpan.FromMilliseconds(10));
            if (result is not null)
            {
                if (started == 0) started = committed = Stopwatch.GetTimestamp();
                read++;
                var value = result.Message.Value;
                CollectionsMarshal.GetValueRefOrAddDefault(counts, value.Key, out _)++;
                if (producer is null) continue;
                if (read % inputsPerOutput == 0)
                {
                    output.Key = value.Key;
                    BinaryPrimitives.WriteInt64LittleEndian(output.Value, value.Key);
                    BinaryPrimitives.WriteInt64LittleEndian(output.Value.AsSpan(8), value.Sequence);
                    Produce(producer, targets[result.Partition.Value], output);
                }

                if ((read & 255) != 0) continue;
            }

            var now = Stopwatch.GetTimestamp();
            if (now > deadline) throw new TimeoutException($"{source}: {read} of {messages} messages came in 120 s");
            if (producer is null || started == 0 || Stopwatch.GetElapsedTime(committed, now) < CommitInterval) continue;
            Commit(consumer, producer);
            producer.BeginTransaction();
            committed = Stopwatch.GetTimestamp();
        }

        if (producer is not null) Commit(consumer, producer);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        consumer.Close();
        return seconds;
    }

    private static void Commit(IConsumer<Ignore, BareValue> consumer, IProducer<long, byte[]> producer)
    {
        var positions = consumer.Assignment.Select(p => new TopicPartitionOffset(p, consumer.Position(p))).Where(p => p.Offset != Offset.Unset);
        producer.SendOffsetsToTransaction(positions, consumer.ConsumerGroupMetadata, Patience);
        producer.CommitTransaction(Patience);
    }

    private static void Produce(IProducer<long, byte[]> producer, TopicPartition to, Message<long, byte[]> message)
    {
        while (true)
        {
            try
            {
                producer.Produce(to, message);
                return;
            }
            catch (ProduceException<long, byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(10));
            }
        }
    }

    private static IProducer<long, byte[]> BuildProducer(string servers, string? transactionalId) => new ProducerBuilder<long, byte[]>(new ProducerConfig
    {
        BootstrapServers = servers,
        TransactionalId = transactionalId,
        EnableIdempotence = true,
        EnableDeliveryReports = false,
        LingerMs = 20,
        BatchSize = 1_000_000,
        BatchNumMessages = 100_000,
        CompressionType = CompressionType.Lz4,
        QueueBufferingMaxMessages = 1_000_000,
        QueueBufferingMaxKbytes = 512 * 1024,
    }).Build();

    // QueuedMinMessages counts all partitions together. When it is reached, each partition is left alone for
    // FetchQueueBackoffMs: with the default of a second the loop drains the queue and then waits out most of that second.
    private static IConsumer<Ignore, BareValue> BuildConsumer(string servers) => new ConsumerBuilder<Ignore, BareValue>(new ConsumerConfig
    {
        BootstrapServers = servers,
        GroupId = $"bare-loop-{Guid.NewGuid():N}",
        AutoOffsetReset = AutoOffsetReset.Earliest,
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        IsolationLevel = IsolationLevel.ReadCommitted,
        QueuedMinMessages = 200_000,
        FetchQueueBackoffMs = 2,
        ConsumeResultFields = "none",
    }).SetValueDeserializer(new BareValueReader()).Build();

    private readonly record struct BareValue(long Key, long Sequence);

    private sealed class BareValueReader : IDeserializer<BareValue>
    {
        public BareValue Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) =>
            new(BinaryPrimitives.ReadInt64LittleEndian(data), BinaryPrimitives.ReadInt64LittleEndian(data[8..]));
    }
}
