using System.Globalization;
using Returns.Contracts;
using Returns.Domain.Rules;

namespace Returns.Simulator.Conveyors;

/// <summary>
/// The products of a shift's retailers. Most are in the catalogue from the start; some are entered when their units have
/// already come back.
/// </summary>
internal sealed class ShiftCatalogue
{
    private const int ProductsPerProgram = 400;

    /// <summary>The retailers, with their share of the units, per cent, and the categories they sell.</summary>
    public static readonly (string Name, string Code, int Share, string Currency, string[] Categories)[] Programs =
    [
        ("northgate", "NG", 66, "GBP", ["apparel", "homeware", "beauty", "toys"]),
        ("brightside", "BS", 31, "GBP", ["electronics", "toys"]),
        // Sells in dollars, while the outlets of the shipped rules trade in pounds: an operator decides on its units.
        ("lakeside", "LS", 3, "USD", ["homeware", "apparel"]),
    ];

    private static readonly Dictionary<string, (string[] Things, int Least, int Most, int Heaviest)> Ranges = new()
    {
        ["electronics"] = (["Headphones", "Tablet", "Smart speaker", "Digital camera", "Phone", "Radio alarm", "E-reader", "Charger"], 15, 480, 1_600),
        ["apparel"] = (["Rain jacket", "Wool jumper", "Jeans", "Summer dress", "Trainers", "Scarf", "Shirt", "Swimsuit"], 12, 140, 1_100),
        ["homeware"] = (["Table lamp", "Mixing bowl", "Bath towel", "Picture frame", "Tea set", "Cushion", "Storage box", "Vase"], 5, 90, 2_400),
        ["toys"] = (["Building set", "Jigsaw", "Doll", "Racing car", "Board game", "Plush bear", "Craft kit", "Train set"], 6, 80, 1_300),
        ["beauty"] = (["Face cream", "Perfume", "Hair dryer brush", "Lip colour", "Shampoo", "Body lotion", "Make-up set", "Hand soap"], 4, 95, 500),
    };

    private static readonly string[] Styles = ["classic", "compact", "deluxe", "junior", "outdoor", "slim", "studio", "travel"];

    private readonly Product[][] _products;

    /// <param name="rules">The rules of every program.</param>
    /// <param name="seed">Seed of the products.</param>
    /// <param name="startsAt">Start of the shift, event time.</param>
    /// <exception cref="ArgumentException">A program has no rules, or they have none of its categories.</exception>
    public ShiftCatalogue(RuleBook rules, ulong seed, long startsAt)
    {
        var entries = new List<CatalogEntry>();
        _products = new Product[Programs.Length][];
        for (var p = 0; p < Programs.Length; p++)
        {
            var program = Programs[p];
            var cards = CardsOf(rules, program.Name, program.Categories);
            _products[p] = new Product[ProductsPerProgram];
            for (var i = 0; i < ProductsPerProgram; i++)
            {
                var draws = new Draws(seed ^ 4, p * ProductsPerProgram + i);
                var late = draws.Chance(30_000);
                var publishedAt = late ? startsAt + draws.Between(5 * 60_000, 120 * 60_000) : long.MinValue;
                _products[p][i] = Make(program.Name, program.Code, Currency.Parse(program.Currency), cards[draws.Below(cards.Length)], i,
                    late ? publishedAt : startsAt, ref draws);
                entries.Add(new CatalogEntry(publishedAt, _products[p][i]));
            }
        }
        Entries = [.. entries.OrderBy(e => e.PublishedAt)];
    }

    /// <summary>The catalogue items, in the order of their publication.</summary>
    public CatalogEntry[] Entries { get; }

    /// <summary>Draws the product of a unit: few products make most of the returns.</summary>
    public Product Pick(ref Draws draws)
    {
        var program = 0;
        for (var share = draws.Below(100); share >= Programs[program].Share; program++) share -= Programs[program].Share;
        var popular = draws.Unit();
        return _products[program][(int)(popular * popular * ProductsPerProgram)];
    }

    private static InspectionCard[] CardsOf(RuleBook rules, string program, string[] categories)
    {
        var found = rules.Find(Utf8.From(program).Span)
            ?? throw new ArgumentException($"there are no rules for program '{program}': add them, or some for every program", nameof(rules));
        var checklists = found.Grading.Checklists.ToArray().Where(c => categories.Contains(c.Category.ToString())).ToArray();
        if (checklists.Length == 0)
        {
            throw new ArgumentException(
                $"the grading rules of program '{program}' have none of its categories {string.Join(", ", categories)}", nameof(rules));
        }
        return [.. checklists.Select(c => new InspectionCard(c))];
    }

    private static Product Make(string program, string code, Currency currency, InspectionCard card, int number, long updatedAt, ref Draws draws)
    {
        var category = card.Checklist.Category.ToString();
        var (things, least, most, heaviest) = Ranges[category];
        var price = draws.Between(least, most) + 0.99m;
        var (electronics, beauty) = (category == "electronics", category == "beauty");
        return new Product
        {
            Program = program,
            Sku = string.Create(CultureInfo.InvariantCulture, $"{code}-{100_000 + number}"),
            Description = $"{things[draws.Below(things.Length)]}, {Styles[draws.Below(Styles.Length)]}",
            Card = card,
            // Four vendors for each category, numbered as the agreements number them.
            Vendor = string.Create(CultureInfo.InvariantCulture, $"V-{card.Checklist.Index + 1}{draws.Between(1, 4):000}"),
            Cost = new Money(decimal.Round(price * draws.Between(30, 60) / 100, 2), currency),
            ReferencePrice = new Money(price, currency),
            WeightGrams = draws.Between(80, heaviest),
            UpdatedAt = updatedAt,
            Recalled = draws.Chance(5_000),
            Hazmat = draws.Chance(beauty || electronics ? 15_000 : 1_000),
            DataBearing = electronics && draws.Chance(500_000),
            Hygiene = beauty ? draws.Chance(800_000) : category == "apparel" && draws.Chance(100_000),
            Serialised = electronics,
            Wear = draws.Between(50, 150),
        };
    }
}
