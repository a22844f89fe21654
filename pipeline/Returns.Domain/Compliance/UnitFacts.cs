using Returns.Contracts;
using Returns.Domain.Grading;

namespace Returns.Domain.Compliance;

/// <summary>What of a unit matters to its vendor's agreement.</summary>
/// <param name="Reason">Why the customer returned it.</param>
/// <param name="Grade">Its grade, or none.</param>
/// <param name="HasAuthorization">Whether it came with a return authorization.</param>
/// <param name="Cost">What the retailer paid for it; null where that is not known.</param>
public readonly record struct UnitFacts(ReturnReason Reason, GradeCode Grade, bool HasAuthorization, Money? Cost);
