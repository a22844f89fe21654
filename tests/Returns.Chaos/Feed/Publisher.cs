using System.Diagnostics;
using Confluent.Kafka;

namespace Returns.Chaos.Feed;

/// <summary>Publishes records through whatever happens to the broker. What really stands in the topics is for the topics to say.</summary>
internal sealed class Publisher : IDisposable
{
    private readonly IProducer<byte[]?, byte[]?> _producer;
    private int _failed;

    public Publisher(ClientConfig client) => _producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig(client.ToDictionary(p => p.Key, p => p.Value))
    {
        EnableIdempotence = true,
        Acks = Acks.All,
        Partitioner = Partitioner.Murmur2Random,
        LingerMs = 5,
        MessageTimeoutMs = 120_000,
    }).SetKeySerializer(NullableBytes.Instance).SetValueSerializer(NullableBytes.Instance).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();

    /// <summary>Records that could not be published.</summary>
    public int Failed => _failed;

    /// <summary>Publishes records at an even pace, and waits until all are delivered.</summary>
    /// <param name="records">The records.</param>
    /// <param name="over">The time from the first to the last.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task PublishAsync(IReadOnlyList<Publication> records, TimeSpan over, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < records.Count; i++)
        {
            var due = over * (i / (double)records.Count);
            while (Stopwatch.GetElapsedTime(started) < due)
            {
                await Task.Delay(10, cancel);
            }
            Produce(new TopicPartition(records[i].Topic, Partition.Any), records[i]);
        }
        await FlushAsync(cancel);
    }

    /// <summary>Publishes one record to each of so many partitions, and waits until all are delivered.</summary>
    public Task PublishToAllAsync(Publication record, int partitions, CancellationToken cancel)
    {
        for (var partition = 0; partition < partitions; partition++)
        {
            Produce(new TopicPartition(record.Topic, partition), record);
        }
        return FlushAsync(cancel);
    }

    public void Dispose() => _producer.Dispose();

    private void Produce(TopicPartition at, Publication record) => _producer.Produce(at, new Message<byte[]?, byte[]?> { Key = record.Key, Value = record.Value }, report =>
    {
        if (report.Error.IsError)
        {
            Interlocked.Increment(ref _failed);
        }
    });

    private async Task FlushAsync(CancellationToken cancel)
    {
        while (await Task.Run(() => _producer.Flush(TimeSpan.FromMilliseconds(200)), cancel) > 0)
        {
            cancel.ThrowIfCancellationRequested();
        }
    }

    private sealed class NullableBytes : ISerializer<byte[]?>
    {
        public static readonly NullableBytes Instance = new();

        public byte[] Serialize(byte[]? data, SerializationContext context) => data!;
    }
}
