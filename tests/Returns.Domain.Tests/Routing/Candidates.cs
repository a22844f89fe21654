using Returns.Contracts;
using Returns.Domain.Channels;
using Returns.Domain.Tests.Models;

namespace Returns.Domain.Tests.Routing;

/// <summary>What a routing records of the places a unit might have gone.</summary>
public sealed class Candidates
{
    [Fact]
    public void One_candidate_is_chosen_and_every_other_says_why_not() => EachRouted(200, (_, _, decision) =>
    {
        var chosen = 0;
        foreach (ref readonly var candidate in decision.Route.Candidates)
        {
            if (candidate.Outcome == CandidateOutcome.Chosen) chosen++;
            Assert.False(candidate.Detail.IsEmpty, $"{candidate.Disposition} {candidate.Outcome} says nothing");
        }

        Assert.Equal(1, chosen);
        ref readonly var choice = ref decision.Route.Chosen;
        Assert.Equal(CandidateOutcome.Chosen, choice.Outcome);
        Assert.Equal((decision.Route.Disposition, decision.Route.Channel), (choice.Disposition, choice.Channel));
        Assert.Equal(decision.State == DecisionState.ManualReview, decision.Route.Disposition == Disposition.ManualReview);
        Assert.Equal(decision.Route.Disposition == Disposition.Resell, decision.Route.Channel is not null);
    });

    [Fact]
    public void Nothing_forbidden_is_ever_chosen_by_whatever_value_vendor_or_operator() => EachRouted(200, (model, _, decision) =>
    {
        foreach (var block in decision.Route.Blocks)
            Assert.DoesNotContain(decision.Route.Disposition, model.Block(block).Forbids);
    });

    [Fact]
    public void A_hard_block_holds_against_a_fortune_and_an_operator()
    {
        var tried = 0;
        Cases.Each(120, random =>
        {
            var model = RandomRules.Make(random);
            var rules = model.Compile();
            var decision = new Decision();
            for (var i = 0; i < 50; i++)
            {
                var unit = RandomUnits.Make(random, model);
                if (unit.Catalog is null) continue;
                unit = unit with
                {
                    Catalog = unit.Catalog with { Price = 1_000_000_000_000m, Cost = 1_000_000_000_000m, Recalled = true },
                    Operator = new OperatorModel(random.Any(model.Block(HardBlock.Recall).Forbids), random.Any(model.Channels).Name, model.Scale[0]),
                };
                decision.Decide(rules, unit.ToFacts(), unit.Operator.ToDecision(), unit.Capacity);
                if (decision.Checklist is null) continue;
                Assert.True(decision.OverrideRefused);
                Assert.Equal(CandidateOutcome.HardBlock, decision.Route.Candidates[0].Outcome);
                if (!decision.IsRouted) continue;
                Assert.DoesNotContain(decision.Route.Disposition, model.Block(HardBlock.Recall).Forbids);
                tried++;
            }
        });
        Assert.True(tried > 500, $"only {tried} were routed");
    }

    [Fact]
    public void Values_are_those_of_decimal_arithmetic_to_the_ten_thousandth_and_in_one_currency() => EachRouted(200, (model, unit, decision) =>
    {
        var oracle = new DecisionOracle(model, unit);
        int? grade = decision.Route.GradeIndex < 0 ? null : decision.Route.GradeIndex;
        var routed = new ItemRouted();
        decision.Route.Fill(unit.ToFacts(), routed);
        for (var i = 0; i < decision.Route.Candidates.Length; i++)
        {
            ref readonly var candidate = ref decision.Route.Candidates[i];

            // What an operator asked for in vain is recorded without a value, or with that of the operator's grade.
            if (decision.OverrideRefused && (i == 0 || unit.Operator!.Disposition == Disposition.Resell)) continue;
            var expected = oracle.ValueOf(new WayModel(candidate.Disposition, candidate.Channel?.Name.ToString()), grade);
            Assert.Equal(expected, routed.Candidates[i].Value?.Amount);
            if (routed.Candidates[i].Value is { } value) Assert.Equal(unit.Catalog!.Currency, value.Currency.ToString());
        }
    });

