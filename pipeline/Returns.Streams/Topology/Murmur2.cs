using System.Buffers.Binary;

namespace Returns.Streams;

/// <summary>The partitioner of the Java client: murmur2 with its seed, as org.apache.kafka.common.utils.Utils has it.</summary>
public static class Murmur2
{
    private const uint M = 0x5bd1e995;

    /// <summary>The partition of <paramref name="key"/> among <paramref name="partitions"/>.</summary>
    public static int Partition(ReadOnlySpan<byte> key, int partitions) => (int)(Hash(key) & 0x7fffffff) % partitions;

    internal static uint Hash(ReadOnlySpan<byte> data)
    {
        var h = 0x9747b28cu ^ (uint)data.Length;
        while (data.Length >= 4)
        {
            var k = BinaryPrimitives.ReadUInt32LittleEndian(data) * M;
            k ^= k >> 24;
            h = (h * M) ^ (k * M);
            data = data[4..];
        }
        if (data.Length > 0)
        {
            for (var i = data.Length - 1; i >= 0; i--)
            {
                h ^= (uint)data[i] << (8 * i);
            }
            h *= M;
        }
        h ^= h >> 13;
        h *= M;
        return h ^ (h >> 15);
    }
}
