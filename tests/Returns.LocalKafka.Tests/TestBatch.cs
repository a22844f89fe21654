using System.Buffers.Binary;
using System.Text;
using Returns.LocalKafka.Storage;

namespace Returns.LocalKafka.Tests;

/// <summary>Record batches made by hand, uncompressed.</summary>
internal static class TestBatch
{
    /// <summary>A batch of the time it is made at: retention goes by the time of the records.</summary>
    public static byte[] Build(string[] values, long producerId = -1, short epoch = -1, int sequence = -1, bool transactional = false)
    {
        var timestamp = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        using var body = new MemoryStream();
        for (var i = 0; i < values.Length; i++)
        {
            var value = Encoding.UTF8.GetBytes(values[i]);
            Assert.InRange(value.Length, 0, 50);
            body.WriteByte((byte)((value.Length + 6) << 1));
            body.Write([0, 0, (byte)(i << 1), 1, (byte)(value.Length << 1)]);
            body.Write(value);
            body.WriteByte(0);
        }

        var batch = new byte[BatchHeader.Size + body.Length];
        var span = batch.AsSpan();
        body.ToArray().CopyTo(span[BatchHeader.Size..]);
        BinaryPrimitives.WriteInt32BigEndian(span[8..], batch.Length - 12);
        span[16] = 2;
        BinaryPrimitives.WriteInt16BigEndian(span[21..], transactional ? (short)0x10 : (short)0);
        BinaryPrimitives.WriteInt32BigEndian(span[23..], values.Length - 1);
        BinaryPrimitives.WriteInt64BigEndian(span[27..], timestamp);
        BinaryPrimitives.WriteInt64BigEndian(span[35..], timestamp);
        BinaryPrimitives.WriteInt64BigEndian(span[43..], producerId);
        BinaryPrimitives.WriteInt16BigEndian(span[51..], epoch);
        BinaryPrimitives.WriteInt32BigEndian(span[53..], sequence);
        BinaryPrimitives.WriteInt32BigEndian(span[57..], values.Length);
        Seal(batch);
        return batch;
    }

    /// <summary>Renews the CRC after a change.</summary>
    public static void Seal(byte[] batch) => BinaryPrimitives.WriteUInt32BigEndian(batch.AsSpan(17), BatchHeader.ComputeCrc(batch));
}
