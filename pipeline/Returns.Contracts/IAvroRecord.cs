using System.Buffers;
using Returns.Contracts.Avro;

namespace Returns.Contracts;

/// <summary>An event of schemas/, generated from its file.</summary>
/// <remarks>An instance is made to be used again and again, by one thread at a time.</remarks>
public interface IAvroRecord<TSelf> : IReusable where TSelf : class, IAvroRecord<TSelf>, new()
{
    /// <summary>The schema's name, without namespace.</summary>
    static abstract string SchemaName { get; }

    /// <summary>The schema's id where no registry gives one: the schemaId of its file.</summary>
    static abstract int SchemaId { get; }

    /// <summary>The schema's file, as JSON.</summary>
    static abstract string SchemaJson { get; }

    /// <summary>Decodes a body into <paramref name="into"/>, whose earlier content is gone in any case.</summary>
    /// <returns>False when the bytes are not a record of this schema; <paramref name="error"/> then says why.</returns>
    static abstract bool TryDecode(ReadOnlySpan<byte> body, TSelf into, out DecodeError error);

    /// <summary>Appends the record's Avro body to <paramref name="output"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A decimal has more digits than its schema holds.</exception>
    void Encode(IBufferWriter<byte> output);
}
