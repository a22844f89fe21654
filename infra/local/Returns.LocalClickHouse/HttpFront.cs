using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using K4os.Compression.LZ4.Streams;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Returns.LocalClickHouse;

/// <summary>The ClickHouse HTTP interface over an <see cref="Engine"/>. A request has a session of the engine to itself.</summary>
/// <remarks>Engine calls block; they run on pool threads, and <paramref name="concurrency"/> bounds how many do at once. Requests over it wait.</remarks>
internal sealed class HttpFront(Engine engine, int concurrency) : IDisposable
{
    private const int MaxStatementBytes = 64 << 20;
    private const int ChunkBytes = 1 << 20;

    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "query", "database", "default_format", "query_id", "user", "password", "session_id", "session_timeout", "session_check",
        "session_timezone_check", "quota_key", "role", "compress", "decompress", "buffer_size", "wait_end_of_query", "stacktrace",
        "client_protocol_version", "close_session", "enable_http_compression", "http_zlib_compression_level",
    };

    private readonly SemaphoreSlim turns = new(concurrency, concurrency);
    private readonly string serverName = Environment.MachineName;
    private long killMark;

    public void Dispose() => turns.Dispose();

    /// <summary>Answers one request. Errors of the statement become ClickHouse error responses.</summary>
    public async Task Handle(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "/";
        var get = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);
        http.Response.ContentType = "text/plain; charset=UTF-8";
        http.Response.Headers["X-ClickHouse-Server-Display-Name"] = serverName;
        if (path == "/ping" || (path == "/" && get && !http.Request.Query.ContainsKey("query")))
        {
            await http.Response.WriteAsync("Ok.\n");
            return;
        }

        if (path != "/" && path != "/query")
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            await http.Response.WriteAsync($"There is no handle {path}\n\nUse / or /ping for health checks.\nSend queries from your program with POST method or GET /?query=...\n");
            return;
        }

        if (!get && !HttpMethods.IsPost(http.Request.Method))
        {
            await Refuse(http, $"Code: 48. DB::Exception: HTTP method {http.Request.Method} is not supported: use GET or POST. (NOT_IMPLEMENTED)");
            return;
        }

        await turns.WaitAsync(http.RequestAborted);
        try
        {
            await Run(http, get);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
        }
        catch (Exception e) when (e is BadHttpRequestException or IOException || http.Request.Headers.ContentEncoding.Count > 0)
        {
            // Each decompressor has exceptions of its own, and some let an index run out of its array.
            await Refuse(http, $"Code: 33. DB::Exception: Cannot read the request's body: {e.Message} (CANNOT_READ_ALL_DATA)");
        }
        finally
        {
            turns.Release();
        }
    }

    private async Task Run(HttpContext http, bool get)
    {
        List<KeyValuePair<string, string>> parameters = [];
        StringBuilder settings = new();
        var urlQuery = "";
        var database = http.Request.Headers["X-ClickHouse-Database"].ToString();
        var defaultFormat = http.Request.Headers["X-ClickHouse-Format"].ToString();
        var queryId = "";
        var compression = false;
        var comment = Interlocked.Increment(ref killMark).ToString("'http-'0", CultureInfo.InvariantCulture);
        foreach (var (name, values) in http.Request.Query)
        {
            var value = values.ToString();
            switch (name)
            {
                case "query": urlQuery = value; break;
                case "database": database = value; break;
                case "default_format": defaultFormat = value; break;
                case "query_id": queryId = value; break;
                case "enable_http_compression": compression = value is "1" or "true"; break;
                case "session_id" when value.Length > 0:
                    await Refuse(http, "Code: 48. DB::Exception: Sessions are not supported here: leave session_id out; every request is a session of its own. (NOT_IMPLEMENTED)");
                    return;
                case "compress" or "decompress" when value is "1" or "true":
                    await Refuse(http, $"Code: 48. DB::Exception: '{name}=1' (ClickHouse's native block compression) is not supported here: use enable_http_compression=1 with Accept-Encoding, or Content-Encoding. (NOT_IMPLEMENTED)");
                    return;
                case "log_comment": comment = value; break;
                default:
                    if (name.StartsWith("param_", StringComparison.Ordinal))
                    {
                        parameters.Add(new(name["param_".Length..], value));
                    }
                    else if (!Reserved.Contains(name))
                    {
                        settings.Append(Connection.QuoteName(name)).Append('=').Append(Connection.Quote(value)).Append(", ");
                    }

                    break;
            }
        }

        settings.Append("log_comment=").Append(Connection.Quote(comment));
        if (get)
        {
            settings.Append(", readonly=2");
        }

        if (queryId.Length == 0)
        {
            queryId = Guid.NewGuid().ToString();
        }

        var headers = http.Response.Headers;
        headers["X-ClickHouse-Query-Id"] = new string([.. queryId.Where(c => c is > ' ' and < (char)127)]);
        headers["X-ClickHouse-Timezone"] = engine.TimeZone;

        var body = Decoded(http.Request);
        if (body is null)
        {
            await Refuse(http, $"Code: 48. DB::Exception: Unknown Content-Encoding '{http.Request.Headers.ContentEncoding}': use gzip, deflate, br, lz4 or zstd. (NOT_IMPLEMENTED)");
            return;
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        await using (body)
        {
            TextBuffer text = new();
            try
            {
                if (urlQuery.Length > 0)
                {
                    text.Add(Encoding.UTF8.GetBytes(urlQuery + "\n"));
                }

                Scan scan;
                var complete = false;
                var enough = 0;
                while (true)
                {
                    complete = !await text.Read(body, http.RequestAborted);
                    if (complete || text.Length >= enough)
                    {
                        scan = SqlScanner.Scan(text.Span, complete);
                        if (scan.Kind != StatementKind.NeedMore)
                        {
                            break;
                        }

                        enough = text.Length * 2;
                    }

                    if (text.Length > MaxStatementBytes)
                    {
                        await Refuse(http, $"Code: 229. DB::Exception: The statement is longer than {MaxStatementBytes} bytes: insert data after FORMAT or VALUES instead. (QUERY_IS_TOO_LARGE)");
                        return;
                    }
                }

                using var connection = engine.Open();
                var problem = scan.Problem
                    ?? (scan.SqlEnd == 0 ? "Code: 62. DB::Exception: Syntax error: Empty query. (SYNTAX_ERROR)" : null)
                    ?? (database.Length > 0 ? connection.Query($"USE {Connection.QuoteName(database)}", "TabSeparated", []).Error : null)
                    ?? connection.Query($"SET {settings}", "TabSeparated", []).Error;
                if (problem is not null)
                {
                    await Refuse(http, problem);
                    return;
                }

                using var abort = http.RequestAborted.UnsafeRegister(_ => engine.Kill(comment), null);
                var format = scan.Format ?? (defaultFormat.Length > 0 ? defaultFormat : "TabSeparated");
                headers["X-ClickHouse-Format"] = new string([.. format.Where(c => c is > ' ' and < (char)127)]);
                switch (scan.Kind)
                {
                    case StatementKind.InsertWithData:
                        await Insert(http, connection, text, scan, body, parameters);
                        break;
                    case StatementKind.Read:
                        await Read(http, connection, text, scan, format, parameters, compression);
                        break;
                    default:
                        await Respond(http, connection.Query(text.Span[..scan.SqlEnd], format, parameters), format, compression);
                        break;
                }
            }
            finally
            {
                text.Dispose();
            }
        }
    }

    private async Task Insert(
        HttpContext http, Connection connection, TextBuffer text, Scan scan, Stream body, List<KeyValuePair<string, string>> parameters)
    {
        using var insert = connection.Insert(text.Span[..scan.SqlEnd], scan.Format!, parameters);
        if (insert.Error is { } refused)
        {
            await Refuse(http, refused);
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            var going = text.Length == scan.DataStart || insert.Append(text.Span[scan.DataStart..]);
            while (going)
            {
                var n = await body.ReadAtLeastAsync(buffer.AsMemory(0, ChunkBytes), ChunkBytes, throwOnEndOfStream: false, http.RequestAborted);
                going = n == 0 || insert.Append(buffer.AsSpan(0, n));
                if (n < ChunkBytes)
                {
                    break;
                }
            }
        }
        catch
        {
            insert.Cancel();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        await Respond(http, insert.Done(), scan.Format!, compression: false);
    }

    private async Task Read(
        HttpContext http, Connection connection, TextBuffer text, Scan scan, string format,
        List<KeyValuePair<string, string>> parameters, bool compression)
    {
        var sql = text.Span[..scan.SqlEnd].ToArray();
        using ResultPipe pipe = new();
        byte[] piped = [.. sql.AsSpan(0, scan.OutputClauseAt), .. Encoding.UTF8.GetBytes(pipe.Clause), .. sql.AsSpan(scan.OutputClauseAt)];
        var running = Task.Factory.StartNew(
            () =>
            {
                try
                {
                    return connection.Query(piped, format, parameters);
                }
                finally
                {
                    pipe.CloseWriter();
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            var n = pipe.Fill(buffer.AsSpan(0, ChunkBytes));
            if (n < ChunkBytes)
            {
                var outcome = await running;
                if (outcome.ErrorCode == 62)
                {
                    // The parser's complaint quotes the clause added above; the untouched text gives the client its own words.
                    outcome = connection.Query(sql, format, parameters);
                    await Respond(http, outcome, format, compression);
                }
                else
                {
                    await Respond(http, outcome with { Body = buffer.AsSpan(0, n).ToArray() }, format, compression);
                }

                return;
            }

            http.Response.ContentType = ContentType(format);
            await using (var output = Encoded(http, compression))
            {
                while (n > 0)
                {
                    await output.WriteAsync(buffer.AsMemory(0, n), http.RequestAborted);
                    n = pipe.Fill(buffer.AsSpan(0, ChunkBytes));
                }

                var outcome = await running;
                if (outcome.Error is null)
                {
                    return;
                }

                await output.WriteAsync(Encoding.UTF8.GetBytes("\r\n__exception__\r\n" + Versioned(outcome.Error) + "\n"), http.RequestAborted);
                await output.FlushAsync(http.RequestAborted);
            }

            // The status is long gone; a body without its end tells every client that the result is not whole.
            http.Abort();
        }
        finally
        {
            if (!running.IsCompleted)
            {
                // The client left: let the engine's writes go nowhere until it notices that the query is killed.
                while (pipe.Fill(buffer) > 0)
                {
                }

                await running;
            }

            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task Respond(HttpContext http, Outcome outcome, string format, bool compression)
    {
        if (outcome.Error is { } error)
        {
            await Refuse(http, error);
            return;
        }

        http.Response.Headers["X-ClickHouse-Summary"] = string.Create(CultureInfo.InvariantCulture,
            $"{{\"read_rows\":\"{outcome.ReadRows}\",\"read_bytes\":\"{outcome.ReadBytes}\",\"written_rows\":\"{outcome.WrittenRows}\",\"written_bytes\":\"{outcome.WrittenBytes}\",\"total_rows_to_read\":\"0\",\"result_rows\":\"{outcome.ResultRows}\",\"result_bytes\":\"{outcome.Body.Length}\",\"elapsed_ns\":\"{(long)(outcome.Seconds * 1e9)}\"}}");
        http.Response.ContentType = ContentType(format);
        if (outcome.Body.Length == 0)
        {
            return;
        }

        await using var output = Encoded(http, compression);
        await output.WriteAsync(outcome.Body, http.RequestAborted);
    }

    private async Task Refuse(HttpContext http, string error)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        var code = EngineError.CodeOf(error);
        http.Response.StatusCode = EngineError.StatusOf(code);
        http.Response.Headers["X-ClickHouse-Exception-Code"] = code.ToString(CultureInfo.InvariantCulture);
        await http.Response.WriteAsync(Versioned(error) + "\n", http.RequestAborted);
    }

    private string Versioned(string error) => $"{error.TrimEnd()} (version {engine.Version} (libchdb))";

    private static string ContentType(string format) => format switch
    {
        "JSON" or "JSONCompact" or "JSONStrings" or "JSONCompactStrings" or "JSONColumns" => "application/json; charset=UTF-8",
        "JSONEachRow" or "JSONLines" or "NDJSON" => "application/x-ndjson; charset=UTF-8",
        "CSV" => "text/csv; charset=UTF-8; header=absent",
        "CSVWithNames" or "CSVWithNamesAndTypes" => "text/csv; charset=UTF-8; header=present",
        "XML" => "application/xml; charset=UTF-8",
        "TabSeparated" or "TSV" or "TabSeparatedWithNames" or "TSVWithNames" or "TabSeparatedWithNamesAndTypes" or "TSVWithNamesAndTypes" => "text/tab-separated-values; charset=UTF-8",
        _ when format.StartsWith("Pretty", StringComparison.Ordinal) || format is "Vertical" or "Values" => "text/plain; charset=UTF-8",
        _ => "application/octet-stream",
    };

    private static Stream? Decoded(HttpRequest request) => request.Headers.ContentEncoding.ToString().Trim().ToUpperInvariant() switch
    {
        "" or "IDENTITY" => request.Body,
        "GZIP" or "X-GZIP" => new GZipStream(request.Body, CompressionMode.Decompress),
        "DEFLATE" => new ZLibStream(request.Body, CompressionMode.Decompress),
        "BR" => new BrotliStream(request.Body, CompressionMode.Decompress),
        "LZ4" => LZ4Stream.Decode(request.Body, leaveOpen: true),
        "ZSTD" => new ZstdSharp.DecompressionStream(request.Body),
        _ => null,
    };

    private static Stream Encoded(HttpContext http, bool compression)
    {
        var accepted = compression ? http.Request.Headers.AcceptEncoding.ToString() : "";
        string? encoding = null;
        foreach (var candidate in (ReadOnlySpan<string>)["gzip", "zstd", "lz4", "deflate", "br"])
        {
            if (encoding is null && accepted.Contains(candidate, StringComparison.OrdinalIgnoreCase))
            {
                encoding = candidate;
            }
        }

        if (encoding is null)
        {
            return new UnclosedStream(http.Response.Body);
        }

        http.Response.Headers.ContentEncoding = encoding;
        return encoding switch
        {
            "gzip" => new GZipStream(http.Response.Body, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(http.Response.Body, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(http.Response.Body, CompressionLevel.Fastest, leaveOpen: true),
            "lz4" => LZ4Stream.Encode(http.Response.Body, leaveOpen: true),
            _ => new ZstdSharp.CompressionStream(http.Response.Body, 1, leaveOpen: true),
        };
    }
}
