using System.IO.Compression;
using System.Text;
using CsCheck;
using Returns.Simulator.Replays;

namespace Returns.Simulator.Tests.Replays;

public sealed class ReadingReturnFiles
{
    private const string Header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    private const string Good = "C1,22556,PLASTERS IN TIN,-12,2010-12-01 10:24:00,1.65,17548.0,United Kingdom";

    [Fact]
    public void A_line_is_taken_as_recorded()
    {
        var line = Assert.Single(Read(Header + Good + "\n").Accepted);
        Assert.Equal(2, line.Line);
        Assert.Equal(new DateTimeOffset(2010, 12, 1, 10, 24, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), line.At);
        Assert.Equal("22556", line.Sku.ToString());
        Assert.Equal("PLASTERS IN TIN", line.Description.ToString());
        Assert.Equal(12, line.Units);
        Assert.Equal(1.65m, line.Price);
        Assert.Equal("United Kingdom", line.Country.ToString());
    }

    [Theory]
    [InlineData("C1,D,Discount,-1,2010-12-01 09:41:00,27.5,1,UK", RejectReason.NotAProduct, "D")]
    [InlineData("C1,AMAZONFEE,AMAZON FEE,-1,2010-12-01 09:41:00,27.5,1,UK", RejectReason.NotAProduct, "AMAZONFEE")]
    [InlineData("C1,,Nothing,-1,2010-12-01 09:41:00,27.5,1,UK", RejectReason.NotAProduct, "")]
    [InlineData("C1,\u0663\u0664,Digits elsewhere,-1,2010-12-01 09:41:00,27.5,1,UK", RejectReason.NotAProduct, "\u0663\u0664")]
    [InlineData(",,,,,,,", RejectReason.NotAProduct, "")]
    [InlineData("C1,22556,X,-1,2010-12-01 09:41:00,27.5,1", RejectReason.MissingColumns, "7")]
    [InlineData("nonsense", RejectReason.MissingColumns, "1")]
    [InlineData("C1,22556,X, Y,-1,2010-12-01 09:41:00,27.5,1,UK", RejectReason.TooManyColumns, "9")]
    [InlineData("C1,22556,\"X,-1,2010-12-01 09:41:00,27.5,1,UK", RejectReason.UnterminatedQuote, "C1,22556,\"X,-1,2010-12-01 09:41:00,27.5,…")]
    [InlineData("C1,22556,\"X\"Y,-1,2010-12-01 09:41:00,27.5,1,UK", RejectReason.TextAfterQuote, "C1,22556,\"X\"Y,-1,2010-12-01 09:41:00,27.…")]
    [InlineData("C1,22556,X\0,-1,2010-12-01 09:41:00,27.5,1,UK", RejectReason.NulByte, "")]
    [InlineData("C1,22556,X,,2010-12-01 09:41:00,27.5,1,UK", RejectReason.BadQuantity, "")]
    [InlineData("C1,22556,X,twelve,2010-12-01 09:41:00,27.5,1,UK", RejectReason.BadQuantity, "twelve")]
    [InlineData("C1,22556,X,--1,2010-12-01 09:41:00,27.5,1,UK", RejectReason.BadQuantity, "--1")]
    [InlineData("C1,22556,X,-1e99,2010-12-01 09:41:00,27.5,1,UK", RejectReason.BadQuantity, "-1e99")]
    [InlineData("C1,22556,X,-1.5,2010-12-01 09:41:00,27.5,1,UK", RejectReason.FractionalQuantity, "-1.5")]
    [InlineData("C1,22556,X,0,2010-12-01 09:41:00,27.5,1,UK", RejectReason.NotAReturn, "0")]
    [InlineData("C1,22556,X,6,2010-12-01 09:41:00,27.5,1,UK", RejectReason.NotAReturn, "6")]
    [InlineData("C1,22556,X,-2147483649,2010-12-01 09:41:00,27.5,1,UK", RejectReason.TooManyUnits, "-2147483649")]
    [InlineData("C1,22556,X,-1,2010-02-30 09:41:00,27.5,1,UK", RejectReason.BadDate, "2010-02-30 09:41:00")]
    [InlineData("C1,22556,X,-1,2010-13-01 09:41:00,27.5,1,UK", RejectReason.BadDate, "2010-13-01 09:41:00")]
    [InlineData("C1,22556,X,-1,2010-12-01 24:00:00,27.5,1,UK", RejectReason.BadDate, "2010-12-01 24:00:00")]
    [InlineData("C1,22556,X,-1,0001-01-01 00:00:00,27.5,1,UK", RejectReason.BadDate, "0001-01-01 00:00:00")]
    [InlineData("C1,22556,X,-1,9999-12-31 23:59:59,27.5,1,UK", RejectReason.BadDate, "9999-12-31 23:59:59")]
    [InlineData("C1,22556,X,-1,13/1/2010 9:41,27.5,1,UK", RejectReason.BadDate, "13/1/2010 9:41")]
    [InlineData("C1,22556,X,-1,2010-12-01,27.5,1,UK", RejectReason.BadDate, "2010-12-01")]
    [InlineData("C1,22556,X,-1,2010-12-01 09:41:00Z,27.5,1,UK", RejectReason.BadDate, "2010-12-01 09:41:00Z")]
    [InlineData("C1,22556,X,-1,,27.5,1,UK", RejectReason.BadDate, "")]
    [InlineData("C1,22556,X,-1,2010-12-01 09:41:00,,1,UK", RejectReason.BadPrice, "")]
    [InlineData("C1,22556,X,-1,2010-12-01 09:41:00,NaN,1,UK", RejectReason.BadPrice, "NaN")]
    [InlineData("C1,22556,X,-1,2010-12-01 09:41:00,1;5,1,UK", RejectReason.BadPrice, "1;5")]
    [InlineData("C1,22556,X,-1,2010-12-01 09:41:00,-0.01,1,UK", RejectReason.NegativePrice, "-0.01")]
    [InlineData("C1,22556,X,-1,2010-12-01 09:41:00,1e13,1,UK", RejectReason.PriceTooHigh, "1e13")]
    public void A_bad_line_is_rejected_with_its_reason_and_spoils_no_other(string bad, RejectReason reason, string value)
    {
        var read = Read(Header + Good + "\n" + bad + "\n" + Good + "\n");
        var rejected = Assert.Single(read.Rejected);
        Assert.Equal(new RejectedLine("returns.csv", 3, reason, value), rejected);
        Assert.StartsWith("returns.csv:3: ", rejected.ToString(), StringComparison.Ordinal);
        Assert.Equal([2, 4], read.Accepted.Select(l => l.Line));
        Assert.Equal(3, read.Lines);
    }

