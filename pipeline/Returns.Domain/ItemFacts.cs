using Returns.Contracts;
using Returns.Domain.Channels;
using Returns.Domain.Grading;

namespace Returns.Domain;

/// <summary>
/// All that is known of one unit when a decision is made. The caller fills it from its state and from the scan at hand;
/// decisions only read it. Made for reuse; not safe for concurrent use.
/// </summary>
public sealed class ItemFacts
{
    /// <summary>Observations of the first grading.</summary>
    public FindingList Findings { get; } = new();

    /// <summary>Observations of the second grading of a unit drawn for quality assurance.</summary>
    public FindingList QualityFindings { get; } = new();

    /// <summary>The image model's latest opinion, where there is one.</summary>
    public ImageOpinion? Image { get; set; }

    /// <summary>What the catalogue knows of the SKU; null while it does not know it.</summary>
    public CatalogFacts? Catalog { get; set; }

    /// <summary>Event time of intake, milliseconds since the epoch; null before it came.</summary>
    public long? IntakeAt { get; set; }

    /// <summary>
    /// Event time of the decision: of the scan or override that leads to it. Return windows and dwell run from
    /// <see cref="IntakeAt"/> to here.
    /// </summary>
    public long DecidedAt { get; set; }

    /// <summary>Why the customer returned the unit, where stated; a rule treats null as unspecified.</summary>
    public ReturnReason? ReturnReason { get; set; }

    /// <summary>True where the unit came with a vendor's return authorization.</summary>
    public bool HasAuthorization { get; set; }

    /// <summary>Measured weight in grams; 0 where not weighed.</summary>
    public int WeightGrams { get; set; }

    /// <summary>Time from intake to decision, milliseconds, at least 0; 0 before intake.</summary>
    public long DwellMillis => IntakeAt is { } intake && DecidedAt > intake
        ? (long)Math.Min(unchecked((ulong)DecidedAt - (ulong)intake), long.MaxValue)
        : 0;

    /// <summary>Forgets everything, ready for the next unit.</summary>
    public void Clear()
    {
        Findings.Clear();
        QualityFindings.Clear();
        Image = null;
        Catalog = null;
        IntakeAt = null;
        DecidedAt = 0;
        ReturnReason = null;
        HasAuthorization = false;
        WeightGrams = 0;
    }

    /// <summary>Takes in an image opinion, whatever came before it. False where a later one is already known.</summary>
    public bool Observe(in ImageOpinion opinion)
    {
        if (Image is { } known && !opinion.Replaces(known)) return false;
        Image = opinion;
        return true;
    }

    /// <summary>True where a measured weight can be one: more than nothing, no more than a pallet bears.</summary>
    public static bool IsPlausibleWeight(int grams) => grams is > 0 and <= Freight.MaxGrams;
}
