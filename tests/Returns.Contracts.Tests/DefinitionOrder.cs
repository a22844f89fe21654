using System.Text.Json.Nodes;

namespace Returns.Contracts.Tests;

/// <summary>Puts each definition where its name is first used, as Avro wants it, after fields were moved or removed.</summary>
internal sealed class DefinitionOrder
{
    private readonly Dictionary<string, JsonObject> _definitions = [];
    private readonly HashSet<string> _used = [];

    /// <param name="changed">A schema whose definitions may come too late, or be gone.</param>
    /// <param name="original">The schema it was made from, which has them all.</param>
    public static JsonNode Restore(JsonNode changed, JsonNode original)
    {
        var order = new DefinitionOrder();
        order.Collect(original);
        order.Collect(changed);
        return order.Type(changed);
    }

    private void Collect(JsonNode? json)
    {
        if (json is JsonObject type && Name(type) is { } name)
        {
            _definitions[name] = type;
        }
        foreach (var inner in json switch { JsonObject members => members.Select(m => m.Value), JsonArray items => items, _ => [] })
        {
            Collect(inner);
        }
    }

    private JsonNode Type(JsonNode type)
    {
        switch (type)
        {
            case JsonArray union:
                return new JsonArray([.. union.Select(branch => Type(branch!))]);
            case JsonValue value:
                var reference = value.GetValue<string>().Split('.')[^1];
                return _definitions.ContainsKey(reference) ? Named(reference) : type.DeepClone();
            case JsonObject definition when Name(definition) is { } name:
                return Named(name);
            default:
                var complex = type.DeepClone();
                foreach (var member in new[] { "items", "values" }.Where(m => complex[m] is not null))
                {
                    complex[member] = Type(complex[member]!.DeepClone());
                }
                return complex;
        }
    }

    private JsonNode Named(string name)
    {
        if (!_used.Add(name))
        {
            return $"returns.{name}";
        }
        var definition = _definitions[name].DeepClone();
        foreach (var field in definition["fields"]?.AsArray() ?? [])
        {
            field!["type"] = Type(field["type"]!.DeepClone());
        }
        return definition;
    }

    private static string? Name(JsonObject type) =>
        type["type"] is JsonValue kind && kind.GetValue<string>() is "record" or "enum" or "fixed" ? type["name"]!.GetValue<string>() : null;
}
