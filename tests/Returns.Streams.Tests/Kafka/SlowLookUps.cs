using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Returns.Streams.Tests.Kafka;

/// <summary>A way to a broker on which the look-ups of offsets that one client makes (ListOffsets) take their time.</summary>
internal sealed class SlowLookUps : IAsyncDisposable
{
    private const short ListOffsets = 2;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly string _client;
    private readonly TimeSpan _time;
    private readonly Task _accepting;
    private int _target;

    /// <param name="client">How the client's id ends.</param>
    /// <param name="time">How long each of its look-ups is held.</param>
    public SlowLookUps(string client, TimeSpan time)
    {
        (_client, _time) = (client, time);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public DnsEndPoint EndPoint => new("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port);

    /// <summary>Leads to the broker on a port.</summary>
    public void LeadTo(int port) => _target = port;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ContinueWith(static _ => { }, TaskScheduler.Default);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        using (client)
        {
            try
            {
                client.NoDelay = true;
                await server.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
                await Task.WhenAny(AskAsync(client.GetStream(), server.GetStream()), server.GetStream().CopyToAsync(client.GetStream(), _stop.Token));
            }
            catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
            {
                // One end is gone.
            }
        }
    }

    /// <summary>Passes requests on, one by one: length, then api key, version, correlation id and client id.</summary>
    private async Task AskAsync(NetworkStream client, NetworkStream server)
    {
        var length = new byte[4];
        while (true)
        {
            await client.ReadExactlyAsync(length, _stop.Token);
            var request = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
            await client.ReadExactlyAsync(request, _stop.Token);
            var id = Encoding.UTF8.GetString(request, 10, Math.Max((short)0, BinaryPrimitives.ReadInt16BigEndian(request.AsSpan(8))));
            if (BinaryPrimitives.ReadInt16BigEndian(request) == ListOffsets && id.EndsWith(_client, StringComparison.Ordinal))
            {
                await Task.Delay(_time, _stop.Token);
            }
            await server.WriteAsync(length, _stop.Token);
            await server.WriteAsync(request, _stop.Token);
        }
    }
}
