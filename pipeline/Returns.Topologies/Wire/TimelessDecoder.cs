using Returns.Streams;

namespace Returns.Topologies.Wire;

/// <summary>Decodes as another decoder does, into events that wait for no time and move none: for a topic that follows one it may be read
/// ahead of, as both are written at once, by a processor to which their order makes no difference.</summary>
internal sealed class TimelessDecoder<T>(IDecoder<T> inner) : IDecoder<T> where T : class
{
    public bool TryDecode(in InputRecord record, T into, out long eventTime, out Rejection rejection)
    {
        var decoded = inner.TryDecode(record, into, out _, out rejection);
        eventTime = long.MinValue;
        return decoded;
    }
}
