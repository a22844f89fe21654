using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Returns.LocalKafka.Storage;

/// <summary>The fixed first 61 bytes of a record batch (magic 2), as the protocol lays them out.</summary>
internal readonly struct BatchHeader
{
    /// <summary>Bytes of the header, and so the least a batch can have.</summary>
    public const int Size = 61;

    /// <summary>Bytes before the part that the length field counts.</summary>
    public const int LengthOverhead = 12;

    /// <summary>Set by compaction: the base timestamp is the time at which tombstones and markers may go (KIP-534).</summary>
    public const short DeleteHorizonFlag = 0x40;

    private const int CrcAt = 17;
    private const int AttributesAt = 21;

    private BatchHeader(ReadOnlySpan<byte> bytes)
    {
        BaseOffset = BinaryPrimitives.ReadInt64BigEndian(bytes);
        TotalSize = LengthOverhead + (long)BinaryPrimitives.ReadInt32BigEndian(bytes[8..]);
        Magic = bytes[16];
        Crc = BinaryPrimitives.ReadUInt32BigEndian(bytes[CrcAt..]);
        Attributes = BinaryPrimitives.ReadInt16BigEndian(bytes[AttributesAt..]);
        LastOffsetDelta = BinaryPrimitives.ReadInt32BigEndian(bytes[23..]);
        BaseTimestamp = BinaryPrimitives.ReadInt64BigEndian(bytes[27..]);
        MaxTimestamp = BinaryPrimitives.ReadInt64BigEndian(bytes[35..]);
        ProducerId = BinaryPrimitives.ReadInt64BigEndian(bytes[43..]);
        ProducerEpoch = BinaryPrimitives.ReadInt16BigEndian(bytes[51..]);
        BaseSequence = BinaryPrimitives.ReadInt32BigEndian(bytes[53..]);
        RecordCount = BinaryPrimitives.ReadInt32BigEndian(bytes[57..]);
    }

    public long BaseOffset { get; }

    /// <summary>Bytes of the whole batch, header included, as its length field claims; unchecked.</summary>
    public long TotalSize { get; }

    public byte Magic { get; }

    public uint Crc { get; }

    public short Attributes { get; }

    public int LastOffsetDelta { get; }

    public long BaseTimestamp { get; }

    public long MaxTimestamp { get; }

    public long ProducerId { get; }

    public short ProducerEpoch { get; }

    public int BaseSequence { get; }

    public int RecordCount { get; }

    public long LastOffset => BaseOffset + LastOffsetDelta;

    /// <summary>The sequence number of the last record; it wraps to 0 after <see cref="int.MaxValue"/>.</summary>
    public int LastSequence => BaseSequence < 0 ? -1 : (int)(((long)BaseSequence + LastOffsetDelta) & int.MaxValue);

    public int Codec => Attributes & 0x07;

    public bool IsLogAppendTime => (Attributes & 0x08) != 0;

    public bool IsTransactional => (Attributes & 0x10) != 0;

    public bool HasDeleteHorizon => (Attributes & DeleteHorizonFlag) != 0;

    public bool IsControl => (Attributes & 0x20) != 0;

    /// <summary>Reads a header; false when there are fewer bytes than a header has.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out BatchHeader header)
    {
        if (bytes.Length < Size)
        {
            header = default;
            return false;
        }

        header = new BatchHeader(bytes);
        return true;
    }

    /// <summary>CRC-32C of everything behind the CRC field, which leaves out the base offset and the leader epoch.</summary>
    public static uint ComputeCrc(ReadOnlySpan<byte> batch) => Crc32C(batch[AttributesAt..]);

    /// <summary>Puts the offset the log gave the batch, and leader epoch 0, into it. The CRC stays valid.</summary>
    public static void StampOffset(Span<byte> batch, long baseOffset)
    {
        BinaryPrimitives.WriteInt64BigEndian(batch, baseOffset);
        BinaryPrimitives.WriteInt32BigEndian(batch[12..], 0);
    }

    /// <summary>Gives every record of the batch the broker's time (milliseconds since 1970), and renews the CRC.</summary>
    public static void StampAppendTime(Span<byte> batch, long timestamp)
    {
        var attributes = (short)(BinaryPrimitives.ReadInt16BigEndian(batch[AttributesAt..]) | 0x08);
        BinaryPrimitives.WriteInt16BigEndian(batch[AttributesAt..], attributes);
        BinaryPrimitives.WriteInt64BigEndian(batch[35..], timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(batch[CrcAt..], ComputeCrc(batch));
    }

    public static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes)) crc = BitOperations.Crc32C(crc, word);
        foreach (var last in bytes[(bytes.Length & ~7)..]) crc = BitOperations.Crc32C(crc, last);
        return ~crc;
    }
}
