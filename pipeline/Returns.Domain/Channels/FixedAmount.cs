using Returns.Contracts;

namespace Returns.Domain.Channels;

/// <summary>
/// Amounts as 64-bit counts of ten-thousandths of a currency's major unit: exactly the decimal(19,4) of the wire, at the
/// cost of an integer. Each product is rounded once, to the nearest ten-thousandth, halves away from zero.
/// </summary>
internal static class FixedAmount
{
    /// <summary>Ten-thousandths in a unit, and basis points in the whole.</summary>
    public const int Scale = 10_000;

    /// <summary>Largest price or cost of a unit, in major units; leaves room for every sum a decision makes.</summary>
    public const decimal MaxPrice = 1_000_000_000_000m;

    /// <summary>The amount; an amount with more than four decimals is rounded, halves away from zero.</summary>
    public static long Of(decimal amount) =>
        (long)decimal.Round(amount * Scale, 0, MidpointRounding.AwayFromZero);

    public static Money ToMoney(long amount, Currency currency)
    {
        var magnitude = (ulong)Math.Abs(amount);
        return new Money(new decimal((int)magnitude, (int)(magnitude >> 32), 0, amount < 0, 4), currency);
    }

    /// <summary>amount × numerator ÷ divisor; the amount and the numerator are not negative.</summary>
    public static long Share(long amount, int numerator, int divisor)
    {
        if (amount <= int.MaxValue) return (amount * numerator + divisor / 2) / divisor;
        return (long)(((Int128)amount * numerator + divisor / 2) / divisor);
    }
}
