using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Returns.Domain.Rules.Yaml;

/// <summary>
/// Reads the plain part of YAML that rules need: maps, lists and scalars. Anchors, aliases, tags and several documents
/// in one file are refused, and depth and sizes are bounded, so that a document costs no more than its size.
/// </summary>
internal sealed class YamlReader
{
    private const int MaxDepth = 12;
    private const int MaxLength = 4 << 20;
    private const int MaxScalar = 1000;
    private const int MaxEntries = 10_000;

    private readonly IParser _parser;
    private readonly RuleErrors _errors;

    private YamlReader(IParser parser, RuleErrors errors)
    {
        _parser = parser;
        _errors = errors;
    }

    public static YamlNode? Read(string text, RuleErrors errors)
    {
        if (text.Length > MaxLength)
        {
            errors.Add(0, $"{text.Length} characters are more than the {MaxLength} a rule document may have; "
                + "give each program a document of its own");
            return null;
        }

        var parser = new Parser(new StringReader(text));
        try
        {
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
            {
                errors.Add(0, "the document is empty");
                return null;
            }

            var root = new YamlReader(parser, errors).Node(0);
            parser.Consume<DocumentEnd>();
            if (parser.TryConsume<DocumentStart>(out var second))
            {
                errors.Add(Line(second), "a file holds one document; put this one into a file of its own");
                return null;
            }

            return root;
        }
        catch (YamlException e)
        {
            errors.Add((int)e.Start.Line, $"not valid YAML: {e.Message}");
            return null;
        }
        catch (RefusedException e)
        {
            errors.Add(e.Line, e.Message);
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // On text that ends or breaks in the middle, the parser also throws what is not its own.
            errors.Add(parser.Current is { } last ? (int)last.End.Line : 0, "not valid YAML: it breaks off after this line");
            return null;
        }
    }

    private static int Line(ParsingEvent e) => (int)e.Start.Line;

    private YamlNode Node(int depth)
    {
        switch (_parser.Consume<ParsingEvent>())
        {
            case Scalar scalar:
                RefuseDecoration(scalar);
                if (scalar.Value.Length > MaxScalar)
                {
                    throw new RefusedException(Line(scalar), $"a value of {scalar.Value.Length} characters, "
                        + $"'{scalar.Value[..20]}…', is longer than the {MaxScalar} a value may have");
                }

                return new YamlNode(Line(scalar)) { Scalar = scalar.Value };

            case SequenceStart start:
                RefuseDecoration(start);
                RefuseDepth(start, depth);
                var items = new List<YamlNode>();
                while (!_parser.TryConsume<SequenceEnd>(out _))
                {
                    RefuseSize(start, items.Count);
                    items.Add(Node(depth + 1));
                }

                return new YamlNode(Line(start)) { Items = items };

            case MappingStart start:
                RefuseDecoration(start);
                RefuseDepth(start, depth);
                var fields = new List<YamlField>();
                var lines = new Dictionary<string, int>(StringComparer.Ordinal);
                while (!_parser.TryConsume<MappingEnd>(out _))
                {
                    RefuseSize(start, fields.Count);
                    var key = Node(depth + 1);
                    var value = Node(depth + 1);
                    if (key.Scalar is null)
                        _errors.Add(key.Line, $"a key must be a single value, not {key.Shape}");
                    else if (!lines.TryAdd(key.Scalar, key.Line))
                        _errors.Add(key.Line, $"'{key.Scalar}' is given twice; first on line {lines[key.Scalar]}");
                    else
                        fields.Add(new YamlField(key.Scalar, key.Line, value));
                }

                return new YamlNode(Line(start)) { Fields = fields };

            case var other:
                throw new RefusedException(Line(other), "aliases are not allowed in rules; write the value out");
        }
    }

    private static void RefuseDecoration(NodeEvent node)
    {
        if (!node.Anchor.IsEmpty)
            throw new RefusedException(Line(node), $"anchor '{node.Anchor}' is not allowed in rules; write the value out");
        if (!node.Tag.IsEmpty)
            throw new RefusedException(Line(node), $"tag '{node.Tag}' is not allowed in rules; leave it out");
    }

    private static void RefuseDepth(ParsingEvent node, int depth)
    {
        if (depth >= MaxDepth) throw new RefusedException(Line(node), $"nested deeper than the {MaxDepth} levels rules need");
    }

    private static void RefuseSize(ParsingEvent node, int entries)
    {
        if (entries == MaxEntries)
            throw new RefusedException(Line(node), $"more than {MaxEntries} entries in one list or map; no rules need as many");
    }

    /// <summary>Valid YAML that rules may not contain; it ends the reading.</summary>
    private sealed class RefusedException(int line, string message) : Exception(message)
    {
        public int Line => line;
    }
}
