using System.Buffers;

namespace Returns.Contracts.Wire;

/// <summary>Encodes records of one event for one topic in the Confluent wire format, into a buffer that it uses again.</summary>
/// <remarks>Allocates nothing once the buffer holds the largest record. For one thread at a time: each task has its own.</remarks>
public sealed class WireEncoder<T> where T : class, IAvroRecord<T>, new()
{
    private readonly ArrayBufferWriter<byte> _buffer = new(512);
    private readonly int _schemaId;

    /// <summary>Encodes under the id of schemas/.</summary>
    public WireEncoder() => _schemaId = T.SchemaId;

    /// <summary>Encodes under the topic's id.</summary>
    /// <exception cref="InvalidOperationException">The registry was not asked for the topic's id at start.</exception>
    public WireEncoder(ISchemaIds schemas, string topic)
    {
        ArgumentNullException.ThrowIfNull(schemas);
        _schemaId = schemas.IdOf<T>(topic);
    }

    /// <summary>Header and body of <paramref name="record"/>, valid until the next call.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A decimal of the record has more digits than its schema holds; the
    /// encoder can be used again.</exception>
    public ReadOnlySpan<byte> Encode(T record)
    {
        ArgumentNullException.ThrowIfNull(record);
        _buffer.ResetWrittenCount();
        ConfluentWire.Write(_buffer, record, _schemaId);
        return _buffer.WrittenSpan;
    }
}
