using Returns.Contracts;
using Returns.Domain.Channels;

namespace Returns.Domain;

/// <summary>
/// What decisions need of a catalogue item, in the shape they need it. Immutable, owns its memory; safe for concurrent
/// use.
/// </summary>
public sealed class CatalogFacts
{
    private CatalogFacts(CatalogItem item)
    {
        Category = item.Category.Copy();
        Vendor = item.Vendor.Copy();
        Cost = FixedAmount.Of(item.Cost.Amount);
        CostCurrency = item.Cost.Currency;
        ReferencePrice = FixedAmount.Of(item.ReferencePrice.Amount);
        Currency = item.ReferencePrice.Currency;
        WeightGrams = item.WeightGrams ?? 0;
        Recalled = item.Recalled;
        Hazmat = item.Hazmat;
        DataBearing = item.DataBearing;
        Hygiene = item.Hygiene;
    }

    /// <summary>Names a checklist.</summary>
    public Utf8 Category { get; }

    /// <summary>Vendor the unit was bought from.</summary>
    public Utf8 Vendor { get; }

    /// <summary>What the retailer paid, in ten-thousandths of <see cref="CostCurrency"/>.</summary>
    public long Cost { get; }

    /// <summary>Currency of <see cref="Cost"/>.</summary>
    public Currency CostCurrency { get; }

    /// <summary>Estimated resale value as new, in ten-thousandths of <see cref="Currency"/>.</summary>
    public long ReferencePrice { get; }

    /// <summary>Currency in which the candidates for a unit are compared.</summary>
    public Currency Currency { get; }

    /// <summary>Nominal weight in grams; 0 where not known.</summary>
    public int WeightGrams { get; }

    /// <summary>A safety recall is in force.</summary>
    public bool Recalled { get; }

    /// <summary>Hazardous to ship or store.</summary>
    public bool Hazmat { get; }

    /// <summary>Holds customer data.</summary>
    public bool DataBearing { get; }

    /// <summary>Not to be sold again once opened.</summary>
    public bool Hygiene { get; }

    /// <summary>Takes over a catalogue record, or says in a sentence why no decision can rest on it.</summary>
    public static bool TryCreate(CatalogItem item, out CatalogFacts? facts, out string? error)
    {
        ArgumentNullException.ThrowIfNull(item);
        facts = null;
        error = Check("cost", item.Cost) ?? Check("reference price", item.ReferencePrice);
        if (error is null && item.Category.IsEmpty) error = "the category is empty";
        if (error is null && item.WeightGrams is < 0 or > Freight.MaxGrams)
            error = $"weight {item.WeightGrams} g must be from 0 to {Freight.MaxGrams}";
        if (error is not null) return false;
        facts = new CatalogFacts(item);
        return true;
    }

    private static string? Check(string what, Money money)
    {
        if (money.Currency == Currency.None) return $"the {what} has no currency";
        return money.Amount is < 0 or > FixedAmount.MaxPrice
            ? FormattableString.Invariant($"the {what} {money.Amount} must be from 0 to {FixedAmount.MaxPrice}")
            : null;
    }
}
