using System.Text;
using System.Text.Json;

namespace Returns.Contracts.Resolution;

/// <summary>The kinds of Avro types.</summary>
public enum AvroKind
{
    /// <summary>No value; no bytes.</summary>
    Null,

    /// <summary>One byte, 0 or 1.</summary>
    Boolean,

    /// <summary>A zig-zag integer of 32 bits.</summary>
    Int,

    /// <summary>A zig-zag integer of 64 bits.</summary>
    Long,

    /// <summary>Four bytes, IEEE 754.</summary>
    Float,

    /// <summary>Eight bytes, IEEE 754.</summary>
    Double,

    /// <summary>A length and that many bytes.</summary>
    Bytes,

    /// <summary>A length and that many bytes of UTF-8.</summary>
    String,

    /// <summary>As many bytes as the schema says.</summary>
    Fixed,

    /// <summary>The index of a symbol.</summary>
    Enum,

    /// <summary>Blocks of items.</summary>
    Array,

    /// <summary>Blocks of keys and values.</summary>
    Map,

    /// <summary>The index of a branch, and its value.</summary>
    Union,

    /// <summary>The fields' values, one after the other.</summary>
    Record,
}

/// <summary>A field of an Avro record.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Aliases">Names it also answers to when it reads.</param>
/// <param name="Default">Its default as JSON; null where it has none (a default of null is the JSON null).</param>
public sealed record AvroField(string Name, AvroSchema Type, IReadOnlyList<string> Aliases, JsonElement? Default);

/// <summary>Any Avro schema as a tree, as a schema file or a registry gives it. Immutable.</summary>
/// <remarks>
/// The generated types need none of this: it is for records that were written with another schema than today's. A record
/// may hold itself, so the tree may have cycles.
/// </remarks>
public sealed class AvroSchema
{
    /// <summary>The deepest nesting of JSON accepted.</summary>
    public const int MaximumDepth = 64;

    private AvroSchema(AvroKind kind) => Kind = kind;

    /// <summary>What kind of type it is.</summary>
    public AvroKind Kind { get; }

    /// <summary>Full name of a record, enum or fixed; empty for the others.</summary>
    public string FullName { get; private init; } = "";

    /// <summary>Name without namespace, by which schemas are matched.</summary>
    public string Name => FullName[(FullName.LastIndexOf('.') + 1)..];

    /// <summary>Full names a record, enum or fixed also answers to when it reads.</summary>
    public IReadOnlyList<string> Aliases { get; private init; } = [];

    /// <summary>Fields of a record.</summary>
    public IReadOnlyList<AvroField> Fields { get; private set; } = [];

    /// <summary>Symbols of an enum, in order.</summary>
    public IReadOnlyList<string> Symbols { get; private init; } = [];

    /// <summary>The symbol that stands for those an enum does not know, where it has one.</summary>
    public string? DefaultSymbol { get; private init; }

    /// <summary>Branches of a union; the one item type of an array, or value type of a map.</summary>
    public IReadOnlyList<AvroSchema> Parts { get; private init; } = [];

    /// <summary>Bytes of a fixed.</summary>
    public int Size { get; private init; }

    /// <summary>Logical type, where it has one.</summary>
    public string? LogicalType { get; private init; }

    /// <summary>Digits behind the point of a decimal.</summary>
    public int Scale { get; private init; }

