using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Returns.Cli.Up;
using Returns.Streams.Kafka;

namespace Returns.Cli;

/// <summary>Receives a record. One that is an end of a partition is not handed on.</summary>
internal delegate void RecordHandler(ConsumeResult<byte[]?, byte[]?> record);

/// <summary>Reads topics as they stand, read committed, as any consumer would. It joins no group and commits nothing.</summary>
internal sealed class TopicReader : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(3);

    private readonly BrokerRefusals _refusals;
    private readonly IConsumer<byte[]?, byte[]?> _consumer;
    private readonly string _servers;
    private readonly CancellationToken _cancel;

    /// <param name="client">How to reach Kafka.</param>
    /// <param name="group">Name of the group whose right to read is used.</param>
    /// <param name="cancel">Ends every reading.</param>
    public TopicReader(ClientConfig client, string group, CancellationToken cancel)
    {
        (_servers, _cancel, _refusals) = (client.BootstrapServers, cancel, new BrokerRefusals(group, NullLogger.Instance));
        _consumer = new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig(new Dictionary<string, string>(client))
        {
            GroupId = group,
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnablePartitionEof = true,
            // With the default, a queue that was full once is not filled again for a second.
            FetchQueueBackoffMs = 20,
            // What is read is there already. A fetch that waits at the end of one range would hold up the next one's, half a second each.
            FetchWaitMaxMs = 10,
        }).SetErrorHandler((_, error) => _refusals.Hear(error)).SetLogHandler((_, _) => { }).Build();
    }

    /// <summary>Offsets that a topic holds, by partition: the first one, and the one after the last.</summary>
    /// <exception cref="UpException">The broker does not answer, or has no such topic.</exception>
    public IReadOnlyList<WatermarkOffsets> Offsets(string topic) =>
        Asked(() => Partitions(topic).Select(p => _consumer.QueryWatermarkOffsets(new TopicPartition(topic, p), Patience)).ToList());

    /// <summary>By partition, the offset of the first record that was written at a time or later; the one after the last where there is none.</summary>
    /// <exception cref="UpException">The broker does not answer, or has no such topic.</exception>
    public IReadOnlyList<long> OffsetsAt(string topic, DateTimeOffset time)
    {
        var ends = Offsets(topic);
        var found = Asked(() => _consumer.OffsetsForTimes(
            ends.Select((_, p) => new TopicPartitionTimestamp(topic, p, new Timestamp(time.ToUnixTimeMilliseconds(), TimestampType.CreateTime))), Patience));
        return [.. found.OrderBy(f => f.Partition.Value).Select((f, p) => f.Offset.Value >= 0 ? Math.Min(f.Offset.Value, ends[p].High.Value) : ends[p].High.Value)];
    }

    /// <summary>Reads every partition, one after the other, to its end; <paramref name="progress"/>, which expects them, is told in offsets.</summary>
    /// <exception cref="UpException">The broker does not answer, or has no such topic.</exception>
    public void ReadAll(string topic, RecordHandler handle, Progress? progress = null)
    {
        var offsets = Offsets(topic);
        for (var partition = 0; partition < offsets.Count; partition++)
        {
            var (next, end) = (offsets[partition].Low.Value, offsets[partition].High.Value);
            Read(topic, partition, next, end - 1, record =>
            {
                handle(record);
                progress?.Advance(record.Offset.Value + 1 - next);
                next = record.Offset.Value + 1;
            });
            progress?.Advance(end - next);
        }
    }

    /// <summary>Reads a range of a partition, both ends included, or to the partition's end where that comes first.</summary>
    /// <exception cref="UpException">The broker does not answer any more.</exception>
    public void Read(string topic, int partition, long first, long last, RecordHandler handle)
    {
        foreach (var record in Range(topic, partition, first, last))
        {
            handle(record);
        }
    }

    /// <summary>The same, as the caller asks for the next one. Another reading ends it.</summary>
    /// <exception cref="UpException">The broker does not answer any more.</exception>
    public IEnumerable<ConsumeResult<byte[]?, byte[]?>> Range(string topic, int partition, long first, long last)
    {
        if (last < first)
        {
            yield break;
        }
        _consumer.Assign(new TopicPartitionOffset(topic, partition, first));
        var heard = Environment.TickCount64;
        while (true)
        {
            _cancel.ThrowIfCancellationRequested();
            if (_consumer.Consume(TimeSpan.FromMilliseconds(500)) is not { } record)
            {
                if (Environment.TickCount64 - heard > Patience.TotalMilliseconds)
                {
                    throw new UpException($"{topic} [{partition}]: Kafka at {_servers} does not answer any more");
                }
                continue;
            }
            if (record.IsPartitionEOF || record.Offset.Value > last)
            {
                yield break;
            }
            yield return record;
            if (record.Offset.Value == last)
            {
                yield break;
            }
            heard = Environment.TickCount64;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _consumer.Close();
        _consumer.Dispose();
    }

    private List<int> Partitions(string topic)
    {
        using var admin = new DependentAdminClientBuilder(_consumer.Handle).Build();
        var metadata = Metadata(admin, topic).Topics[0];
        return metadata.Error.IsError || metadata.Partitions.Count == 0
            ? throw new UpException($"topic {topic}: {metadata.Error.Reason}; has the pipeline run on this Kafka?")
            : [.. metadata.Partitions.Select(p => p.PartitionId).Order()];
    }

    /// <summary>In attempts, so that a refusal is heard of before patience ends.</summary>
    private Metadata Metadata(IAdminClient admin, string topic)
    {
        for (var until = Environment.TickCount64 + (long)Patience.TotalMilliseconds; ;)
        {
            _cancel.ThrowIfCancellationRequested();
            try
            {
                return admin.GetMetadata(topic, Attempt);
            }
            catch (KafkaException)
            {
                // A consumer hears of errors only while it polls.
                _consumer.Consume(TimeSpan.Zero);
                if (_refusals.Current is not null || Environment.TickCount64 >= until)
                {
                    throw;
                }
            }
        }
    }

    private T Asked<T>(Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (KafkaException error)
        {
            throw new UpException(_refusals.Current is { } refused ? $"Kafka at {_servers} refuses: {refused}"
                : $"Kafka at {_servers} does not answer: {error.Error.Reason}; check the address given with --kafka");
        }
    }
}
