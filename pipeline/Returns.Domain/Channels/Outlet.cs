using Returns.Contracts;

namespace Returns.Domain.Channels;

/// <summary>
/// A place a unit can go, with what it takes, brings and costs: a resale channel, or restock, refurbish, donate or
/// dispose. Immutable.
/// </summary>
/// <remarks>
/// Net recovery value of a unit of grade g, in the outlet's currency:
/// <code>
/// proceeds = reference price × recovery(g)
/// loss     = proceeds × min(100 %, loss per day of the category × (whole days since intake + days to sell))
/// value    = proceeds − loss − processing − refurbishment(g) − freight per kg × weight
/// </code>
/// The loss is what dwell has taken off the reference price of a unit as new, and will take until it is sold. Each product
/// is rounded to a ten-thousandth of the currency's unit, halves away from zero.
/// </remarks>
public sealed class Outlet
{
    private readonly int[] _recovery;
    private readonly long[] _refurbishment;
    private readonly ulong _categories;

    internal Outlet(int index, string name, int worstGrade, ulong categories, Currency currency, long processing,
        long[] refurbishment, long freightPerKilogram, int daysToSell, int[] recovery, OutletTexts texts)
    {
        Index = index;
        Name = Utf8.From(name);
        WorstGrade = worstGrade;
        Currency = currency;
        Processing = processing;
        FreightPerKilogram = freightPerKilogram;
        DaysToSell = daysToSell;
        Texts = texts;
        _categories = categories;
        _refurbishment = refurbishment;
        _recovery = recovery;
    }

    /// <summary>Dense number of a resale channel in its rule set; -1 for the others.</summary>
    public int Index { get; }

    /// <summary>Name of the channel, or of the disposition.</summary>
    public Utf8 Name { get; }

    /// <summary>Index of the worst grade it takes.</summary>
    public int WorstGrade { get; }

    /// <summary>Currency of its proceeds and costs.</summary>
    public Currency Currency { get; }

    /// <summary>Cost of handling a unit, in ten-thousandths of <see cref="Currency"/>.</summary>
    public long Processing { get; }

    /// <summary>Freight per kilogram, in ten-thousandths of <see cref="Currency"/>.</summary>
    public long FreightPerKilogram { get; }

    /// <summary>Days a unit usually waits here until it is sold.</summary>
    public int DaysToSell { get; }

    internal OutletTexts Texts { get; }

    /// <summary>True where it takes units of the category with this index.</summary>
    public bool Takes(int category) => (_categories >> category & 1) != 0;

    /// <summary>
    /// Net recovery value in ten-thousandths of <see cref="Currency"/>; may be negative. See the remarks of the class.
    /// </summary>
    /// <param name="referencePrice">Resale value as new, in ten-thousandths, at least 0.</param>
    /// <param name="grade">Index of the grade.</param>
    /// <param name="lossPerDay">Value lost per day, in basis points.</param>
    /// <param name="days">Whole days since intake.</param>
    /// <param name="grams">Weight in grams, at least 0.</param>
    public long Value(long referencePrice, int grade, int lossPerDay, int days, int grams)
    {
        var proceeds = FixedAmount.Share(referencePrice, _recovery[grade], FixedAmount.Scale);
        var lost = (int)Math.Min(FixedAmount.Scale, (long)lossPerDay * ((long)days + DaysToSell));
        return proceeds - FixedAmount.Share(proceeds, lost, FixedAmount.Scale) - Cost(grade, grams);
    }

    /// <summary>Processing, refurbishment and freight of a unit, in ten-thousandths of <see cref="Currency"/>.</summary>
    /// <param name="grade">Index of the grade; -1 for a unit without one, which is not refurbished.</param>
    /// <param name="grams">Weight in grams, at least 0.</param>
    public long Cost(int grade, int grams) => Processing + (grade < 0 ? 0 : _refurbishment[grade]) + Freight.Of(FreightPerKilogram, grams);
}

/// <summary>What is said of an outlet that cannot have a unit; written once, when the rules are compiled.</summary>
internal sealed record OutletTexts(Utf8 Grade, Utf8 Category, Utf8 Currency, Utf8 Capacity);
