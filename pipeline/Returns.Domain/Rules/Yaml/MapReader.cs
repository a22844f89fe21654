using System.Globalization;
using System.Text.RegularExpressions;

namespace Returns.Domain.Rules.Yaml;

/// <summary>
/// Takes the known fields out of a YAML map and reports what is missing, malformed or left over. A value that cannot be
/// read is reported and replaced by its default, so that reading goes on and finds the other errors.
/// </summary>
internal sealed partial class MapReader
{
    private readonly YamlNode _node;
    private readonly RuleErrors _errors;
    private readonly List<string> _known = [];

    /// <param name="node">The value that should be a map.</param>
    /// <param name="owner">What the map describes; begins each error message.</param>
    /// <param name="errors">Receives what is wrong.</param>
    public MapReader(YamlNode node, string owner, RuleErrors errors)
    {
        _node = node;
        _errors = errors;
        Owner = owner;
        if (node.Fields is null) Error(node.Line, $"must be a map, not {node.Shape}");
    }

    public string Owner { get; }

    public int Line => _node.Line;

    public RuleErrors Errors => _errors;

    public void Error(int line, string message) => _errors.Add(line, $"{Owner}: {message}");

    public YamlNode? Optional(string name)
    {
        if (!_known.Contains(name)) _known.Add(name);
        if (_node.Fields is not null)
        {
            foreach (var field in _node.Fields)
                if (field.Name == name) return field.Value;
        }

        return null;
    }

    public YamlNode? Required(string name)
    {
        var value = Optional(name);
        if (value is null && _node.Fields is not null) Error(Line, $"'{name}' is missing");
        return value;
    }

    public bool Has(string name) => _node.Fields?.Exists(f => f.Name == name) == true;

    public Located<string>? OptionalText(string name) => Text(name, Optional(name));

    public Located<string> RequiredText(string name) => Text(name, Required(name)) ?? new Located<string>("", Line);

    /// <summary>A name by which other rules or events refer to the thing: lower case, digits and hyphens.</summary>
    public Located<string> RequiredName(string name)
    {
        var text = RequiredText(name);
        if (text.Value.Length > 0) CheckName(name, text);
        return text;
    }

    public void CheckName(string what, Located<string> name)
    {
        if (!NamePattern().IsMatch(name.Value))
            Error(name.Line, $"{what} '{name.Value}' must be lower-case letters, digits and hyphens, at most 64");
    }

    public bool Flag(string name, bool otherwise = false)
    {
        if (OptionalText(name) is not { } text) return otherwise;
        if (text.Value == "true") return true;
        if (text.Value != "false") Error(text.Line, $"{name} '{text.Value}' must be true or false");
        return false;
    }

    public Located<decimal>? OptionalNumber(string name, decimal minimum, decimal maximum, int decimals)
    {
        if (OptionalText(name) is not { } text) return null;
        return new Located<decimal>(ParseNumber(name, text, minimum, maximum, decimals) ?? minimum, text.Line);
    }

    public Located<decimal> RequiredNumber(string name, decimal minimum, decimal maximum, int decimals)
    {
        if (Required(name) is null) return new Located<decimal>(minimum, Line);
        return OptionalNumber(name, minimum, maximum, decimals) ?? new Located<decimal>(minimum, Line);
    }

    /// <summary>An amount per unit or kilogram in ten-thousandths of the currency's major unit; 0 where absent.</summary>
    public long Amount(string name) => (long)((OptionalNumber(name, 0, 1_000_000, 4)?.Value ?? 0) * 10_000);

    /// <summary>A percentage, 0 to 100, in hundredths of a percent; null where absent.</summary>
    public int? BasisPoints(string name) => (int?)(OptionalNumber(name, 0, 100, 2)?.Value * 100);

    public decimal? ParseNumber(string what, Located<string> text, decimal minimum, decimal maximum, int decimals)
    {
        if (!decimal.TryParse(text.Value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture, out var number))
            Error(text.Line, $"{what} '{text.Value}' must be a number");
        else if (number < minimum || number > maximum)
            Error(text.Line, string.Create(CultureInfo.InvariantCulture,
                $"{what} {number} must be from {minimum} to {maximum}"));
        else if (decimal.Round(number, decimals) != number)
            Error(text.Line, string.Create(CultureInfo.InvariantCulture,
                $"{what} {number} must have at most {decimals} decimal places"));
        else
            return number;
        return null;
    }

    /// <summary>A field with a map of named values, in the document's order.</summary>
    public List<YamlField> Entries(string name, bool required)
    {
        var node = required ? Required(name) : Optional(name);
        if (node is null) return [];
        if (node.Fields is null)
        {
            Error(node.Line, $"{name} must be a map, not {node.Shape}");
            return [];
        }

        if (required && node.Fields.Count == 0) Error(node.Line, $"{name} must not be empty");
        return node.Fields;
    }

    public List<YamlNode> List(string name, bool required)
    {
        var node = required ? Required(name) : Optional(name);
        if (node is null) return [];
        if (node.Items is null)
        {
            Error(node.Line, $"{name} must be a list, not {node.Shape}");
            return [];
        }

        if (required && node.Items.Count == 0) Error(node.Line, $"{name} must not be empty");
        return node.Items;
    }

    /// <summary>A list of single values without repetition.</summary>
    public List<Located<string>> Texts(string name, bool required)
    {
        var texts = new List<Located<string>>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in List(name, required))
        {
            if (Text(name, item) is not { } text) continue;
            if (seen.Add(text.Value)) texts.Add(text);
            else Error(text.Line, $"{name} lists '{text.Value}' twice");
        }

        return texts;
    }

    /// <summary>Reports every field that nobody asked for. Call it last.</summary>
    public void End()
    {
        if (_node.Fields is null) return;
        foreach (var field in _node.Fields)
        {
            if (!_known.Contains(field.Name))
                Error(field.Line, $"unknown field '{field.Name}'; known are {string.Join(", ", _known)}");
        }
    }

    public Located<string>? Text(string name, YamlNode? node)
    {
        if (node is null) return null;
        if (node.Scalar is null) Error(node.Line, $"{name} must be a single value, not {node.Shape}");
        else if (string.IsNullOrWhiteSpace(node.Scalar)) Error(node.Line, $"{name} must not be empty");
        else return new Located<string>(node.Scalar, node.Line);
        return null;
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,63}\z")]
    private static partial Regex NamePattern();
}
