using System.Text;

namespace Returns.Streams.Tests.Topologies;

public sealed class Partitioning
{
    // The cases of org.apache.kafka.common.utils.UtilsTest.testMurmur2.
    [Theory]
    [InlineData("21", -973932308)]
    [InlineData("foobar", -790332482)]
    [InlineData("a-little-bit-long-string", -985981536)]
    [InlineData("a-little-bit-longer-string", -1486304829)]
    [InlineData("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971)]
    [InlineData("abc", 479470107)]
    public void The_hash_is_the_Java_clients(string key, int hash)
    {
        Assert.Equal((hash & 0x7fffffff) % 12, Murmur2.Partition(Encoding.UTF8.GetBytes(key), 12));
        Assert.Equal(hash & 0x7fffffff, Murmur2.Partition(Encoding.UTF8.GetBytes(key), int.MaxValue));
    }
}
