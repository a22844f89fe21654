using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams;
using Returns.Topologies.Wire;

namespace Returns.Topologies.Recovery.Inputs;

/// <summary>Entries of the manual-review queue, and their ends.</summary>
internal sealed class ExceptionDecoder(ISchemaIds schemas) : WireEventDecoder<ItemException>(schemas, Topics.Exceptions)
{
    protected override long EventTimeOf(ItemException message) => message.RaisedAt;

    protected override Rejection? Check(in InputRecord record, ItemException message) =>
        CheckName("lpn", message.Lpn) ?? CheckKey(record, message.Lpn) ?? CheckName("program", message.Program)
        ?? CheckLength("facility", message.Facility) ?? CheckLength("sku", message.Sku) ?? CheckLength("category", message.Category)
        ?? CheckLength("vendor", message.Vendor) ?? CheckLength("grade", message.Grade)
        ?? (message.IntakeAt is { } intakeAt ? CheckTime("intakeAt", intakeAt) : null);
}
