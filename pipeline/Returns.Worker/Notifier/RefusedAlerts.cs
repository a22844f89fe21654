using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Returns.Contracts;
using Returns.Streams.Kafka;

namespace Returns.Worker.Notifier;

/// <summary>Alerts that a receiver does not take, in the dead letters: the record's own key and bytes, its place, and what the receiver
/// said. A crash before the place in the topic is committed makes one come again. Used by one thread.</summary>
internal sealed class RefusedAlerts(ClientConfig kafka, Action<Error> kafkaErrors) : IDisposable
{
    /// <summary>The error class of such a dead letter.</summary>
    public const string ErrorClass = "AlertRefused";

    // Most notifiers never need it.
    private IProducer<byte[], byte[]>? _producer;

    /// <summary>Ends when the broker has it.</summary>
    /// <exception cref="KafkaException">It was not taken; it is worth trying again.</exception>
    public async Task AddAsync(ConsumeResult<byte[], byte[]> record, string reason, CancellationToken cancel)
    {
        _producer ??= new ProducerBuilder<byte[], byte[]>(new ProducerConfig(new Dictionary<string, string>(kafka))
        {
            EnableIdempotence = true,
            Partitioner = Partitioner.Murmur2Random,
            MessageTimeoutMs = 30_000,
        }).SetErrorHandler((_, error) => kafkaErrors(error)).SetLogHandler((_, _) => { }).Build();
        await _producer.ProduceAsync(Topics.DeadLetters, new Message<byte[], byte[]>
        {
            Key = record.Message.Key,
            Value = record.Message.Value,
            Headers = new Headers
            {
                { DeadLetterHeaders.SourceTopic, Encoding.UTF8.GetBytes(record.Topic) },
                { DeadLetterHeaders.SourcePartition, Encoding.UTF8.GetBytes(record.Partition.Value.ToString(CultureInfo.InvariantCulture)) },
                { DeadLetterHeaders.SourceOffset, Encoding.UTF8.GetBytes(record.Offset.Value.ToString(CultureInfo.InvariantCulture)) },
                { DeadLetterHeaders.SourceTimestamp, Encoding.UTF8.GetBytes(record.Message.Timestamp.UnixTimestampMs.ToString(CultureInfo.InvariantCulture)) },
                { DeadLetterHeaders.ErrorClass, Encoding.UTF8.GetBytes(ErrorClass) },
                { DeadLetterHeaders.ErrorMessage, Encoding.UTF8.GetBytes(reason) },
            },
        }, cancel);
    }

    public void Dispose() => _producer?.Dispose();
}
