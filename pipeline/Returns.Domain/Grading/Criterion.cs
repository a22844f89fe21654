using Returns.Contracts;

namespace Returns.Domain.Grading;

/// <summary>How a criterion is observed.</summary>
public enum CriterionKind
{
    /// <summary>0 is no, 1 is yes.</summary>
    YesNo,

    /// <summary>The zero-based index of a named level.</summary>
    Ordinal,

    /// <summary>A number between bounds, both included.</summary>
    Number,
}

/// <summary>When a grade needs the criterion.</summary>
public enum Mandatory
{
    /// <summary>A grade can do without it.</summary>
    Never,

    /// <summary>Every unit of the category.</summary>
    Always,

    /// <summary>Units the catalogue calls data-bearing.</summary>
    DataBearing,

    /// <summary>Units the catalogue calls hygiene goods.</summary>
    Hygiene,
}

/// <summary>What an outcome does to the grade.</summary>
/// <param name="Cap">Index of the best grade still possible; 0 caps nothing.</param>
/// <param name="Minus">Points taken off, 0 to 100.</param>
/// <param name="Signals">What it says beyond the grade.</param>
public readonly record struct CriterionOutcome(byte Cap, byte Minus, FindingSignals Signals);

/// <summary>One property of a category's checklist. Immutable.</summary>
public sealed class Criterion
{
    private readonly CriterionOutcome[] _outcomes;
    private readonly double[] _from;

    internal Criterion(string name, string question, CriterionKind kind, Mandatory mandatory,
        double minimum, double maximum, IReadOnlyList<string> levels, double[] from, CriterionOutcome[] outcomes)
    {
        Name = Utf8.From(name);
        Key = CriterionKey.Of(Name.Span);
        Question = question;
        Kind = kind;
        Mandatory = mandatory;
        Minimum = minimum;
        Maximum = maximum;
        Levels = levels;
        _from = from;
        _outcomes = outcomes;
    }

    /// <summary>Name, as findings carry it.</summary>
    public Utf8 Name { get; }

    /// <summary>Key of <see cref="Name"/>.</summary>
    public CriterionKey Key { get; }

    /// <summary>What the inspector is asked.</summary>
    public string Question { get; }

    /// <summary>How it is observed.</summary>
    public CriterionKind Kind { get; }

    /// <summary>When a grade needs it.</summary>
    public Mandatory Mandatory { get; }

    /// <summary>Least valid value.</summary>
    public double Minimum { get; }

    /// <summary>Greatest valid value.</summary>
    public double Maximum { get; }

    /// <summary>Names of an ordinal criterion's levels, by value; empty for other kinds.</summary>
    public IReadOnlyList<string> Levels { get; }

    /// <summary>
    /// What a value means for the grade. False where the value is out of bounds, or not a whole number where levels are
    /// counted: such a finding is rejected.
    /// </summary>
    public bool TryEvaluate(double value, out CriterionOutcome outcome)
    {
        if (Kind != CriterionKind.Number)
        {
            // A NaN or a number too large for int converts to an int that differs from it.
            var level = (int)value;
            if (level != value || (uint)level >= (uint)_outcomes.Length)
            {
                outcome = default;
                return false;
            }

            outcome = _outcomes[level];
            return true;
        }

        if (!(value >= Minimum && value <= Maximum))
        {
            outcome = default;
            return false;
        }

        var band = _from.Length - 1;
        while (band > 0 && value < _from[band]) band--;
        outcome = _outcomes[band];
        return true;
    }
}
