using System.Security.Cryptography;
using Returns.Contracts;
using Returns.Streams;

namespace Returns.Topologies.Wire;

/// <summary>An event with the hash of the record that brought it, for those who must be able to show what they went by.</summary>
internal sealed class Hashed<T> where T : class, new()
{
    /// <summary>The event.</summary>
    public T Event { get; } = new();

    /// <summary>SHA-256 of the record's value as it lies in its topic: 32 bytes.</summary>
    public byte[] Hash { get; } = new byte[SHA256.HashSizeInBytes];

    /// <summary>False where the record is none to go by, and another application has it in the dead letters; the event is empty.</summary>
    public bool IsUsable { get; set; }
}

/// <summary>Decodes as another decoder does, and hashes.</summary>
/// <param name="inner">The other decoder.</param>
/// <param name="passOver">Whether what it rejects is passed over, as unusable and without moving time: for a topic whose dead
/// letters another application keeps, so that there is one of each.</param>
internal sealed class HashedDecoder<T>(IDecoder<T> inner, bool passOver = false) : IDecoder<Hashed<T>> where T : class, IAvroRecord<T>, new()
{
    public bool TryDecode(in InputRecord record, Hashed<T> into, out long eventTime, out Rejection rejection)
    {
        into.IsUsable = inner.TryDecode(record, into.Event, out eventTime, out rejection);
        if (into.IsUsable)
        {
            SHA256.HashData(record.Value, into.Hash);
            return true;
        }
        if (!passOver)
        {
            return false;
        }
        into.Event.Clear();
        eventTime = long.MinValue;
        return true;
    }
}
