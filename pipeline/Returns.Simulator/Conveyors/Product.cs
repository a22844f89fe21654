using Returns.Contracts;

namespace Returns.Simulator.Conveyors;

/// <summary>A product the conveyors carry: its catalogue item, and how its units are inspected. Immutable.</summary>
internal sealed class Product
{
    public required Utf8 Program { get; init; }
    public required Utf8 Sku { get; init; }
    public required Utf8 Description { get; init; }
    public required Utf8 Vendor { get; init; }
    public required InspectionCard Card { get; init; }
    public required Money Cost { get; init; }
    public required Money ReferencePrice { get; init; }
    public required int WeightGrams { get; init; }
    public required long UpdatedAt { get; init; }
    public bool Recalled { get; init; }
    public bool Hazmat { get; init; }
    public bool DataBearing { get; init; }
    public bool Hygiene { get; init; }
    public bool Serialised { get; init; }

    /// <summary>How much more or less its units suffer than others, per cent; 100 for as much.</summary>
    public int Wear { get; init; } = 100;

    /// <summary>Writes the catalogue item.</summary>
    public void Describe(CatalogItem item)
    {
        item.Clear();
        item.Program = Program;
        item.Sku = Sku;
        item.Description = Description;
        item.Category = Card.Checklist.Category;
        item.Vendor = Vendor;
        item.Cost = Cost;
        item.ReferencePrice = ReferencePrice;
        item.WeightGrams = WeightGrams;
        item.Recalled = Recalled;
        item.Hazmat = Hazmat;
        item.DataBearing = DataBearing;
        item.Hygiene = Hygiene;
        item.Serialised = Serialised;
        item.UpdatedAt = UpdatedAt;
    }
}

/// <summary>A unit that is put on a belt.</summary>
/// <param name="At">Event time of its intake, milliseconds since the epoch.</param>
/// <param name="Facility">Index of the facility.</param>
/// <param name="Product">What it is.</param>
/// <param name="Paid">What the customer had paid.</param>
/// <param name="SourceLine">Line of the replayed file; 0 where there is none.</param>
internal readonly record struct Arrival(long At, int Facility, Product Product, Money Paid, long SourceLine);

/// <summary>Units in the order of their intake.</summary>
internal interface IArrivals
{
    /// <summary>Goes on to the next unit; false when all have come.</summary>
    bool TryNext(out Arrival arrival);

    /// <summary>Goes back to the first unit.</summary>
    void Rewind();
}
