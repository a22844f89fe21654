using System.Buffers.Binary;
using System.Text;

namespace Returns.LocalKafka.Protocol;

/// <summary>Reads one request from a connection's receive buffer. One per connection, reused; not thread safe.</summary>
/// <remarks>
/// Nothing is allocated from a length that the bytes do not back: every length is checked against what is left of the
/// frame first, and an array's count against one byte per element.
/// </remarks>
internal sealed class WireReader
{
    private byte[] _buffer = [];
    private int _position;
    private int _end;

    /// <summary>Compact lengths and tagged fields, as the flexible versions of a request have them.</summary>
    public bool Flexible { get; set; }

    public int Remaining => _end - _position;

    public void Reset(byte[] buffer, int start, int length)
    {
        _buffer = buffer;
        _position = start;
        _end = start + length;
        Flexible = false;
    }

    public byte Byte() => Take(1)[0];

    public bool Boolean() => Byte() != 0;

    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    public Guid Uuid() => new(Take(16), bigEndian: true);

    public uint Varint()
    {
        uint value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var next = Byte();
            value |= (uint)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }

        throw new MalformedRequestException("a variable-length integer is longer than five bytes");
    }

    /// <summary>The number of elements that follow; -1 for a null array.</summary>
    public int ArrayLength()
    {
        var length = Flexible ? (long)Varint() - 1 : Int32();
        if (length < -1 || length > Remaining)
            throw new MalformedRequestException($"an array of {length} elements cannot be in the {Remaining} bytes left of the frame");
        return (int)length;
    }

    public string String() => NullableString() ?? throw new MalformedRequestException("a string that may not be null is null");

    public string? NullableString()
    {
        var length = StringLength();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    /// <summary>The UTF-8 bytes of a string, in place: valid until the request has been answered.</summary>
    public ReadOnlySpan<byte> Utf8()
    {
        var length = StringLength();
        if (length < 0) throw new MalformedRequestException("a string that may not be null is null");
        return Take(length);
    }

    /// <summary>A string that may be null, in place; empty for null.</summary>
    public ReadOnlySpan<byte> Utf8OrNull()
    {
        var length = StringLength();
        return length < 0 ? default : Take(length);
    }

    /// <summary>A byte field in place; empty for null. Writable, because produce stamps offsets into the batch where it lies.</summary>
    public Span<byte> Bytes()
    {
        var length = Flexible ? (long)Varint() - 1 : Int32();
        if (length < -1 || length > Remaining)
            throw new MalformedRequestException($"a field of {length} bytes cannot be in the {Remaining} bytes left of the frame");
        return length < 0 ? default : Take((int)length);
    }

    public int[] Int32Array()
    {
        var count = ArrayLength();
        if (count <= 0) return [];
        if ((long)count * 4 > Remaining) throw new MalformedRequestException($"an array of {count} integers runs past the frame");
        var values = new int[count];
        for (var i = 0; i < count; i++) values[i] = Int32();
        return values;
    }

    public string[]? NullableStringArray()
    {
        var count = ArrayLength();
        if (count < 0) return null;
        var values = new List<string>(Math.Min(count, 64));
        for (var i = 0; i < count; i++) values.Add(String());
        return [.. values];
    }

    /// <summary>Skips the tagged fields that end a structure of a flexible version; none of them changes an answer here.</summary>
    public void Tags()
    {
        if (!Flexible) return;
        for (var count = Varint(); count > 0; count--)
        {
            Varint();
            var size = Varint();
            if (size > (uint)Remaining) throw new MalformedRequestException($"a tagged field of {size} bytes runs past the frame");
            Take((int)size);
        }
    }

    private int StringLength()
    {
        var length = Flexible ? (long)Varint() - 1 : Int16();
        if (length < -1 || length > Remaining)
            throw new MalformedRequestException($"a string of {length} bytes cannot be in the {Remaining} bytes left of the frame");
        return (int)length;
    }

    private Span<byte> Take(int count)
    {
        if (count > _end - _position)
            throw new MalformedRequestException($"the frame ends {count - (_end - _position)} bytes too early");
        var span = _buffer.AsSpan(_position, count);
        _position += count;
        return span;
    }
}
