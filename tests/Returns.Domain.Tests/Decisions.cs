using Returns.Contracts;
using Returns.Domain.Channels;
using Returns.Domain.Tests.Models;

namespace Returns.Domain.Tests;

public sealed class Decisions
{
    [Fact]
    public void Deciding_twice_or_with_a_used_instance_gives_the_same_to_the_last_candidate()
    {
        var used = new Decision();
        Cases.Each(300, random =>
        {
            var model = RandomRules.Make(random);
            var rules = model.Compile();
            for (var i = 0; i < 30; i++)
            {
                var unit = RandomUnits.Make(random, model);
                var fresh = new Decision();
                fresh.Decide(rules, unit.ToFacts(), unit.Operator?.ToDecision(), unit.Capacity);
                used.Decide(rules, unit.ToFacts(), unit.Operator?.ToDecision(), unit.Capacity);
                Assert.Equal(Told(fresh, unit), Told(used, unit));
                used.Decide(rules, unit.ToFacts(), unit.Operator?.ToDecision(), unit.Capacity);
                Assert.Equal(Told(fresh, unit), Told(used, unit));
            }
        });
    }

    [Fact]
    public void A_decision_allocates_nothing()
    {
        var model = RandomRules.Make(new Random(20));
        var rules = model.Compile();
        var random = new Random(1);
        var units = Enumerable.Range(0, 2000).Select(_ => RandomUnits.Make(random, model)).ToArray();
        var facts = units.Select(u => u.ToFacts()).ToArray();
        var choices = units.Select(u => u.Operator?.ToDecision()).ToArray();
        var capacities = units.Select(u => u.Capacity).ToArray();
        var decision = new Decision();
        var observations = units.Select(u => u.Findings.Select(f => f.ToObservation()).ToArray()).ToArray();
        var kept = new ItemFacts();

        var warm = 0;
        long bytes;
        do
        {
            bytes = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < units.Length; i++)
            {
                kept.Clear();
                foreach (ref readonly var observation in observations[i].AsSpan()) kept.Findings.Observe(observation);
                decision.Decide(rules, facts[i], choices[i], capacities[i]);
            }

            bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        }
        while (bytes > 0 && warm++ < 3);

        Assert.Equal(0, bytes);
    }

    [Fact]
    public void Filling_a_used_event_allocates_nothing()
    {
        var model = RandomRules.Make(new Random(20));
        var rules = model.Compile();
        var random = new Random(1);
        var decision = new Decision();
        var routed = new ItemRouted();
        var graded = new ItemGraded();
        var filled = 0;
        long bytes = 0;
        for (var i = 0; i < 2000; i++)
        {
            var unit = RandomUnits.Make(random, model);
            var facts = unit.ToFacts();
            decision.Decide(rules, facts, unit.Operator?.ToDecision(), unit.Capacity);
            if (!decision.IsRouted || !decision.Grade.IsGraded) continue;
            decision.Route.Fill(facts, routed);
            decision.Grade.Fill(facts, graded);
            var before = GC.GetAllocatedBytesForCurrentThread();
            decision.Route.Fill(facts, routed);
            decision.Grade.Fill(facts, graded);
            bytes += GC.GetAllocatedBytesForCurrentThread() - before;
            filled++;
        }

        Assert.True(filled > 500, $"only {filled} were filled");
        Assert.Equal(0, bytes);
    }

    [Fact]
    public void Without_rules_a_human_decides()
    {
        var decision = new Decision();
        decision.Decide(null, new ItemFacts(), null, new UnlimitedCapacity());
        Assert.Equal((DecisionState.ManualReview, ExceptionReason.RulesMissing), (decision.State, decision.Review!.Value));
        Assert.False(decision.IsRouted);
    }

    [Theory]
    [InlineData(5, 3, 0)]
    [InlineData(5, 5, 0)]
    [InlineData(5, 6, 1)]
    [InlineData(long.MinValue, long.MaxValue, long.MaxValue)]
    [InlineData(long.MaxValue, long.MinValue, 0)]
    public void Dwell_runs_from_intake_to_the_decision_and_is_never_negative(long intake, long decided, long dwell) =>
        Assert.Equal(dwell, new ItemFacts { IntakeAt = intake, DecidedAt = decided }.DwellMillis);

    private static string Told(Decision decision, UnitModel unit)
    {
        var told = $"{decision.State} {decision.WaitsFor} {decision.Review} {decision.OverrideRefused} {decision.IsRouted} {decision.Checklist?.Category} {decision.Grade.Grade} "
            + $"{decision.Grade.Findings} {decision.Grade.Signals} {decision.Grade.Quality}";
        if (!decision.IsRouted) return told;
        var routed = new ItemRouted();
        decision.Route.Fill(unit.ToFacts(), routed);
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        routed.Encode(bytes);
        return told + Convert.ToHexString(bytes.WrittenSpan);
    }
}
