using System.Buffers.Binary;
using System.IO.Hashing;
using Returns.Contracts;

namespace Returns.Topologies.Compliance.Vendors;

/// <summary>What an entry of the store is.</summary>
internal enum EntryKind : byte
{
    /// <summary>An account's names and terms.</summary>
    Account = (byte)'A',

    /// <summary>An account's rate window and alerts.</summary>
    Rate = (byte)'R',

    /// <summary>A part of a rate window.</summary>
    Part = (byte)'P',

    /// <summary>A billing window.</summary>
    Billing = (byte)'B',

    /// <summary>A vendor's documents.</summary>
    Chain = (byte)'C',
}

/// <summary>
/// The keys of the store: the kind, 16 bytes of hash, and for windows the start. Names may be long, and windows are many. The
/// hash is XXH128: of a billion names two are the same by chance once in 10^20 times.
/// </summary>
/// <param name="Kind">What the entry is.</param>
/// <param name="Owner">Account or vendor.</param>
/// <param name="Start">Start of a window, milliseconds since the epoch; 0 for what is none.</param>
internal readonly record struct EntryKey(EntryKind Kind, UInt128 Owner, long Start = 0)
{
    public const int Bytes = 25;

    public ReadOnlySpan<byte> Write(Span<byte> into)
    {
        into[0] = (byte)Kind;
        BinaryPrimitives.WriteUInt128BigEndian(into[1..], Owner);
        BinaryPrimitives.WriteInt64BigEndian(into[17..], Start);
        return into[..Bytes];
    }

    public static EntryKey Read(ReadOnlySpan<byte> key) =>
        new((EntryKind)key[0], BinaryPrimitives.ReadUInt128BigEndian(key[1..]), BinaryPrimitives.ReadInt64BigEndian(key[17..]));

    public static UInt128 OwnerOf(ReadOnlySpan<byte> vendorKey) => XxHash128.HashToUInt128(vendorKey);

    public static UInt128 OwnerOf(ReadOnlySpan<byte> vendorKey, Utf8 agreementId)
    {
        var vendor = OwnerOf(vendorKey);
        return XxHash128.HashToUInt128(agreementId.Span, (long)(ulong)vendor) ^ vendor;
    }
}
