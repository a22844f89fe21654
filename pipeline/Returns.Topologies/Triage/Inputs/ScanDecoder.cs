using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Grading;
using Returns.Streams;
using Returns.Topologies.Wire;

namespace Returns.Topologies.Triage.Inputs;

/// <summary>Scans, as far as they can be judged without knowing the unit.</summary>
internal sealed class ScanDecoder(ISchemaIds schemas) : WireEventDecoder<ItemScan>(schemas, Topics.Scans)
{
    private const decimal MaxPrice = 1_000_000_000_000m;

    protected override long EventTimeOf(ItemScan message) => message.ScannedAt;

    protected override Rejection? Check(in InputRecord record, ItemScan message) =>
        CheckName("lpn", message.Lpn) ?? CheckKey(record, message.Lpn)
        ?? CheckName("program", message.Program) ?? CheckProgram(message.Program)
        ?? CheckName("facility", message.Facility) ?? CheckName("station", message.Station)
        ?? CheckLength("sku", message.Sku) ?? CheckLength("raNumber", message.RaNumber)
        ?? CheckLength("serialNumber", message.SerialNumber)
        ?? CheckPrice(message.PricePaid) ?? CheckFindings(message.Findings);

    /// <summary>Keys of catalogue and rules are program|…: a bar in the program would make two programs share one.</summary>
    private static Rejection? CheckProgram(Utf8 program) =>
        program.Span.Contains((byte)'|')
            ? new Rejection("BadName", $"program '{program}' has a '|', which separates it from the SKU in keys: rename it")
            : null;

    private static Rejection? CheckPrice(Money? price)
    {
        if (price is not { } paid || (paid.Amount is >= 0 and <= MaxPrice && paid.Currency != Currency.None))
        {
            return null;
        }
        return new Rejection("ValueOutOfRange", $"pricePaid {paid} must be from 0 to {MaxPrice:F0} and name a currency: correct it");
    }

    private static Rejection? CheckFindings(RecordList<Finding> findings)
    {
        if (findings.Count > FindingList.Capacity)
        {
            return new Rejection("TooLong", $"{findings.Count} findings are more than the {FindingList.Capacity} criteria a checklist may have: split the scan");
        }
        foreach (var finding in findings)
        {
            if (CheckName("a finding's criterion", finding.Criterion) is { } unnamed)
            {
                return unnamed;
            }
            if (!double.IsFinite(finding.Value))
            {
                return new Rejection("ValueOutOfRange", $"finding '{finding.Criterion}' has the value {finding.Value}: publish a finite number");
            }
        }
        return null;
    }
}
