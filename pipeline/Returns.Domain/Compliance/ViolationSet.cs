using Returns.Contracts;

namespace Returns.Domain.Compliance;

/// <summary>What about a unit breaks its vendor's agreement, one bit each.</summary>
/// <param name="Bits">Bit i stands for the violation with value i.</param>
public readonly record struct ViolationSet(byte Bits)
{
    /// <summary>True where there is none.</summary>
    public bool IsEmpty => Bits == 0;

    /// <summary>True where it is one of them.</summary>
    public bool Contains(Violation violation) => (Bits >> (int)violation & 1) != 0;

    /// <summary>These and one more.</summary>
    public ViolationSet With(Violation violation) => new((byte)(Bits | 1 << (int)violation));

    /// <summary>Replaces what the list holds by these, in the contract's order.</summary>
    public void Fill(ValueList<Violation> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        into.Clear();
        for (var violation = Violation.Defect; violation < Violation.Other; violation++)
            if (Contains(violation)) into.Add(violation);
    }

    /// <summary>Those of a list; ones that this reader does not know are left out.</summary>
    public static ViolationSet Of(ValueList<Violation> violations)
    {
        ArgumentNullException.ThrowIfNull(violations);
        var set = default(ViolationSet);
        foreach (var violation in violations)
            if (violation != Violation.Other) set = set.With(violation);
        return set;
    }
}
