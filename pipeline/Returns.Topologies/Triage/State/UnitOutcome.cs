using Returns.Contracts;
using Returns.Domain.Grading;

namespace Returns.Topologies.Triage.State;

/// <summary>Where a unit stands. Every unit is in exactly one of these; a graded unit is open, routed or in review.</summary>
internal enum UnitStatus : byte
{
    /// <summary>Something is still to come.</summary>
    Open,

    /// <summary>It has a disposition.</summary>
    Routed,

    /// <summary>A human must decide.</summary>
    Review,
}

/// <summary>What was last published of a unit, as far as it decides whether the next decision is news.</summary>
internal struct UnitOutcome
{
    /// <summary>Of the last event; 0 before the first.</summary>
    public int Revision;

    public UnitStatus Status;

    /// <summary>The last grade published; none before the first.</summary>
    public GradeCode Grade;

    /// <summary>Hash of what the grade rested on.</summary>
    public uint GradeBasis;

    /// <summary>The last disposition published; null before the first.</summary>
    public Disposition? Disposition;

    /// <summary>Hash of the routing decision; 0 where the next one must be published even if it is the same, because an
    /// exception came between.</summary>
    public uint RouteBasis;

    /// <summary>Reason of the exception that stands open; null where none does.</summary>
    public ExceptionReason? Exception;
}
