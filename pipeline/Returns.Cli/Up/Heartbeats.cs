using Confluent.Kafka;
using Returns.Contracts;
using Returns.Contracts.Wire;

namespace Returns.Cli.Up;

/// <summary>Tells every partition that event time has moved on, so that what still waits there for a finding meets its deadline.</summary>
internal static class Heartbeats
{
    /// <summary>
    /// Sends one heartbeat to each partition, <paramref name="past"/> milliseconds after <paramref name="eventTime"/>, or after the
    /// last heartbeat where that is later: a unit that came when event time was ahead of it waits from then on.
    /// </summary>
    /// <exception cref="UpException">The broker does not take them.</exception>
    public static async Task SendAsync(ClientConfig client, long eventTime, long past, CancellationToken cancel)
    {
        var at = Math.Max(eventTime, Last(client)) + past;
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(new Dictionary<string, string>(client))
        {
            EnableIdempotence = true,
            MessageTimeoutMs = 60_000,
        }).Build();
        var heartbeat = new StationHeartbeat { Facility = "simulated", Station = "returns-up", At = at };
        var value = new WireEncoder<StationHeartbeat>().Encode(heartbeat).ToArray();
        try
        {
            await Task.WhenAll(Enumerable.Range(0, TopicSetup.Partitions).Select(partition =>
                producer.ProduceAsync(new TopicPartition(Topics.Heartbeats, partition), new Message<byte[], byte[]> { Key = "simulated"u8.ToArray(), Value = value }, cancel)));
        }
        catch (ProduceException<byte[], byte[]> error)
        {
            throw new UpException($"heartbeats could not be published to {Topics.Heartbeats}: {error.Error.Reason}");
        }
    }

    /// <summary>Event time of the latest heartbeat; 0 where there is none.</summary>
    private static long Last(ClientConfig client)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(new Dictionary<string, string>(client)) { GroupId = "returns.recount", EnableAutoCommit = false }).Build();
        var (decoder, heartbeat, last) = (new WireDecoder<StationHeartbeat>(), new StationHeartbeat(), 0L);
        foreach (var partition in Enumerable.Range(0, TopicSetup.Partitions).Select(p => new TopicPartition(Topics.Heartbeats, p)))
        {
            var ends = consumer.QueryWatermarkOffsets(partition, TimeSpan.FromSeconds(30));
            if (ends.High == ends.Low)
            {
                continue;
            }
            consumer.Assign(new TopicPartitionOffset(partition, ends.High - 1));
            if (consumer.Consume(TimeSpan.FromSeconds(10)) is { } record && decoder.TryDecode(record.Message.Value, heartbeat, out _))
            {
                last = Math.Max(last, heartbeat.At);
            }
        }
        return last;
    }
}