    [Fact]
    public void What_a_way_costs_is_the_difference_between_what_it_brings_and_its_value() => EachRouted(200, (model, unit, decision) =>
    {
        var routed = new ItemRouted();
        decision.Route.Fill(unit.ToFacts(), routed);
        Assert.True(routed.WeightGrams > 0);
        if (routed.ExpectedValue is not { } value) return;
        Assert.Equal(value.Currency, routed.HandlingCost!.Value.Currency);
        var proceeds = new DecisionOracle(model, unit).ProceedsOf(new WayModel(routed.Disposition, routed.Channel?.ToString()), decision.Route.GradeIndex);
        Assert.Equal(proceeds, value.Amount + routed.HandlingCost.Value.Amount);
    });

    [Fact]
    public void A_routed_event_says_all_that_the_decision_knows_and_survives_the_wire() => EachRouted(200, (model, unit, decision) =>
    {
        var routed = new ItemRouted();
        decision.Route.Fill(unit.ToFacts(), routed);
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        routed.Encode(bytes);
        var read = new ItemRouted();
        Assert.True(ItemRouted.TryDecode(bytes.WrittenSpan, read, out var error), error.ToString());

        Assert.Equal(decision.Route.Disposition, read.Disposition);
        Assert.Equal(decision.Route.Cause, read.Cause);
        Assert.Equal(decision.Route.Channel?.Name, read.Channel);
        Assert.Equal(unit.Reason, read.ReturnReason);
        Assert.Equal(unit.Catalog!.Category, read.Category.ToString());
        Assert.Equal(unit.Catalog.Vendor, (read.Vendor ?? default).ToString());
        Assert.Equal<(decimal?, string?)>((unit.Catalog.Price, unit.Catalog.Currency), (read.ReferencePrice?.Amount, read.ReferencePrice?.Currency.ToString()));
        Assert.Equal<(decimal?, string?)>((unit.Catalog.Cost, unit.Catalog.CostCurrency), (read.Cost?.Amount, read.Cost?.Currency.ToString()));
        Assert.Equal(decision.Route.GradeIndex < 0 ? null : model.Scale[decision.Route.GradeIndex], read.Grade?.ToString());
        Assert.Equal(decision.Route.Candidates.Length, read.Candidates.Count);
        Assert.Equal(read.Candidates.Single(c => c.Outcome == CandidateOutcome.Chosen).Value, read.ExpectedValue);
        var blocks = new List<HardBlock>();
        foreach (var block in decision.Route.Blocks) blocks.Add(block);
        Assert.Equal(blocks, read.Blocks);
    });

    [Fact]
    public void No_room_anywhere_leads_to_review_and_never_to_disposal()
    {
        var full = 0;
        Cases.Each(250, random =>
        {
            var model = RandomRules.Make(random);
            var rules = model.Compile();
            var decision = new Decision();
            for (var i = 0; i < 50; i++)
            {
                var unit = RandomUnits.Make(random, model) with { Operator = null };
                var facts = unit.ToFacts();
                decision.Decide(rules, facts, null, new UnlimitedCapacity());
                if (decision.State != DecisionState.Routed || decision.Route.Disposition != Disposition.Resell) continue;
                decision.Decide(rules, facts, null, new TestCapacity(new bool[model.Channels.Length], new long[model.Channels.Length]));
                Assert.NotEqual(Disposition.Dispose, decision.Route.Disposition);
                if (decision.Review is not { } review) continue;
                if (review == ExceptionReason.Other && model.Rows.Any(r => r.To.Any(w => w.Disposition == Disposition.ManualReview))) continue;
                Assert.Equal(ExceptionReason.NoCapacity, review);
                full++;
            }
        });
        Assert.True(full > 100, $"only {full} had nowhere to go");
    }

