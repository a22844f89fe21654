using Returns.Contracts;
using Returns.Domain.Grading;

namespace Returns.Domain.Routing;

/// <summary>What an operator decided of one unit.</summary>
/// <param name="Disposition">Where it shall go.</param>
/// <param name="Channel">Resale channel, for resell; empty: the one that brings most.</param>
/// <param name="Grade">The operator's grade, where it replaces the computed one; else none.</param>
public readonly record struct OperatorDecision(Disposition Disposition, Utf8 Channel, GradeCode Grade);
