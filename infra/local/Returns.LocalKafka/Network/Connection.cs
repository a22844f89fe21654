using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Requests;

namespace Returns.LocalKafka.Network;

/// <summary>One client connection: frames in, answers out, one after the other as the protocol wants it.</summary>
internal sealed class Connection(Socket socket, RequestRouter router, LocalKafkaOptions options, BrokerLog log) : IDisposable
{
    private const int InitialBuffer = 64 * 1024;
    private const int KeptBuffer = 4 * 1024 * 1024;
    private const int LeastFrame = 8;
    private readonly string _peer = socket.RemoteEndPoint?.ToString() ?? "a closed socket";
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(InitialBuffer);
    private int _start;
    private int _end;

    /// <summary>Serves until the client leaves, sends what is no request, or the broker stops.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var request = new RequestContext { ClientHost = "/" + _peer.Split(':')[0] };
        try
        {
            socket.NoDelay = true;
            while (await FillAsync(4, stop).ConfigureAwait(false))
            {
                var size = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_start));
                if (size < LeastFrame || size > options.MaxRequestBytes)
                {
                    log.WriteLimited("frame", $"{_peer}: closed. {DescribeFrame(size)}");
                    return;
                }

                if (!await FillAsync(4 + size, stop).ConfigureAwait(false)) return;
                var outcome = await AnswerAsync(request, size, stop).ConfigureAwait(false);
                _start += 4 + size;
                if (outcome == Outcome.Close) return;
                if (outcome == Outcome.Respond) await SendAsync(request.Writer, stop).ConfigureAwait(false);
            }
        }
        catch (MalformedRequestException e)
        {
            log.WriteLimited("malformed", $"{_peer}: closed. {request.Key} version {request.Version} from client '{request.ClientId}': {e.Message}");
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The client went away, or the broker stops.
        }
        catch (Exception e)
        {
            // A fault of ours, or of the disk, costs this connection and not the broker.
            log.WriteLimited("fault", $"{_peer}: closed. {request.Key} version {request.Version} from client '{request.ClientId}' failed: {e}");
        }
    }

    /// <summary>Cuts the connection off under a request that does not end.</summary>
    public void Abort() => socket.Dispose();

    /// <summary>To be called once, when <see cref="RunAsync"/> has ended.</summary>
    public void Dispose()
    {
        socket.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private async ValueTask<Outcome> AnswerAsync(RequestContext request, int size, CancellationToken stop)
    {
        var (r, w) = (request.Reader, request.Writer);
        w.Reset();
        w.Int32(0);
        r.Reset(_buffer, _start + 4, size);
        var key = r.Int16();
        request.Key = (ApiKey)key;
        request.Version = r.Int16();
        request.CorrelationId = r.Int32();
        w.Int32(request.CorrelationId);
        if (ApiVersion.Find(key) is not { } api)
            throw new MalformedRequestException($"request {key} is not served here; ApiVersions lists those that are");
        if (request.Version < api.Min || request.Version > api.Max)
        {
            if (api.Key != ApiKey.ApiVersions)
                throw new MalformedRequestException($"versions {api.Min} to {api.Max} are served; ApiVersions would have said so");
            // A newer client asks first of all: it gets the list in version 0's form, and asks again.
            request.Version = 0;
            ClusterRequests.ApiVersions(request, ErrorCode.UnsupportedVersion);
            return Outcome.Respond;
        }

        // The client id keeps its old form in every header.
        request.ClientId = ReadClientId(request);
        r.Flexible = w.Flexible = request.Version >= api.FlexibleFrom;
        r.Tags();
        // ApiVersions' own answer has the old header, for clients that cannot know yet.
        if (api.Key != ApiKey.ApiVersions) w.Tags();
        return await router.HandleAsync(request, stop).ConfigureAwait(false);
    }

    // The same on every request of a connection, so the string is made once.
    private static string ReadClientId(RequestContext request)
    {
        var utf8 = request.Reader.Utf8OrNull();
        if (utf8.Length == request.ClientId.Length && System.Text.Ascii.Equals(utf8, request.ClientId)) return request.ClientId;
        return System.Text.Encoding.UTF8.GetString(utf8);
    }

    private async ValueTask SendAsync(WireWriter w, CancellationToken stop)
    {
        w.PatchInt32(0, w.Length - 4);
        var left = w.Written;
        while (left.Length > 0) left = left[await socket.SendAsync(left, stop).ConfigureAwait(false)..];
    }

    /// <summary>Receives until a number of bytes is there; false when the client has closed.</summary>
    private async ValueTask<bool> FillAsync(int wanted, CancellationToken stop)
    {
        if (_end == _start)
        {
            _start = _end = 0;
            if (_buffer.Length > KeptBuffer) Exchange(InitialBuffer);
        }

        while (_end - _start < wanted)
        {
            if (_end == _buffer.Length || _start + wanted > _buffer.Length)
            {
                if (_start > 0)
                {
                    _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                    _end -= _start;
                    _start = 0;
                }

                // Only as the bytes come: a length alone, however large, makes no buffer.
                if (_end == _buffer.Length) Exchange((int)Math.Min((long)_buffer.Length * 2, Array.MaxLength));
            }

            var read = await socket.ReceiveAsync(_buffer.AsMemory(_end), stop).ConfigureAwait(false);
            if (read == 0) return false;
            _end += read;
        }

        return true;
    }

    private void Exchange(int size)
    {
        var next = ArrayPool<byte>.Shared.Rent(size);
        _buffer.AsSpan(_start, _end - _start).CopyTo(next);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = next;
        _end -= _start;
        _start = 0;
    }

    private string DescribeFrame(int size) => ((uint)size >> 16) switch
    {
        0x1603 => "The client speaks TLS; this broker has plain text only (security.protocol=PLAINTEXT)",
        0x4745 or 0x504F or 0x4845 => "The client speaks HTTP; this port speaks the Kafka protocol",
        _ => $"A frame of {size} bytes; {LeastFrame} to {options.MaxRequestBytes} are taken",
    };
}
