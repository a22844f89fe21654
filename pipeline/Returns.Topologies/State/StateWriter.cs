using System.Buffers.Binary;
using Returns.Contracts;

namespace Returns.Topologies.State;

/// <summary>Appends values to a buffer that is large enough.</summary>
internal ref struct StateWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    public int Length { get; private set; }

    public void Byte(int value) => _buffer[Length++] = (byte)value;

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer[Length..], value);
        Length += 4;
    }

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer[Length..], value);
        Length += 8;
    }

    public void Count(uint value) => Varint(value);

    /// <summary>Signed, shorter the nearer it is to 0.</summary>
    public void Int64(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

    public void Text(Utf8 value)
    {
        Varint((uint)value.Length);
        value.Span.CopyTo(_buffer[Length..]);
        Length += value.Length;
    }

    public void Letters(Currency currency) => Length += currency.Write(_buffer[Length..]);

    /// <summary>Most findings are small whole numbers: answers and levels.</summary>
    public void Number(double value)
    {
        if (value is >= 0 and < StateReader.WideNumber && double.IsInteger(value) && !double.IsNegative(value))
        {
            Byte((int)value);
            return;
        }
        Byte(StateReader.WideNumber);
        UInt64(BitConverter.DoubleToUInt64Bits(value));
    }

    private void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            _buffer[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }
        _buffer[Length++] = (byte)value;
    }
}
