using System.Runtime.CompilerServices;
using Returns.Contracts;

namespace Returns.Domain.Compliance;

/// <summary>What the units of a billing window add up to: totals, and for each kind of charge how many units, and how much.</summary>
public struct BillingFigures
{
    private ChargeSums _sums;

    /// <summary>Figures as they were kept.</summary>
    public BillingFigures(in DefectTotals totals, in ChargeSums sums) => (Totals, _sums) = (totals, sums);

    /// <summary>The totals.</summary>
    public DefectTotals Totals { get; private set; }

    /// <summary>By kind, whether it is due or not.</summary>
    public readonly ChargeSums Sums => _sums;

    /// <summary>Adds a unit.</summary>
    public void Add(in Standing unit)
    {
        Totals = Totals.Add(unit);
        Count(unit, 1);
    }

    /// <summary>Takes a unit out again.</summary>
    public void Remove(in Standing unit)
    {
        Totals = Totals.Remove(unit);
        Count(unit, -1);
    }

    /// <summary>Whether the rate of defects is over what the agreement allows, in units or in value, with units enough to tell;
    /// a rate that is exactly what is allowed is not over it. No confidence bound: a bill counts what there was.</summary>
    public readonly bool ChargesDefects(Agreement agreement)
    {
        ArgumentNullException.ThrowIfNull(agreement);
        return (agreement.AllowedUnits is { } units && Totals.Units >= agreement.MinimumUnits
                && Totals.Defects * (decimal)Agreement.Whole > Totals.Units * (decimal)units)
            || (agreement.AllowedValue is { } value && Totals.ValuedUnits >= agreement.MinimumUnits
                && Totals.DefectValue * Agreement.Whole > Totals.Value * value);
    }

    /// <summary>What is due: the sums, without those for defects where these are not charged.</summary>
    public readonly ChargeSums Due(Agreement agreement)
    {
        var due = _sums;
        if (ChargesDefects(agreement)) return due;
        for (var kind = default(ChargeKind); kind < ChargeKind.Other; kind++)
            if (Charges.ForDefects(kind)) due[(int)kind] = default;
        return due;
    }

    private void Count(in Standing unit, int sign)
    {
        for (var kind = 0; kind < Charges.Kinds; kind++)
        {
            var amount = unit.Charges[kind];
            if (amount != 0) _sums[kind] = new ChargeSum(_sums[kind].Units + sign, _sums[kind].Amount + sign * amount);
        }
    }
}

/// <summary>How many units are charged for something, and how much together.</summary>
/// <param name="Units">Units.</param>
/// <param name="Amount">Amount, in the agreement's currency.</param>
public readonly record struct ChargeSum(long Units, decimal Amount);

/// <summary>A <see cref="ChargeSum"/> for each kind.</summary>
[InlineArray(Charges.Kinds)]
public struct ChargeSums
{
    private ChargeSum _first;

    /// <summary>What there is more than in <paramref name="before"/>, kind by kind.</summary>
    public readonly ChargeSums Less(in ChargeSums before)
    {
        var difference = default(ChargeSums);
        for (var kind = 0; kind < Charges.Kinds; kind++)
            difference[kind] = new ChargeSum(this[kind].Units - before[kind].Units, this[kind].Amount - before[kind].Amount);
        return difference;
    }

    /// <summary>True where nothing is charged, and for no unit.</summary>
    public readonly bool IsNothing()
    {
        for (var kind = 0; kind < Charges.Kinds; kind++)
            if (this[kind] != default) return false;
        return true;
    }
}
