using Returns.Contracts;

namespace Returns.Domain.Grading;

/// <summary>
/// The grades of a rule set, best first; the last one is unsellable. Inside decisions a grade is its index on this
/// scale: 0 is best, a higher index is worse. Immutable.
/// </summary>
public sealed class GradeScale
{
    /// <summary>The most grades a scale may have.</summary>
    public const int MaxGrades = 16;

    private readonly GradeCode[] _codes;
    private readonly Utf8[] _names;

    internal GradeScale(IReadOnlyList<string> names)
    {
        _names = [.. names.Select(Utf8.From)];
        _codes = new GradeCode[_names.Length];
        for (var i = 0; i < _names.Length; i++)
        {
            if (!GradeCode.TryParse(_names[i].Span, out _codes[i]))
                throw new ArgumentException($"'{names[i]}' is not a grade name", nameof(names));
        }
    }

    /// <summary>Number of grades.</summary>
    public int Count => _names.Length;

    /// <summary>Index of the unsellable grade.</summary>
    public int Worst => _names.Length - 1;

    /// <summary>Name of the grade at an index.</summary>
    public Utf8 this[int index] => _names[index];

    /// <summary>Code of the grade at an index.</summary>
    public GradeCode CodeOf(int index) => _codes[index];

    /// <summary>Index of a grade, or -1 where the scale has no such grade.</summary>
    public int IndexOf(GradeCode code) => Array.IndexOf(_codes, code);

    /// <summary>Index of the grade so named, or -1.</summary>
    public int IndexOf(string name)
    {
        for (var i = 0; i < _names.Length; i++)
            if (_names[i].ToString() == name) return i;
        return -1;
    }

    /// <summary>The grades, best first, for messages.</summary>
    public override string ToString() => string.Join(", ", _names);
}