    [Theory]
    [InlineData("C1,22556,\"A, B\",-1,2010-12-01 09:41:00,1,1,UK", "A, B")]
    [InlineData("C1,22556,\"12\"\" DISC\",-1,2010-12-01 09:41:00,1,1,UK", "12\" DISC")]
    [InlineData("C1,22556,\"\",-1,2010-12-01 09:41:00,1,1,UK", "")]
    [InlineData("C1,22556,\"\"\"\",-1,2010-12-01 09:41:00,1,1,UK", "\"")]
    [InlineData("C1,22556,FELT 6\" STAR,-1,2010-12-01 09:41:00,1,1,UK", "FELT 6\" STAR")]
    [InlineData("\"C1\",\"22556\",\"A\",\"-1\",\"2010-12-01 09:41:00\",\"1\",\"1\",\"UK\"", "A")]
    [InlineData("C1,22556,caf\u00e9 \u2615,-1,2010-12-01 09:41:00,1,1,UK", "caf\u00e9 \u2615")]
    public void Quoted_fields_and_quotes_within_are_read(string line, string description)
    {
        var read = Read(Header + line);
        Assert.Empty(read.Rejected);
        Assert.Equal(description, Assert.Single(read.Accepted).Description.ToString());
    }

    [Theory]
    [InlineData("12/1/2010 8:26", 2010, 12, 1, 8, 26, 0)]
    [InlineData("1/31/2011 18:05", 2011, 1, 31, 18, 5, 0)]
    [InlineData("2012-02-29 23:59:59", 2012, 2, 29, 23, 59, 59)]
    public void Both_layouts_of_dates_are_read(string date, int year, int month, int day, int hour, int minute, int second)
    {
        var line = Assert.Single(Read(Header + $"C1,22556,X,-1,{date},1,1,UK").Accepted);
        Assert.Equal(new DateTime(year, month, day, hour, minute, second), DateTimeOffset.FromUnixTimeMilliseconds(line.At).DateTime);
    }

