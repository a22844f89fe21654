using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams;

namespace Returns.Topologies.Wire;

/// <summary>Triage's decisions.</summary>
internal sealed class DispositionDecoder(ISchemaIds schemas) : WireEventDecoder<ItemRouted>(schemas, Topics.Dispositions)
{
    protected override long EventTimeOf(ItemRouted message) => message.RoutedAt;

    protected override Rejection? Check(in InputRecord record, ItemRouted message) =>
        CheckName("lpn", message.Lpn) ?? CheckKey(record, message.Lpn) ?? CheckName("program", message.Program)
        ?? CheckLength("facility", message.Facility) ?? CheckLength("sku", message.Sku) ?? CheckLength("category", message.Category)
        ?? CheckLength("vendor", message.Vendor) ?? CheckLength("raNumber", message.RaNumber)
        ?? CheckLength("grade", message.Grade) ?? CheckLength("channel", message.Channel) ?? CheckTime("intakeAt", message.IntakeAt);
}
