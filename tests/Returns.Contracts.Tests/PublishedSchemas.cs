using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Returns.Contracts.Resolution;

namespace Returns.Contracts.Tests;

/// <summary>Holds schema files against the list of what was published, and against each other.</summary>
internal static class PublishedSchemas
{
    /// <param name="files">Path below schemas/ and text of each .avsc file.</param>
    /// <param name="published">The lines of published.txt: id, name and print.</param>
    /// <returns>What is wrong, a sentence each, with the way out.</returns>
    public static List<string> Problems(IReadOnlyDictionary<string, string> files, IEnumerable<string> published)
    {
        var problems = new List<string>();
        var known = published.Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' '))
            .ToDictionary(parts => int.Parse(parts[0], CultureInfo.InvariantCulture), parts => (Name: parts[1], Print: parts[2]));
        var schemas = files.Select(f => (Path: f.Key, Text: f.Value, Json: JsonNode.Parse(f.Value)!.AsObject()))
            .Select(f => (f.Path, f.Text, Id: f.Json["schemaId"]!.GetValue<int>(), Name: f.Json["name"]!.GetValue<string>(), Print: Print(f.Text)))
            .OrderBy(f => f.Path, StringComparer.Ordinal).ToList();
        var next = schemas.Select(s => s.Id).Concat(known.Keys).DefaultIfEmpty(0).Max() + 1;
        foreach (var (path, _, id, name, print) in schemas)
        {
            var expected = path.StartsWith("history/", StringComparison.Ordinal) ? $"history/{name}.{id}.avsc" : $"{name}.avsc";
            if (path != expected)
            {
                problems.Add($"{path}: holds {name} with schemaId {id}: name it {expected}");
            }
            if (!known.TryGetValue(id, out var was))
            {
                problems.Add($"{path}: schemaId {id} is not published yet: add the line '{id} {name} {print}' to published.txt");
            }
            else if (was != (name, print))
            {
                problems.Add($"{path}: changed under schemaId {id}: keep the published file as history/{was.Name}.{id}.avsc and give this one the "
                    + $"schemaId {next}; only if no record was ever written with {id}, make its line in published.txt '{id} {name} {print}'");
            }
        }
        problems.AddRange(known.Keys.Except(schemas.Select(s => s.Id))
            .Select(id => $"published.txt: {known[id].Name} was published with schemaId {id}, and no file has it: put it back as history/{known[id].Name}.{id}.avsc"));
        foreach (var reader in schemas.Where(s => !s.Path.StartsWith("history/", StringComparison.Ordinal)))
        {
            foreach (var writer in schemas.Where(s => s.Name == reader.Name && s.Path != reader.Path))
            {
                problems.AddRange(SchemaResolution.Create(AvroSchema.Parse(writer.Text), AvroSchema.Parse(reader.Text)).Problems
                    .Select(problem => $"{reader.Path}: does not read {writer.Path}: {problem}"));
            }
        }
        return problems;
    }

    /// <summary>Sixteen hexadecimal digits that change with anything but the documentation and the layout of the file.</summary>
    public static string Print(string schema)
    {
        var bare = Bare(JsonNode.Parse(schema))!.ToJsonString(new JsonSerializerOptions { WriteIndented = false });
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(bare)))[..16];
    }

    private static JsonNode? Bare(JsonNode? json) => json switch
    {
        JsonObject members => new JsonObject(members.Where(m => m.Key != "doc")
            .Select(m => KeyValuePair.Create(m.Key, m.Key == "default" ? m.Value?.DeepClone() : Bare(m.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Bare)]),
        _ => json?.DeepClone(),
    };
}
