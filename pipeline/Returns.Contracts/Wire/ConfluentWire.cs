using System.Buffers;
using System.Buffers.Binary;

namespace Returns.Contracts.Wire;

/// <summary>The Confluent wire format: byte 0, the schema id as four bytes big-endian, the Avro body.</summary>
public static class ConfluentWire
{
    /// <summary>Bytes before the Avro body.</summary>
    public const int HeaderLength = 5;

    /// <summary>Appends header and body to <paramref name="output"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A decimal of the record has more digits than its schema holds.</exception>
    public static void Write<T>(IBufferWriter<byte> output, T record, int schemaId) where T : class, IAvroRecord<T>, new()
    {
        var header = output.GetSpan(HeaderLength);
        header[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], schemaId);
        output.Advance(HeaderLength);
        record.Encode(output);
    }

    /// <summary>Splits a value into schema id and body; false when it is not in this format.</summary>
    public static bool TryRead(ReadOnlySpan<byte> value, out int schemaId, out ReadOnlySpan<byte> body)
    {
        if (value.Length < HeaderLength || value[0] != 0)
        {
            schemaId = 0;
            body = default;
            return false;
        }
        schemaId = BinaryPrimitives.ReadInt32BigEndian(value[1..]);
        body = value[HeaderLength..];
        return true;
    }
}
