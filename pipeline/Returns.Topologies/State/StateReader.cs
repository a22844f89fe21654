using System.Buffers.Binary;
using Returns.Contracts;

namespace Returns.Topologies.State;

/// <summary>Reads what <see cref="StateWriter"/> wrote. Strings are slices of the buffer.</summary>
/// <param name="buffer">Holds the state from its start.</param>
/// <param name="length">Length of the state.</param>
internal ref struct StateReader(byte[] buffer, int length)
{
    /// <summary>Says that a number follows as eight bytes.</summary>
    public const int WideNumber = 255;

    private readonly ReadOnlySpan<byte> _state = buffer.AsSpan(0, length);
    private int _at;

    /// <summary>Reads a part of a state where it is, for <see cref="Bytes"/> and numbers alone.</summary>
    public StateReader(ReadOnlySpan<byte> state) : this([], 0) => _state = state;

    public readonly bool AtEnd => _at == _state.Length;

    public int Byte() => _state[_at++];

    public uint UInt32()
    {
        _at += 4;
        return BinaryPrimitives.ReadUInt32LittleEndian(_state[(_at - 4)..]);
    }

    public ulong UInt64()
    {
        _at += 8;
        return BinaryPrimitives.ReadUInt64LittleEndian(_state[(_at - 8)..]);
    }

    public int Count() => checked((int)Varint());

    public uint Packed() => checked((uint)Varint());

    public long Int64()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public Utf8 Text()
    {
        var size = Bytes().Length;
        return size == 0 ? default : new Utf8(buffer, _at - size, size);
    }

    /// <summary>The bytes of a text.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        var size = Count();
        if (size > _state.Length - _at)
        {
            throw new InvalidDataException($"a text of {size} bytes in a state that has {_state.Length - _at} left");
        }
        _at += size;
        return _state.Slice(_at - size, size);
    }

    public double Number()
    {
        var small = Byte();
        return small == WideNumber ? BitConverter.UInt64BitsToDouble(UInt64()) : small;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = _state[_at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
        throw new InvalidDataException("a number in a state is longer than 64 bits");
    }
}
