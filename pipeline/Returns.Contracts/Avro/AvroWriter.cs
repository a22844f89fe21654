using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Returns.Contracts.Avro;

/// <summary>Writes Avro binary to a buffer writer. <see cref="Flush"/> must be called at the end.</summary>
public ref struct AvroWriter
{
    private readonly IBufferWriter<byte> _output;
    private Span<byte> _span;
    private int _position;

    /// <summary>Appends to <paramref name="output"/>.</summary>
    public AvroWriter(IBufferWriter<byte> output) => _output = output;

    /// <summary>Hands what was written to the output.</summary>
    public void Flush()
    {
        _output.Advance(_position);
        _span = default;
        _position = 0;
    }

    /// <summary>A zig-zag integer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteLong(long value)
    {
        Ensure(10);
        var zigzag = (ulong)(value << 1) ^ (ulong)(value >> 63);
        while (zigzag >= 0x80)
        {
            _span[_position++] = (byte)(zigzag | 0x80);
            zigzag >>= 7;
        }
        _span[_position++] = (byte)zigzag;
    }

    /// <summary>One byte, 0 or 1.</summary>
    public void WriteBoolean(bool value)
    {
        Ensure(1);
        _span[_position++] = value ? (byte)1 : (byte)0;
    }

    /// <summary>Eight bytes, little-endian IEEE 754.</summary>
    public void WriteDouble(double value)
    {
        Ensure(8);
        BinaryPrimitives.WriteDoubleLittleEndian(_span[_position..], value);
        _position += 8;
    }

    /// <summary>Four bytes, little-endian IEEE 754.</summary>
    public void WriteFloat(float value)
    {
        Ensure(4);
        BinaryPrimitives.WriteSingleLittleEndian(_span[_position..], value);
        _position += 4;
    }

    /// <summary>The length and the bytes: an Avro string or bytes.</summary>
    public void WriteBytes(scoped ReadOnlySpan<byte> bytes)
    {
        WriteLong(bytes.Length);
        WriteRaw(bytes);
    }

    /// <summary>The bytes alone.</summary>
    public void WriteRaw(scoped ReadOnlySpan<byte> bytes)
    {
        Ensure(bytes.Length);
        bytes.CopyTo(_span[_position..]);
        _position += bytes.Length;
    }

    /// <summary>A decimal: the fewest bytes of big-endian two's complement of the value times ten to the <paramref name="scale"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value has more decimals than <paramref name="scale"/>, or more
    /// digits than <paramref name="precision"/>: round it before.</exception>
    public void WriteDecimal(decimal value, int precision, byte scale)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var unscaled = new Int128((uint)bits[2], ((ulong)(uint)bits[1] << 32) | (uint)bits[0]);
        for (var have = (bits[3] >> 16) & 0xFF; have != scale; have += have < scale ? 1 : -1)
        {
            if (have < scale)
            {
                unscaled *= 10;
                continue;
            }
            var (quotient, remainder) = Int128.DivRem(unscaled, 10);
            if (remainder != 0)
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, $"a decimal of scale {scale} cannot hold {value}: round it first");
            }
            unscaled = quotient;
        }
        Int128 bound = 1;
        for (var i = 0; i < precision; i++)
        {
            bound *= 10;
        }
        if (unscaled >= bound)
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, $"a decimal of precision {precision} cannot hold {value}");
        }
        if (bits[3] < 0)
        {
            unscaled = -unscaled;
        }
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt128BigEndian(bytes, unscaled);
        var start = 0;
        while (start < 15 && ((bytes[start] == 0 && bytes[start + 1] < 0x80) || (bytes[start] == 0xFF && bytes[start + 1] >= 0x80)))
        {
            start++;
        }
        WriteBytes(bytes[start..]);
    }

    /// <summary>A currency code as a string.</summary>
    public void WriteCurrency(Currency currency)
    {
        Span<byte> code = stackalloc byte[3];
        WriteBytes(code[..currency.Write(code)]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Ensure(int bytes)
    {
        if (_span.Length - _position < bytes)
        {
            Grow(bytes);
        }
    }

    private void Grow(int bytes)
    {
        _output.Advance(_position);
        _position = 0;
        _span = _output.GetSpan(Math.Max(bytes, 256));
    }
}
