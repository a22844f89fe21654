using System.Buffers;
using System.Numerics;
using Returns.Contracts.Avro;
using Xunit;

namespace Returns.Contracts.Tests;

public sealed class Numbers
{
    [Fact]
    public void A_long_is_written_as_the_specification_says_and_read_back()
    {
        var random = new Random(3);
        long[] edges = [0, -1, 1, -64, 63, 64, -65, 8191, 8192, int.MaxValue, int.MinValue, long.MaxValue, long.MinValue];
        foreach (var value in edges.Concat(Enumerable.Range(0, 2_000).Select(_ => random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64))))
        {
            var bytes = Written((ref w) => w.WriteLong(value));
            Assert.Equal(ZigZag(value), bytes);
            var reader = new AvroReader(bytes, bytes.Length);
            Assert.Equal(value, reader.ReadLong("f"));
            reader.ExpectEnd();
            Assert.True(reader.Ok);
        }
    }

    [Theory]
    [InlineData("FFFFFFFFFFFFFFFFFF02")]
    [InlineData("FFFFFFFFFFFFFFFFFFFF01")]
    [InlineData("8080808080808080808000")]
    public void A_number_of_more_than_64_bits_is_refused(string bytes)
    {
        var reader = Reader(bytes);
        Assert.Equal(0, reader.ReadLong("f"));
        Assert.Equal(DecodeErrorClass.BadNumber, reader.Error.Class);
    }

    [Theory]
    [InlineData("8080808010", false)]
    [InlineData("FFFFFFFF0F", true)]
    [InlineData("FEFFFFFF0F", true)]
    public void An_int_is_of_32_bits(string bytes, bool fits)
    {
        var reader = Reader(bytes);
        reader.ReadInt("f");
        Assert.Equal(fits, reader.Ok);
    }

    [Fact]
    public void A_decimal_is_written_as_the_fewest_bytes_of_its_unscaled_value_and_read_back()
    {
        var random = new Random(4);
        for (var i = 0; i < 3_000; i++)
        {
            var precision = random.Next(1, 29);
            var scale = (byte)random.Next(precision + 1);
            var digits = Digits(random, random.Next(1, precision + 1));
            var value = new decimal((int)(uint)(digits & uint.MaxValue), (int)(uint)((digits >> 32) & uint.MaxValue), (int)(uint)(digits >> 64), random.Next(2) == 0, scale);
            var bytes = Written((ref w) => w.WriteDecimal(value, precision, scale));
            var unscaled = value < 0 ? -digits : digits;
            Assert.Equal(unscaled.ToByteArray(isBigEndian: true), bytes[1..]);
            var reader = new AvroReader(bytes, bytes.Length);
            Assert.Equal(value, reader.ReadDecimal(precision, scale, "f"));
            Assert.True(reader.Ok, $"{value} as decimal({precision}, {scale}): {reader.Error}");
        }
    }

    [Theory]
    [InlineData("999999999999999.9999", 19, 4, true)]
    [InlineData("1000000000000000.0000", 19, 4, false)]
    [InlineData("-999999999999999.9999", 19, 4, true)]
    [InlineData("-1000000000000000", 19, 4, false)]
    [InlineData("9.99", 3, 2, true)]
    [InlineData("10", 3, 2, false)]
    [InlineData("1.50", 2, 1, true)]
    [InlineData("1.55", 2, 1, false)]
    [InlineData("9999999999999999999999999999", 28, 0, true)]
    public void A_decimal_of_more_digits_than_its_schema_is_neither_written_nor_read(string text, int precision, byte scale, bool fits)
    {
        var value = decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        if (fits)
        {
            var bytes = Written((ref w) => w.WriteDecimal(value, precision, scale));
            var reader = new AvroReader(bytes, bytes.Length);
            Assert.Equal(value, reader.ReadDecimal(precision, scale, "f"));
            return;
        }
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Written((ref w) => w.WriteDecimal(value, precision, scale)));
        Assert.Contains($"cannot hold {text}", error.Message, StringComparison.Ordinal);

        var wide = Written((ref w) => w.WriteDecimal(value, 28, value.Scale > scale ? value.Scale : scale));
        var narrow = new AvroReader(wide, wide.Length);
        narrow.ReadDecimal(precision, scale, "f");
        Assert.Equal(DecodeErrorClass.BadValue, narrow.Error.Class);
    }

    [Theory]
    [InlineData("00")]
    [InlineData("1A00000000000000000000000000")]
    public void A_decimal_of_no_or_too_many_bytes_is_refused(string bytes)
    {
        var reader = Reader(bytes);
        reader.ReadDecimal(28, 4, "amount");
        Assert.Equal(DecodeErrorClass.BadValue, reader.Error.Class);
    }

    [Theory]
    [InlineData("06474250", "GBP", true)]
    [InlineData("00", "", true)]
    [InlineData("06676270", "", false)]
    [InlineData("044742", "", false)]
    [InlineData("0847425050", "", false)]
    public void A_currency_is_three_upper_case_letters_or_none(string bytes, string currency, bool valid)
    {
        var reader = Reader(bytes);
        Assert.Equal(currency, reader.ReadCurrency("currency").ToString());
        Assert.Equal(valid, reader.Ok);
    }

    private delegate void Writing(ref AvroWriter writer);

    private static AvroReader Reader(string bytes) => new(Convert.FromHexString(bytes), bytes.Length / 2);

    private static byte[] Written(Writing write)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new AvroWriter(output);
        write(ref writer);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    private static byte[] ZigZag(long value)
    {
        var bytes = new List<byte>();
        var rest = value >= 0 ? (BigInteger)value * 2 : (-(BigInteger)value * 2) - 1;
        for (; rest >= 128; rest /= 128)
        {
            bytes.Add((byte)((rest % 128) + 128));
        }
        bytes.Add((byte)rest);
        return [.. bytes];
    }

    private static BigInteger Digits(Random random, int count) =>
        BigInteger.Parse(string.Concat(Enumerable.Range(0, count).Select(_ => (char)('0' + random.Next(10)))), System.Globalization.CultureInfo.InvariantCulture);
}
