using Confluent.Kafka;
using Returns.Contracts;

namespace Returns.Benchmarks;

/// <summary>The belt's scans, one step after the other.</summary>
internal sealed class BeltFeeding(Belt belt, IProducer<byte[], byte[]> producer)
{
    private const int UnitsBetweenScans = 1000;

    /// <summary>Units that have come.</summary>
    public long Units { get; private set; }

    /// <summary>Scans that were produced.</summary>
    public long Scans { get; private set; }

    /// <summary>A producer as a conveyor's gateway has it.</summary>
    public static IProducer<byte[], byte[]> Producer(KafkaAddress kafka) => new ProducerBuilder<byte[], byte[]>(new ProducerConfig
    {
        BootstrapServers = kafka.BootstrapServers,
        Partitioner = Partitioner.Murmur2Random,
        EnableDeliveryReports = false,
        LingerMs = 5,
        CompressionType = CompressionType.Lz4,
        QueueBufferingMaxMessages = 1_000_000,
    }).Build();

    /// <summary>A unit comes, and those before it get their next scans.</summary>
    public void Next()
    {
        for (var kind = 0; kind < Belt.ScansPerUnit; kind++)
        {
            var unit = Units - kind * UnitsBetweenScans;
            if (unit < 0)
            {
                break;
            }
            var lpn = Belt.Lpn(unit);
            Produce(lpn, belt.Scan(lpn, unit, kind, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
            Scans++;
        }
        Units++;
    }

    private void Produce(byte[] lpn, byte[] value)
    {
        while (true)
        {
            try
            {
                producer.Produce(Topics.Scans, new Message<byte[], byte[]> { Key = lpn, Value = value });
                return;
            }
            catch (ProduceException<byte[], byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(10));
            }
        }
    }
}