    [Theory]
    [InlineData("-12.0", "1.65", 12, 1.65)]
    [InlineData(" -3 ", " 2 ", 3, 2)]
    [InlineData("-1", "0", 1, 0)]
    [InlineData("-1", "0.00005", 1, 0.0001)]
    [InlineData("-1", "1E-3", 1, 0.001)]
    public void Numbers_are_read_as_spreadsheets_write_them(string quantity, string price, int units, double expected)
    {
        var line = Assert.Single(Read(Header + $"C1,22556,X,{quantity},2010-12-01 09:41:00,{price},1,UK").Accepted);
        Assert.Equal(units, line.Units);
        Assert.Equal((decimal)expected, line.Price);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void A_byte_order_mark_either_line_end_and_blank_lines_are_no_data(string end)
    {
        var text = "\uFEFF" + Header.TrimEnd() + end + Good + end + end + Good + end + "   " + end + end;
        var read = Read(text);
        Assert.Empty(read.Rejected);
        Assert.Equal([2, 4], read.Accepted.Select(l => l.Line));
        Assert.Equal(2, read.Lines);
    }

    [Fact]
    public void Columns_are_found_by_name_in_any_order_and_further_columns_are_passed_over()
    {
        var read = Read("country,\"UnitPrice\",Extra, Quantity ,StockCode,Description,CustomerID,InvoiceDate,InvoiceNo\nFrance,2.5,?,-7,84029G,HEART,1,1/2/2011 3:04,C9\n");
        var line = Assert.Single(read.Accepted);
        Assert.Equal(("84029G", "HEART", 7, 2.5m, "France"), (line.Sku.ToString(), line.Description.ToString(), line.Units, line.Price, line.Country.ToString()));
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("InvoiceNo,StockCode,Description,InvoiceDate,UnitPrice,CustomerID\n", "lacks the columns Quantity, Country")]
    [InlineData("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country,Quantity\n", "'Quantity' twice")]
    [InlineData("\"InvoiceNo,StockCode\n", "not a header")]
    public void A_file_without_its_columns_is_refused_as_a_whole(string text, string because)
    {
        var error = Assert.Throws<InvalidDataException>(() => Read(text));
        Assert.Contains(because, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("returns.csv", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_of_any_length_is_one_rejected_line()
    {
        foreach (var length in new[] { ReturnFileReader.MaxLineBytes + 1, 262_144, 262_145, 1_000_000 })
        {
            var read = Read(Header + Good + "\n" + new string('9', length) + "\n" + Good + "\n" + new string('"', length));
            Assert.Equal([RejectReason.LineTooLong, RejectReason.LineTooLong], read.Rejected.Select(r => r.Reason));
            Assert.Equal([3, 5], read.Rejected.Select(r => r.Line));
            Assert.Equal([2, 4], read.Accepted.Select(l => l.Line));
        }
    }

    [Fact]
    public void Bytes_that_are_not_utf8_reject_their_line_only()
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(Header + "C1,22556,"), 0xA3, .. Encoding.UTF8.GetBytes("5 VOUCHER,-1,2010-12-01 09:41:00,1,1,UK\n" + Good)];
        var read = Read(bytes);
        Assert.Equal(RejectReason.InvalidUtf8, Assert.Single(read.Rejected).Reason);
        Assert.Single(read.Accepted);
    }

    [Fact]
    public void Gzip_is_told_by_content_and_gives_the_same_lines_and_hash()
    {
        var text = Encoding.UTF8.GetBytes(Header + string.Join('\n', Enumerable.Repeat(Good, 5000)));
        var plain = Read(text);
        var packed = Read(Gzip(text));
        Assert.Equal(plain.Accepted, packed.Accepted);
        Assert.Equal(plain.Hash, packed.Hash);
        Assert.Equal(5000, packed.Lines);
    }

    [Fact]
    public void Gzip_of_several_members_is_one_file()
    {
        byte[] packed = [.. Gzip(Encoding.UTF8.GetBytes(Header + Good + "\nC2,225")), .. Gzip(Encoding.UTF8.GetBytes("57,X,-1,2010-12-01 10:24:00,1,1,UK\n" + Good))];
        Assert.Equal(["22556", "22557", "22556"], Read(packed).Accepted.Select(l => l.Sku.ToString()));
    }

    [Fact]
    public void Damaged_gzip_is_refused_and_says_where()
    {
        var random = new Random(5);
        var text = Encoding.UTF8.GetBytes(Header + string.Join('\n', Enumerable.Range(0, 5000).Select(i => Good.Replace("12", random.Next().ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal))));
        var packed = Gzip(text);
        foreach (var cut in new[] { 2, 30, 200, packed.Length / 2, packed.Length - 100, packed.Length - 8, packed.Length - 1 })
        {
            var error = Assert.Throws<InvalidDataException>(() => Read(packed[..cut]));
            Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Whatever_the_bytes_every_line_is_accepted_or_rejected()
    {
        var cell = Gen.OneOf(
            Gen.OneOf(new[] { "C1", "22556", "-12", "0", "2010-12-01 10:24:00", "12/1/2010 8:26", "1.65", "-1e28", "79228162514264337593543950336", "\"", "\"\"", "a\"b", "\0", "\uFEFF", "é", " " }.Select(Gen.Const).ToArray()),
            Gen.String[Gen.Char, 0, 12]);
        var row = cell.Array[0, 12].Select(cells => string.Join(',', cells));
        var line = Gen.OneOf(Gen.Const(Good), row).Select(Gen.OneOf(Gen.Const("\n"), Gen.Const("\r\n"), Gen.Const("\n\n")), (text, end) => text + end);
        var noise = Gen.Byte.Array[0, 64];
        Gen.Select(line.Array[0, 30], noise).Sample((lines, tail) =>
        {
            byte[] bytes = [.. Encoding.UTF8.GetBytes(Header + string.Concat(lines)), .. tail];
            var read = Read(bytes);
            Assert.Equal(read.Lines, read.Accepted.Count + read.Rejected.Count);
            Assert.Equal(DataLines(bytes), read.Lines);
        }, iter: 20_000);
    }

    [Fact]
    public void The_shared_file_has_its_lines_rejections_and_units()
    {
        using var file = File.OpenRead(SharedData.OrSkip());
        var reader = new ReturnFileReader(file, "returns.csv.gz");
        long units = 0;
        while (reader.TryRead(out var line)) units += line.Units;
        Assert.Equal((4494, 299, 127_609), (reader.Lines, reader.Rejected.Count, units));
        Assert.All(reader.Rejected, r => Assert.Equal(RejectReason.NotAProduct, r.Reason));
    }

    private static long DataLines(byte[] bytes) =>
        Encoding.Latin1.GetString(bytes).Split('\n').Skip(1).Select(l => l.EndsWith('\r') ? l[..^1] : l).Count(l => l.Trim(' ', '\t').Length > 0);

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(bytes);
        return packed.ToArray();
    }

    private static Outcome Read(string text) => Read(Encoding.UTF8.GetBytes(text));

    private static Outcome Read(byte[] bytes)
    {
        var reader = new ReturnFileReader(new MemoryStream(bytes), "returns.csv");
        var accepted = new List<ReturnLine>();
        while (reader.TryRead(out var line)) accepted.Add(line);
        return new Outcome(accepted, reader.Rejected, reader.Lines, reader.ContentHash);
    }

    private sealed record Outcome(IReadOnlyList<ReturnLine> Accepted, IReadOnlyList<RejectedLine> Rejected, long Lines, ulong Hash);
}
