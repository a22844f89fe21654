using System.Buffers.Binary;
using System.Net.Sockets;
using Returns.LocalKafka.Protocol;

namespace Returns.LocalKafka.Tests;

/// <summary>A connection that speaks the protocol byte by byte, for what no client library would send.</summary>
internal sealed class WireClient : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 15_000, NoDelay = true };
    private int _correlation;

    public WireClient(string servers)
    {
        var parts = servers.Split(',')[0].Split(':');
        _socket.Connect(parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    public void SendRaw(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[_socket.Send(bytes)..];
    }

    /// <summary>Whether the broker has closed the connection, waiting for it.</summary>
    public bool IsClosed()
    {
        try
        {
            return _socket.Receive(new byte[1]) == 0;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted)
        {
            return true;
        }
    }

    /// <summary>Sends a request in a version without tagged fields, and returns its answer behind the header.</summary>
    public WireReader Ask(ApiKey key, short version, Action<WireWriter> body)
    {
        Send(key, version, body);
        return Answer();
    }

    public void Send(ApiKey key, short version, Action<WireWriter> body)
    {
        using var w = new WireWriter();
        w.Int32(0);
        w.Int16((short)key);
        w.Int16(version);
        w.Int32(++_correlation);
        w.String("wire");
        body(w);
        w.PatchInt32(0, w.Length - 4);
        SendRaw(w.Written.Span);
    }

    public WireReader Answer()
    {
        var size = new byte[4];
        Receive(size);
        var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
        Receive(frame);
        var reader = new WireReader();
        reader.Reset(frame, 0, frame.Length);
        Assert.Equal(_correlation, reader.Int32());
        return reader;
    }

    /// <summary>Produces one batch to partition 0, and returns the answer.</summary>
    public (ErrorCode Error, long Offset) Produce(string topic, byte[] batch, short acks = -1, short version = 7)
    {
        var r = Ask(ApiKey.Produce, version, w => WriteProduce(w, topic, batch, acks, version));
        Assert.Equal(1, r.ArrayLength());
        r.String();
        Assert.Equal(1, r.ArrayLength());
        r.Int32();
        return ((ErrorCode)r.Int16(), r.Int64());
    }

    public static void WriteProduce(WireWriter w, string topic, byte[] batch, short acks, short version)
    {
        if (version >= 3) w.String(null);
        w.Int16(acks);
        w.Int32(1000);
        w.ArrayLength(1);
        w.String(topic);
        w.ArrayLength(1);
        w.Int32(0);
        w.Bytes(batch);
    }

    public (ErrorCode Error, long ProducerId, short Epoch) InitProducerId(string? transactionalId, int timeoutMs = 60_000)
    {
        var r = Ask(ApiKey.InitProducerId, 1, w =>
        {
            w.String(transactionalId);
            w.Int32(timeoutMs);
        });
        r.Int32();
        return ((ErrorCode)r.Int16(), r.Int64(), r.Int16());
    }

    public ErrorCode AddPartition(string transactionalId, long producerId, short epoch, string topic)
    {
        var r = Ask(ApiKey.AddPartitionsToTxn, 2, w =>
        {
            w.String(transactionalId);
            w.Int64(producerId);
            w.Int16(epoch);
            w.ArrayLength(1);
            w.String(topic);
            w.Int32Array([0]);
        });
        r.Int32();
        r.ArrayLength();
        r.String();
        r.ArrayLength();
        r.Int32();
        return (ErrorCode)r.Int16();
    }

    public ErrorCode EndTransaction(string transactionalId, long producerId, short epoch, bool commit)
    {
        var r = Ask(ApiKey.EndTxn, 2, w =>
        {
            w.String(transactionalId);
            w.Int64(producerId);
            w.Int16(epoch);
            w.Boolean(commit);
        });
        r.Int32();
        return (ErrorCode)r.Int16();
    }

    /// <summary>Commits an offset outside a generation, with metadata.</summary>
    public void CommitOffset(string group, string topic, int partition, long offset, string metadata)
    {
        var r = Ask(ApiKey.OffsetCommit, 5, w =>
        {
            w.String(group);
            w.Int32(-1);
            w.String("");
            w.ArrayLength(1);
            w.String(topic);
            w.ArrayLength(1);
            w.Int32(partition);
            w.Int64(offset);
            w.String(metadata);
        });
        r.Int32();
        Assert.Equal(1, r.ArrayLength());
        r.String();
        Assert.Equal(1, r.ArrayLength());
        r.Int32();
        Assert.Equal(ErrorCode.None, (ErrorCode)r.Int16());
    }

    public string FetchOffsetMetadata(string group, string topic, int partition)
    {
        var r = Ask(ApiKey.OffsetFetch, 4, w =>
        {
            w.String(group);
            w.ArrayLength(1);
            w.String(topic);
            w.Int32Array([partition]);
        });
        r.Int32();
        Assert.Equal(1, r.ArrayLength());
        r.String();
        Assert.Equal(1, r.ArrayLength());
        r.Int32();
        r.Int64();
        return r.String();
    }

    public void Dispose() => _socket.Dispose();

    private void Receive(Span<byte> into)
    {
        while (into.Length > 0)
        {
            var read = _socket.Receive(into);
            if (read == 0) throw new IOException("the broker closed the connection");
            into = into[read..];
        }
    }
}
