using Returns.Contracts;
using Returns.Domain.Tests.Models;

namespace Returns.Domain.Tests;

/// <summary>Random units under random rules, decided by the code and by a plain reading of the rules.</summary>
public sealed class DecisionsAgainstOracle
{
    [Fact]
    public void Every_decision_is_what_a_plain_reading_of_the_rules_says()
    {
        var answers = new Dictionary<DecisionOracle.Answer, int>();
        Cases.Each(400, random =>
        {
            var model = RandomRules.Make(random);
            var rules = model.Compile();
            var decision = new Decision();
            for (var i = 0; i < 200; i++)
            {
                var unit = RandomUnits.Make(random, model);
                var expected = DecisionOracle.Decide(model, unit);
                decision.Decide(rules, unit.ToFacts(), unit.Operator?.ToDecision(), unit.Capacity);
                Assert.Equal(expected, Answer(decision));
                answers[expected with { Channel = null }] = answers.GetValueOrDefault(expected with { Channel = null }) + 1;
            }
        });

        // The cases were worth deciding: every state, reason, cause and disposition came up.
        Assert.Equal(Enum.GetValues<WaitsFor>().Length, answers.Keys.Select(a => a.WaitsFor).Distinct().Count());
        Assert.Equal(Enum.GetValues<RoutingCause>().Length, answers.Keys.Select(a => a.Cause).OfType<RoutingCause>().Distinct().Count());
        Assert.Equal(Enum.GetValues<Disposition>().Length, answers.Keys.Select(a => a.Disposition).OfType<Disposition>().Distinct().Count());
        ExceptionReason[] byDomain = [.. Enum.GetValues<ExceptionReason>()
            .Except([ExceptionReason.DeadlinePassed, ExceptionReason.UnknownSku, ExceptionReason.NoIntake])];
        Assert.Equal(byDomain.Order(), answers.Keys.Select(a => a.Review).OfType<ExceptionReason>().Distinct().Order());
        Assert.Contains(answers.Keys, a => a.Refused && a.State == DecisionState.Routed);
    }

    private static DecisionOracle.Answer Answer(Decision decision) => new(decision.State, decision.WaitsFor, decision.Review,
        decision.IsRouted ? decision.Route.Disposition : null, decision.IsRouted ? decision.Route.Channel?.Name.ToString() : null,
        decision.IsRouted ? decision.Route.Cause : null, decision.OverrideRefused);
}
