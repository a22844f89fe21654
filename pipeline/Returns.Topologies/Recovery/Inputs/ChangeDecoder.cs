using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams;
using Returns.Topologies.Wire;

namespace Returns.Topologies.Recovery.Inputs;

/// <summary>Changes that the sub-topology of units combined. Their time is how far that had come.</summary>
internal sealed class ChangeDecoder(ISchemaIds schemas) : WireEventDecoder<RecoveryChange>(schemas, Topics.RecoveryChanges)
{
    protected override long EventTimeOf(RecoveryChange message) => message.OriginTime;

    protected override Rejection? Check(in InputRecord record, RecoveryChange message) => CheckName("program", message.Program);
}
