using System.IO.Hashing;

namespace Returns.Domain.Grading;

/// <summary>
/// When and where something was observed. Of two observations of the same thing the one with the greater stamp counts,
/// so the order in which they arrive does not matter.
/// </summary>
/// <remarks>
/// The order is total: event time, then the scanner, then the scanner's own counter. The scanner is compared by a hash of
/// facility and station rather than by name: which of two scanners wins within one millisecond is arbitrary anyway, but it
/// must be the same one on every replay.
/// </remarks>
/// <param name="ScannedAt">Event time, milliseconds since the epoch, UTC.</param>
/// <param name="Scanner">See <see cref="ScannerOf"/>.</param>
/// <param name="Sequence">The station's own counter.</param>
public readonly record struct ObservationStamp(long ScannedAt, ulong Scanner, long Sequence)
    : IComparable<ObservationStamp>
{
    /// <summary>64-bit identity of a scanner: XXH3 of the facility's bytes seeding that of the station's. Safe to store.</summary>
    public static ulong ScannerOf(ReadOnlySpan<byte> facility, ReadOnlySpan<byte> station) =>
        XxHash3.HashToUInt64(station, unchecked((long)XxHash3.HashToUInt64(facility)));

    /// <summary>Orders by <see cref="ScannedAt"/>, <see cref="Scanner"/>, <see cref="Sequence"/>.</summary>
    public int CompareTo(ObservationStamp other)
    {
        var order = ScannedAt.CompareTo(other.ScannedAt);
        if (order == 0) order = Scanner.CompareTo(other.Scanner);
        return order != 0 ? order : Sequence.CompareTo(other.Sequence);
    }

    /// <summary>True where left counts for less than right.</summary>
    public static bool operator <(ObservationStamp left, ObservationStamp right) => left.CompareTo(right) < 0;

    /// <summary>True where left counts for more than right.</summary>
    public static bool operator >(ObservationStamp left, ObservationStamp right) => left.CompareTo(right) > 0;

    /// <summary>True where left counts for no more than right.</summary>
    public static bool operator <=(ObservationStamp left, ObservationStamp right) => left.CompareTo(right) <= 0;

    /// <summary>True where left counts for no less than right.</summary>
    public static bool operator >=(ObservationStamp left, ObservationStamp right) => left.CompareTo(right) >= 0;
}
