using System.Buffers.Binary;
using Returns.Contracts.Avro;

namespace Returns.Contracts.Resolution;

/// <summary>The writer's bytes being read, and the reader's bytes being written, of one record.</summary>
/// <remarks>
/// It checks no more than it needs to find its way: the generated decoder, which reads the result, checks the values. The
/// first error sticks and moves to the end of the input, where every further read fails too.
/// </remarks>
internal ref struct Transcoder
{
    /// <summary>What a record may grow to: defaults can make it larger than what came in.</summary>
    public const int MaximumOutput = 16 << 20;

    private const int MaximumDepth = 64;
    private readonly ReadOnlySpan<byte> _input;
    private byte[] _output;
    private int _depth;
    private long _entered;

    public Transcoder(ReadOnlySpan<byte> input, byte[] output)
    {
        _input = input;
        _output = output;
    }

    public int Position { get; private set; }

    public int Written { get; private set; }

    public DecodeError Error { get; private set; }

    public readonly bool Ok => Error.Class == DecodeErrorClass.None;

    public readonly byte[] Output => _output;

    public readonly bool AtEnd => Position == _input.Length;

    public void Fail(DecodeErrorClass error, string? what)
    {
        if (Ok)
        {
            Error = new DecodeError(error, Position, what);
        }
        Position = _input.Length;
    }

    /// <summary>Goes back to a position that was reached before, to read a field again.</summary>
    public void Return(int position)
    {
        if (Ok)
        {
            Position = position;
        }
    }

    /// <summary>Enters a record; false when records are nested too deeply, or a schema has them multiply without bytes.</summary>
    public bool Enter()
    {
        if (++_depth <= MaximumDepth && ++_entered <= 4096 + ((long)MaximumDepth * _input.Length))
        {
            return true;
        }
        Fail(DecodeErrorClass.Limit, "records nested too deeply");
        return false;
    }

    public void Leave() => _depth--;

    public long ReadLong()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (Position >= _input.Length)
            {
                Fail(DecodeErrorClass.Truncated, null);
                return 0;
            }
            var b = _input[Position++];
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
        Fail(DecodeErrorClass.BadNumber, null);
        return 0;
    }

    public float ReadFloat() => Advance(4) ? BinaryPrimitives.ReadSingleLittleEndian(_input[(Position - 4)..]) : 0;

    public int ReadIndex(int count, string what)
    {
        var index = ReadLong();
        if ((ulong)index < (ulong)count)
        {
            return (int)index;
        }
        Fail(DecodeErrorClass.BadIndex, what);
        return 0;
    }

    /// <summary>The items of an array's or map's next block. Items that take no bytes count as one byte, to bound the work.</summary>
    public long ReadBlockCount(int minimumBytes)
    {
        var count = ReadLong();
        if (count < 0)
        {
            var size = ReadLong();
            count = count == long.MinValue ? long.MaxValue : -count;
            if (size < 0 || size > _input.Length - Position)
            {
                Fail(DecodeErrorClass.BadLength, null);
            }
        }
        if (count > (_input.Length - Position) / Math.Max(1, minimumBytes))
        {
            Fail(DecodeErrorClass.BadLength, null);
        }
        return Ok ? count : 0;
    }

    /// <summary>Goes past a value of <paramref name="type"/>.</summary>
    public void Skip(AvroSchema type)
    {
        switch (type.Kind)
        {
            case AvroKind.Null:
                break;
            case AvroKind.Boolean:
                Advance(1);
                break;
            case AvroKind.Int or AvroKind.Long or AvroKind.Enum:
                ReadLong();
                break;
            case AvroKind.Float:
                Advance(4);
                break;
            case AvroKind.Double:
                Advance(8);
                break;
            case AvroKind.Fixed:
                Advance(type.Size);
                break;
            case AvroKind.Bytes or AvroKind.String:
                SkipBytes();
                break;
            case AvroKind.Array or AvroKind.Map:
                var least = type.Kind == AvroKind.Map ? 1 : 0;
                for (var block = ReadBlockCount(least); block > 0; block = ReadBlockCount(least))
                {
                    for (; block > 0 && Ok; block--)
                    {
                        if (type.Kind == AvroKind.Map)
                        {
                            SkipBytes();
                        }
                        Skip(type.Parts[0]);
                    }
                }
                break;
            case AvroKind.Union:
                var index = ReadIndex(type.Parts.Count, "union");
                if (Ok)
                {
                    Skip(type.Parts[index]);
                }
                break;
            case AvroKind.Record:
                if (Enter())
                {
                    for (var i = 0; i < type.Fields.Count && Ok; i++)
                    {
                        Skip(type.Fields[i].Type);
                    }
                    Leave();
                }
                break;
        }
    }

    public void SkipBytes()
    {
        var length = ReadLong();
        if ((ulong)length > (ulong)(_input.Length - Position))
        {
            Fail(DecodeErrorClass.BadLength, null);
        }
        else
        {
            Position += (int)length;
        }
    }

    /// <summary>Writes the input from <paramref name="start"/> to here as it is.</summary>
    public void CopyFrom(int start)
    {
        if (Ok)
        {
            Write(_input[start..Position]);
        }
    }

    public void Write(scoped ReadOnlySpan<byte> bytes) => bytes.CopyTo(Grow(bytes.Length));

    public void WriteLong(long value)
    {
        var zigzag = (ulong)(value << 1) ^ (ulong)(value >> 63);
        Span<byte> bytes = stackalloc byte[10];
        var length = 0;
        for (; zigzag >= 0x80; zigzag >>= 7)
        {
            bytes[length++] = (byte)(zigzag | 0x80);
        }
        bytes[length++] = (byte)zigzag;
        Write(bytes[..length]);
    }

    public void WriteFloat(float value) => BinaryPrimitives.WriteSingleLittleEndian(Grow(4), value);

    public void WriteDouble(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Grow(8), value);

    private bool Advance(int length)
    {
        if (length > _input.Length - Position)
        {
            Fail(DecodeErrorClass.Truncated, null);
            return false;
        }
        Position += length;
        return true;
    }

    private Span<byte> Grow(int length)
    {
        if (Written + length > MaximumOutput)
        {
            Fail(DecodeErrorClass.Limit, $"the record takes more than {MaximumOutput >> 20} MiB by the reader's schema");
            Written = 0;
        }
        if (Written + length > _output.Length)
        {
            Array.Resize(ref _output, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(Written + length)));
        }
        Written += length;
        return _output.AsSpan(Written - length, length);
    }
}
