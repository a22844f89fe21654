namespace Returns.Domain.Rules.Yaml;

/// <summary>A YAML value with its line: exactly one of scalar, list or map.</summary>
internal sealed class YamlNode(int line)
{
    public int Line => line;

    public string? Scalar { get; init; }

    public List<YamlNode>? Items { get; init; }

    public List<YamlField>? Fields { get; init; }

    public string Shape => Scalar is not null ? "a single value" : Items is not null ? "a list" : "a map";
}

/// <summary>A key of a map, and its value.</summary>
internal readonly record struct YamlField(string Name, int Line, YamlNode Value);
