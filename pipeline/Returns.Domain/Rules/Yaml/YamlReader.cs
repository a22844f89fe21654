using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Returns.Domain.Rules.Yaml;

/// <summary>
/// Reads the plain part of YAML that rules need: maps, lists and scalars. Anchors, aliases, tags and several documents
/// in one file are refused, and depth is bounded, so that a document costs no more than its size.
/// </summary>
internal sealed class YamlReader
{
    private const int MaxDepth = 12;
    private const int MaxLength = 4 << 20;

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
            errors.Add(0, $"{text.Length} characters are more than the {MaxLength} a rule document may have");
            return null;
        }

        try
        {
            var parser = new Parser(new StringReader(text));
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
    }

    private static int Line(ParsingEvent e) => (int)e.Start.Line;

    private YamlNode Node(int depth)
    {
        if (depth > MaxDepth)
            throw new YamlException(_parser.Current!.Start, _parser.Current.End, $"nested deeper than {MaxDepth} levels");

        switch (_parser.Consume<ParsingEvent>())
        {
            case Scalar scalar:
                RefuseDecoration(scalar);
                return new YamlNode(Line(scalar)) { Scalar = scalar.Value };

            case SequenceStart start:
                RefuseDecoration(start);
                var items = new List<YamlNode>();
                while (!_parser.TryConsume<SequenceEnd>(out _)) items.Add(Node(depth + 1));
                return new YamlNode(Line(start)) { Items = items };

            case MappingStart start:
                RefuseDecoration(start);
                var fields = new List<YamlField>();
                while (!_parser.TryConsume<MappingEnd>(out _))
                {
                    var key = Node(depth + 1);
                    var value = Node(depth + 1);
                    if (key.Scalar is null)
                        _errors.Add(key.Line, $"a key must be a single value, not {key.Shape}");
                    else if (fields.Find(f => f.Name == key.Scalar) is { Name: not null } first)
                        _errors.Add(key.Line, $"'{key.Scalar}' is given twice; first on line {first.Line}");
                    else
                        fields.Add(new YamlField(key.Scalar, key.Line, value));
                }

                return new YamlNode(Line(start)) { Fields = fields };

            case var other:
                throw new YamlException(other.Start, other.End, "aliases are not allowed in rules; write the value out");
        }
    }

    private static void RefuseDecoration(NodeEvent node)
    {
        if (!node.Anchor.IsEmpty)
            throw new YamlException(node.Start, node.End, "anchors are not allowed in rules; write the value out");
        if (!node.Tag.IsEmpty)
            throw new YamlException(node.Start, node.End, "tags are not allowed in rules");
    }
}
