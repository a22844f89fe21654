using Confluent.Kafka;
using Returns.Cli.Up;

namespace Returns.Cli.Chargebacks;

/// <summary>Receives a record's place and value, for the time of the call.</summary>
internal delegate void RecordHandler(int partition, long offset, byte[] value);

/// <summary>Reads topics as they stand, read committed, as any consumer would.</summary>
internal sealed class TopicReader(ClientConfig client, CancellationToken cancel) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly IConsumer<Ignore, byte[]> _consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig(new Dictionary<string, string>(client))
    {
        GroupId = "returns.chargebacks.reader",
        EnableAutoCommit = false,
        IsolationLevel = IsolationLevel.ReadCommitted,
        EnablePartitionEof = true,
    }).SetErrorHandler((_, _) => { }).Build();

    /// <summary>Offsets that a topic holds, by partition: the first one, and the one after the last.</summary>
    /// <exception cref="UpException">The broker does not answer, or has no such topic.</exception>
    public IReadOnlyList<WatermarkOffsets> Offsets(string topic)
    {
        try
        {
            using var admin = new DependentAdminClientBuilder(_consumer.Handle).Build();
            var metadata = admin.GetMetadata(topic, Patience).Topics[0];
            if (metadata.Error.IsError || metadata.Partitions.Count == 0)
            {
                throw new UpException($"topic {topic}: {metadata.Error.Reason}; has the role compliance run on this Kafka?");
            }
            return [.. metadata.Partitions.Select(p => p.PartitionId).Order().Select(p => _consumer.QueryWatermarkOffsets(new TopicPartition(topic, p), Patience))];
        }
        catch (KafkaException error)
        {
            throw new UpException($"Kafka at {client.BootstrapServers} does not answer: {error.Error.Reason}; check the address given with --kafka");
        }
    }

    /// <summary>Reads every partition, one after the other, to its end.</summary>
    public void ReadAll(string topic, RecordHandler handle)
    {
        var offsets = Offsets(topic);
        for (var partition = 0; partition < offsets.Count; partition++)
        {
            Read(topic, partition, offsets[partition].Low, offsets[partition].High - 1, handle);
        }
    }

    /// <summary>Reads a range of a partition, both ends included, or to the partition's end where that comes first.</summary>
    public void Read(string topic, int partition, long first, long last, RecordHandler handle)
    {
        if (last < first)
        {
            return;
        }
        _consumer.Assign(new TopicPartitionOffset(topic, partition, first));
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            if (_consumer.Consume(TimeSpan.FromMilliseconds(500)) is not { } record)
            {
                continue;
            }
            if (record.IsPartitionEOF || record.Offset.Value > last)
            {
                return;
            }
            handle(partition, record.Offset.Value, record.Message.Value ?? []);
            if (record.Offset.Value == last)
            {
                return;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _consumer.Close();
        _consumer.Dispose();
    }
}
