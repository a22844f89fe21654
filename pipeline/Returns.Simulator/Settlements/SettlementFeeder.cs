using Confluent.Kafka;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Simulator.Feeding;

namespace Returns.Simulator.Settlements;

/// <summary>Reads returns.dispositions and publishes what channels and vendors pay to returns.settlements.</summary>
/// <remarks>
/// <para>What is to be paid later is kept in memory alone. The group's offset of a partition is therefore that of the first decision
/// that something is still to be paid for: a feeder that starts reads from there, and publishes some settlements again. Their ids
/// follow from their content, so whoever reads them knows them again.</para>
/// <para><see cref="RunAsync"/> is called once; the other members may be read by any thread.</para>
/// </remarks>
public sealed class SettlementFeeder
{
    /// <summary>The consumer group that the feeder's places are kept under.</summary>
    public const string Group = "returns.settlement-feed";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CommitEvery = TimeSpan.FromSeconds(2);

    private readonly ClientConfig _client;
    private readonly ulong _seed;
    private readonly ISchemaIds _schemas;
    private readonly TimeProvider _time;
    private readonly Dictionary<Partition, Desk> _desks = [];
    private readonly ItemRouted _decision = new();
    private long _published;
    private Asked? _asked;
    private Task _running = Task.CompletedTask;

    /// <summary>Makes a feeder.</summary>
    /// <param name="client">How to reach the broker: addresses, security.</param>
    /// <param name="seed">Seed of what is paid.</param>
    /// <param name="schemas">Where schema ids come from; null takes those of schemas/.</param>
    /// <param name="time">The clock that commits go by; null takes the system's.</param>
    public SettlementFeeder(ClientConfig client, ulong seed, ISchemaIds? schemas = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        (_client, _seed, _schemas, _time) = (client, seed, schemas ?? LocalSchemaIds.BuiltIn, time ?? TimeProvider.System);
    }

    private sealed class Desk(ulong seed)
    {
        public SettlementDesk Settlements { get; } = new(seed);

        /// <summary>Behind the last decision that was read.</summary>
        public long Next;

        /// <summary>Behind all that was read, markers of transactions included.</summary>
        public long ReadTo;
    }

    /// <summary>Somebody waits for what was there when they asked.</summary>
    private sealed class Asked
    {
        public TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The ends at that time, once they are known.</summary>
        public Dictionary<Partition, long>? Ends { get; set; }
    }

    /// <summary>Settlements published, those that were published before included.</summary>
    public long Published => Interlocked.Read(ref _published);

    /// <summary>Ends when every decision that is there now has been read, and all that is due by them has been published. One at a time
    /// may wait.</summary>
    /// <exception cref="KafkaException">The broker refuses, and the feeder has ended.</exception>
    public async Task ThroughAsync(CancellationToken cancel)
    {
        var asked = new Asked();
        Interlocked.Exchange(ref _asked, asked);
        await await Task.WhenAny(asked.Answer.Task, _running).WaitAsync(cancel);
    }