    [Fact]
    public void The_most_candidates_that_rules_allow_are_all_recorded()
    {
        var random = new Random(1);
        var model = RandomRules.Make(random);
        var channels = Enumerable.Range(0, 32).Select(i => model.Channels[0] with { Name = $"ch-{i}", Currency = "USD", Categories = null, MinGrade = 0 }).ToArray();
        WayModel[] ways = [.. channels.Take(15).Select(c => new WayModel(Disposition.Resell, c.Name)), new WayModel(Disposition.Restock, null)];
        Disposition[] fallback = [Disposition.Refurbish, Disposition.Donate, Disposition.Dispose, Disposition.ReturnToVendor];
        model = model with
        {
            Channels = channels,
            Dispositions = model.Dispositions.ToDictionary(d => d.Key, d => d.Value with { Currency = "USD", Categories = null, MinGrade = 0 }),
            Blocks = [.. model.Blocks.Select(b => new BlockModel(b.Block, [Disposition.Restock], [], fallback, false))],
            Rows = [new RowModel("all", null, null, null, true, ways)],
            Vendors = [new VendorModel("*", "forced", null, null, 0, false, "GBP", 1, 0, 0)],
        };
        var rules = model.Compile();
        var decision = new Decision();
        for (var i = 0; i < 200; i++)
        {
            var unit = RandomUnits.Make(random, model) with { Operator = new OperatorModel(Disposition.Resell, "", null) };
            decision.Decide(rules, unit.ToFacts(), unit.Operator.ToDecision(), unit.Capacity);
            if (!decision.OverrideRefused || decision.Route.Blocks.IsEmpty || decision.Route.Candidates.Length < 53) continue;
            Assert.Equal(CandidateOutcome.Chosen, decision.Route.Chosen.Outcome);
            return;
        }

        Assert.Fail("no unit had them all");
    }

    [Fact]
    public void An_amount_goes_to_the_wire_and_back_without_loss() => Cases.Each(2000, random =>
    {
        var price = random.OneIn(3) ? random.NextInt64(0, 10_000_000_000_000_000) / 10_000m : random.Amount(100);
        var catalog = new CatalogModel("any", "", price, "GBP", price, "EUR", null, false, false, false, false).ToFacts();
        Assert.Equal(price * 10_000, catalog.Cost);
        Assert.Equal(price * 10_000, catalog.ReferencePrice);
    });

    [Theory]
    [InlineData("-0.01", "GBP", "the cost -0.01 must be from 0 to 1000000000000")]
    [InlineData("1000000000000.01", "GBP", "the cost 1000000000000.01 must be from 0 to 1000000000000")]
    [InlineData("1", null, "the cost has no currency")]
    public void An_amount_that_no_decision_can_rest_on_is_refused_by_name(string amount, string? currency, string message)
    {
        var item = new CatalogItem
        {
            Category = "any",
            Cost = new Money(decimal.Parse(amount, System.Globalization.CultureInfo.InvariantCulture),
                currency is null ? Currency.None : Currency.Parse(currency)),
            ReferencePrice = new Money(1, Currency.Parse("GBP")),
        };
        Assert.False(CatalogFacts.TryCreate(item, out _, out var error));
        Assert.Equal(message, error);
    }

    private static void EachRouted(int count, Action<RuleModel, UnitModel, Decision> holds)
    {
        var routed = 0;
        Cases.Each(count, random =>
        {
            var model = RandomRules.Make(random);
            var rules = model.Compile();
            var decision = new Decision();
            for (var i = 0; i < 30; i++)
            {
                var unit = RandomUnits.Make(random, model);
                decision.Decide(rules, unit.ToFacts(), unit.Operator?.ToDecision(), unit.Capacity);
                if (!decision.IsRouted) continue;
                holds(model, unit, decision);
                routed++;
            }
        });
        Assert.True(routed > 10 * count, $"only {routed} were routed");
    }
}
