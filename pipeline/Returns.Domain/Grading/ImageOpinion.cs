using Returns.Contracts;

namespace Returns.Domain.Grading;

/// <summary>An image model's opinion of a unit's grade.</summary>
/// <param name="Grade">The grade it names; none where it named something that cannot be a grade.</param>
/// <param name="Confidence">0 to 1, as the model gave it.</param>
/// <param name="Stamp">Decides between two opinions.</param>
public readonly record struct ImageOpinion(GradeCode Grade, double Confidence, ObservationStamp Stamp)
{
    /// <summary>Makes an opinion of what a scan carries; a grade that is no grade name becomes none.</summary>
    public static ImageOpinion Of(Utf8 grade, double confidence, ObservationStamp stamp) =>
        new(GradeCode.TryParse(grade.Span, out var code) ? code : default, confidence, stamp);

    /// <summary>True where this opinion replaces the other; ties are decided by content.</summary>
    internal bool Replaces(in ImageOpinion other)
    {
        var order = Stamp.CompareTo(other.Stamp);
        if (order == 0) order = Grade.Packed.CompareTo(other.Grade.Packed);
        if (order == 0)
        {
            order = BitConverter.DoubleToInt64Bits(Confidence)
                .CompareTo(BitConverter.DoubleToInt64Bits(other.Confidence));
        }

        return order > 0;
    }
}
