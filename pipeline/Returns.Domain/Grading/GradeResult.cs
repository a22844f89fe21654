using System.Numerics;
using Returns.Contracts;

namespace Returns.Domain.Grading;

/// <summary>How a quality sample compares with the first grading.</summary>
public enum QualityVerdict
{
    /// <summary>No quality sample, or one of the two gradings is not complete.</summary>
    None,

    /// <summary>The same grade.</summary>
    Agrees,

    /// <summary>Another grade, by less than asks for a human.</summary>
    Differs,

    /// <summary>Another grade, by at least <see cref="Checklist.QualityDisagreeAt"/>.</summary>
    Disagrees,
}

/// <summary>
/// The grade of a unit, and all that led to it. A value: it holds no reference to the facts it was made of.
/// </summary>
public readonly struct GradeResult
{
    internal GradeResult(GradingRules rules, Checklist checklist, ChecklistResult result, double confidence,
        ExceptionReason? review, bool imageRejected, QualityVerdict quality, byte qualityGrade, FindingSignals signals)
    {
        Rules = rules;
        Checklist = checklist;
        Findings = result;
        Confidence = confidence;
        Review = review;
        ImageRejected = imageRejected;
        Quality = quality;
        QualityGradeIndex = qualityGrade;
        Signals = signals;
    }

    /// <summary>The rules used; null only in the default value.</summary>
    public GradingRules Rules { get; }

    /// <summary>The category's checklist.</summary>
    public Checklist Checklist { get; }

    /// <summary>What the checklist alone says.</summary>
    public ChecklistResult Findings { get; }

    /// <summary>
    /// What hard blocks are made of: the signals of the first grading, and of the quality sample those that raise a block.
    /// A block that one grader saw a reason for holds; only the first grading's findings lift one.
    /// </summary>
    public FindingSignals Signals { get; }

    /// <summary>False while mandatory criteria are missing: there is no grade yet.</summary>
    public bool IsGraded => Checklist is not null && Findings.IsComplete;

    /// <summary>The grade's index on the scale; 0 is best. Meaningful only where <see cref="IsGraded"/>.</summary>
    public int GradeIndex => Findings.Grade;

    /// <summary>The grade's code; none where not graded.</summary>
    public GradeCode Grade => IsGraded ? Checklist.Scale.CodeOf(GradeIndex) : default;

    /// <summary>The least of 1 and the image model's confidence, where it took part.</summary>
    public double Confidence { get; }

    /// <summary>
    /// Why a human must look at the grade, or null: <see cref="ExceptionReason.LowConfidence"/> or
    /// <see cref="ExceptionReason.GradesDisagree"/>. Only where <see cref="IsGraded"/>.
    /// </summary>
    public ExceptionReason? Review { get; }

    /// <summary>True where the image opinion named no grade of the scale or a confidence outside 0 to 1.</summary>
    public bool ImageRejected { get; }

    /// <summary>How the quality sample compares.</summary>
    public QualityVerdict Quality { get; }

    /// <summary>The quality sample's grade. Meaningful only where <see cref="Quality"/> is not None.</summary>
    public int QualityGradeIndex { get; }

    /// <summary>Adds the names of the mandatory criteria without a valid finding, in the checklist's order.</summary>
    public void AddMissingTo(ValueList<Utf8> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        for (var mask = Findings.Missing; mask != 0; mask &= mask - 1)
            names.Add(Checklist.Criteria[BitOperations.TrailingZeroCount(mask)].Name);
    }

    /// <summary>
    /// Sets what the decision knows of the event: category, grade, limits, points, confidence, rule version.
    /// </summary>
    /// <param name="facts">The facts the result was made of: the limits' values are read from there.</param>
    /// <param name="into">The event; other fields are left alone.</param>
    /// <exception cref="InvalidOperationException">There is no grade yet.</exception>
    public void Fill(ItemFacts facts, ItemGraded into)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(into);
        if (!IsGraded) throw new InvalidOperationException("the unit is not graded yet");
        into.Category = Checklist.Category;
        into.Grade = Checklist.Scale[GradeIndex];
        into.Points = Findings.Points;
        into.Confidence = Confidence;
        into.RuleVersion = Rules.Version;
        into.Limits.Clear();
        for (var mask = Findings.Limits; mask != 0; mask &= mask - 1)
        {
            var criterion = Checklist.Criteria[BitOperations.TrailingZeroCount(mask)];
            foreach (ref readonly var finding in facts.Findings.Items)
            {
                if (finding.Criterion != criterion.Key) continue;
                criterion.TryEvaluate(finding.Value, out var outcome);
                var limit = into.Limits.Add();
                limit.Criterion = criterion.Name;
                limit.Value = finding.Value;
                limit.Cap = Checklist.Scale[outcome.Cap];
                break;
            }
        }
    }
}
