using Confluent.Kafka;

namespace Returns.ClickHouse.Sink;

/// <summary>A consumed record; its bytes are valid until the next one is consumed.</summary>
internal readonly ref struct OutcomeRecord
{
    public required int Partition { get; init; }

    public required long Offset { get; init; }

    public required long TimestampMillis { get; init; }

    public required CapturedBytes Key { get; init; }

    public required CapturedBytes Value { get; init; }

    public required Headers? Headers { get; init; }
}
