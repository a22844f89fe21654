using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CsCheck;
using Xunit;

namespace Returns.LocalClickHouse.Tests;

/// <summary>The HTTP interface as curl and any other client sees it.</summary>
public sealed class HttpTests(ServerFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ping_and_the_bare_address_say_ok()
    {
        _ = fixture.Server;
        Assert.Equal("Ok.\n", await fixture.Http.GetStringAsync(new Uri("/ping", UriKind.Relative), Cancellation));
        Assert.Equal("Ok.\n", await fixture.Http.GetStringAsync(new Uri("/", UriKind.Relative), Cancellation));
    }

    [Theory]
    [InlineData("SELECT 1 x, 'a' y FORMAT CSV", "1,\"a\"\n")]
    [InlineData("SELECT 1 x, 'a' y FORMAT CSVWithNames;", "\"x\",\"y\"\n1,\"a\"\n")]
    [InlineData("SELECT 1 x FORMAT JSONEachRow SETTINGS max_threads = 1", "{\"x\":1}\n")]
    [InlineData("SELECT 1 -- a comment; with ' a quote", "1\n")]
    [InlineData("/* c */ WITH 2 AS two SELECT two /* tail */", "2\n")]
    [InlineData("SELECT ';', $tag$ INTO OUTFILE ; $tag$", ";\t INTO OUTFILE ; \n")]
    [InlineData("SHOW DATABASES LIKE 'defaul_'", "default\n")]
    [InlineData("(SELECT 1) UNION ALL (SELECT 1)", "1\n1\n")]
    public async Task A_statement_is_answered_in_its_format(string sql, string expected) => Assert.Equal(expected, await fixture.Ok(sql));

    [Fact]
    public async Task The_query_may_stand_in_the_url_and_names_its_default_format()
    {
        _ = fixture.Server;
        var text = await fixture.Http.GetStringAsync(new Uri("/?default_format=JSON&query=SELECT%20number%20FROM%20numbers(3)", UriKind.Relative), Cancellation);
        Assert.Equal(3, JsonDocument.Parse(text).RootElement.GetProperty("rows").GetInt32());
    }

    [Theory]
    [InlineData("SELECT no_such_column", HttpStatusCode.NotFound, 47)]
    [InlineData("SELECT * FROM no_such_table", HttpStatusCode.NotFound, 60)]
    [InlineData("SELEC 1", HttpStatusCode.BadRequest, 62)]
    [InlineData("SELECT 1; SELECT 2", HttpStatusCode.BadRequest, 62)]
    [InlineData("SELECT 1 INTO OUTFILE '/tmp/never'", HttpStatusCode.InternalServerError, 358)]
    [InlineData("SELECT throwIf(1)", HttpStatusCode.InternalServerError, 395)]
    [InlineData("", HttpStatusCode.BadRequest, 62)]
    public async Task An_error_has_ClickHouses_code_and_status(string sql, HttpStatusCode status, int code)
    {
        _ = fixture.Server;
        using StringContent content = new(sql);
        using var answer = await fixture.Http.PostAsync(new Uri("/", UriKind.Relative), content, Cancellation);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.True(answer.StatusCode == status, text);
        Assert.StartsWith($"Code: {code}. DB::Exception: ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("/dev/fd", text, StringComparison.Ordinal);
        Assert.Equal([code.ToString(System.Globalization.CultureInfo.InvariantCulture)], answer.Headers.GetValues("X-ClickHouse-Exception-Code"));
    }

    [Fact]
    public async Task A_get_may_not_write()
    {
        _ = fixture.Server;
        using var answer = await fixture.Http.GetAsync(new Uri("/?query=CREATE%20TABLE%20by_get%20(a%20UInt8)%20ENGINE%20%3D%20Memory", UriKind.Relative), Cancellation);
        Assert.Contains("READONLY", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_setting_and_an_unknown_database_are_named()
    {
        Assert.Contains("no_such_setting", (await fixture.Post("SELECT 1", "/?no_such_setting=1")).Text, StringComparison.Ordinal);
        Assert.Contains("no_such_database", (await fixture.Post("SELECT 1", "/?database=no_such_database")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_insert_takes_its_data_from_url_and_body_in_any_split()
    {
        await fixture.Ok("CREATE TABLE inserts (a UInt32, b String) ENGINE = MergeTree ORDER BY a");
        await fixture.Ok("INSERT INTO inserts VALUES (1, 'x;y'), (2, 'FORMAT CSV')");
        await fixture.Ok("-- first a comment\nINSERT INTO inserts (b, a)\nFORMAT CSV\n\"three\",3\n");
        await fixture.Ok("4\tfour\n", "/?query=INSERT%20INTO%20inserts%20FORMAT%20TabSeparated");
        await fixture.Ok("(5, 'five')", "/?query=INSERT%20INTO%20inserts%20VALUES");
        await fixture.Ok("INSERT INTO inserts (a, b) SETTINGS max_insert_threads = 1 FORMAT JSONEachRow {\"a\":6,\"b\":\"six\"}");
        await fixture.Ok("INSERT INTO inserts SELECT number, toString(number) FROM values('number UInt32', 7, 8)");
        await fixture.Ok("INSERT INTO inserts SELECT {a:UInt32}, {b:String}", "/?param_a=9&param_b=n%27ine");
        Assert.Equal("9\t45\n", await fixture.Ok("SELECT count(), sum(a) FROM inserts"));
        Assert.Equal("x;y\nFORMAT CSV\n", await fixture.Ok("SELECT b FROM inserts WHERE a <= 2 ORDER BY a"));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("lz4")]
    public async Task Bodies_may_be_compressed_both_ways(string encoding)
    {
        _ = fixture.Server;
        using MemoryStream packed = new();
        using (var pack = Pack(packed, encoding))
        {
            pack.Write("SELECT number FROM numbers(300000)"u8);
        }

        using HttpRequestMessage request = new(HttpMethod.Post, new Uri("/?enable_http_compression=1", UriKind.Relative)) { Content = new ByteArrayContent(packed.ToArray()) };
        request.Content.Headers.ContentEncoding.Add(encoding);
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue(encoding));
        using var answer = await fixture.Http.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal([encoding], answer.Content.Headers.ContentEncoding);
        await using var body = await answer.Content.ReadAsStreamAsync(Cancellation);
        using StreamReader unpacked = new(Unpack(body, encoding));
        var text = await unpacked.ReadToEndAsync(Cancellation);
        Assert.Equal(string.Concat(Enumerable.Range(0, 300_000).Select(i => $"{i}\n")), text);
    }

    [Fact]
    public async Task An_unknown_encoding_and_a_broken_body_get_an_answer()
    {
        _ = fixture.Server;
        foreach (var (encoding, expected) in new[] { ("rot13", "rot13"), ("gzip", "body"), ("zstd", "body"), ("lz4", "body"), ("br", "body"), ("deflate", "body") })
        {
            using ByteArrayContent content = new(Encoding.ASCII.GetBytes("this is not compressed at all, and long enough to be seen as such"));
            content.Headers.ContentEncoding.Add(encoding);
            using var answer = await fixture.Http.PostAsync(new Uri("/?query=SELECT%201", UriKind.Relative), content, Cancellation);
            Assert.NotEqual(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains(expected, await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_large_result_streams_in_bounded_memory_and_a_framed_format_stays_one_document()
    {
        _ = fixture.Server;
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri("/", UriKind.Relative)) { Content = new StringContent("SELECT number, 'padding padding padding' FROM numbers(20000000) FORMAT RowBinary") };
        using var answer = await fixture.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await using var body = await answer.Content.ReadAsStreamAsync(Cancellation);
        var total = 0L;
        var peak = 0L;
        var buffer = new byte[1 << 20];
        while (await body.ReadAsync(buffer, Cancellation) is > 0 and var n)
        {
            total += n;
            if (total >> 25 != (total - n) >> 25)
            {
                peak = Math.Max(peak, Resident());
            }
        }

        Assert.Equal(20_000_000L * (8 + 1 + 23), total);
        Assert.True(peak < 2L << 30, $"the server grew to {peak >> 20} MiB for a result of {total >> 20} MiB");
        var json = await fixture.Ok("SELECT number FROM numbers(400000) FORMAT JSON");
        Assert.Equal(400_000, JsonDocument.Parse(json).RootElement.GetProperty("rows").GetInt32());
    }

    [Fact]
    public async Task An_error_after_the_first_rows_breaks_the_body_off()
    {
        _ = fixture.Server;
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => fixture.Post("SELECT number, throwIf(number = 5000000) FROM system.numbers LIMIT 9000000"));
    }

    [Fact]
    public async Task A_client_that_leaves_ends_its_query()
    {
        _ = fixture.Server;
        using (HttpRequestMessage request = new(HttpMethod.Post, new Uri("/", UriKind.Relative)) { Content = new StringContent("SELECT number AS left_alone FROM system.numbers") })
        {
            using var answer = await fixture.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(20));
        while (await fixture.Ok("SELECT count() FROM system.processes WHERE query LIKE '%left_alone FROM system.numbers%' AND query NOT LIKE '%processes%'") != "0\n")
        {
            await Task.Delay(50, patience.Token);
        }
    }

    [Fact]
    public async Task Reads_run_while_an_insert_is_open()
    {
        await fixture.Ok("CREATE TABLE slow_insert (a UInt64) ENGINE = MergeTree ORDER BY a");
        TaskCompletionSource go = new();
        using PushContent content = new(async stream =>
        {
            await stream.WriteAsync("INSERT INTO slow_insert FORMAT CSV\n1\n"u8.ToArray());
            await stream.FlushAsync();
            await go.Task;
            await stream.WriteAsync("2\n"u8.ToArray());
        });
        var insert = fixture.Http.PostAsync(new Uri("/", UriKind.Relative), content, Cancellation);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("1\n", await fixture.Ok("SELECT 1"));
        }

        Assert.False(insert.IsCompleted);
        go.SetResult();
        using var answer = await insert;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("2\n", await fixture.Ok("SELECT count() FROM slow_insert"));
    }

    [Fact]
    public async Task A_token_makes_an_insert_land_once()
    {
        await fixture.Ok("CREATE TABLE once (a UInt32) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100");
        for (var i = 0; i < 3; i++)
        {
            await fixture.Ok("1\n2\n", "/?insert_deduplication_token=topic:0:1-2&query=INSERT%20INTO%20once%20FORMAT%20CSV");
        }

        await fixture.Ok("1\n2\n", "/?insert_deduplication_token=topic:0:3-4&query=INSERT%20INTO%20once%20FORMAT%20CSV");
        Assert.Equal("4\n", await fixture.Ok("SELECT count() FROM once"));
    }

    [Fact]
    public async Task A_failed_insert_leaves_nothing()
    {
        await fixture.Ok("CREATE TABLE failed (a UInt32) ENGINE = MergeTree ORDER BY a");
        var (status, text) = await fixture.Post("INSERT INTO failed FORMAT CSV\n1\n2\nthree\n");
        Assert.True(status is HttpStatusCode.BadRequest, text);
        Assert.Equal("0\n", await fixture.Ok("SELECT count() FROM failed"));
    }

    [Fact]
    public async Task An_insert_whose_client_dies_leaves_nothing()
    {
        await fixture.Ok("CREATE TABLE abandoned (a UInt32) ENGINE = MergeTree ORDER BY a");
        using (TcpClient client = new())
        {
            await client.ConnectAsync(fixture.Server.Endpoint.Host, fixture.Server.Endpoint.Port, Cancellation);
            await client.GetStream().WriteAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nINSERT INTO abandoned FORMAT CSV\n1\n2\n3\n"u8.ToArray(), Cancellation);
            using CancellationTokenSource begun = new(TimeSpan.FromSeconds(20));
            while (await Running() == "0\n")
            {
                await Task.Delay(20, begun.Token);
            }
        }

        using CancellationTokenSource over = new(TimeSpan.FromSeconds(20));
        while (await Running() != "0\n")
        {
            await Task.Delay(20, over.Token);
        }

        Assert.Equal("0\n", await fixture.Ok("SELECT count() FROM abandoned"));

        Task<string> Running() => fixture.Ok("SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO abandoned%'");
    }

    [Fact]
    public void Garbage_gets_an_answer_and_the_server_lives()
    {
        _ = fixture.Server;
        string[] words = ["SELECT", "INSERT INTO", "FORMAT", "VALUES", "'", "\"", "`", "$x$", "/*", "--", "(", ")", ";", "\\", "\0", "{a:UInt8}", "1", "t", ",", "\n", "é"];
        Gen.Int[0, words.Length - 1].Array[0, 12].Sample(
            parts =>
            {
                var (_, text) = fixture.Post(string.Join(' ', parts.Select(i => words[i]))).GetAwaiter().GetResult();
                Assert.NotNull(text);
            },
            iter: 300, threads: 2, seed: "0N0XIzNsQ0O2");
        Assert.True(fixture.Server.IsRunning);
    }

    private long Resident()
    {
        using var process = System.Diagnostics.Process.GetProcessById(fixture.Server.ProcessId);
        return process.WorkingSet64;
    }

    private static Stream Pack(Stream target, string encoding) => encoding switch
    {
        "gzip" => new GZipStream(target, CompressionMode.Compress, leaveOpen: true),
        "deflate" => new ZLibStream(target, CompressionMode.Compress, leaveOpen: true),
        "br" => new BrotliStream(target, CompressionMode.Compress, leaveOpen: true),
        "zstd" => new ZstdSharp.CompressionStream(target, leaveOpen: true),
        _ => K4os.Compression.LZ4.Streams.LZ4Stream.Encode(target, leaveOpen: true),
    };

    private static Stream Unpack(Stream source, string encoding) => encoding switch
    {
        "gzip" => new GZipStream(source, CompressionMode.Decompress),
        "deflate" => new ZLibStream(source, CompressionMode.Decompress),
        "br" => new BrotliStream(source, CompressionMode.Decompress),
        "zstd" => new ZstdSharp.DecompressionStream(source),
        _ => K4os.Compression.LZ4.Streams.LZ4Stream.Decode(source),
    };

    private sealed class PushContent(Func<Stream, Task> write) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => write(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
