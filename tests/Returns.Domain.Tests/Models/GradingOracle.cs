using Returns.Domain.Grading;

namespace Returns.Domain.Tests.Models;

/// <summary>What a checklist makes of findings, by the words of the rules' README: the plainest way, one step after the other.</summary>
internal sealed record GradingOracle(string[] Missing, int Grade, int Points, string[] Signals, string[] Limits)
{
    public static GradingOracle Of(CategoryModel category, CatalogModel catalog, IEnumerable<FindingModel> findings)
    {
        var latest = findings.GroupBy(f => f.Criterion).ToDictionary(g => g.Key, g => g
            .OrderBy(f => f.Stamp.ScannedAt).ThenBy(f => f.Stamp.Scanner).ThenBy(f => f.Stamp.Sequence)
            .ThenBy(f => BitConverter.DoubleToInt64Bits(f.Value)).Last().Value);
        var outcomes = new Dictionary<string, OutcomeModel>();
        foreach (var criterion in category.Criteria)
            if (latest.TryGetValue(criterion.Name, out var value) && Outcome(criterion, value) is { } outcome)
                outcomes.Add(criterion.Name, outcome);

        var missing = category.Criteria.Where(c => !outcomes.ContainsKey(c.Name) && c.Mandatory switch
        {
            "true" => true,
            "data-bearing" => catalog.DataBearing,
            "hygiene" => catalog.Hygiene,
            _ => false,
        });
        var cap = outcomes.Values.Select(o => o.Cap).Append(0).Max();
        var points = Math.Max(0, 100 - outcomes.Values.Sum(o => o.Minus));
        var byPoints = Array.FindIndex(category.Points, p => points >= p);
        return new GradingOracle([.. missing.Select(c => c.Name)],
            Math.Max(cap, byPoints < 0 ? category.Points.Length : byPoints), points,
            [.. outcomes.Values.Select(o => o.Signal).OfType<string>().Distinct()],
            [.. category.Criteria.Where(c => cap > 0 && outcomes.TryGetValue(c.Name, out var o) && o.Cap == cap).Select(c => c.Name)]);
    }

    private static OutcomeModel? Outcome(CriterionModel criterion, double value) => criterion.Kind == CriterionKind.Number
        ? value < (double)criterion.Minimum || value > (double)criterion.Maximum ? null
            : criterion.Outcomes[Array.FindLastIndex(criterion.From, from => (double)from <= value)]
        : criterion.Outcomes.Where((_, level) => level == value).FirstOrDefault();
}
