using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams;

namespace Returns.Topologies.Wire;

/// <summary>Encodes events of schemas/ for one topic. For one thread at a time.</summary>
internal sealed class WireEventEncoder<T>(ISchemaIds schemas, string topic) : IEncoder<T> where T : class, IAvroRecord<T>, new()
{
    private readonly WireEncoder<T> _wire = new(schemas, topic);

    public ReadOnlySpan<byte> Encode(T message) => _wire.Encode(message);
}
