using Returns.Contracts;

namespace Returns.Domain.Grading;

/// <summary>The checklists of a rule set. Immutable; safe for concurrent use.</summary>
public sealed class GradingRules
{
    private readonly Checklist[] _checklists;
    private readonly Dictionary<Utf8, Checklist>.AlternateLookup<ReadOnlySpan<byte>> _byCategory;

    internal GradingRules(string version, GradeScale scale, Checklist[] checklists)
    {
        Version = Utf8.From(version);
        Scale = scale;
        _checklists = checklists;
        var byCategory = new Dictionary<Utf8, Checklist>(Utf8Comparer.Instance);
        foreach (var checklist in checklists) byCategory.Add(checklist.Category, checklist);
        _byCategory = byCategory.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Version of the document, as decisions record it.</summary>
    public Utf8 Version { get; }

    /// <summary>The grades.</summary>
    public GradeScale Scale { get; }

    /// <summary>The checklists, by <see cref="Checklist.Index"/>.</summary>
    public ReadOnlySpan<Checklist> Checklists => _checklists;

    /// <summary>The category's checklist, or null where the rules do not know the category.</summary>
    public Checklist? Find(ReadOnlySpan<byte> category) =>
        _byCategory.TryGetValue(category, out var checklist) ? checklist : null;

    /// <summary>
    /// Grades a unit by its category's checklist and sets the image opinion and the quality sample against it. Neither
    /// changes the grade: where they contradict it, a human decides.
    /// </summary>
    public GradeResult Grade(Checklist checklist, ItemFacts facts)
    {
        ArgumentNullException.ThrowIfNull(checklist);
        ArgumentNullException.ThrowIfNull(facts);
        var dataBearing = facts.Catalog?.DataBearing ?? false;
        var hygiene = facts.Catalog?.Hygiene ?? false;
        var result = checklist.Grade(facts.Findings, dataBearing, hygiene);
        var confidence = 1.0;
        var imageRejected = false;
        var quality = QualityVerdict.None;
        byte qualityGrade = 0;
        ExceptionReason? review = null;

        if (facts.Image is { } image)
        {
            var imageGrade = Scale.IndexOf(image.Grade);
            if (imageGrade < 0 || !(image.Confidence is >= 0 and <= 1))
            {
                imageRejected = true;
            }
            else
            {
                confidence = image.Confidence;
                if (result.IsComplete)
                {
                    if (confidence < checklist.MinConfidence) review = ExceptionReason.LowConfidence;
                    else if (Math.Abs(imageGrade - result.Grade) >= checklist.ImageDisagreeAt)
                        review = ExceptionReason.GradesDisagree;
                }
            }
        }

        var signals = result.Signals;
        if (facts.QualityFindings.Count > 0)
        {
            var second = checklist.Grade(facts.QualityFindings, dataBearing, hygiene);
            signals |= second.Signals
                & (FindingSignals.Counterfeit | FindingSignals.Opened | FindingSignals.Hazardous);
            if (result.IsComplete && second.IsComplete)
            {
                qualityGrade = second.Grade;
                var apart = Math.Abs(second.Grade - result.Grade);
                quality = apart == 0 ? QualityVerdict.Agrees
                    : apart < checklist.QualityDisagreeAt ? QualityVerdict.Differs
                    : QualityVerdict.Disagrees;
                if (quality == QualityVerdict.Disagrees) review ??= ExceptionReason.GradesDisagree;
            }
        }

        return new GradeResult(this, checklist, result, confidence, review, imageRejected, quality, qualityGrade,
            signals);
    }
}
