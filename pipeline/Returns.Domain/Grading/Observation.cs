namespace Returns.Domain.Grading;

/// <summary>What was observed of one criterion, where and when.</summary>
/// <param name="Criterion">The criterion.</param>
/// <param name="Value">1 or 0 for yes/no, the zero-based level for ordinal, the number for number. Finite.</param>
/// <param name="Stamp">Decides between two observations of the criterion.</param>
public readonly record struct Observation(CriterionKey Criterion, double Value, ObservationStamp Stamp)
{
    /// <summary>
    /// True where this observation replaces the other one of the same criterion. Equal stamps (the same scan naming a
    /// criterion twice) are decided by the value's bits, so that the result never depends on arrival.
    /// </summary>
    internal bool Replaces(in Observation other)
    {
        var order = Stamp.CompareTo(other.Stamp);
        return order > 0 || (order == 0 &&
            BitConverter.DoubleToInt64Bits(Value) > BitConverter.DoubleToInt64Bits(other.Value));
    }
}
