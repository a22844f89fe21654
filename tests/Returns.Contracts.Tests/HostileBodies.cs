using System.Buffers;
using Avro;
using Returns.Contracts.Avro;
using Xunit;

namespace Returns.Contracts.Tests;

public sealed class HostileBodies
{
    /// <summary>An array of strings of one byte each grows by doubling 16-byte slices; nothing else takes more.</summary>
    private const int AllocatedPerByte = 100;

    [Fact]
    public void Every_proper_prefix_of_a_record_is_an_error() => EachEvent.Passes(new Prefixes());

    [Fact]
    public void Bytes_behind_a_record_are_an_error() => EachEvent.Passes(new TrailingBytes());

    [Fact]
    public void Damaged_bytes_are_an_error_or_what_apache_avro_reads_and_never_take_much_memory() => EachEvent.Passes(new Damage());

    [Fact]
    public void Bytes_that_are_no_record_are_an_error_and_never_take_much_memory() => EachEvent.Passes(new Noise());

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    [InlineData(3)]
    public void A_length_or_count_that_the_bytes_cannot_hold_is_refused_before_anything_is_allocated(long length)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new AvroWriter(output);
        writer.WriteLong(length);
        writer.Flush();
        var body = output.WrittenSpan.ToArray();

        Assert.Equal(0, Allocated.By(() =>
        {
            new AvroReader(body, body.Length).ReadString("sku");
            new AvroReader(body, body.Length).ReadBlockCount(1, "findings");
        }));

        var text = new AvroReader(body, body.Length);
        text.ReadString("sku");
        var array = new AvroReader(body, body.Length);
        array.ReadBlockCount(1, "findings");
        Assert.Equal(new DecodeError(DecodeErrorClass.BadLength, body.Length, "sku"), text.Error);
        Assert.Equal("findings", array.Error.Field);
        Assert.False(array.Ok);
    }

    [Theory]
    [InlineData("03040204", 2)]
    [InlineData("03D00F0204", 0)]
    [InlineData("03010204", 0)]
    [InlineData("0304", 0)]
    public void A_block_that_says_its_size_is_read_where_the_size_can_be(string bytes, int items)
    {
        var reader = new AvroReader(Convert.FromHexString(bytes), bytes.Length / 2);
        Assert.Equal(items, reader.ReadBlockCount(1, "findings"));
        Assert.Equal(items > 0 ? DecodeErrorClass.None : DecodeErrorClass.BadLength, reader.Error.Class);
    }

    [Fact]
    public void The_first_error_is_the_one_that_is_told()
    {
        var reader = new AvroReader([2, 0xFF, 7], 3);
        reader.ReadString("lpn");
        reader.ReadBoolean("qualitySample");
        reader.ReadDouble("value");
        Assert.Equal("BadUtf8 at byte 1 of the body, field 'lpn'", reader.Error.ToString());
    }

    /// <summary>Decodes into a new record, and holds what that allocates against the bytes that came.</summary>
    private static bool Decodes<T>(byte[] body, T into, out DecodeError error) where T : class, IAvroRecord<T>, new()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var decoded = T.TryDecode(body, into, out error);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(allocated, 0, 4096 + (AllocatedPerByte * body.Length));
        Assert.Equal(decoded, error.Class == DecodeErrorClass.None);
        return decoded;
    }

    private sealed class Prefixes : IEventTest
    {
        public void Run<T>(Random random) where T : class, IAvroRecord<T>, new()
        {
            foreach (var body in RandomRecord.Bodies<T>(5))
            {
                for (var length = 0; length < body.Length; length++)
                {
                    Assert.False(Decodes(body[..length], new T(), out _), $"{T.SchemaName}, {length} of {body.Length} bytes");
                }
            }
        }
    }

    private sealed class TrailingBytes : IEventTest
    {
        public void Run<T>(Random random) where T : class, IAvroRecord<T>, new()
        {
            foreach (var body in RandomRecord.Bodies<T>(20))
            {
                Assert.False(Decodes([.. body, 0], new T(), out var error));
                Assert.Equal(new DecodeError(DecodeErrorClass.TrailingBytes, body.Length, null), error);
            }
        }
    }

    private sealed class Noise : IEventTest
    {
        public void Run<T>(Random random) where T : class, IAvroRecord<T>, new()
        {
            for (var round = 0; round < 3_000; round++)
            {
                var noise = new byte[random.Next(round % 100 == 0 ? 100_000 : 200)];
                random.NextBytes(noise);
                if (round % 3 == 0)
                {
                    // Small numbers are lengths, counts and branches that make sense, and lead further in.
                    noise.AsSpan().Replace((byte)0xFF, (byte)0);
                    for (var i = 0; i < noise.Length; i++)
                    {
                        noise[i] &= 7;
                    }
                }
                Decodes(noise, new T(), out _);
            }
        }
    }

    private sealed class Damage : IEventTest
    {
        public void Run<T>(Random random) where T : class, IAvroRecord<T>, new()
        {
            var schema = Schema.Parse(T.SchemaJson);
            var bodies = RandomRecord.Bodies<T>(100);
            var output = new ArrayBufferWriter<byte>();
            var (read, refused) = (0, 0);
            for (var round = 0; round < 2_500; round++)
            {
                var body = Damaged(bodies[random.Next(bodies.Count)], random);
                var into = new T();
                if (!Decodes(body, into, out _))
                {
                    refused++;
                    continue;
                }
                read++;
                output.ResetWrittenCount();
                into.Encode(output);
                if (Reread(schema, body) is { } expected)
                {
                    Assert.True(
                        output.WrittenSpan.SequenceEqual(expected),
                        $"{T.SchemaName}: {Convert.ToHexString(body)}\n{Convert.ToHexString(output.WrittenSpan)}\n{Convert.ToHexString(expected)}");
                }
            }
            Assert.True(read > 100 && refused > 100, $"{T.SchemaName}: {read} read, {refused} refused");
        }

        /// <summary>Null where Apache.Avro cannot hold the value: a time before the year 1, say.</summary>
        private static byte[]? Reread(Schema schema, byte[] body)
        {
            try
            {
                return RandomRecord.Reencode(schema, body);
            }
            catch (ArgumentOutOfRangeException)
            {
                return null;
            }
        }

        private static byte[] Damaged(byte[] body, Random random)
        {
            var at = random.Next(body.Length);
            var damaged = (byte[])body.Clone();
            switch (random.Next(5))
            {
                case 0:
                    damaged[at] ^= (byte)(1 << random.Next(8));
                    return damaged;
                case 1:
                    damaged[at] = (byte)random.Next(256);
                    return damaged;
                case 2:
                    // A number of any size, where a length or a count may stand.
                    var output = new ArrayBufferWriter<byte>();
                    var writer = new AvroWriter(output);
                    writer.WriteLong(random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64));
                    writer.Flush();
                    return [.. body[..at], .. output.WrittenSpan, .. body[Math.Min(body.Length, at + 1)..]];
                case 3:
                    return [.. body[..at], .. body[Math.Min(body.Length, at + random.Next(4))..]];
                default:
                    return [.. body[..at], .. body[random.Next(body.Length)..]];
            }
        }
    }
}
