using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Returns.Contracts.Tests;

/// <summary>
/// A Schema Registry on a free loopback port that speaks the two calls, and can be told to misbehave. A connection serves one
/// request and says so: a client that took it for open would now and then send its next request into the closing of it.
/// </summary>
internal sealed class LoopbackRegistry : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, int> _idBySchema = [];
    private readonly Task _accepting;

    public LoopbackRegistry()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Url => $"http://127.0.0.1:{Port}";

    /// <summary>Requests as <c>METHOD path</c>, in the order in which they came.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>The Authorization and Content-Type headers of the last request.</summary>
    public ConcurrentDictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    public ConcurrentDictionary<int, string> Schemas { get; } = [];

    /// <summary>Raw answers for the next requests, before it behaves; each closes its connection, and null never answers.</summary>
    public ConcurrentQueue<string?> Misbehave { get; } = [];

    public static string Json(int status, string body) => string.Create(
        CultureInfo.InvariantCulture,
        $"HTTP/1.1 {status} X\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\nConnection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    public void Dispose()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }
        _stop.Cancel();
        _listener.Stop();
        if (!_accepting.Wait(TimeSpan.FromSeconds(10)))
        {
            throw new TimeoutException("the listener did not stop");
        }
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            var stream = client.GetStream();
            if (await ReadAsync(stream) is not var (request, body))
            {
                return;
            }
            Requests.Enqueue(request);
            if (!Misbehave.TryDequeue(out var raw))
            {
                raw = Answer(request, body);
            }
            if (raw is null)
            {
                await Task.Delay(Timeout.Infinite, _stop.Token);
            }
            await stream.WriteAsync(Encoding.UTF8.GetBytes(raw!), _stop.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            // The client has gone, or the test has ended.
        }
    }

    private async Task<(string Request, string Body)?> ReadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
            {
                return null;
            }
            head.Append((char)one[0]);
        }
        var lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Headers.Clear();
        foreach (var line in lines.Skip(1))
        {
            Headers[line[..line.IndexOf(':')]] = line[(line.IndexOf(':') + 1)..].Trim();
        }
        var body = new byte[int.Parse(Headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, _stop.Token);
        return (lines[0][..lines[0].LastIndexOf(' ')], Encoding.UTF8.GetString(body));
    }

    private string Answer(string request, string body)
    {
        if (request.StartsWith("POST /subjects/", StringComparison.Ordinal) && request.EndsWith("/versions", StringComparison.Ordinal))
        {
            using var json = JsonDocument.Parse(body);
            var schema = json.RootElement.GetProperty("schema").GetString()!;
            lock (_idBySchema)
            {
                if (!_idBySchema.TryGetValue(schema, out var id))
                {
                    id = 100_001 + _idBySchema.Count;
                    _idBySchema.Add(schema, id);
                    Schemas[id] = schema;
                }
                return Json(200, $"{{\"id\":{id}}}");
            }
        }
        const string Get = "GET /schemas/ids/";
        if (request.StartsWith(Get, StringComparison.Ordinal))
        {
            return Schemas.TryGetValue(int.Parse(request[Get.Length..], CultureInfo.InvariantCulture), out var schema)
                ? Json(200, JsonSerializer.Serialize(new { schema }))
                : Json(404, """{"error_code":40403,"message":"Schema not found"}""");
        }
        return Json(404, """{"error_code":404,"message":"HTTP 404 Not Found"}""");
    }
}
