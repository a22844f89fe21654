using Returns.Contracts;

namespace Returns.Domain.Recovery;

/// <summary>The rates that are made of <see cref="RecoveryTotals"/>. Each is null where there is nothing to be a share of.</summary>
/// <remarks>Rates are shares of sums, never means of rates, so that a month's is the one of its days together.</remarks>
public static class RecoveryRates
{
    /// <summary>Write-off rate in units: units disposed of as a share of units with a final disposition.</summary>
    /// <remarks>Section 8 of the design. What still waits for a decision is in neither.</remarks>
    public static double? WriteOffUnits(RecoveryTotals totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        return Share(totals.WrittenOff, totals.Decided);
    }

    /// <summary>Write-off rate in value: the same of the catalogue's cost.</summary>
    public static double? WriteOffValue(in CurrencyTotals totals) => Share(totals.WrittenOffValue, totals.DecidedValue);

    /// <summary>Recovery rate: net recovery as a share of the estimated resale value as new, of the units where both are known.</summary>
    /// <remarks>Section 8 of the design. It may be negative where handling costs more than what is brought.</remarks>
    public static double? Recovery(in CurrencyTotals totals) => Share(totals.RatedRecovery, totals.ResaleValue);

    /// <summary>Cost per return: processing, refurbishment and freight by the units they were spent on; in the currency's unit.</summary>
    public static decimal? CostPerReturn(in CurrencyTotals totals) =>
        totals.CostedUnits > 0 ? decimal.Round(totals.HandlingCost / totals.CostedUnits, 4, MidpointRounding.AwayFromZero) : null;

    /// <summary>Settlement rate: what was paid as a share of what had been expected of the same units.</summary>
    public static double? Settlement(in CurrencyTotals totals) => Share(totals.SettledProceeds, totals.SettledExpected);

    /// <summary>Chargeback recovery: what vendors were charged, corrections included, as a share of the cost of their defective
    /// units.</summary>
    /// <remarks>Section 8 of the design. It is over 1 where fees and freight are charged beside the goods.</remarks>
    public static double? Chargeback(decimal charged, decimal defectValue) => Share(charged, defectValue);

    /// <summary>Writes figures, and the rates and quantiles that are made of them.</summary>
    public static void Fill(RecoveryTotals totals, RecoveryWindow into)
    {
        ArgumentNullException.ThrowIfNull(totals);
        ArgumentNullException.ThrowIfNull(into);
        totals.Fill(into.Figures);
        into.DwellMedianMillis = totals.Dwell.Quantile(0.5);
        into.DwellP90Millis = totals.Dwell.Quantile(0.9);
        into.WriteOffRate = WriteOffUnits(totals);
        into.Rates.Clear();
        foreach (ref readonly var amounts in totals.Currencies)
        {
            if (amounts.IsNothing) continue;
            var rates = into.Rates.Add();
            rates.Currency = amounts.Currency;
            rates.WriteOffRate = WriteOffValue(amounts);
            rates.RecoveryRate = Recovery(amounts);
            rates.CostPerReturn = CostPerReturn(amounts);
            rates.NetRecovery = amounts.NetRecovery;
        }
    }

    private static double? Share(long part, long whole) => whole > 0 ? (double)part / whole : null;

    private static double? Share(decimal part, decimal whole) => whole > 0 ? (double)(part / whole) : null;
}
