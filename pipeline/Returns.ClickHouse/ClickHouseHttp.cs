using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Returns.ClickHouse;

/// <summary>The ClickHouse HTTP interface, as far as migrations, the sink and the live page need it.</summary>
/// <remarks>Safe across threads. Every request ends within the timeout given at construction.</remarks>
public sealed class ClickHouseHttp : IDisposable
{
    private const int LongestQuotedAnswer = 1000;
    private readonly HttpClient _http;

    /// <summary>Prepares connections to <paramref name="address"/>; none is opened yet.</summary>
    /// <param name="address">The server, database and account.</param>
    /// <param name="timeout">How long one request may take.</param>
    public ClickHouseHttp(ClickHouseAddress address, TimeSpan timeout)
    {
        ArgumentNullException.ThrowIfNull(address);
        Address = address;
        _http = new HttpClient(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20), ConnectTimeout = TimeSpan.FromSeconds(5) })
        {
            BaseAddress = address.Endpoint,
            Timeout = timeout,
        };
        if (address.User is { } user) _http.DefaultRequestHeaders.Add("X-ClickHouse-User", user);
        if (address.Password is { } password) _http.DefaultRequestHeaders.Add("X-ClickHouse-Key", password);
    }

    /// <summary>The server and database this talks to.</summary>
    public ClickHouseAddress Address { get; }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Runs a statement in the address's database and returns the answer, tab-separated unless the statement names a format.</summary>
    /// <exception cref="ClickHouseException">The server did not answer in time, or refused.</exception>
    public Task<string> QueryAsync(string sql, CancellationToken cancel = default) => SendAsync(InDatabase(""), Text(sql), cancel);

    /// <summary>As <see cref="QueryAsync(string, CancellationToken)"/>, with settings and with values for the query's parameters.</summary>
    /// <param name="sql">The statement; its parameters are written <c>{name:Type}</c>.</param>
    /// <param name="parameters">Settings by name, and values by name with <c>param_</c> before it.</param>
    /// <param name="cancel">Breaks the request off.</param>
    /// <exception cref="ClickHouseException">The server did not answer in time, or refused.</exception>
    public Task<string> QueryAsync(string sql, IEnumerable<KeyValuePair<string, string>> parameters, CancellationToken cancel) =>
        SendAsync(InDatabase(string.Concat(parameters.Select(p => $"&{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(p.Value)}"))), Text(sql), cancel);

    /// <summary>Runs a statement as <see cref="QueryAsync(string, CancellationToken)"/> does, and writes the answer as it comes: for formats that are no text.</summary>
    /// <exception cref="ClickHouseException">The server did not answer in time, or refused; nothing was written then.</exception>
    public async Task CopyAsync(string sql, Stream into, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(into);
        var bytes = await SendAsync(InDatabase(""), Text(sql), content => content.ReadAsByteArrayAsync(cancel), cancel);
        await into.WriteAsync(bytes, cancel);
    }

    /// <summary>As <see cref="QueryAsync(string, CancellationToken)"/>, in no database: for statements that create or look for one.</summary>
    internal Task<string> QueryServerAsync(string sql, CancellationToken cancel) => SendAsync("/", Text(sql), cancel);

    /// <summary>Inserts RowBinary rows as one block, at most once for one token within the table's deduplication window.</summary>
    /// <param name="insert">The statement up to and including FORMAT RowBinary, escaped for a URL.</param>
    /// <param name="token">The deduplication token.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="cancel">Breaks the request off; the rows may have landed all the same.</param>
    /// <exception cref="ClickHouseException">The server did not answer in time (the rows may have landed), or refused.</exception>
    internal async Task InsertAsync(string insert, string token, ReadOnlyMemory<byte> rows, CancellationToken cancel)
    {
        // A part per year of event time and batch is what the tables can take; the limit of 100 is for others' mistakes.
        var url = InDatabase($"&query={insert}&insert_deduplication_token={Uri.EscapeDataString(token)}&insert_deduplicate=1&async_insert=0&max_partitions_per_insert_block=0");
        using ReadOnlyMemoryContent content = new(rows);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        await SendAsync(url, content, cancel);
    }

    private string InDatabase(string parameters) => $"/?database={Uri.EscapeDataString(Address.Database)}{parameters}";

    private static StringContent Text(string sql) => new(sql, Encoding.UTF8);

    private Task<string> SendAsync(string url, HttpContent content, CancellationToken cancel) =>
        SendAsync(url, content, answer => answer.ReadAsStringAsync(cancel), cancel);

    private async Task<T> SendAsync<T>(string url, HttpContent content, Func<HttpContent, Task<T>> read, CancellationToken cancel)
    {
        try
        {
            using var answer = await _http.PostAsync(new Uri(url, UriKind.Relative), content, cancel);
            return answer.IsSuccessStatusCode && !answer.Headers.Contains("X-ClickHouse-Exception-Code")
                ? await read(answer.Content)
                : throw Refused(answer, await answer.Content.ReadAsStringAsync(cancel));
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException && cancel.IsCancellationRequested)
        {
            // It was broken off: what the connection came to meanwhile is nobody's concern.
            throw new OperationCanceledException(error.Message, error, cancel);
        }
        // A connection that is reset between its opening and its first byte comes out of HttpClient as it is: a SocketException.
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            var reason = error is TaskCanceledException
                ? string.Create(CultureInfo.InvariantCulture, $"no answer within {_http.Timeout.TotalSeconds:0.#} s")
                : error.GetBaseException().Message;
            throw new ClickHouseException($"ClickHouse at {Address} cannot be reached: {reason}", 0, isAway: true, error);
        }
    }

    private ClickHouseException Refused(HttpResponseMessage answer, string text)
    {
        _ = answer.Headers.TryGetValues("X-ClickHouse-Exception-Code", out var header);
        _ = int.TryParse(header?.FirstOrDefault(), CultureInfo.InvariantCulture, out var code);
        var words = text.Trim();
        if (words.Length > LongestQuotedAnswer) words = words[..LongestQuotedAnswer] + "…";
        var isAway = code == 0
            ? answer.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout or HttpStatusCode.TooManyRequests
            : ClickHouseException.SaysAway(code);
        var wayOut = code switch
        {
            60 or 81 => " Run the migrations first.",
            ClickHouseException.AuthenticationFailed => " Give the account in the URL, http://user:password@host:port.",
            _ => "",
        };
        return new ClickHouseException($"ClickHouse at {Address} answered {(int)answer.StatusCode}: {words}{wayOut}", code, isAway);
    }
}
