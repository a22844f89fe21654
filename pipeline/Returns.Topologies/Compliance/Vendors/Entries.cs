using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Returns.Domain.Compliance;

namespace Returns.Topologies.Compliance.Vendors;

/// <summary>A hash of 32 bytes, as part of an entry.</summary>
[InlineArray(32)]
internal struct Hash32
{
    private byte _first;
}

/// <summary>The number and hash of a vendor's last document.</summary>
internal struct ChainEntry
{
    public long Sequence;
    public Hash32 Hash;
}

/// <summary>The rate window of an account: the sum of its parts, and its alerts.</summary>
internal struct RateEntry
{
    /// <summary>The sum of the parts.</summary>
    public DefectTotals Totals;

    /// <summary>Parts and billing windows there are: with the last one the account is forgotten.</summary>
    public int Entries;

    /// <summary>By measure.</summary>
    public AlertEntries Alerts;
}

/// <summary>An <see cref="AlertEntry"/> for each measure.</summary>
[InlineArray(2)]
internal struct AlertEntries
{
    private AlertEntry _first;
}

/// <summary>An alert; not raised by default.</summary>
internal struct AlertEntry
{
    public bool Raised;
    public long RaisedAt;
    public UInt128 Id;
}

internal enum BillingPhase : byte
{
    Open,
    Closed,
    Corrected,
}

/// <summary>A billing window.</summary>
internal struct BillingEntry
{
    public BillingPhase Phase;
    public int Revision;

    /// <summary>What its units add up to.</summary>
    public BillingFigures Figures;

    /// <summary>What its documents have charged, all together.</summary>
    public ChargeSums Charged;

    public long End;
    public long FirstOffset;
    public long LastOffset;
    public long Records;
    public Hash32 JournalHash;

    /// <summary>contentHash of its chargeback.</summary>
    public Hash32 Chargeback;
    public bool HasChargeback;
}

/// <summary>Entries as bytes of a store: a version, and the entry as it lies in memory, which is the same on all processors that
/// .NET 10 runs on.</summary>
internal static class Entries
{
    private const byte Version = 1;

    public static int SizeOf<T>() where T : unmanaged => 1 + Unsafe.SizeOf<T>();

    public static ReadOnlySpan<byte> Write<T>(in T entry, Span<byte> into) where T : unmanaged
    {
        into[0] = Version;
        MemoryMarshal.Write(into[1..], in entry);
        return into[..SizeOf<T>()];
    }

    /// <exception cref="InvalidDataException">The bytes are of another version.</exception>
    public static T Read<T>(ReadOnlySpan<byte> bytes) where T : unmanaged =>
        bytes.Length == SizeOf<T>() && bytes[0] == Version
            ? MemoryMarshal.Read<T>(bytes[1..])
            : throw new InvalidDataException($"{bytes.Length} bytes of version {(bytes.IsEmpty ? -1 : bytes[0])} are no {typeof(T).Name} of version {Version}: another version of the software wrote them; start anew under another application name");
}
