using Returns.Contracts;

namespace Returns.Domain.Recovery;

/// <summary>What a settlement of a unit means.</summary>
public enum SettlementVerdict
{
    /// <summary>It counts from now on.</summary>
    Accepted,

    /// <summary>It is the one that counts already.</summary>
    Repeated,

    /// <summary>One with a higher revision counts.</summary>
    Superseded,

    /// <summary>Another one of the same revision counts.</summary>
    SettledTwice,

    /// <summary>Nobody knows what it could be paid for: the unit has neither price nor cost.</summary>
    NoPrice,

    /// <summary>It is in none of the currencies that the unit has a price or a cost in.</summary>
    OtherCurrency,

    /// <summary>It is more than any price of the unit in its currency.</summary>
    OverPrice,

    /// <summary>It is below zero.</summary>
    Negative,
}

/// <summary>Whether what was paid for a unit can be so.</summary>
public static class SettlementCheck
{
    /// <summary>Judges a settlement by what is known of its unit. Only <see cref="SettlementVerdict.Accepted"/> changes anything.</summary>
    /// <param name="unit">The unit, with what was settled so far.</param>
    /// <param name="pricePaid">What the customer had paid; no channel pays more than the highest price the unit is known by.</param>
    /// <param name="amount">What is settled now.</param>
    /// <param name="revision">Its revision.</param>
    /// <param name="counting">Revision of the settlement that counts; 0 where there is none.</param>
    /// <param name="isSame">Whether that one has the same id.</param>
    public static SettlementVerdict Judge(in UnitRecovery unit, Money? pricePaid, Money amount, int revision, int counting, bool isSame)
    {
        if (isSame) return SettlementVerdict.Repeated;
        if (revision < counting) return SettlementVerdict.Superseded;
        if (revision == counting) return SettlementVerdict.SettledTwice;
        if (amount.Amount < 0) return SettlementVerdict.Negative;
        if (unit.ReferencePrice is null && unit.Cost is null && pricePaid is null) return SettlementVerdict.NoPrice;
        var highest = Highest(unit.ReferencePrice, Highest(unit.Cost, Highest(pricePaid, null, amount.Currency), amount.Currency), amount.Currency);
        return highest is not { } most ? SettlementVerdict.OtherCurrency
            : amount.Amount > most ? SettlementVerdict.OverPrice
            : SettlementVerdict.Accepted;
    }

    private static decimal? Highest(Money? price, decimal? soFar, Currency currency) =>
        price is { } known && known.Currency == currency && !(soFar >= known.Amount) ? known.Amount : soFar;
}
