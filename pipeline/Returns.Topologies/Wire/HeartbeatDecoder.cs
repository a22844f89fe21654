using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams;

namespace Returns.Topologies.Wire;

/// <summary>Signs of life, of which only the time counts; their key is free.</summary>
internal sealed class HeartbeatDecoder(ISchemaIds schemas) : WireEventDecoder<StationHeartbeat>(schemas, Topics.Heartbeats)
{
    protected override long EventTimeOf(StationHeartbeat message) => message.At;

    protected override Rejection? Check(in InputRecord record, StationHeartbeat message) => null;
}
