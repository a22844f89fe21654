using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Returns.Chaos.Processes;

namespace Returns.Streams.Tests.Kafka;

/// <summary>What becomes of a request.</summary>
internal enum Fate
{
    Pass,

    /// <summary>It waits, and so does what comes behind it on its connection.</summary>
    Hold,

    /// <summary>The connection is cut, and the request never arrives.</summary>
    CutBefore,

    /// <summary>The request arrives, and the connection is cut before the answer does.</summary>
    CutAfter,

    /// <summary>It arrives as of another generation of the group, and is refused: for <see cref="Api.TxnOffsetCommit"/>.</summary>
    Refused,
}

/// <summary>Requests of Kafka's protocol, by their api keys.</summary>
internal enum Api : short
{
    ListOffsets = 2,
    AddOffsetsToTxn = 25,
    EndTxn = 26,
    TxnOffsetCommit = 28,
}

/// <summary>A way to a broker on which a test decides what becomes of each request.</summary>
/// <param name="decide">Told of each request, by its kind and its client's id. May be called by several threads at once.</param>
internal sealed class RequestGate(Func<Api, string, Fate> decide) : IAsyncDisposable
{
    private static readonly TimeSpan HeldFor = TimeSpan.FromSeconds(4);
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private Task _accepting = Task.CompletedTask;
    private int _target;

    /// <summary>Opens it, before the broker's port is known.</summary>
    public DnsEndPoint Open()
    {
        _listener.Start();
        _accepting = AcceptAsync();
        return new DnsEndPoint("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port);
    }

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
                var lastAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                await Task.WhenAny(AskAsync(client.GetStream(), server.GetStream(), lastAnswer), AnswerAsync(server.GetStream(), client.GetStream(), lastAnswer.Task));
            }
            catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
            {
                // One end is gone.
            }
        }
    }

    /// <summary>Passes requests on, one by one: length, then api key, version, correlation id and client id.</summary>
    private async Task AskAsync(NetworkStream client, NetworkStream server, TaskCompletionSource lastAnswer)
    {
        var length = new byte[4];
        while (true)
        {
            await client.ReadExactlyAsync(length, _stop.Token);
            var request = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
            await client.ReadExactlyAsync(request, _stop.Token);
            var id = Encoding.UTF8.GetString(request, 10, Math.Max((short)0, BinaryPrimitives.ReadInt16BigEndian(request.AsSpan(8))));
            switch (decide((Api)BinaryPrimitives.ReadInt16BigEndian(request), id))
            {
                case Fate.Hold:
                    await Task.Delay(HeldFor, _stop.Token);
                    break;
                case Fate.CutBefore:
                    return;
                case Fate.CutAfter:
                    lastAnswer.SetResult();
                    break;
                case Fate.Refused:
                    Assert.True(CommitRequest.TryMakeOutdated(request));
                    break;
            }
            await server.WriteAsync(length, _stop.Token);
            await server.WriteAsync(request, _stop.Token);
        }
    }

    /// <summary>Passes answers on, until the one that is not to arrive.</summary>
    private async Task AnswerAsync(NetworkStream server, NetworkStream client, Task lastAnswer)
    {
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await server.ReadAsync(buffer, _stop.Token)) > 0 && !lastAnswer.IsCompleted)
        {
            await client.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
        }
    }
}
