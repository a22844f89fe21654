using System.Text.Json;

namespace Returns.Contracts.Resolution;

public sealed partial class AvroSchema
{
    /// <summary>Makes the tree from JSON, resolving names as they are defined.</summary>
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
                            FullName = enumName,
                            Aliases = Aliases(json, enumSpace),
                            Symbols = symbols,
                            DefaultSymbol = fallback,
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
