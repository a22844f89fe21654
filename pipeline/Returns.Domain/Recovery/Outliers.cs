using Returns.Domain.Compliance;

namespace Returns.Domain.Recovery;

/// <summary>What stands out of a whole, by how much it matters: in units written off, or in money not recovered.</summary>
public static class Outliers
{
    /// <summary>Units that a part has written off beyond what the rate of the whole would have given; null where chance may explain them.</summary>
    /// <remarks>Where the lower end of the part's 95 % interval (<see cref="WilsonBound"/>) is above the rate of the whole.</remarks>
    public static double? ExcessWriteOffs(RecoveryTotals part, RecoveryTotals whole)
    {
        ArgumentNullException.ThrowIfNull(part);
        ArgumentNullException.ThrowIfNull(whole);
        if (RecoveryRates.WriteOffUnits(part) is not { } rate || RecoveryRates.WriteOffUnits(whole) is not { } usual) return null;
        return WilsonBound.Lower(rate, part.Decided) > usual ? part.WrittenOff - usual * part.Decided : null;
    }

    /// <summary>Money that a part has recovered less than the recovery rate of the whole would have given; null where it is none, or
    /// under so large a share of what the whole has recovered.</summary>
    public static decimal? RecoveryShortfall(in CurrencyTotals part, in CurrencyTotals whole, decimal least = 0.01m)
    {
        if (whole.ResaleValue <= 0 || part.ResaleValue <= 0) return null;
        var shortfall = part.ResaleValue * whole.RatedRecovery / whole.ResaleValue - part.RatedRecovery;
        return shortfall > 0 && shortfall >= least * whole.RatedRecovery ? shortfall : null;
    }

    /// <summary>Money that was paid less than expected for the units that were paid for; null where it is none, or under so large a share of
    /// what was expected of them.</summary>
    public static decimal? SettlementShortfall(in CurrencyTotals part, decimal least = 0.02m)
    {
        var shortfall = part.SettledExpected - part.SettledProceeds;
        return shortfall > 0 && shortfall >= least * part.SettledExpected ? shortfall : null;
    }
}
