using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams;
using Returns.Topologies.Wire;

namespace Returns.Topologies.Compliance.Inputs;

/// <summary>The journal of units, which the sub-topology of units writes. Its time is how far that had come.</summary>
internal sealed class JournalDecoder(ISchemaIds schemas) : WireEventDecoder<VendorUnit>(schemas, Topics.VendorUnits)
{
    protected override long EventTimeOf(VendorUnit message) => message.OriginTime;

    protected override Rejection? Check(in InputRecord record, VendorUnit message)
    {
        if (CheckName("program", message.Program) is { } program)
        {
            return program;
        }
        if (CheckName("vendor", message.Vendor) is { } vendor)
        {
            return vendor;
        }
        if (message.Standing is not null && message.Terms is null)
        {
            return new Rejection("MissingTerms", $"unit '{message.Lpn}' has a standing without terms: only compliance writes this topic");
        }
        var key = record.Key;
        var length = message.Program.Length;
        return key.Length == length + 1 + message.Vendor.Length && key.StartsWith(message.Program.Span) && key[length] == (byte)'|'
            && key[(length + 1)..].SequenceEqual(message.Vendor.Span)
            ? null
            : new Rejection("KeyMismatch", $"the key is not '{message.Program}|{message.Vendor}': only compliance writes this topic");
    }
}
