using System.Numerics;
using Returns.Contracts;
using Returns.Domain.Grading;
using Returns.Domain.Tests.Models;

namespace Returns.Domain.Tests.Grading;

public sealed class Findings
{
    [Fact]
    public void A_checklist_makes_of_findings_what_a_plain_reading_of_it_says() => Cases.Each(300, random =>
    {
        var model = RandomRules.Make(random);
        var rules = model.Compile();
        for (var i = 0; i < 30; i++)
        {
            var category = random.Any(model.Categories);
            var unit = RandomUnits.Make(random, model);
            var catalog = unit.Catalog ?? new CatalogModel(category.Name, "", 1, "GBP", 1, "GBP", null, false, false, true, true);
            var findings = RandomUnits.Findings(random, category, repeated: true);
            var checklist = rules.Grading.Find(Utf8.From(category.Name).Span)!;

            var expected = GradingOracle.Of(category, catalog, findings);
            var result = checklist.Grade(unit.ToFacts(findings).Findings, catalog.DataBearing, catalog.Hygiene);

            Assert.Equal(expected.Missing, Names(checklist, result.Missing));
            Assert.Equal(expected.Limits, Names(checklist, result.Limits));
            Assert.Equal(expected.Points, result.Points);
            Assert.Equal(expected.Grade, result.Grade);
            Assert.Equal(expected.Signals.Order(), Signals(result.Signals).Order());
        }
    });

    [Fact]
    public void Neither_order_nor_repetition_nor_the_order_of_corrections_changes_the_grading() => Cases.Each(200, random =>
    {
        var model = RandomRules.Make(random);
        var rules = model.Compile();
        var unit = RandomUnits.Make(random, model);
        if (unit.Catalog is null || rules.Grading.Find(Utf8.From(unit.Catalog.Category).Span) is not { } checklist) return;
        var expected = rules.Grading.Grade(checklist, unit.ToFacts());
        for (var i = 0; i < 10; i++)
        {
            FindingModel[] again = [.. unit.Findings, .. unit.Findings.Where(_ => random.OneIn(2))];
            random.Shuffle(again);
            var facts = unit.ToFacts(again);
            Same(expected, rules.Grading.Grade(checklist, facts));

            // Nor does it matter where between two scans the unit's state was saved.
            var restored = unit.ToFacts([]);
            foreach (ref readonly var finding in facts.Findings.Items) restored.Findings.Restore(finding);
            foreach (var finding in again[..random.Next(again.Length + 1)]) restored.Findings.Observe(finding.ToObservation());
            Same(expected, rules.Grading.Grade(checklist, restored));
        }
    });

    [Fact]
    public void An_observation_says_what_became_of_it()
    {
        var findings = new FindingList();
        Assert.Equal(ObserveResult.Added, findings.Observe(Seen(value: 1, at: 5)));
        Assert.Equal(ObserveResult.Confirmed, findings.Observe(Seen(value: 1, at: 5)));
        Assert.Equal(ObserveResult.Confirmed, findings.Observe(Seen(value: 1, at: 6)));
        Assert.Equal(ObserveResult.Corrected, findings.Observe(Seen(value: 0, at: 7)));
        Assert.Equal(ObserveResult.Superseded, findings.Observe(Seen(value: 1, at: 6)));
        Assert.Equal(0, findings.Items[0].Value);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void What_is_no_number_changes_nothing(double value)
    {
        var findings = new FindingList();
        findings.Observe(Seen(value: 1, at: 5));
        Assert.Equal(ObserveResult.NotANumber, findings.Observe(Seen(value, at: 6)));
        Assert.Equal(1, findings.Items[0].Value);
    }

    [Fact]
    public void A_unit_keeps_a_checklists_worth_of_criteria_and_says_when_it_is_full()
    {
        var findings = new FindingList();
        for (var i = 0u; i < FindingList.Capacity; i++)
            Assert.Equal(ObserveResult.Added, findings.Observe(new Observation(new CriterionKey(i), 1, default)));
        Assert.Equal(ObserveResult.Full, findings.Observe(new Observation(new CriterionKey(999), 1, default)));
        Assert.Equal(ObserveResult.Corrected, findings.Observe(new Observation(new CriterionKey(7), 2, new ObservationStamp(1, 0, 0))));
        Assert.Throws<InvalidOperationException>(() => findings.Restore(new Observation(new CriterionKey(999), 1, default)));
    }

    [Fact]
    public void Of_two_image_opinions_the_later_counts_whichever_comes_first()
    {
        var early = ImageOpinion.Of("A", 0.9, new ObservationStamp(1, 0, 0));
        var late = ImageOpinion.Of("C", 0.4, new ObservationStamp(2, 0, 0));
        var facts = new ItemFacts();
        Assert.True(facts.Observe(early));
        Assert.True(facts.Observe(late));
        Assert.False(facts.Observe(early));
        Assert.Equal(late, facts.Image);
    }

    private static Observation Seen(double value, long at) => new(CriterionKey.Of("odour"u8), value, new ObservationStamp(at, 0, 0));

    private static void Same(in GradeResult expected, in GradeResult actual)
    {
        Assert.Equal(expected.Findings, actual.Findings);
        Assert.Equal((expected.Signals, expected.Review, expected.Confidence, expected.Quality, expected.QualityGradeIndex),
            (actual.Signals, actual.Review, actual.Confidence, actual.Quality, actual.QualityGradeIndex));
    }

    private static IEnumerable<string> Names(Checklist checklist, ulong mask)
    {
        for (; mask != 0; mask &= mask - 1) yield return checklist.Criteria[BitOperations.TrailingZeroCount(mask)].Name.ToString();
    }

    private static IEnumerable<string> Signals(FindingSignals signals) =>
        Enum.GetValues<FindingSignals>().Where(s => s != FindingSignals.None && signals.HasFlag(s)).Select(s => RuleModel.Wire(s));
}
