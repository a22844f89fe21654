using System.Text;
using Returns.Contracts;
using Returns.Domain.Grading;
using static Returns.Topologies.Tests.Triage.TriageHarness;

namespace Returns.Topologies.Tests.Triage;

/// <summary>Events of many units in no good order: repeated, late, corrected, of SKUs the catalogue learns late or never.</summary>
internal sealed class RandomFeed
{
    private static readonly string[] Categories = ["electronics", "apparel", "homeware", "toys", "beauty", "garden"];

    private readonly Random _random;
    private long _sequence;

    public RandomFeed(int seed, int units)
    {
        _random = new Random(seed);
        for (var i = 0; i < 12; i++)
        {
            var item = Item($"SKU-{i}", Categories[i % Categories.Length]);
            item.Vendor = $"V-{_random.Next(1, 6)}00{_random.Next(1, 4)}";
            item.Recalled = _random.Next(8) == 0;
            item.DataBearing = _random.Next(6) == 0;
            item.Hygiene = _random.Next(6) == 0;
            Catalogue.Add(item.Sku.ToString(), item);
        }
        for (var unit = 0; unit < units; unit++)
        {
            Unit($"L{seed}-{unit}");
        }
        Order();
    }

    /// <summary>What the catalogue holds in the end; a SKU that it never learns is missing.</summary>
    public Dictionary<string, CatalogItem> Catalogue { get; } = [];

    public List<ItemScan> Scans { get; } = [];

    public List<OperatorOverride> Overrides { get; } = [];

    /// <summary>Scans, overrides and catalogue items as they arrive.</summary>
    public List<object> Arrivals { get; } = [];

    private void Unit(string lpn)
    {
        var category = _random.Next(Categories.Length);
        var sku = _random.Next(15) == 0 ? "SKU-NEVER" : $"SKU-{category + (6 * _random.Next(2))}";
        var checklist = ShippedRules.Book.Find("any"u8)!.Grading.Find(Encoding.UTF8.GetBytes(Categories[category]));
        if (_random.Next(15) != 0)
        {
            if (_random.Next(8) == 0)
            {
                TakeIn(lpn, "SKU-MISREAD");
            }
            TakeIn(lpn, sku);
        }
        for (var inspection = _random.Next(4); inspection >= 0; inspection--)
        {
            Inspect(lpn, checklist, inspection);
        }
        if (_random.Next(3) == 0)
        {
            var scan = At(lpn, ScanKind.ImageGrade);
            var image = scan.SetImageGrade();
            image.Grade = "ABCDXQ"[_random.Next(6)].ToString();
            image.Confidence = _random.NextDouble();
            image.Model = "m1";
        }
        if (_random.Next(2) == 0)
        {
            At(lpn, ScanKind.Weigh).WeightGrams = _random.Next(-1, 3) * 500;
        }
        if (_random.Next(4) == 0)
        {
            At(lpn, ScanKind.Divert).SetDivert().Lane = "9";
        }
        for (var decision = _random.Next(8); decision > 5; decision--)
        {
            Overrides.Add(Override(lpn, $"{lpn}-o{decision}", (Disposition)_random.Next(8), Start + _random.Next(20 * (int)Hour)));
        }
    }

    private void TakeIn(string lpn, string sku)
    {
        var scan = At(lpn, ScanKind.Intake);
        scan.Sku = Utf8.From(sku);
        scan.ReturnReason = _random.Next(12) is var reason and < 10 ? (ReturnReason)reason : null;
        scan.RaNumber = _random.Next(2) == 0 ? Utf8.From("RA-1") : default(Utf8?);
        scan.PricePaid = new Money(_random.Next(100, 90_000) / 100m, Currency.Parse("GBP"));
    }

    private void Inspect(string lpn, Checklist? checklist, int inspection)
    {
        var scan = At(lpn, ScanKind.Inspection);
        scan.QualitySample = _random.Next(8) == 0;
        foreach (var criterion in checklist is null ? [] : checklist.Criteria.ToArray())
        {
            // The last one is mostly complete; those before are corrected by it, or correct it: times are drawn.
            if (_random.Next(inspection == 0 ? 20 : 2) == 1)
            {
                continue;
            }
            var finding = scan.Findings.Add();
            finding.Criterion = criterion.Name;
            finding.Value = criterion.Kind switch
            {
                CriterionKind.YesNo => _random.Next(2),
                CriterionKind.Ordinal => _random.Next(criterion.Levels.Count + (_random.Next(30) == 0 ? 1 : 0)),
                _ => _random.Next(110),
            };
        }
    }

    private ItemScan At(string lpn, ScanKind kind)
    {
        var scan = Scan(lpn, ++_sequence, kind, Start + _random.Next(20 * (int)Hour), $"S-{_random.Next(3)}");
        Scans.Add(scan);
        return scan;
    }

    private void Order()
    {
        Arrivals.AddRange(Scans);
        Arrivals.AddRange(Scans.Where(_ => _random.Next(5) == 0));
        Arrivals.AddRange(Overrides);
        Arrivals.AddRange(Overrides.Where(_ => _random.Next(5) == 0));
        Arrivals.AddRange(Catalogue.Values);
        var shuffled = Arrivals.ToArray();
        _random.Shuffle(shuffled);

        // Some of the catalogue is there from the beginning.
        Arrivals.Clear();
        Arrivals.AddRange(shuffled.Where(a => a is CatalogItem).Take(6));
        var early = Arrivals.ToHashSet(ReferenceEqualityComparer.Instance);
        Arrivals.AddRange(shuffled.Where(a => !early.Contains(a)));
    }
}
