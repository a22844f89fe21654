using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Returns.Contracts;

namespace Returns.ClickHouse.Rows;

/// <summary>Rows in ClickHouse's RowBinary format, in one growing array that is used again.</summary>
/// <remarks>
/// RowBinary has no separators: integers are little-endian, strings and arrays carry their length as a varint, a Nullable value
/// has a byte 0 before it and a null is a byte 1, Decimal(19,4) is an Int128 of ten-thousandths, DateTime64(3) an Int64 of
/// milliseconds. LowCardinality changes nothing. For one thread at a time.
/// </remarks>
internal sealed class RowBuffer
{
    /// <summary>The decimals of every amount column.</summary>
    private const int MoneyScale = 4;

    private byte[] _bytes = new byte[4096];

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes the array has room for.</summary>
    public int Capacity => _bytes.Length;

    /// <summary>The rows; valid until the next write.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Forgets what was written behind <paramref name="length"/>.</summary>
    public void CutTo(int length) => Length = length;

    public void Byte(byte value) => Reserve(1)[0] = value;

    public void Int32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Reserve(4), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Reserve(8), value);

    public void Double(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Reserve(8), value);

    public void Int64(long? value)
    {
        Byte((byte)(value is null ? 1 : 0));
        if (value is { } number) Int64(number);
    }

    public void Double(double? value)
    {
        Byte((byte)(value is null ? 1 : 0));
        if (value is { } number) Double(number);
    }

    public void Decimal(decimal? value)
    {
        Byte((byte)(value is null ? 1 : 0));
        if (value is { } number) Decimal(number);
    }

    /// <summary>A length, as arrays have before their elements.</summary>
    public void Count(int value)
    {
        var rest = (uint)value;
        while (rest >= 0x80)
        {
            Byte((byte)(rest | 0x80));
            rest >>= 7;
        }
        Byte((byte)rest);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Count(value.Length);
        value.CopyTo(Reserve(value.Length));
    }

    public void Text(Utf8 value) => Bytes(value.Span);

    public void Text(Utf8? value)
    {
        if (value is { } text)
        {
            Byte(0);
            Bytes(text.Span);
        }
        else
        {
            Byte(1);
        }
    }

    /// <summary>Copies bytes that are RowBinary already.</summary>
    public void Raw(ReadOnlySpan<byte> value) => value.CopyTo(Reserve(value.Length));

    /// <summary>Into Decimal(19,4). The contracts' decoder lets no amount through that does not fit.</summary>
    public void Decimal(decimal value) => BinaryPrimitives.WriteInt128LittleEndian(Reserve(16), TenThousandths(value));

    /// <summary>Into a Nullable(Decimal(19,4)) column and the currency column behind it, empty for no amount.</summary>
    public void Amount(Money? value)
    {
        if (value is { } money)
        {
            Byte(0);
            Decimal(money.Amount);
            Currency(money.Currency);
        }
        else
        {
            Byte(1);
            Byte(0);
        }
    }

    public void Currency(Currency currency)
    {
        Span<byte> letters = stackalloc byte[3];
        Bytes(letters[..currency.Write(letters)]);
    }

    private static Int128 TenThousandths(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        _ = decimal.GetBits(value, bits);
        var magnitude = new Int128((uint)bits[2], ((ulong)(uint)bits[1] << 32) | (uint)bits[0]);
        var scale = (bits[3] >> 16) & 0xFF;
        for (; scale < MoneyScale; scale++) magnitude *= 10;
        for (; scale > MoneyScale; scale--)
        {
            var (quotient, lost) = Int128.DivRem(magnitude, 10);
            if (lost != 0) throw new ArgumentOutOfRangeException(nameof(value), value, "an amount has at most four decimals: round it first");
            magnitude = quotient;
        }
        return bits[3] < 0 ? -magnitude : magnitude;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Reserve(int count)
    {
        var start = Length;
        var end = checked(start + count);
        if (end > _bytes.Length) Grow(end);
        Length = end;
        return MemoryMarshal.CreateSpan(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_bytes), start), count);
    }

    private void Grow(int atLeast) => Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(BitOperations.RoundUpToPowerOf2((uint)atLeast), 4096)));
}
