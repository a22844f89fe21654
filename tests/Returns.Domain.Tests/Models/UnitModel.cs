using Returns.Contracts;
using Returns.Domain.Channels;
using Returns.Domain.Grading;
using Returns.Domain.Routing;

namespace Returns.Domain.Tests.Models;

internal sealed record FindingModel(string Criterion, double Value, ObservationStamp Stamp)
{
    public Observation ToObservation() => new(CriterionKey.Of(Utf8.From(Criterion).Span), Value, Stamp);
}

internal sealed record CatalogModel(string Category, string Vendor, decimal Cost, string CostCurrency, decimal Price,
    string Currency, int? WeightGrams, bool Recalled, bool Hazmat, bool DataBearing, bool Hygiene)
{
    public CatalogFacts ToFacts()
    {
        var item = new CatalogItem
        {
            Category = Category,
            Vendor = Vendor,
            Cost = new Money(Cost, Contracts.Currency.Parse(CostCurrency)),
            ReferencePrice = new Money(Price, Contracts.Currency.Parse(Currency)),
            WeightGrams = WeightGrams,
            Recalled = Recalled,
            Hazmat = Hazmat,
            DataBearing = DataBearing,
            Hygiene = Hygiene,
        };
        Assert.True(CatalogFacts.TryCreate(item, out var facts, out var error), error);
        return facts!;
    }
}

internal sealed record OperatorModel(Disposition Disposition, string Channel, string? Grade)
{
    public OperatorDecision ToDecision()
    {
        GradeCode grade = default;
        if (Grade is not null) Assert.True(GradeCode.TryParse(Utf8.From(Grade).Span, out grade));
        return new OperatorDecision(Disposition, Channel, grade);
    }
}

/// <summary>A returned unit as plain data: what the code under test and the oracles are both told.</summary>
internal sealed record UnitModel(CatalogModel? Catalog, FindingModel[] Findings, FindingModel[] QualityFindings,
    (string Grade, double Confidence)? Image, long? IntakeAt, long DecidedAt, ReturnReason? Reason, bool HasAuthorization,
    int WeightGrams, OperatorModel? Operator, bool[] Room, decimal[] BidPrices)
{
    public TestCapacity Capacity => new(Room, [.. BidPrices.Select(FixedTenThousandths)]);

    public ItemFacts ToFacts() => ToFacts(Findings);

    public ItemFacts ToFacts(IEnumerable<FindingModel> findings)
    {
        var facts = new ItemFacts();
        foreach (var finding in findings) facts.Findings.Observe(finding.ToObservation());
        foreach (var finding in QualityFindings) facts.QualityFindings.Observe(finding.ToObservation());
        if (Image is { } image) facts.Observe(ImageOpinion.Of(image.Grade, image.Confidence, default));
        facts.Catalog = Catalog?.ToFacts();
        facts.IntakeAt = IntakeAt;
        facts.DecidedAt = DecidedAt;
        facts.ReturnReason = Reason;
        facts.HasAuthorization = HasAuthorization;
        facts.WeightGrams = WeightGrams;
        return facts;
    }

    private static long FixedTenThousandths(decimal amount) => (long)(amount * 10_000);
}

/// <summary>Capacity as the test says, by channel index.</summary>
internal readonly struct TestCapacity(bool[] room, long[] bidPrices) : IChannelCapacity
{
    public bool HasRoom(int channel) => room[channel];

    public long BidPrice(int channel) => bidPrices[channel];
}

/// <summary>Makes units of a rule set: most complete and plain, some missing, odd or contradictory in every way.</summary>
internal static class RandomUnits
{
    private const long Day = 86_400_000;

    public static UnitModel Make(Random random, RuleModel rules)
    {
        var category = random.Any(rules.Categories);
        var catalog = random.OneIn(40) ? null : new CatalogModel(random.OneIn(40) ? "elsewhere" : category.Name,
            random.Any(["", "v-1", "v-2", "v-3", "v-9"]), Price(random, 200), random.OneIn(4) ? "EUR" : "GBP",
            Price(random, 300), random.OneIn(5) ? "EUR" : "GBP", random.OneIn(2) ? random.Next(5000) : null,
            random.OneIn(15), random.OneIn(15), random.OneIn(4), random.OneIn(4));
        long? intake = random.OneIn(20) ? null : 10 * Day;
        return new UnitModel(catalog, Findings(random, category, repeated: true),
            random.OneIn(3) ? Findings(random, category, repeated: false) : [],
            random.OneIn(3) ? (random.OneIn(6) ? "nine" : random.Any(rules.Scale), random.Next(-1, 12) / 10.0) : null,
            intake, 10 * Day + random.NextInt64(-Day, 6 * Day), random.OneIn(5) ? null : random.Any(Enum.GetValues<ReturnReason>()),
            random.OneIn(2), random.OneIn(2) ? random.Next(9000) : 0, random.OneIn(5) ? Operator(random, rules) : null,
            [.. rules.Channels.Select(_ => !random.OneIn(4))], [.. rules.Channels.Select(_ => random.OneIn(2) ? random.Amount(40) : 0)]);
    }

    /// <summary>Now and then of a size at which 64 bits would not hold every product.</summary>
    private static decimal Price(Random random, int upTo) =>
        random.OneIn(10) ? random.NextInt64(10_000_000_000_000_000) / 10_000m : random.Amount(upTo);

    private static OperatorModel Operator(Random random, RuleModel rules)
    {
        var disposition = random.Any(Enum.GetValues<Disposition>());
        var channel = disposition != Disposition.Resell || random.OneIn(3) ? ""
            : random.OneIn(4) ? "nowhere" : random.Any(rules.Channels).Name;
        return new OperatorModel(disposition, channel, random.OneIn(3) ? random.Any([.. rules.Scale, "Z"]) : null);
    }

    /// <summary>Findings of most criteria, now and then several of one, of none that exists, or of a value that cannot be.</summary>
    public static FindingModel[] Findings(Random random, CategoryModel category, bool repeated)
    {
        var findings = new List<FindingModel>();
        foreach (var criterion in category.Criteria)
        {
            if (random.OneIn(12)) continue;
            for (var times = repeated && random.OneIn(4) ? random.Next(2, 5) : 1; times > 0; times--)
                findings.Add(new FindingModel(criterion.Name, Value(random, criterion), Stamp(random)));
        }

        if (random.OneIn(4)) findings.Add(new FindingModel("nobody-asked", 1, Stamp(random)));
        var shuffled = findings.ToArray();
        random.Shuffle(shuffled);
        return shuffled;
    }

    /// <summary>From so few that ties in all parts but the value are common.</summary>
    private static ObservationStamp Stamp(Random random) => new(random.Next(3), (ulong)random.Next(2), random.Next(2));

    private static double Value(Random random, CriterionModel criterion)
    {
        if (random.OneIn(30)) return random.Any([-1, 0.5, 1e300, -1e300, (double)criterion.Maximum + 0.001]);
        if (criterion.Kind != CriterionKind.Number) return random.Next(criterion.Outcomes.Length);
        return random.Next(3) switch
        {
            0 => (double)random.Any(criterion.From),
            1 => (double)criterion.Maximum,
            _ => (double)criterion.Minimum + random.NextDouble() * (double)(criterion.Maximum - criterion.Minimum),
        };
    }
}