    /// <summary>Publishes until cancelled.</summary>
    /// <exception cref="KafkaException">The broker refuses: topic missing, not authorized.</exception>
    public Task RunAsync(CancellationToken cancel) =>
        _running = Task.Factory.StartNew(() => Run(cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(CancellationToken cancel)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(new Dictionary<string, string>(_client))
        {
            EnableIdempotence = true,
            Partitioner = Partitioner.Murmur2Random,
            LingerMs = 20,
            // A broker that is away is waited for: nothing that is passed over has been lost.
            MessageTimeoutMs = 0,
            MetadataRecoveryStrategy = MetadataRecoveryStrategy.None,
        }).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig(new Dictionary<string, string>(_client))
        {
            GroupId = Group,
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnablePartitionEof = true,
        }).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        Assign(consumer, cancel);
        var decoder = new WireDecoder<ItemRouted>(_schemas, Topics.Dispositions);
        var encoder = new WireEncoder<Settlement>(_schemas, Topics.Settlements);
        var committed = _time.GetTimestamp();
        while (!cancel.IsCancellationRequested)
        {
            // Short, so that a cancelled feeder notices.
            if (consumer.Consume(100) is { } record)
            {
                var desk = _desks[record.Partition];
                desk.ReadTo = record.Offset + (record.IsPartitionEOF ? 0 : 1);
                if (!record.IsPartitionEOF)
                {
                    desk.Next = record.Offset + 1;
                    // What cannot be read is in the dead letters by others.
                    if (decoder.TryDecode(record.Message.Value, _decision, out _))
                    {
                        desk.Settlements.Observe(_decision, record.Offset);
                        Publish(producer, encoder, desk.Settlements, cancel);
                    }
                }
            }
            Answer(consumer, producer);
            if (_time.GetElapsedTime(committed) >= CommitEvery)
            {
                Commit(producer, consumer);
                committed = _time.GetTimestamp();
            }
        }
        Commit(producer, consumer);
    }

    private void Answer(IConsumer<Ignore, byte[]> consumer, IProducer<byte[], byte[]> producer)
    {
        if (Volatile.Read(ref _asked) is not { } asked)
        {
            return;
        }
        try
        {
            asked.Ends ??= _desks.Keys.ToDictionary(p => p, p => consumer.QueryWatermarkOffsets(new TopicPartition(Topics.Dispositions, p), Patience).High.Value);
        }
        catch (KafkaException)
        {
            // The broker is away: it is asked again.
            return;
        }
        if (asked.Ends.All(end => _desks[end.Key].ReadTo >= end.Value) && TryFlush(producer) && Interlocked.CompareExchange(ref _asked, null, asked) == asked)
        {
            asked.Answer.SetResult();
        }
    }

    private void Assign(IConsumer<Ignore, byte[]> consumer, CancellationToken cancel)
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                var topic = admin.GetMetadata(Topics.Dispositions, Patience).Topics[0];
                if (topic.Error.IsError || topic.Partitions.Count == 0)
                {
                    throw new KafkaException(new Error(ErrorCode.UnknownTopicOrPart, $"topic {Topics.Dispositions} is not there: create it, or let returns up do so"));
                }
                var places = consumer.Committed(topic.Partitions.Select(p => new TopicPartition(Topics.Dispositions, p.PartitionId)), Patience);
                foreach (var place in places)
                {
                    _desks[place.Partition] = new Desk(_seed);
                }
                consumer.Assign(places.Select(p => new TopicPartitionOffset(p.TopicPartition, p.Offset == Offset.Unset ? Offset.Beginning : p.Offset)));
                return;
            }
            catch (KafkaException error) when (!FeedProducer.IsRefusal(error.Error))
            {
                // The broker is not there yet.
                cancel.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(200));
            }
        }
    }

    private void Publish(IProducer<byte[], byte[]> producer, WireEncoder<Settlement> encoder, SettlementDesk desk, CancellationToken cancel)
    {
        while (desk.TryNext(out var settlement))
        {
            var message = new Message<byte[], byte[]> { Key = settlement.Lpn.Span.ToArray(), Value = encoder.Encode(settlement).ToArray() };
            while (true)
            {
                try
                {
                    producer.Produce(Topics.Settlements, message);
                    Interlocked.Increment(ref _published);
                    break;
                }
                catch (ProduceException<byte[], byte[]> error) when (error.Error.Code == ErrorCode.Local_QueueFull)
                {
                    cancel.ThrowIfCancellationRequested();
                    producer.Poll(TimeSpan.FromMilliseconds(20));
                }
            }
        }
    }

    /// <summary>Everything published is at the broker, or it is tried again later.</summary>
    private static bool TryFlush(IProducer<byte[], byte[]> producer) => producer.Flush(TimeSpan.FromSeconds(2)) == 0;

    private void Commit(IProducer<byte[], byte[]> producer, IConsumer<Ignore, byte[]> consumer)
    {
        if (!TryFlush(producer))
        {
            return;
        }
        try
        {
            consumer.Commit(_desks.Where(d => d.Value.Next > 0).Select(d =>
                new TopicPartitionOffset(Topics.Dispositions, d.Key, d.Value.Settlements.FirstPending ?? d.Value.Next)));
        }
        catch (KafkaException)
        {
            // Then more is published again after a restart, which does no harm.
        }
    }
}
