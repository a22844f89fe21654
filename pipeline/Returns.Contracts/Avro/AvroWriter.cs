using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Returns.Contracts.Avro;

/// <summary>Writes Avro binary to a buffer writer. <see cref="Flush"/> must be called at the end.</summary>
public ref struct AvroWriter
{
    private static ReadOnlySpan<ulong> PowersOfTen =>
    [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000,
        1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000,
        100_000_000_000_000_000, 1_000_000_000_000_000_000,
    ];

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
        var low = ((ulong)(uint)bits[1] << 32) | (uint)bits[0];
        var shift = scale - ((bits[3] >> 16) & 0xFF);
        // Amounts of money are small: 64 bits hold them, times what the scale asks for.
        if (bits[2] == 0 && shift >= 0 && shift < PowersOfTen.Length && Math.BigMul(low, PowersOfTen[shift], out var small) == 0
            && small <= long.MaxValue && (precision >= PowersOfTen.Length || small < PowersOfTen[precision]))
        {
            WriteUnscaled(bits[3] < 0 ? -(long)small : (long)small);
            return;
        }
        var unscaled = new Int128((uint)bits[2], low);
        for (; shift > 0; shift--)
        {
            unscaled *= 10;
        }
        for (; shift < 0; shift++)
        {
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

    private void WriteUnscaled(long unscaled)
    {
        // As few bytes as keep the sign: the bits beyond it that differ from it, and the sign itself.
        var length = (64 - BitOperations.LeadingZeroCount((ulong)(unscaled ^ (unscaled >> 63))) + 8) / 8;
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, unscaled);
        WriteBytes(bytes[(8 - length)..]);
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
