using Returns.Contracts;

namespace Returns.Simulator.Conveyors;

/// <summary>What a simulated shift is made of.</summary>
public sealed record ShiftOptions
{
    /// <summary>Seed of everything.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Units after which the feed ends. At least 0.</summary>
    public required long Units { get; init; }

    /// <summary>When the first shift begins: event time, milliseconds since the epoch.</summary>
    public required long StartsAt { get; init; }

    /// <summary>
    /// Called for each unit as it enters its belt, with what only the simulator knows; again when the feed is rewound, as a
    /// feeder does at its start. Null for nobody.
    /// </summary>
    public Action<GroundTruth>? Truth { get; init; }
}

/// <summary>What is true of a simulated unit, whatever its scans say.</summary>
/// <param name="Unit">Number of the unit: its LPN is the feed's label and this number, in ten digits.</param>
/// <param name="Program">The retailer.</param>
/// <param name="Sku">What it really is; its label may have been misread.</param>
/// <param name="Category">Its category.</param>
/// <param name="Grade">Index, on the category's scale, of the grade that an inspection without error gives.</param>
/// <param name="NeverComplete">True where a mandatory finding is never made.</param>
public readonly record struct GroundTruth(long Unit, Utf8 Program, Utf8 Sku, Utf8 Category, int Grade, bool NeverComplete);
