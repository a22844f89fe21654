using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Returns.Chaos.Processes;

/// <summary>Passes connections on to a port of this machine, until they are cut.</summary>
internal sealed class TcpProxy : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<Link, bool> _links = new();
    private readonly int _target;
    private readonly bool _speaksKafka;
    private volatile bool _refuses;
    private volatile bool _outdatesCommits;
    private int _outdated;

    /// <summary>Listens on a free port of loopback.</summary>
    /// <param name="target">Port of loopback that it passes on to.</param>
    /// <param name="speaksKafka">Whether what comes through are requests of Kafka's protocol.</param>
    public TcpProxy(int target, bool speaksKafka)
    {
        (_target, _speaksKafka) = (target, speaksKafka);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(128);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Whether new connections are closed at once.</summary>
    public bool Refuses
    {
        get => _refuses;
        set => _refuses = value;
    }

    /// <summary>Whether the commits that come through are made ones that the broker refuses; for a proxy of Kafka.</summary>
    public bool OutdatesCommits
    {
        get => _outdatesCommits;
        set => _outdatesCommits = value;
    }

    /// <summary>How many commits were.</summary>
    public int Outdated => Volatile.Read(ref _outdated);

    /// <summary>Cuts connections, whatever is under way on them.</summary>
    /// <param name="chosen">Whether to cut the next one.</param>
    /// <returns>How many were cut.</returns>
    public int Cut(Func<bool> chosen)
    {
        var cut = 0;
        foreach (var link in _links.Keys)
        {
            if (chosen())
            {
                link.Dispose();
                cut++;
            }
        }
        return cut;
    }

    public void Dispose()
    {
        _listener.Dispose();
        Cut(() => true);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync();
                _ = ServeAsync(client);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var link = new Link(client);
        _links[link] = true;
        try
        {
            if (!_refuses)
            {
                await link.Server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _target));
                await Task.WhenAny(_speaksKafka ? PassRequestsAsync(link.Client, link.Server) : PumpAsync(link.Client, link.Server), PumpAsync(link.Server, link.Client));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The target is away, or the link was cut.
        }
        finally
        {
            _links.TryRemove(link, out _);
        }
    }

    /// <summary>Passes requests on, one by one, each behind its length.</summary>
    private async Task PassRequestsAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        while (await ReceiveAsync(from, buffer.AsMemory(0, sizeof(int))))
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(buffer);
            if (sizeof(int) + length > buffer.Length)
            {
                Array.Resize(ref buffer, sizeof(int) + length);
            }
            if (!await ReceiveAsync(from, buffer.AsMemory(sizeof(int), length)))
            {
                return;
            }
            if (_outdatesCommits && CommitRequest.TryMakeOutdated(buffer.AsSpan(sizeof(int), length)))
            {
                Interlocked.Increment(ref _outdated);
            }
            for (var sent = 0; sent < sizeof(int) + length;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, sizeof(int) + length - sent));
            }
        }
    }

    private static async Task<bool> ReceiveAsync(Socket from, Memory<byte> into)
    {
        while (into.Length > 0)
        {
            var read = await from.ReceiveAsync(into);
            if (read == 0)
            {
                return false;
            }
            into = into[read..];
        }
        return true;
    }

    private static async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                var read = await from.ReceiveAsync(buffer);
                if (read == 0)
                {
                    return;
                }
                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent));
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // One end is gone: so is the link.
        }
    }

    /// <summary>One connection through the proxy. Disposing it resets both ends.</summary>
    private sealed class Link : IDisposable
    {
        public Link(Socket client)
        {
            Client = client;
            Client.NoDelay = Server.NoDelay = true;
            Client.LingerState = Server.LingerState = new LingerOption(true, 0);
        }

        public Socket Client { get; }

        public Socket Server { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public void Dispose()
        {
            Client.Dispose();
            Server.Dispose();
        }
    }
}
