using Returns.Contracts;
using Returns.Domain.Channels;
using Returns.Domain.Grading;
using Returns.Domain.Routing;
using Returns.Domain.Rules;

namespace Returns.Domain;

/// <summary>Where a unit stands after a decision.</summary>
public enum DecisionState
{
    /// <summary>Something is still to come; see <see cref="Decision.WaitsFor"/>.</summary>
    Open,

    /// <summary>A human must decide; see <see cref="Decision.Review"/>.</summary>
    ManualReview,

    /// <summary>It has a disposition; see <see cref="Decision.Route"/>.</summary>
    Routed,
}

/// <summary>What an open unit waits for.</summary>
public enum WaitsFor
{
    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>The catalogue does not know the SKU, or the SKU itself is not known yet.</summary>
    Catalog,

    /// <summary>The intake scan has not come.</summary>
    Intake,

    /// <summary>Mandatory criteria have no valid finding; see <see cref="GradeResult.AddMissingTo"/>.</summary>
    Findings,
}

/// <summary>
/// Grades and routes one unit by all that is known of it: the whole way from facts to disposition. Made for reuse; not
/// safe for concurrent use.
/// </summary>
public sealed class Decision
{
    /// <summary>Where the unit stands.</summary>
    public DecisionState State { get; private set; }

    /// <summary>What it waits for, where open.</summary>
    public WaitsFor WaitsFor { get; private set; }

    /// <summary>Why a human must decide, where in manual review.</summary>
    public ExceptionReason? Review { get; private set; }

    /// <summary>The checklist used; null where catalogue or rules did not name one.</summary>
    public Checklist? Checklist { get; private set; }

    /// <summary>The grading, complete or not; the default value where <see cref="Checklist"/> is null.</summary>
    public GradeResult Grade { get; private set; }

    /// <summary>
    /// The routing. Holds a decision where <see cref="IsRouted"/>; where an operator's decision was refused and the unit
    /// stays open, only the refused candidate.
    /// </summary>
    public RouteResult Route { get; } = new();

    /// <summary>True where routing came to a result, be it a disposition or manual review by <see cref="RouteResult"/>.</summary>
    public bool IsRouted { get; private set; }

    /// <summary>True where an operator's decision was given and could not be followed.</summary>
    public bool OverrideRefused { get; private set; }

    /// <summary>
    /// Decides. A unit is routed once it is graded, or at once where a hard block that is known before grading or an
    /// operator decides. A grade in doubt goes to manual review, unless an operator has decided.
    /// </summary>
    /// <param name="rules">The program's rules; null where there are none: manual review.</param>
    /// <param name="facts">What is known of the unit.</param>
    /// <param name="decision">What an operator decided, where one did.</param>
    /// <param name="capacity">What is left of the channels, and at what bid price.</param>
    public void Decide<TCapacity>(ProgramRules? rules, ItemFacts facts, OperatorDecision? decision,
        in TCapacity capacity)
        where TCapacity : struct, IChannelCapacity
    {
        ArgumentNullException.ThrowIfNull(facts);
        Checklist = null;
        Grade = default;
        IsRouted = false;
        OverrideRefused = false;
        if (rules is null)
        {
            ToReview(ExceptionReason.RulesMissing);
            return;
        }

        if (facts.Catalog is not { } catalog)
        {
            Wait(WaitsFor.Catalog);
            return;
        }

        Checklist = rules.Grading.Find(catalog.Category.Span);
        if (Checklist is null)
        {
            ToReview(ExceptionReason.RulesMissing);
            return;
        }

        var grade = Grade = rules.Grading.Grade(Checklist, facts);

        // A grade in doubt is as good as none: only a block that decides without a grade, or an operator, may then decide.
        var signals = grade.Signals;
        var sure = grade.IsGraded && grade.Review is null;
        var operatorOnly = facts.IntakeAt is null
            || (!sure && !rules.DecidesBeforeGrading(HardBlockSet.Of(catalog, signals)));
        if (decision is not null || !operatorOnly)
        {
            IsRouted = Router.Route(rules, Checklist, facts, grade.IsGraded ? grade.GradeIndex : -1, signals, decision,
                operatorOnly, capacity, Route);
            OverrideRefused = Route.OverrideRefused;
        }

        if (!IsRouted)
        {
            if (facts.IntakeAt is null) Wait(WaitsFor.Intake);
            else if (grade.Review is { } doubt) ToReview(doubt);
            else Wait(WaitsFor.Findings);
        }
        else if (Route.Review is { } reason)
        {
            ToReview(reason);
        }
        else
        {
            State = DecisionState.Routed;
            WaitsFor = WaitsFor.Nothing;
            Review = null;
        }
    }

    private void Wait(WaitsFor what)
    {
        State = DecisionState.Open;
        WaitsFor = what;
        Review = null;
    }

    private void ToReview(ExceptionReason reason)
    {
        State = DecisionState.ManualReview;
        WaitsFor = WaitsFor.Nothing;
        Review = reason;
    }
}
