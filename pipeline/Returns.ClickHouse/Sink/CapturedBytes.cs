using Confluent.Kafka;

namespace Returns.ClickHouse.Sink;

/// <summary>Keys or values of a consumer, copied into one buffer that each next record overwrites.</summary>
/// <remarks>The record's place is known only after its value was read, so decoding waits until then. For one thread.</remarks>
internal sealed class CapturedBytes : IDeserializer<CapturedBytes>
{
    private byte[] _buffer = new byte[1024];
    private int _length;

    /// <summary>Whether there was none: no key, or a tombstone.</summary>
    public bool IsNull { get; private set; }

    /// <summary>The bytes of the latest record; valid until the next one is consumed.</summary>
    public ReadOnlySpan<byte> Span => _buffer.AsSpan(0, _length);

    /// <inheritdoc/>
    public CapturedBytes Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
    {
        IsNull = isNull;
        if (data.Length > _buffer.Length) _buffer = new byte[Math.Max(data.Length, _buffer.Length * 2)];
        data.CopyTo(_buffer);
        _length = data.Length;
        return this;
    }
}
