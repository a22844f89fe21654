using Returns.Contracts;

namespace Returns.Domain.Compliance;

/// <summary>A vendor's rate of defects in a window, beside what its agreement allows.</summary>
/// <param name="Rate">The rate observed, 0 to 1.</param>
/// <param name="LowerBound">Lower end of its 95 % confidence interval.</param>
/// <param name="Allowed">The rate allowed, 0 to 1.</param>
/// <param name="Clear">The rate at or below which an alert clears, 0 to 1.</param>
/// <param name="Tells">Whether there are units enough to tell a rate.</param>
public readonly record struct DefectRate(double Rate, double LowerBound, double Allowed, double Clear, bool Tells)
{
    /// <summary>The rate by an agreement; null where the agreement sets none of the measure.</summary>
    public static DefectRate? Of(Agreement agreement, RateMeasure measure, in DefectTotals totals)
    {
        ArgumentNullException.ThrowIfNull(agreement);
        if (agreement.Allowed(measure) is not { } allowed) return null;
        var byUnits = measure == RateMeasure.Units;
        var rate = byUnits ? totals.UnitRate : totals.ValueRate;
        var trials = byUnits ? totals.Units : totals.EffectiveUnits;
        var units = byUnits ? totals.Units : totals.ValuedUnits;
        return new DefectRate(rate, WilsonBound.Lower(rate, trials), allowed, allowed * agreement.ClearShare,
            units > 0 && units >= agreement.MinimumUnits);
    }

    /// <summary>What becomes of an alert. It is raised where the lower bound is above what is allowed, with units enough to tell;
    /// it clears where the rate has come down to <see cref="Clear"/>, however few the units: a window that has moved past the
    /// defects has nothing left to be alarmed about. In between it stays as it is.</summary>
    /// <param name="raised">Whether it is raised now.</param>
    /// <returns>Whether it is raised from now on.</returns>
    public bool Alerts(bool raised) => raised ? Rate > Clear : Tells && LowerBound > Allowed;
}
