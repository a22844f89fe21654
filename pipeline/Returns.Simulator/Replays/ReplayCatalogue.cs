using System.Globalization;
using System.IO.Hashing;
using Returns.Contracts;
using Returns.Domain.Rules;
using Returns.Simulator.Conveyors;

namespace Returns.Simulator.Replays;

/// <summary>
/// The products of a returns file, one for each SKU: description and price as first recorded (a price of nothing counts
/// only where there is no other), category by keywords, and the rest simulated from the SKU.
/// </summary>
internal sealed class ReplayCatalogue
{
    private static readonly Currency Pounds = Currency.Parse("GBP");

    private readonly CategoryKeywords _keywords;
    private readonly Dictionary<string, InspectionCard> _cards = [];
    private readonly Dictionary<Utf8, int> _bySku = new(Utf8Comparer.Instance);
    private readonly List<(Utf8 Sku, Utf8 Description, decimal Price)> _skus = [];
    private string[] _categories = [];

    public ReplayCatalogue(ProgramRules rules)
    {
        _keywords = rules.Keywords ?? throw new ArgumentException(
            $"program '{rules.Program}' has no rules of kind categories, by which a file's products are told apart: add them to the rule set",
            nameof(rules));
        foreach (var checklist in rules.Grading.Checklists) _cards.Add(checklist.Category.ToString(), new InspectionCard(checklist));
    }

    /// <summary>Takes note of a line, and gives the index of its product.</summary>
    public int Learn(in ReturnLine line)
    {
        var description = line.Description.Span.Trim(" \t"u8).IsEmpty ? default : line.Description;
        if (!_bySku.TryGetValue(line.Sku, out var index))
        {
            _bySku.Add(line.Sku, index = _skus.Count);
            _skus.Add((line.Sku, description, line.Price));
            return index;
        }
        var known = _skus[index];
        if (known.Description.IsEmpty) known.Description = description;
        if (known.Price == 0) known.Price = line.Price;
        _skus[index] = known;
        return index;
    }

    /// <summary>Tells the products' categories, when all lines are known, and gives a hash of them: other keywords make another feed.</summary>
    public ulong Categorise()
    {
        _categories = [.. _skus.Select(s => _keywords.Classify(s.Description.ToString()))];
        return XxHash3.HashToUInt64(Utf8.From(string.Join('|', _categories)).Span);
    }

    /// <summary>The products, by index, after <see cref="Categorise"/>.</summary>
    /// <param name="seed">Seed of what is simulated.</param>
    /// <param name="updatedAt">When the retailer wrote the catalogue, event time.</param>
    public Product[] Close(ulong seed, long updatedAt) =>
        [.. _skus.Select((s, i) => Make(s.Sku, s.Description, s.Price, _categories[i], seed, updatedAt))];

    private Product Make(Utf8 sku, Utf8 description, decimal price, string category, ulong seed, long updatedAt)
    {
        var card = _cards[category];
        var draws = new Draws(seed ^ 2, unchecked((long)XxHash3.HashToUInt64(sku.Span)));
        var cost = decimal.Round(price * draws.Between(35, 60) / 100, 4, MidpointRounding.AwayFromZero);
        var (electronics, beauty) = (category == "electronics", category == "beauty");
        return new Product
        {
            Program = FileReplay.Program,
            Sku = sku,
            Description = description,
            Card = card,
            // Four vendors for each category, numbered as the agreements number them.
            Vendor = string.Create(CultureInfo.InvariantCulture, $"V-{card.Checklist.Index + 1}{draws.Between(1, 4):000}"),
            Cost = new Money(cost, Pounds),
            ReferencePrice = new Money(price, Pounds),
            WeightGrams = draws.Between(60, electronics ? 1_400 : beauty ? 350 : 900),
            UpdatedAt = updatedAt,
            Recalled = draws.Chance(3_000),
            Hazmat = draws.Chance(beauty ? 20_000 : electronics ? 10_000 : 500),
            DataBearing = electronics && draws.Chance(120_000),
            Hygiene = beauty ? draws.Chance(800_000) : category == "apparel" && draws.Chance(80_000),
            Serialised = electronics && draws.Chance(400_000),
            Wear = draws.Between(60, 140),
        };
    }
}
