using System.Runtime.CompilerServices;
using Returns.Contracts;

namespace Returns.Domain.Compliance;

/// <summary>What one unit is charged for: an amount for each kind, in its agreement's currency.</summary>
[InlineArray(Kinds)]
public struct Charges
{
    /// <summary>How many kinds there are; all below <see cref="ChargeKind.Other"/>.</summary>
    public const int Kinds = (int)ChargeKind.Other;

    private decimal _first;

    /// <summary>The amount of a kind; 0 where it is not charged for.</summary>
    public readonly decimal Of(ChargeKind kind) => this[(int)kind];

    /// <summary>Whether a kind is charged only where the window's rate of defects is over what is allowed.</summary>
    public static bool ForDefects(ChargeKind kind) => kind is ChargeKind.Credit or ChargeKind.Handling or ChargeKind.Freight;
}