    /// <summary>Parses a schema.</summary>
    /// <exception cref="FormatException">The text is not JSON or not an Avro schema; the message says what is wrong.</exception>
    public static AvroSchema Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaximumDepth });
            return new Parser().Type(document.RootElement, "");
        }
        catch (JsonException error)
        {
            throw new FormatException($"the schema is not JSON: {error.Message}", error);
        }
    }

    /// <summary>The Parsing Canonical Form of the Avro specification: what decides about the bytes, and nothing else.</summary>
    public string CanonicalForm()
    {
        var text = new StringBuilder();
        Canonical(text, []);
        return text.ToString();
    }

    /// <summary>CRC-64-AVRO of <see cref="CanonicalForm"/>, as the Avro specification defines it.</summary>
    public ulong Fingerprint()
    {
        const ulong empty = 0xC15D213AA4D7A795;
        var fingerprint = empty;
        foreach (var b in Encoding.UTF8.GetBytes(CanonicalForm()))
        {
            fingerprint ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                fingerprint = (fingerprint >> 1) ^ (empty & (0 - (fingerprint & 1)));
            }
        }
        return fingerprint;
    }

    /// <summary>The kind, and the name where there is one.</summary>
    public override string ToString()
    {
        var kind = Kind.ToString().ToLowerInvariant();
        return FullName.Length == 0 ? kind : $"{kind} '{FullName}'";
    }

    private void Canonical(StringBuilder text, HashSet<string> named)
    {
        if (FullName.Length > 0 && !named.Add(FullName))
        {
            text.Append('"').Append(FullName).Append('"');
            return;
        }
        switch (Kind)
        {
            case AvroKind.Record:
                text.Append("{\"name\":\"").Append(FullName).Append("\",\"type\":\"record\",\"fields\":[");
                for (var i = 0; i < Fields.Count; i++)
                {
                    text.Append(i == 0 ? "" : ",").Append("{\"name\":\"").Append(Fields[i].Name).Append("\",\"type\":");
                    Fields[i].Type.Canonical(text, named);
                    text.Append('}');
                }
                text.Append("]}");
                break;
            case AvroKind.Enum:
                text.Append("{\"name\":\"").Append(FullName).Append("\",\"type\":\"enum\",\"symbols\":[")
                    .AppendJoin(',', Symbols.Select(s => $"\"{s}\"")).Append("]}");
                break;
            case AvroKind.Fixed:
                text.Append("{\"name\":\"").Append(FullName).Append("\",\"type\":\"fixed\",\"size\":").Append(Size).Append('}');
                break;
            case AvroKind.Array:
                text.Append("{\"type\":\"array\",\"items\":");
                Parts[0].Canonical(text, named);
                text.Append('}');
                break;
            case AvroKind.Map:
                text.Append("{\"type\":\"map\",\"values\":");
                Parts[0].Canonical(text, named);
                text.Append('}');
                break;
            case AvroKind.Union:
                text.Append('[');
                for (var i = 0; i < Parts.Count; i++)
                {
                    text.Append(i == 0 ? "" : ",");
                    Parts[i].Canonical(text, named);
                }
                text.Append(']');
                break;
            default:
                text.Append('"').Append(Kind.ToString().ToLowerInvariant()).Append('"');
                break;
        }
    }

    private sealed class Parser
    {
        private readonly Dictionary<string, AvroSchema> _named = new(StringComparer.Ordinal);

        public AvroSchema Type(JsonElement json, string space) => json.ValueKind switch
        {
            JsonValueKind.String => Named(json.GetString()!, space),
            JsonValueKind.Array => Union(json, space),
            JsonValueKind.Object => Complex(json, space),
            _ => throw new FormatException($"a type was expected, not {json.ValueKind}"),
        };

        private AvroSchema Named(string name, string space) =>
            Primitive(name) is { } kind ? new AvroSchema(kind)
            : _named.TryGetValue(Full(name, space), out var type) || _named.TryGetValue(name, out type) ? type
            : throw new FormatException($"type '{name}' is not defined before it is used");

        private AvroSchema Union(JsonElement json, string space)
        {
            AvroSchema[] parts = [.. json.EnumerateArray().Select(branch => Type(branch, space))];
            if (parts.Any(p => p.Kind == AvroKind.Union) || parts.DistinctBy(p => (p.Kind, p.FullName)).Count() != parts.Length)
            {
                throw new FormatException("a union must not hold a union, nor two branches of one kind or name");
            }
            return new AvroSchema(AvroKind.Union) { Parts = parts };
        }

        private AvroSchema Complex(JsonElement json, string space)
        {
            var type = Member(json, "type");
            if (type.ValueKind != JsonValueKind.String)
            {
                return Type(type, space);
            }
            switch (type.GetString())
            {
                case "array":
                    return new AvroSchema(AvroKind.Array) { Parts = [Type(Member(json, "items"), space)] };
                case "map":
                    return new AvroSchema(AvroKind.Map) { Parts = [Type(Member(json, "values"), space)] };
                case "fixed":
                    var (fixedName, fixedSpace) = Name(json, space);
                    return Define(new AvroSchema(AvroKind.Fixed)
                    {
                        FullName = fixedName,
                        Aliases = Aliases(json, fixedSpace),
                        Size = Member(json, "size") is { ValueKind: JsonValueKind.Number } bytes && bytes.TryGetInt32(out var size) && size >= 0
                            ? size
                            : throw new FormatException($"fixed '{fixedName}': 'size' must be a count of bytes"),
                        LogicalType = Text(json, "logicalType"),
                        Scale = Number(json, "scale"),
                    });
                case "enum":
                    var (enumName, enumSpace) = Name(json, space);
                    string[] symbols = [.. Strings(Member(json, "symbols"), $"enum '{enumName}'")];
                    var fallback = Text(json, "default");
                    return fallback is null || symbols.Contains(fallback, StringComparer.Ordinal)
                        ? Define(new AvroSchema(AvroKind.Enum)
                        {
                            FullName = enumName, Aliases = Aliases(json, enumSpace), Symbols = symbols, DefaultSymbol = fallback,
                        })
                        : throw new FormatException($"enum '{enumName}': its default '{fallback}' is not one of its symbols");
                case "record":
                    var (name, inner) = Name(json, space);
                    var record = Define(new AvroSchema(AvroKind.Record) { FullName = name, Aliases = Aliases(json, inner) });
                    record.Fields = [.. List(Member(json, "fields"), $"record '{name}'").Select(field => Field(field, name, inner))];
                    return record.Fields.DistinctBy(f => f.Name).Count() == record.Fields.Count
                        ? record
                        : throw new FormatException($"record '{name}' has two fields of one name");
                case { } primitive when Primitive(primitive) is { } kind:
                    return new AvroSchema(kind) { LogicalType = Text(json, "logicalType"), Scale = Number(json, "scale") };
                case var reference:
                    return Named(reference!, space);
            }
        }

        private AvroField Field(JsonElement json, string record, string space)
        {
            var name = Text(json, "name") ?? throw new FormatException($"record '{record}': a field has no name");
            try
            {
                return new AvroField(
                    name,
                    Type(Member(json, "type"), space),
                    [.. json.TryGetProperty("aliases", out var aliases) ? Strings(aliases, $"field '{name}'") : []],
                    json.TryGetProperty("default", out var value) ? value.Clone() : null);
            }
            catch (FormatException error) when (!error.Message.StartsWith("field '", StringComparison.Ordinal))
            {
                throw new FormatException($"field '{record}.{name}': {error.Message}", error);
            }
        }

        private AvroSchema Define(AvroSchema type) =>
            _named.TryAdd(type.FullName, type) ? type : throw new FormatException($"type '{type.FullName}' is defined twice");

        private static (string Name, string Space) Name(JsonElement json, string space)
        {
            var name = Text(json, "name") ?? throw new FormatException("a named type has no name");
            var full = Full(name, Text(json, "namespace") ?? space);
            return (full, full[..Math.Max(0, full.LastIndexOf('.'))]);
        }

        private static string[] Aliases(JsonElement json, string space) =>
            json.TryGetProperty("aliases", out var aliases) ? [.. Strings(aliases, "aliases").Select(a => Full(a, space))] : [];

        private static string Full(string name, string space) => space.Length == 0 || name.Contains('.') ? name : $"{space}.{name}";

        private static JsonElement Member(JsonElement json, string name) =>
            json.TryGetProperty(name, out var member) ? member : throw new FormatException($"member '{name}' is missing");

        private static string? Text(JsonElement json, string name) =>
            json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String
                ? member.GetString()
                : null;

        private static int Number(JsonElement json, string name) =>
            json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Number && member.TryGetInt32(out var number) ? number : 0;

        private static JsonElement.ArrayEnumerator List(JsonElement json, string where) =>
            json.ValueKind == JsonValueKind.Array ? json.EnumerateArray() : throw new FormatException($"{where}: an array was expected");

        private static IEnumerable<string> Strings(JsonElement json, string where) =>
            List(json, where).Select(item => item.ValueKind == JsonValueKind.String
                ? item.GetString()!
                : throw new FormatException($"{where}: strings were expected"));

        private static AvroKind? Primitive(string name) => name switch
        {
            "null" => AvroKind.Null,
            "boolean" => AvroKind.Boolean,
            "int" => AvroKind.Int,
            "long" => AvroKind.Long,
            "float" => AvroKind.Float,
            "double" => AvroKind.Double,
            "bytes" => AvroKind.Bytes,
            "string" => AvroKind.String,
            _ => null,
        };
    }
}
