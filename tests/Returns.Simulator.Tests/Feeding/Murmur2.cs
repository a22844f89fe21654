using System.Buffers.Binary;

namespace Returns.Simulator.Tests.Feeding;

/// <summary>The partitioner of Kafka's Java client (org.apache.kafka.common.utils.Utils.murmur2), written down a second time.</summary>
internal static class Murmur2
{
    public static int Partition(ReadOnlySpan<byte> key, int partitions) => (int)(Hash(key) & 0x7FFF_FFFF) % partitions;

    private static uint Hash(ReadOnlySpan<byte> key)
    {
        const uint m = 0x5BD1_E995;
        var h = 0x9747_B28C ^ (uint)key.Length;
        for (; key.Length >= 4; key = key[4..])
        {
            var k = BinaryPrimitives.ReadUInt32LittleEndian(key) * m;
            k = (k ^ (k >> 24)) * m;
            h = (h * m) ^ k;
        }
        if (key.Length >= 3) h ^= (uint)key[2] << 16;
        if (key.Length >= 2) h ^= (uint)key[1] << 8;
        if (key.Length >= 1) h = (h ^ key[0]) * m;
        h = (h ^ (h >> 13)) * m;
        return h ^ (h >> 15);
    }
}
