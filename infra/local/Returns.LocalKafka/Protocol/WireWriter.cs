using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Returns.LocalKafka.Protocol;

/// <summary>Writes one response into a pooled buffer that grows. One per connection, reused; not thread safe.</summary>
internal sealed class WireWriter : IDisposable
{
    private const int InitialSize = 16 * 1024;
    private const int KeptSize = 4 * 1024 * 1024;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(InitialSize);

    public bool Flexible { get; set; }

    /// <summary>Bytes written so far; may be set back to drop what was written after a mark.</summary>
    public int Length { get; set; }

    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    /// <summary>Empties the writer, and lets an unusually large buffer go.</summary>
    public void Reset()
    {
        Length = 0;
        Flexible = false;
        if (_buffer.Length <= KeptSize) return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = ArrayPool<byte>.Shared.Rent(InitialSize);
    }

    public void Byte(byte value) => Take(1)[0] = value;

    public void Boolean(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void Int16(short value) => BinaryPrimitives.WriteInt16BigEndian(Take(2), value);

    public void Int32(int value) => BinaryPrimitives.WriteInt32BigEndian(Take(4), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64BigEndian(Take(8), value);

    public void Error(ErrorCode value) => Int16((short)value);

    public void Uuid(Guid value) => value.TryWriteBytes(Take(16), bigEndian: true, out _);

    public void Varint(uint value)
    {
        while (value >= 0x80)
        {
            Byte((byte)(value | 0x80));
            value >>= 7;
        }

        Byte((byte)value);
    }

    /// <summary>The number of elements that follow; -1 writes a null array.</summary>
    public void ArrayLength(int count)
    {
        if (Flexible) Varint((uint)(count + 1));
        else Int32(count);
    }

    public void String(string? value)
    {
        if (value is null)
        {
            if (Flexible) Varint(0);
            else Int16(-1);
            return;
        }

        var size = Encoding.UTF8.GetByteCount(value);
        StringLength(size);
        Encoding.UTF8.GetBytes(value, Take(size));
    }

    public void Utf8(ReadOnlySpan<byte> value)
    {
        StringLength(value.Length);
        value.CopyTo(Take(value.Length));
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        BytesLength(value.Length);
        value.CopyTo(Take(value.Length));
    }

    /// <summary>The length before a byte field whose bytes the caller then puts into <see cref="Take"/>.</summary>
    public void BytesLength(int size)
    {
        if (Flexible) Varint((uint)(size + 1));
        else Int32(size);
    }

    public void Int32Array(ReadOnlySpan<int> values)
    {
        ArrayLength(values.Length);
        foreach (var value in values) Int32(value);
    }

    /// <summary>The empty list of tagged fields that ends a structure of a flexible version.</summary>
    public void Tags()
    {
        if (Flexible) Byte(0);
    }

    public void PatchInt32(int position, int value) => BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(position, 4), value);

    public Span<byte> WrittenFrom(int position) => _buffer.AsSpan(position, Length - position);

    /// <summary>The next <paramref name="count"/> bytes of the response, for the caller to fill completely.</summary>
    public Span<byte> Take(int count)
    {
        if (_buffer.Length - Length < count) Grow(count);
        var span = _buffer.AsSpan(Length, count);
        Length += count;
        return span;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void StringLength(int size)
    {
        if (Flexible) Varint((uint)(size + 1));
        else Int16(checked((short)size));
    }

    private void Grow(int count)
    {
        var larger = ArrayPool<byte>.Shared.Rent(checked((int)Math.Max(Math.Min((long)_buffer.Length * 2, Array.MaxLength), (long)Length + count)));
        _buffer.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
