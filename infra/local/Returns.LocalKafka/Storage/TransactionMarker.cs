using System.Buffers.Binary;

namespace Returns.LocalKafka.Storage;

/// <summary>The control batch that ends a transaction in a partition.</summary>
internal static class TransactionMarker
{
    // One record: key (version, type), value (version, coordinator epoch); every length here fits one varint byte.
    private const int RecordBodySize = 1 + 1 + 1 + 1 + 4 + 1 + 6 + 1;
    private const int Size = BatchHeader.Size + 1 + RecordBodySize;

    /// <summary>Builds the batch; the log stamps its offset.</summary>
    public static byte[] Build(long producerId, short producerEpoch, bool commit, long timestamp)
    {
        var batch = new byte[Size];
        var span = batch.AsSpan();
        BinaryPrimitives.WriteInt32BigEndian(span[8..], Size - BatchHeader.LengthOverhead);
        span[16] = 2;
        BinaryPrimitives.WriteInt16BigEndian(span[21..], 0x30);
        BinaryPrimitives.WriteInt64BigEndian(span[27..], timestamp);
        BinaryPrimitives.WriteInt64BigEndian(span[35..], timestamp);
        BinaryPrimitives.WriteInt64BigEndian(span[43..], producerId);
        BinaryPrimitives.WriteInt16BigEndian(span[51..], producerEpoch);
        BinaryPrimitives.WriteInt32BigEndian(span[53..], -1);
        BinaryPrimitives.WriteInt32BigEndian(span[57..], 1);
        var record = span[BatchHeader.Size..];
        record[0] = RecordBodySize << 1;
        record[4] = 4 << 1;
        BinaryPrimitives.WriteInt16BigEndian(record[7..], commit ? (short)1 : (short)0);
        record[9] = 6 << 1;
        BinaryPrimitives.WriteUInt32BigEndian(span[17..], BatchHeader.ComputeCrc(batch));
        return batch;
    }

    /// <summary>Whether a control batch commits (true) or aborts (false); null when it is no transaction marker.</summary>
    public static bool? IsCommit(ReadOnlySpan<byte> batch)
    {
        if (batch.Length < BatchHeader.Size + 9) return null;
        return BinaryPrimitives.ReadInt16BigEndian(batch[(BatchHeader.Size + 7)..]) switch
        {
            0 => false,
            1 => true,
            _ => null,
        };
    }
}
