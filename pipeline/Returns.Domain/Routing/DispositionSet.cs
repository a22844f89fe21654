using Returns.Contracts;

namespace Returns.Domain.Routing;

/// <summary>A set of dispositions, one bit each.</summary>
/// <param name="Bits">Bit i stands for the disposition with value i.</param>
public readonly record struct DispositionSet(ushort Bits)
{
    /// <summary>True where the disposition is in the set.</summary>
    public bool Contains(Disposition disposition) => (Bits >> (int)disposition & 1) != 0;

    /// <summary>The set with one more disposition.</summary>
    public DispositionSet With(Disposition disposition) => new((ushort)(Bits | 1 << (int)disposition));

    /// <summary>All that is in either set.</summary>
    public DispositionSet Union(DispositionSet other) => new((ushort)(Bits | other.Bits));
}
