using Returns.Contracts;
using Returns.Domain.Grading;
using Returns.Domain.Routing;

namespace Returns.Topologies.Triage.State;

/// <summary>
/// The latest decision of an operator about a unit. Its id is kept as a 64-bit hash, which tells a repetition; its time is
/// event time, milliseconds since the epoch.
/// </summary>
internal readonly record struct OperatorChoice(ulong Id, long DecidedAt, Disposition Disposition, Utf8 Channel, GradeCode Grade, Utf8 Operator, Utf8 Reason)
{
    public OperatorDecision Decision => new(Disposition, Channel, Grade);

    /// <summary>Of two the later one counts, whichever comes first.</summary>
    public bool Replaces(in OperatorChoice other) => (DecidedAt, Id).CompareTo((other.DecidedAt, other.Id)) > 0;
}
