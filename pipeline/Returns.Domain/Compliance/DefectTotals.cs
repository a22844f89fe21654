using Returns.Contracts;

namespace Returns.Domain.Compliance;

/// <summary>
/// Units and their value, and the defective share of both: sums, so that the order of units does not matter, and a unit that
/// was added can be taken out again.
/// </summary>
/// <param name="Units">Units.</param>
/// <param name="Defects">Defective ones among them.</param>
/// <param name="ValuedUnits">Units with a value.</param>
/// <param name="Value">Value of these, in the agreement's currency.</param>
/// <param name="DefectValue">Value of the defective ones among them.</param>
/// <param name="Squares">Sum of the squares of the values in whole hundredths: how unequal they are.</param>
public readonly record struct DefectTotals(long Units, long Defects, long ValuedUnits, decimal Value, decimal DefectValue, decimal Squares)
{
    /// <summary>True where no unit is left.</summary>
    public bool IsEmpty => Units == 0;

    /// <summary>Defective units as a share of the units, 0 to 1; 0 where there is none.</summary>
    public double UnitRate => Units > 0 ? (double)Defects / Units : 0;

    /// <summary>Defective value as a share of the value, 0 to 1; 0 where there is none.</summary>
    public double ValueRate => Value > 0 ? (double)(DefectValue / Value) : 0;

    /// <summary>Units of equal value that would tell the share of the value as surely: the square of the sum by the sum of the
    /// squares.</summary>
    /// <remarks>L. Kish, "Survey Sampling", 1965: the effective size of a sample with unequal weights.</remarks>
    public double EffectiveUnits => Squares > 0 ? (double)(Value * 100) * (double)(Value * 100) / (double)Squares : 0;

    /// <summary>With one unit more.</summary>
    public DefectTotals Add(in Standing unit) => this + One(unit);

    /// <summary>With one unit less.</summary>
    public DefectTotals Remove(in Standing unit) => this - One(unit);

    /// <summary>The sum.</summary>
    public static DefectTotals operator +(in DefectTotals left, in DefectTotals right) => new(left.Units + right.Units,
        left.Defects + right.Defects, left.ValuedUnits + right.ValuedUnits, left.Value + right.Value,
        left.DefectValue + right.DefectValue, left.Squares + right.Squares);

    /// <summary>The difference.</summary>
    public static DefectTotals operator -(in DefectTotals left, in DefectTotals right) => new(left.Units - right.Units,
        left.Defects - right.Defects, left.ValuedUnits - right.ValuedUnits, left.Value - right.Value,
        left.DefectValue - right.DefectValue, left.Squares - right.Squares);

    /// <summary>Writes the figures.</summary>
    public void Fill(DefectFigures into)
    {
        ArgumentNullException.ThrowIfNull(into);
        into.Units = Units;
        into.Defects = Defects;
        into.ValuedUnits = ValuedUnits;
        into.Value = Value;
        into.DefectValue = DefectValue;
    }

    private static DefectTotals One(in Standing unit)
    {
        if (unit.Value is not { } value) return new DefectTotals(1, unit.IsDefect ? 1 : 0, 0, 0, 0, 0);
        var hundredths = decimal.Round(value * 100, 0, MidpointRounding.AwayFromZero);
        return new DefectTotals(1, unit.IsDefect ? 1 : 0, 1, value, unit.IsDefect ? value : 0, hundredths * hundredths);
    }
}
