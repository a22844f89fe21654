using System.Buffers.Binary;

namespace Returns.LocalKafka.Storage;

/// <summary>Decodes the records of a batch. Off the hot path only: compaction, and looking a timestamp up.</summary>
internal static class RecordBatch
{
    /// <summary>Reads every record of a batch.</summary>
    /// <exception cref="InvalidDataException">The batch is not what its header says.</exception>
    public static List<Record> Decode(ReadOnlySpan<byte> batch)
    {
        if (!BatchHeader.TryRead(batch, out var header) || header.TotalSize > batch.Length || header.TotalSize < BatchHeader.Size)
            throw new InvalidDataException($"{batch.Length} bytes do not hold the batch");
        var body = BatchCompression.Decompress(header.Codec, batch[BatchHeader.Size..(int)header.TotalSize]);
        var records = new List<Record>(Math.Clamp(header.RecordCount, 0, body.Length / 7 + 1));
        var at = 0;
        for (var i = 0; i < header.RecordCount; i++)
        {
            var size = Varint(body, ref at);
            if (size < 0 || size > body.Length - at) throw new InvalidDataException($"record {i} of {size} bytes runs past the batch");
            var end = at + (int)size;
            at++;
            var timestampDelta = Varint(body, ref at);
            var offsetDelta = Varint(body, ref at);
            var key = Field(body, ref at, end);
            var value = Field(body, ref at, end);
            if (at > end) throw new InvalidDataException($"record {i} is longer than its length");
            records.Add(new Record(
                header.BaseOffset + offsetDelta,
                header.IsLogAppendTime ? header.MaxTimestamp : header.BaseTimestamp + timestampDelta,
                key,
                value,
                body.AsMemory(at, end - at)));
            at = end;
        }

        return records;
    }

    /// <summary>
    /// Builds the batch that is left of another one: same base offset, last offset, producer and codec, fewer records.
    /// </summary>
    /// <param name="original">The batch the records come from.</param>
    /// <param name="kept">The records that stay, in order; may be none.</param>
    /// <param name="deleteHorizon">When the tombstones in it may go (KIP-534), in milliseconds since 1970; null keeps what the original says.</param>
    public static byte[] Rebuild(ReadOnlySpan<byte> original, IReadOnlyList<Record> kept, long? deleteHorizon)
    {
        BatchHeader.TryRead(original, out var header);
        var baseTimestamp = deleteHorizon ?? header.BaseTimestamp;
        var maxTimestamp = header.IsLogAppendTime || kept.Count == 0 ? header.MaxTimestamp : kept.Max(record => record.Timestamp);
        using var body = new MemoryStream();
        Span<byte> number = stackalloc byte[10];
        foreach (var record in kept)
        {
            using var one = new MemoryStream();
            one.WriteByte(0);
            WriteVarint(one, record.Timestamp - baseTimestamp, number);
            WriteVarint(one, record.Offset - header.BaseOffset, number);
            WriteField(one, record.Key, number);
            WriteField(one, record.Value, number);
            one.Write(record.HeadersWithCount.Span);
            WriteVarint(body, one.Length, number);
            one.WriteTo(body);
        }

        var compressed = BatchCompression.Compress(header.Codec, body.GetBuffer().AsSpan(0, (int)body.Length));
        var batch = new byte[BatchHeader.Size + compressed.Length];
        original[..BatchHeader.Size].CopyTo(batch);
        compressed.CopyTo(batch, BatchHeader.Size);
        var span = batch.AsSpan();
        BinaryPrimitives.WriteInt32BigEndian(span[8..], batch.Length - BatchHeader.LengthOverhead);
        var attributes = deleteHorizon is null ? header.Attributes : (short)(header.Attributes | BatchHeader.DeleteHorizonFlag);
        BinaryPrimitives.WriteInt16BigEndian(span[21..], attributes);
        BinaryPrimitives.WriteInt64BigEndian(span[27..], baseTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(span[35..], maxTimestamp);
        BinaryPrimitives.WriteInt32BigEndian(span[57..], kept.Count);
        BinaryPrimitives.WriteUInt32BigEndian(span[17..], BatchHeader.ComputeCrc(batch));
        return batch;
    }

    private static ReadOnlyMemory<byte>? Field(byte[] body, ref int at, int end)
    {
        var size = Varint(body, ref at);
        if (size < 0) return null;
        if (size > end - at) throw new InvalidDataException($"a field of {size} bytes runs past its record");
        var field = body.AsMemory(at, (int)size);
        at += (int)size;
        return field;
    }

    private static long Varint(byte[] body, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; shift < 70 && at < body.Length; shift += 7)
        {
            var next = body[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return (long)(value >> 1) ^ -(long)(value & 1);
        }

        throw new InvalidDataException("a number does not end");
    }

    private static void WriteField(MemoryStream to, ReadOnlyMemory<byte>? field, Span<byte> number)
    {
        WriteVarint(to, field?.Length ?? -1, number);
        if (field is { } bytes) to.Write(bytes.Span);
    }

    private static void WriteVarint(MemoryStream to, long value, Span<byte> number)
    {
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        var length = 0;
        while (zigzag >= 0x80)
        {
            number[length++] = (byte)(zigzag | 0x80);
            zigzag >>= 7;
        }

        number[length++] = (byte)zigzag;
        to.Write(number[..length]);
    }
}

/// <summary>One record of a batch. Null key or value as in the protocol: a null value is a tombstone.</summary>
/// <param name="HeadersWithCount">The headers as they are on the wire, count included.</param>
internal readonly record struct Record(
    long Offset, long Timestamp, ReadOnlyMemory<byte>? Key, ReadOnlyMemory<byte>? Value, ReadOnlyMemory<byte> HeadersWithCount);
