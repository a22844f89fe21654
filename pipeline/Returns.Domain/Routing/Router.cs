using Returns.Domain.Channels;
using Returns.Domain.Grading;
using Returns.Domain.Rules;

namespace Returns.Domain.Routing;

/// <summary>
/// Decides where a unit goes. In this order: hard blocks, an operator's decision within them, what the blocks force, the
/// vendor's terms, the routing table and its policy. Pure: the same arguments give the same decision.
/// </summary>
public static class Router
{
    /// <summary>Routes a unit.</summary>
    /// <param name="rules">The program's rules.</param>
    /// <param name="checklist">The category's checklist, of the same rules.</param>
    /// <param name="facts">What is known of the unit; the catalogue item must be.</param>
    /// <param name="grade">Index of the grade, or -1 where there is none.</param>
    /// <param name="signals">What the findings say beyond the grade.</param>
    /// <param name="decision">What an operator decided, where one did.</param>
    /// <param name="operatorOnly">True where nobody but the operator may decide yet.</param>
    /// <param name="capacity">What is left of the channels, and at what bid price.</param>
    /// <param name="into">Receives the decision and every candidate.</param>
    /// <returns>
    /// False where nothing decided: there is no grade and no hard block that decides without one, or the operator's decision
    /// was refused and nobody else may decide.
    /// </returns>
    /// <exception cref="ArgumentException">The catalogue item is not known.</exception>
    public static bool Route<TCapacity>(ProgramRules rules, Checklist checklist, ItemFacts facts, int grade,
        FindingSignals signals, OperatorDecision? decision, bool operatorOnly, in TCapacity capacity, RouteResult into)
        where TCapacity : struct, IChannelCapacity
    {
        ArgumentNullException.ThrowIfNull(rules);
        ArgumentNullException.ThrowIfNull(checklist);
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(into);
        if (facts.Catalog is null) throw new ArgumentException("the catalogue item is not known", nameof(facts));
        return new RoutingPass<TCapacity>(rules, checklist, facts, grade, signals, capacity, into)
            .Run(decision, operatorOnly);
    }
}
