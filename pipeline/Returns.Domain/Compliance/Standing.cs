using Returns.Contracts;

namespace Returns.Domain.Compliance;

/// <summary>How a unit counts under an agreement.</summary>
/// <param name="violations">What about it breaks the agreement.</param>
/// <param name="value">Its cost in the agreement's currency; null where it has none in that currency.</param>
/// <param name="charges">What it is charged for.</param>
public readonly struct Standing(ViolationSet violations, decimal? value, in Charges charges)
{
    /// <summary>What about it breaks the agreement.</summary>
    public ViolationSet Violations { get; } = violations;

    /// <summary>Its cost in the agreement's currency; null where it has none in that currency.</summary>
    public decimal? Value { get; } = value;

    /// <summary>What it is charged for.</summary>
    public Charges Charges { get; } = charges;

    /// <summary>Whether it is one of the defective units.</summary>
    public bool IsDefect => Violations.Contains(Violation.Defect);

    /// <summary>Writes it, but for the agreement and the time.</summary>
    public void Fill(UnitStanding into)
    {
        ArgumentNullException.ThrowIfNull(into);
        into.Value = Value;
        Violations.Fill(into.Violations);
        into.Charges.Clear();
        for (var kind = default(ChargeKind); kind < ChargeKind.Other; kind++)
        {
            if (Charges.Of(kind) == 0) continue;
            var charge = into.Charges.Add();
            charge.Kind = kind;
            charge.Amount = Charges.Of(kind);
        }
    }

    /// <summary>Reads what <see cref="Fill"/> wrote; kinds of charges that this reader does not know are left out.</summary>
    public static Standing Of(UnitStanding standing)
    {
        ArgumentNullException.ThrowIfNull(standing);
        var charges = default(Charges);
        foreach (var charge in standing.Charges)
            if (charge.Kind != ChargeKind.Other) charges[(int)charge.Kind] += charge.Amount;
        return new Standing(ViolationSet.Of(standing.Violations), standing.Value, charges);
    }
}
