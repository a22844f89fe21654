using System.Text;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Recovery;
using Returns.Streams;
using Returns.Topologies.Wire;

namespace Returns.Topologies.Recovery.Inputs;

/// <summary>What channels and vendors paid.</summary>
internal sealed class SettlementDecoder(ISchemaIds schemas) : WireEventDecoder<Settlement>(schemas, Topics.Settlements)
{
    protected override long EventTimeOf(Settlement message) => message.PaidAt;

    protected override Rejection? Check(in InputRecord record, Settlement message)
    {
        if ((CheckName("lpn", message.Lpn) ?? CheckKey(record, message.Lpn) ?? CheckName("program", message.Program)
            ?? CheckLength("payerName", message.PayerName) ?? CheckLength("reference", message.Reference)) is { } refused)
        {
            return refused;
        }
        if (message.Revision < 1)
        {
            return new Rejection("SettlementRevision", $"revision {message.Revision}: the first settlement of a unit has 1");
        }
        var id = SettlementId.Of(message);
        return Encoding.UTF8.GetBytes(id).AsSpan().SequenceEqual(message.SettlementId.Span)
            ? null
            : new Rejection("SettlementIdMismatch", $"the id is '{message.SettlementId}', and by its content '{id}': see schemas/README.md, and publish again");
    }
}
