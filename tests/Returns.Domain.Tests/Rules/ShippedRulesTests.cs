using Returns.Contracts;
using Returns.Domain.Grading;

namespace Returns.Domain.Tests.Rules;

public sealed class ShippedRulesTests
{
    [Fact]
    public void The_shipped_rules_load_without_an_error() => Assert.Empty(ShippedRules.Errors());

    [Theory]
    [InlineData("electronics", "powers-on", "data-wiped", "battery-health", "accessories-complete")]
    [InlineData("apparel", "odour", "stains", "tags-attached", "fabric-damage")]
    [InlineData("homeware", "damage", "set-complete", "box", "used")]
    [InlineData("toys", "safety-parts-complete", "packaging", "batteries-leaked", "pieces-missing")]
    [InlineData("beauty", "seal-intact", "expiry-months", "leakage", "fill-level")]
    public void Each_category_has_the_checklist_of_its_goods(string category, params string[] criteria)
    {
        var checklist = ShippedRules.Any().Grading.Find(ShippedRules.Bytes(category));
        Assert.NotNull(checklist);
        foreach (var criterion in criteria)
            Assert.True(checklist.IndexOf(CriterionKey.Of(ShippedRules.Bytes(criterion))) >= 0, criterion);
    }

    [Fact]
    public void Electronics_and_apparel_share_no_criterion_but_counterfeit()
    {
        var grading = ShippedRules.Any().Grading;
        var electronics = grading.Find("electronics"u8)!.Criteria.ToArray().Select(c => c.Name.ToString());
        var apparel = grading.Find("apparel"u8)!.Criteria.ToArray().Select(c => c.Name.ToString());
        Assert.Equal(["counterfeit"], electronics.Intersect(apparel));
    }

    [Fact]
    public void Every_category_grade_and_reason_has_a_row()
    {
        var rules = ShippedRules.Any();
        foreach (var checklist in rules.Grading.Checklists)
            for (var grade = 0; grade < rules.Grading.Scale.Count; grade++)
                foreach (var reason in Enum.GetValues<ReturnReason>())
                    Assert.NotNull(rules.Routing.Match(checklist.Index, grade, reason));
    }

    [Fact]
    public void The_versions_of_all_four_documents_are_recorded()
    {
        var rules = ShippedRules.Any(("channels.yaml", "2026.11.1", "7"), ("agreements.yaml", "2026.11.2", "8"));
        Assert.Equal("grading:2026.11.1 routing:2026.11.1 channels:7 agreements:8", rules.RoutingVersion.ToString());
    }

    [Theory]
    [InlineData("ALARM CLOCK BAKELIKE RED", "electronics")]
    [InlineData("FELTCRAFT 6 FLOWER FRIENDS", "toys")]
    [InlineData("SET/10 BLUE POLKADOT PARTY CANDLES", "homeware")]
    [InlineData("CHARLOTTE BAG PINK POLKADOT", "apparel")]
    [InlineData("PINK DOUGHNUT TRINKET POT ", "homeware")]
    [InlineData("GARDENIA 3 WICK SOAP", "beauty")]
    [InlineData("REGENCY CAKESTAND 3 TIER", "homeware")]
    [InlineData("childrens' dolls", "toys")]
    [InlineData("", "homeware")]
    public void A_description_tells_its_category(string description, string category) =>
        Assert.Equal(category, ShippedRules.Any().Keywords!.Classify(description));

    [Fact]
    public void A_word_inside_another_word_tells_nothing() =>
        Assert.Equal("homeware", ShippedRules.Any().Keywords!.Classify("WHATNOT STOOL"));
}
