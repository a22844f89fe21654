using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Returns.Contracts.Avro;

/// <summary>Reads Avro binary from an array.</summary>
/// <remarks>
/// The first error sticks: from then on every read returns a default value, and <see cref="Error"/> says what was wrong.
/// Lengths and counts are held against the bytes that are left before anything is done with them.
/// </remarks>
public ref struct AvroReader
{
    private readonly byte[] _buffer;
    private readonly int _end;
    private int _position;
    private DecodeError _error;

    /// <summary>Reads the first <paramref name="length"/> bytes of <paramref name="buffer"/>; strings will slice it.</summary>
    public AvroReader(byte[] buffer, int length)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)buffer.Length, nameof(length));
        (_buffer, _end) = (buffer, length);
    }

    /// <summary>The first error, or the default value.</summary>
    public readonly DecodeError Error => _error;

    /// <summary>Whether nothing was wrong so far.</summary>
    public readonly bool Ok => _error.Class == DecodeErrorClass.None;

    /// <summary>The number of bytes read so far.</summary>
    public readonly int Position => _position;

    /// <summary>Notes an error, unless there is one already, and stops all further reading.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Fail(DecodeErrorClass error, string? field)
    {
        if (Ok)
        {
            _error = new DecodeError(error, _position, field);
        }
        _position = _end;
    }

    /// <summary>Notes an error when bytes are left.</summary>
    public void ExpectEnd()
    {
        if (_position != _end)
        {
            Fail(DecodeErrorClass.TrailingBytes, null);
        }
    }

    /// <summary>A zig-zag integer of up to 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long ReadLong(string field)
    {
        if (_position < _end && _buffer[_position] is var first and < 0x80)
        {
            _position++;
            return (first >> 1) ^ -(first & 1);
        }
        return ReadLongSlow(field);
    }

    private long ReadLongSlow(string field)
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (_position >= _end)
            {
                Fail(DecodeErrorClass.Truncated, field);
                return 0;
            }
            var b = _buffer[_position++];
            if (shift == 63 && b > 1)
            {
                break;
            }
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return (long)(value >> 1) ^ -(long)(value & 1);
            }
        }
        Fail(DecodeErrorClass.BadNumber, field);
        return 0;
    }

    /// <summary>A zig-zag integer of up to 32 bits.</summary>
    public int ReadInt(string field)
    {
        var value = ReadLong(field);
        if (value != (int)value)
        {
            Fail(DecodeErrorClass.BadNumber, field);
            return 0;
        }
        return (int)value;
    }

    /// <summary>One byte, 0 or 1.</summary>
    public bool ReadBoolean(string field)
    {
        if (_position >= _end)
        {
            Fail(DecodeErrorClass.Truncated, field);
            return false;
        }
        var b = _buffer[_position];
        if (b > 1)
        {
            Fail(DecodeErrorClass.BadBoolean, field);
            return false;
        }
        _position++;
        return b == 1;
    }

    /// <summary>Eight bytes, little-endian IEEE 754.</summary>
    public double ReadDouble(string field) =>
        Take(8, field) ? BinaryPrimitives.ReadDoubleLittleEndian(_buffer.AsSpan(_position - 8)) : 0;

    /// <summary>Four bytes, little-endian IEEE 754.</summary>
    public float ReadFloat(string field) =>
        Take(4, field) ? BinaryPrimitives.ReadSingleLittleEndian(_buffer.AsSpan(_position - 4)) : 0;

    /// <summary>A length and that many bytes of valid UTF-8.</summary>
    public Utf8 ReadString(string field)
    {
        var length = ReadLength(field);
        if (length == 0)
        {
            return default;
        }
        var span = _buffer.AsSpan(_position, length);
        if (!System.Text.Ascii.IsValid(span) && !System.Text.Unicode.Utf8.IsValid(span))
        {
            Fail(DecodeErrorClass.BadUtf8, field);
            return default;
        }
        _position += length;
        return new Utf8(_buffer, _position - length, length);
    }

    /// <summary>A length and that many bytes, as a slice.</summary>
    public ReadOnlySpan<byte> ReadBytes(string field)
    {
        var length = ReadLength(field);
        _position += length;
        return _buffer.AsSpan(_position - length, length);
    }

    /// <summary>Exactly <paramref name="length"/> bytes, as a slice.</summary>
    public ReadOnlySpan<byte> ReadFixed(int length, string field) =>
        Take(length, field) ? _buffer.AsSpan(_position - length, length) : default;

    /// <summary>A decimal: big-endian two's complement of the value times ten to the <paramref name="scale"/>.</summary>
    public decimal ReadDecimal(int precision, byte scale, string field)
    {
        var bytes = ReadBytes(field);
        if (bytes.Length is 0 or > 12)
        {
            Fail(DecodeErrorClass.BadValue, field);
            return 0;
        }
        if (bytes.Length <= 8)
        {
            long value = (sbyte)bytes[0];
            for (var i = 1; i < bytes.Length; i++)
            {
                value = (value << 8) | bytes[i];
            }
            if (precision >= 19 || Int128.Abs(value) < Precision(precision))
            {
                var magnitude = value < 0 ? (ulong)-value : (ulong)value;
                return new decimal((int)magnitude, (int)(magnitude >> 32), 0, value < 0, scale);
            }
        }
        else
        {
            Int128 value = (sbyte)bytes[0];
            for (var i = 1; i < bytes.Length; i++)
            {
                value = (value << 8) | bytes[i];
            }
            var magnitude = Int128.Abs(value);
            if (magnitude < Precision(precision))
            {
                return new decimal((int)magnitude, (int)(magnitude >> 32), (int)(magnitude >> 64), value < 0, scale);
            }
        }
        Fail(DecodeErrorClass.BadValue, field);
        return 0;
    }

    /// <summary>A currency code; the empty string is <see cref="Currency.None"/>.</summary>
    public Currency ReadCurrency(string field)
    {
        var bytes = ReadBytes(field);
        if (!Currency.TryParse(bytes, out var currency) && bytes.Length != 0)
        {
            Fail(DecodeErrorClass.BadValue, field);
        }
        return currency;
    }

    /// <summary>The index of an enum symbol or of a union branch, below <paramref name="count"/>.</summary>
    public int ReadIndex(int count, string field)
    {
        var index = ReadLong(field);
        if ((ulong)index >= (ulong)count)
        {
            Fail(DecodeErrorClass.BadIndex, field);
            return 0;
        }
        return (int)index;
    }

    /// <summary>The number of elements in an array's next block; 0 at its end.</summary>
    /// <param name="minimumBytes">The fewest bytes an element can take, at least 1.</param>
    /// <param name="field">For the error.</param>
    public int ReadBlockCount(int minimumBytes, string field)
    {
        var count = ReadLong(field);
        if (count < 0)
        {
            // A negative count is followed by the block's size in bytes, which is of use only to those who skip.
            count = count == long.MinValue ? long.MaxValue : -count;
            var size = ReadLong(field);
            if (size < 0 || size > _end - _position)
            {
                Fail(DecodeErrorClass.BadLength, field);
                return 0;
            }
        }
        if (count > (_end - _position) / minimumBytes)
        {
            Fail(DecodeErrorClass.BadLength, field);
            return 0;
        }
        return Ok ? (int)count : 0;
    }

    private int ReadLength(string field)
    {
        var length = ReadLong(field);
        if ((ulong)length > (ulong)(_end - _position))
        {
            Fail(DecodeErrorClass.BadLength, field);
            return 0;
        }
        return (int)length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Take(int length, string field)
    {
        if (length > _end - _position)
        {
            Fail(DecodeErrorClass.Truncated, field);
            return false;
        }
        _position += length;
        return true;
    }

    private static Int128 Precision(int digits)
    {
        Int128 bound = 1;
        for (var i = 0; i < digits; i++)
        {
            bound *= 10;
        }
        return bound;
    }
}

