using Returns.Contracts;
using Returns.Domain.Grading;

namespace Returns.Domain.Tests.Models;

/// <summary>Makes rule sets that no one would ship, but that the rules' grammar allows.</summary>
internal static class RandomRules
{
    private static readonly string[] Currencies = ["GBP", "GBP", "GBP", "EUR"];
    private static readonly string[] Signals = ["counterfeit", "opened", "sealed", "wiped", "hazardous"];
    private static readonly string[] MandatoryWords = ["true", "false", "false", "data-bearing", "hygiene"];
    private static readonly Disposition[] WithFigures = [Disposition.Restock, Disposition.Refurbish, Disposition.Donate, Disposition.Dispose];

    public static RuleModel Make(Random random)
    {
        var scale = "ABCDEFX".Take(random.Next(2, 7)).Select(c => c.ToString()).ToArray();
        var categories = Enumerable.Range(0, random.Next(1, 4)).Select(i => Category(random, $"cat-{i}", scale.Length)).ToArray();
        var names = categories.Select(c => c.Name).ToArray();
        var channels = Enumerable.Range(0, random.Next(1, 5))
            .Select(i => Outlet(random, $"ch-{i}", scale.Length - 2, scale.Length, names)).ToArray();
        var dispositions = WithFigures.ToDictionary(d => d,
            d => Outlet(random, RuleModel.Wire(d), d == Disposition.Restock ? scale.Length - 2 : scale.Length - 1, scale.Length, names));
        return new RuleModel(scale, categories, [.. Enum.GetValues<HardBlock>().Select(b => Block(random, b))],
            Rows(random, names, scale.Length, channels), channels, dispositions, Vendors(random, scale.Length));
    }

    private static CategoryModel Category(Random random, string name, int grades)
    {
        var criteria = Enumerable.Range(0, random.Next(1, 8)).Select(i => Criterion(random, $"{name}-c{i}", grades)).ToArray();
        criteria[0] = criteria[0] with { Mandatory = "true" };
        random.Shuffle(criteria);
        var thresholds = Enumerable.Range(0, 101).OrderBy(_ => random.Next()).Take(grades - 1).OrderDescending().ToArray();
        return new CategoryModel(name, criteria, thresholds, random.Next(11) / 10.0, random.Next(1, grades),
            random.Next(1, grades), random.Next(200) / 100m, random.Next(1, 3000));
    }

    private static CriterionModel Criterion(Random random, string name, int grades)
    {
        var kind = random.Any(Enum.GetValues<CriterionKind>());
        var mandatory = random.Any(MandatoryWords);
        if (kind != CriterionKind.Number)
        {
            var levels = kind == CriterionKind.YesNo ? 2 : random.Next(2, 5);
            return new CriterionModel(name, kind, mandatory, 0, levels - 1, [], Outcomes(levels));
        }

        var from = Enumerable.Range(-20, 60).OrderBy(_ => random.Next()).Take(random.Next(1, 5)).Order().Select(n => n / 2m).ToArray();
        return new CriterionModel(name, kind, mandatory, from[0], from[^1] + random.Next(3), from, Outcomes(from.Length));

        OutcomeModel[] Outcomes(int count) => [.. Enumerable.Range(0, count).Select(_ => new OutcomeModel(
            random.OneIn(2) ? random.Next(grades) : 0, random.OneIn(2) ? random.Next(40) : 0,
            random.OneIn(4) ? random.Any(Signals) : null))];
    }

    private static OutletModel Outlet(Random random, string name, int worstGrade, int grades, string[] categories) =>
        new(name, random.Next(worstGrade + 1), random.OneIn(3) ? random.Some(categories) : null, random.Any(Currencies),
            random.Amount(3), [.. Enumerable.Range(0, grades).Select(_ => random.Amount(2))], random.Amount(2), random.Next(30),
            [.. Enumerable.Range(0, grades).Select(_ => random.Next(10_001) / 100m)]);

    private static BlockModel Block(Random random, HardBlock block)
    {
        var final = Enum.GetValues<Disposition>().Where(d => d is not (Disposition.Quarantine or Disposition.ManualReview)).ToArray();
        var forbids = random.Some(final);
        var ways = random.Some(Enum.GetValues<Disposition>().Where(d => d != Disposition.Resell).Except(forbids), 3);
        var force = random.OneIn(2);
        var early = force && block is not (HardBlock.Hygiene or HardBlock.DataNotWiped) && random.OneIn(2);
        return new BlockModel(block, forbids, force ? ways : [], force ? [] : ways, early);
    }

    /// <summary>Each row but the last has a grade and category of its own among its conditions, so that each can apply.</summary>
    private static RowModel[] Rows(Random random, string[] categories, int grades, OutletModel[] channels)
    {
        var cells = categories.SelectMany(c => Enumerable.Range(0, grades).Select(g => (Category: c, Grade: g))).ToArray();
        random.Shuffle(cells);
        var rows = new List<RowModel>();
        foreach (var (category, grade) in cells.Take(random.Next(cells.Length)))
        {
            rows.Add(new RowModel($"row {rows.Count}", [category], [grade],
                random.OneIn(2) ? random.Some(Enum.GetValues<ReturnReason>()) : null, random.OneIn(2), []));
        }

        if (rows.Count == 0 || !random.OneIn(4)) rows.Add(new RowModel("rest", null, null, null, random.OneIn(2), []));
        return [.. rows.Select(row => row with { To = Ways(row.ByValue) })];

        WayModel[] Ways(bool byValue) => random.Some(
            channels.Select(c => new WayModel(Disposition.Resell, c.Name))
                .Concat(Enum.GetValues<Disposition>()
                    .Where(d => d != Disposition.Resell && !(byValue && d is Disposition.Quarantine or Disposition.ManualReview))
                    .Select(d => new WayModel(d, null))));
    }

    private static VendorModel[] Vendors(Random random, int grades)
    {
        string[] ways = ["prohibited", "eligible", "forced"];
        return [.. new[] { "*", "v-1", "v-2", "v-3" }.Select(name => new VendorModel(name, random.Any(ways),
            random.OneIn(2) ? random.Some(Enum.GetValues<ReturnReason>()) : null,
            random.OneIn(2) ? random.Some(Enumerable.Range(0, grades)) : null,
            random.OneIn(2) ? random.Next(4) : null, random.OneIn(2), random.Any(Currencies), random.Next(10_001) / 100m,
            random.Amount(2), random.Amount(1)))];
    }
}
