namespace Returns.Domain.Grading;

/// <summary>What findings say about a unit beyond its grade; hard blocks are made of it.</summary>
[Flags]
public enum FindingSignals : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The unit is a counterfeit.</summary>
    Counterfeit = 1,

    /// <summary>A hygiene seal was broken.</summary>
    Opened = 2,

    /// <summary>The hygiene seal is intact.</summary>
    Sealed = 4,

    /// <summary>Customer data was wiped, and the wipe recorded.</summary>
    Wiped = 8,

    /// <summary>The unit is a hazard to ship or store, such as a swollen battery.</summary>
    Hazardous = 16,
}
