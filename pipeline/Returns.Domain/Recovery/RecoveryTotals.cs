using System.Runtime.InteropServices;
using Returns.Contracts;

namespace Returns.Domain.Recovery;

/// <summary>
/// Recovery figures: sums over units, so that neither the order of units nor how they are grouped matters, and a unit that was
/// added can be taken out again. Amounts are kept by currency. Made for reuse; not safe for concurrent use.
/// </summary>
public sealed class RecoveryTotals
{
    private readonly long[] _units = new long[(int)Disposition.ManualReview + 1];
    private readonly List<CurrencyTotals> _currencies = [];

    /// <summary>Units received that have an outcome.</summary>
    public long Units { get; private set; }

    /// <summary>Units with a final disposition.</summary>
    public long Decided => Units - Of(Disposition.Quarantine) - Of(Disposition.ManualReview);

    /// <summary>Units written off: disposed of.</summary>
    public long WrittenOff => Of(Disposition.Dispose);

    /// <summary>Weight of decided units that were not disposed of, in grams.</summary>
    public long KeptGrams { get; private set; }

    /// <summary>Dwell of the decided units, added up, in milliseconds.</summary>
    public long DwellMillis { get; private set; }

    /// <summary>Its distribution.</summary>
    public DwellSketch Dwell { get; } = new();

    /// <summary>Amounts by currency, in the order of the codes.</summary>
    public ReadOnlySpan<CurrencyTotals> Currencies => CollectionsMarshal.AsSpan(_currencies);

    /// <summary>Units with a disposition.</summary>
    public long Of(Disposition disposition) => _units[(int)disposition];

    /// <summary>Amounts in a currency; nothing where there are none.</summary>
    public CurrencyTotals In(Currency currency)
    {
        foreach (ref readonly var totals in Currencies)
            if (totals.Currency == currency) return totals;
        return new CurrencyTotals { Currency = currency };
    }

    /// <summary>Adds a unit, or takes it off.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="sign">1 or -1.</param>
    public void Add(in UnitRecovery unit, int sign = 1)
    {
        Units += sign;
        _units[(int)unit.Disposition] += sign;
        if (unit.IsDecided)
        {
            DwellMillis += sign * unit.DwellMillis;
            Dwell.Add(unit.DwellMillis, sign);
            if (!unit.IsWrittenOff) KeptGrams += sign * (long)unit.Grams;
        }
        if (unit.Cost is { } cost)
        {
            ref var totals = ref Place(cost.Currency);
            totals.ValuedUnits += sign;
            totals.ReceivedValue += sign * cost.Amount;
            if (unit.IsDecided) totals.DecidedValue += sign * cost.Amount;
            if (unit.IsWrittenOff) totals.WrittenOffValue += sign * cost.Amount;
        }
        if (unit.IsDecided && unit.HandlingCost is { } handling)
        {
            ref var totals = ref Place(handling.Currency);
            totals.CostedUnits += sign;
            totals.HandlingCost += sign * handling.Amount;
        }
        var expected = unit.ExpectedProceeds;
        if (expected is { } proceeds)
        {
            ref var totals = ref Place(proceeds.Currency);
            totals.ExpectedUnits += sign;
            totals.ExpectedProceeds += sign * proceeds.Amount;
        }
        if (unit.Settled is { } paid)
        {
            ref var totals = ref Place(paid.Currency);
            totals.SettledUnits += sign;
            totals.SettledProceeds += sign * paid.Amount;
            if (expected is { } replaced && replaced.Currency == paid.Currency) totals.SettledExpected += sign * replaced.Amount;
        }
        if (unit.ReferencePrice is { } price && unit.NetRecovery is { } net && net.Currency == price.Currency)
        {
            ref var totals = ref Place(price.Currency);
            totals.RatedUnits += sign;
            totals.ResaleValue += sign * price.Amount;
            totals.RatedRecovery += sign * net.Amount;
        }
    }

    /// <summary>Adds what was written.</summary>
    public void Add(RecoveryFigures figures)
    {
        ArgumentNullException.ThrowIfNull(figures);
        Units += figures.Units;
        _units[(int)Disposition.Restock] += figures.Restocked;
        _units[(int)Disposition.Refurbish] += figures.Refurbished;
        _units[(int)Disposition.Resell] += figures.Resold;
        _units[(int)Disposition.ReturnToVendor] += figures.ReturnedToVendor;
        _units[(int)Disposition.Donate] += figures.Donated;
        _units[(int)Disposition.Dispose] += figures.WrittenOff;
        _units[(int)Disposition.Quarantine] += figures.Quarantined;
        _units[(int)Disposition.ManualReview] += figures.InReview;
        KeptGrams += figures.KeptGrams;
        DwellMillis += figures.DwellMillis;
        Dwell.Add(figures.Dwell);
        foreach (var written in figures.Currencies) Place(written.Currency).Add(written);
    }

    /// <summary>Writes the figures. A currency in which nothing is left is left out.</summary>
    public void Fill(RecoveryFigures into)
    {
        ArgumentNullException.ThrowIfNull(into);
        into.Units = Units;
        into.Restocked = Of(Disposition.Restock);
        into.Refurbished = Of(Disposition.Refurbish);
        into.Resold = Of(Disposition.Resell);
        into.ReturnedToVendor = Of(Disposition.ReturnToVendor);
        into.Donated = Of(Disposition.Donate);
        into.WrittenOff = Of(Disposition.Dispose);
        into.Quarantined = Of(Disposition.Quarantine);
        into.InReview = Of(Disposition.ManualReview);
        into.KeptGrams = KeptGrams;
        into.DwellMillis = DwellMillis;
        Dwell.Fill(into.Dwell);
        into.Currencies.Clear();
        foreach (ref readonly var totals in Currencies)
            if (!totals.IsNothing) totals.Fill(into.Currencies.Add());
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Units = KeptGrams = DwellMillis = 0;
        Array.Clear(_units);
        Dwell.Clear();
        _currencies.Clear();
    }

    private ref CurrencyTotals Place(Currency currency)
    {
        var at = 0;
        foreach (ref var totals in CollectionsMarshal.AsSpan(_currencies))
        {
            if (totals.Currency == currency) return ref totals;
            if (totals.Currency < currency) at++;
        }
        _currencies.Insert(at, new CurrencyTotals { Currency = currency });
        return ref CollectionsMarshal.AsSpan(_currencies)[at];
    }
}
