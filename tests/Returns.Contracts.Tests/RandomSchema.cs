using System.Text.Json.Nodes;

namespace Returns.Contracts.Tests;

/// <summary>Makes random record schemas, and later versions of them that must still read the earlier ones.</summary>
internal sealed class RandomSchema(Random random)
{
    private static readonly string[] Primitives = ["boolean", "int", "long", "float", "double", "bytes", "string"];
    private int _names;

    public JsonObject Record(int depth = 3) => new()
    {
        ["type"] = "record",
        ["name"] = $"Record{_names++}",
        ["fields"] = new JsonArray([.. Enumerable.Range(0, random.Next(1, 7)).Select(_ => Field(depth))]),
    };

    /// <summary>A later version: fields added with defaults, removed and moved, types widened, symbols and branches
    /// added, symbols removed.</summary>
    public JsonNode Evolve(JsonNode type)
    {
        if (type is JsonValue name)
        {
            return random.Next(3) == 0 ? Optional(Promote(name)) : Promote(name);
        }
        if (type is JsonArray union)
        {
            // Primitive branches stay what they are: promoted, one could become the same as another.
            var branches = union.Select(b => b is JsonValue ? b.DeepClone() : Evolve(b!)).ToList();
            if (random.Next(4) == 0)
            {
                branches.Add(Named("fixed", ("size", random.Next(1, 9))));
            }
            return new JsonArray([.. branches.OrderBy(_ => random.Next())]);
        }
        var changed = (JsonObject)type.DeepClone();
        switch (changed["type"]!.GetValue<string>())
        {
            case "array":
                changed["items"] = Evolve(changed["items"]!);
                break;
            case "map":
                changed["values"] = Evolve(changed["values"]!);
                break;
            case "enum":
                var symbols = changed["symbols"]!.AsArray().Select(s => s!.GetValue<string>()).ToList();
                symbols.RemoveAt(random.Next(symbols.Count));
                symbols.Insert(random.Next(symbols.Count + 1), $"S{_names++}");
                changed["symbols"] = new JsonArray([.. symbols.Select(s => (JsonNode)s)]);
                changed["default"] = symbols[random.Next(symbols.Count)];
                break;
            case "record":
                var fields = changed["fields"]!.AsArray().Select(f => (JsonNode)f!.DeepClone()).ToList();
                if (random.Next(3) == 0)
                {
                    fields.RemoveAt(random.Next(fields.Count));
                }
                foreach (var field in fields.Where(_ => random.Next(2) == 0))
                {
                    // The old default may not fit the new type; the writer has the field, so none is needed.
                    field.AsObject().Remove("default");
                    field["type"] = Evolve(field["type"]!);
                }
                for (var i = random.Next(3); i > 0; i--)
                {
                    fields.Insert(random.Next(fields.Count + 1), Field(1, withDefault: true));
                }
                if (random.Next(3) == 0)
                {
                    fields = [.. fields.OrderBy(_ => random.Next())];
                }
                changed["fields"] = new JsonArray([.. fields]);
                break;
        }
        return changed;
    }

    private JsonNode Promote(JsonValue name) => name.GetValue<string>() switch
    {
        "int" => Pick("int", "long", "float", "double"),
        "long" => Pick("long", "float", "double"),
        "float" => Pick("float", "double"),
        var other => other,
    };

    private string Pick(params string[] names) => names[random.Next(names.Length)];

    private static JsonArray Optional(JsonNode type) => ["null", type];

    private JsonObject Field(int depth, bool withDefault = false)
    {
        var (type, value) = Type(depth);
        var field = new JsonObject { ["name"] = $"f{_names++}", ["type"] = type };
        if (withDefault)
        {
            field["default"] = value;
        }
        return field;
    }

    private JsonObject Named(string kind, (string Name, JsonNode Value) member) =>
        new() { ["type"] = kind, ["name"] = $"{kind}{_names++}", [member.Name] = member.Value };

    /// <summary>What may stand in a union only once.</summary>
    private static string Kind(JsonNode type) => type is JsonObject complex
        ? complex["name"]?.GetValue<string>() ?? complex["type"]!.GetValue<string>()
        : type.GetValue<string>();

    private (JsonNode Type, JsonNode? Default) Type(int depth)
    {
        switch (random.Next(depth > 0 ? 13 : 7))
        {
            case 7:
                return (new JsonObject { ["type"] = "array", ["items"] = Type(depth - 1).Type }, new JsonArray());
            case 8:
                return (new JsonObject { ["type"] = "map", ["values"] = Type(depth - 1).Type }, new JsonObject());
            case 9:
                string[] symbols = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => $"S{_names++}")];
                return (Named("enum", ("symbols", new JsonArray([.. symbols.Select(s => (JsonNode)s)]))), symbols[^1]);
            case 10:
                JsonArray union = ["null"];
                for (var i = random.Next(1, 4); i > 0; i--)
                {
                    if (Type(depth - 1).Type is var branch && branch is not JsonArray && !union.Any(b => Kind(b!) == Kind(branch)))
                    {
                        union.Add(branch);
                    }
                }
                return (union, null);
            case 12:
                var size = random.Next(1, 20);
                return (Named("fixed", ("size", size)), new string('\u00FF', size));
            case 11:
                var record = Record(depth - 1);
                foreach (var field in record["fields"]!.AsArray().OfType<JsonObject>())
                {
                    var (fieldType, value) = Type(0);
                    field["type"] = fieldType;
                    field["default"] = value;
                }
                return (record, new JsonObject());
            case var primitive:
                JsonNode @default = Primitives[primitive] switch
                {
                    "boolean" => random.Next(2) == 0,
                    "int" => random.Next(int.MinValue, int.MaxValue),
                    "long" => random.NextInt64(long.MinValue, long.MaxValue),
                    "float" => random.Next(-100, 100) + 0.5f,
                    "double" => random.Next(-100, 100) + 0.25,
                    _ => new string((char)random.Next(32, 127), random.Next(4)),
                };
                return (Primitives[primitive], @default);
        }
    }
}
