using Returns.Streams;

namespace Returns.Topologies.Wire;

/// <summary>An event with the bytes that brought it, for those who may have to set it aside, and to say later what became of it.</summary>
internal sealed class Kept<T> where T : class, new()
{
    private byte[] _bytes = new byte[256];
    private int _length;

    /// <summary>The event.</summary>
    public T Event { get; } = new();

    /// <summary>The record's value as it lies in its topic.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Takes the bytes.</summary>
    public void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _bytes.Length)
        {
            _bytes = new byte[bytes.Length * 2];
        }
        bytes.CopyTo(_bytes);
        _length = bytes.Length;
    }
}

/// <summary>Decodes as another decoder does, and keeps the bytes.</summary>
internal sealed class KeptDecoder<T>(IDecoder<T> inner) : IDecoder<Kept<T>> where T : class, new()
{
    public bool TryDecode(in InputRecord record, Kept<T> into, out long eventTime, out Rejection rejection)
    {
        into.Keep(record.Value);
        return inner.TryDecode(record, into.Event, out eventTime, out rejection);
    }
}
