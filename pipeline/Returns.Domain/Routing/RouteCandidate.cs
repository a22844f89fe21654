using Returns.Contracts;
using Returns.Domain.Channels;

namespace Returns.Domain.Routing;

/// <summary>One place a unit might have gone, and what became of it.</summary>
public readonly struct RouteCandidate
{
    internal RouteCandidate(Disposition disposition, Outlet? outlet, CandidateOutcome outcome, long? value, Utf8 detail)
    {
        Disposition = disposition;
        Outlet = outlet;
        Outcome = outcome;
        Value = value;
        Detail = detail;
    }

    /// <summary>The disposition.</summary>
    public Disposition Disposition { get; }

    /// <summary>What it takes, brings and costs, where the rules put figures to it.</summary>
    public Outlet? Outlet { get; }

    /// <summary>Chosen, or why not.</summary>
    public CandidateOutcome Outcome { get; }

    /// <summary>
    /// Expected net recovery value in ten-thousandths of the reference price's currency, before any bid price; null where
    /// none was computed.
    /// </summary>
    public long? Value { get; }

    /// <summary>The rule that decided, in words.</summary>
    public Utf8 Detail { get; }

    /// <summary>The resale channel; null for other dispositions.</summary>
    public Outlet? Channel => Outlet is { Index: >= 0 } ? Outlet : null;

    internal RouteCandidate With(CandidateOutcome outcome) => new(Disposition, Outlet, outcome, Value, Detail);

    internal RouteCandidate With(CandidateOutcome outcome, Utf8 detail) =>
        new(Disposition, Outlet, outcome, Value, detail);
}
