using System.Numerics;
using Returns.Contracts;

namespace Returns.Domain.Grading;

/// <summary>
/// What is checked of the units of one category, and what each outcome means for the grade. Immutable; safe for
/// concurrent use.
/// </summary>
/// <remarks>
/// The grade is the worse of two. The worst cap: each outcome may name the best grade still possible, and the worst of
/// these counts. The points: a unit starts at 100, outcomes take points off (never below 0), and the best grade whose
/// threshold is reached counts.
/// </remarks>
public sealed class Checklist
{
    /// <summary>The most criteria a checklist may have: one bit each.</summary>
    public const int MaxCriteria = 64;

    private readonly Criterion[] _criteria;
    private readonly ulong[] _mandatory;
    private readonly byte[] _gradeByPoints;
    private readonly CriterionKey[] _slotKeys;
    private readonly sbyte[] _slotCriteria;

    internal Checklist(int index, string category, GradeScale scale, Criterion[] criteria, int[] thresholds,
        double minConfidence, int imageDisagreeAt, int qualityDisagreeAt, long deadlineMillis)
    {
        Index = index;
        Category = Utf8.From(category);
        Scale = scale;
        MinConfidence = minConfidence;
        ImageDisagreeAt = imageDisagreeAt;
        QualityDisagreeAt = qualityDisagreeAt;
        DeadlineMillis = deadlineMillis;
        _criteria = criteria;

        _mandatory = new ulong[4];
        for (var i = 0; i < criteria.Length; i++)
        {
            for (var flags = 0; flags < _mandatory.Length; flags++)
            {
                var needed = criteria[i].Mandatory switch
                {
                    Mandatory.Always => true,
                    Mandatory.DataBearing => (flags & 1) != 0,
                    Mandatory.Hygiene => (flags & 2) != 0,
                    _ => false,
                };
                if (needed) _mandatory[flags] |= 1UL << i;
            }
        }

        _gradeByPoints = new byte[101];
        for (var points = 0; points <= 100; points++)
        {
            var grade = 0;
            while (grade < thresholds.Length && points < thresholds[grade]) grade++;
            _gradeByPoints[points] = (byte)grade;
        }

        // Open addressing at a load of at most a half, so that a search ends.
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)criteria.Length * 2);
        _slotKeys = new CriterionKey[size];
        _slotCriteria = new sbyte[size];
        Array.Fill(_slotCriteria, (sbyte)-1);
        for (var i = 0; i < criteria.Length; i++)
        {
            var slot = (int)criteria[i].Key.Value & size - 1;
            while (_slotCriteria[slot] >= 0) slot = slot + 1 & size - 1;
            _slotKeys[slot] = criteria[i].Key;
            _slotCriteria[slot] = (sbyte)i;
        }
    }

    /// <summary>Dense number of the category in its rule set.</summary>
    public int Index { get; }

    /// <summary>Category the checklist is for.</summary>
    public Utf8 Category { get; }

    /// <summary>The scale of its grades.</summary>
    public GradeScale Scale { get; }

    /// <summary>The criteria, in the checklist's order.</summary>
    public ReadOnlySpan<Criterion> Criteria => _criteria;

    /// <summary>An image opinion with less confidence asks for a human. 0 to 1.</summary>
    public double MinConfidence { get; }

    /// <summary>An image grade this many grades or more from the checklist's asks for a human.</summary>
    public int ImageDisagreeAt { get; }

    /// <summary>A quality sample this many grades or more from the first grading asks for a human.</summary>
    public int QualityDisagreeAt { get; }

    /// <summary>How long after intake, in event time, mandatory findings are waited for. Milliseconds.</summary>
    public long DeadlineMillis { get; }

    /// <summary>Position of a criterion in <see cref="Criteria"/>, or -1 where the checklist has no such criterion.</summary>
    public int IndexOf(CriterionKey key)
    {
        var mask = _slotKeys.Length - 1;
        for (var slot = (int)key.Value & mask; ; slot = slot + 1 & mask)
        {
            int criterion = _slotCriteria[slot];
            if (criterion < 0 || _slotKeys[slot] == key) return criterion;
        }
    }

    /// <summary>Grades by findings alone. The result is the same for the same set of observations.</summary>
    /// <param name="findings">Latest observation of each criterion.</param>
    /// <param name="dataBearing">Whether criteria mandatory for data-bearing goods are needed.</param>
    /// <param name="hygiene">Whether criteria mandatory for hygiene goods are needed.</param>
    public ChecklistResult Grade(FindingList findings, bool dataBearing, bool hygiene)
    {
        ulong valid = 0, capped = 0;
        int cap = 0, points = 100, rejected = 0, unknown = 0;
        var signals = FindingSignals.None;
        foreach (ref readonly var finding in findings.Items)
        {
            var index = IndexOf(finding.Criterion);
            if (index < 0)
            {
                unknown++;
                continue;
            }

            if (!_criteria[index].TryEvaluate(finding.Value, out var outcome))
            {
                rejected++;
                continue;
            }

            var bit = 1UL << index;
            valid |= bit;
            points -= outcome.Minus;
            signals |= outcome.Signals;
            if (outcome.Cap > cap)
            {
                cap = outcome.Cap;
                capped = bit;
            }
            else if (outcome.Cap == cap && cap > 0)
            {
                capped |= bit;
            }
        }

        points = Math.Max(points, 0);
        var missing = _mandatory[(dataBearing ? 1 : 0) | (hygiene ? 2 : 0)] & ~valid;
        var grade = Math.Max(cap, _gradeByPoints[points]);
        return new ChecklistResult((byte)grade, (byte)points, missing, capped, signals, (byte)rejected, (byte)unknown);
    }
}
