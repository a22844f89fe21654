using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;

namespace Returns.Contracts.Wire;

/// <summary>The ids of schemas/: each file's own schemaId, and those of schemas/history for records written earlier.</summary>
public sealed class LocalSchemaIds : ISchemaIds
{
    private readonly FrozenDictionary<int, string> _schemas;

    /// <summary>Takes schemas that carry a schemaId.</summary>
    /// <exception cref="FormatException">A schema has no schemaId, or two have the same.</exception>
    public LocalSchemaIds(IEnumerable<string> schemas)
    {
        ArgumentNullException.ThrowIfNull(schemas);
        var byId = new Dictionary<int, string>();
        foreach (var schema in schemas)
        {
            using var json = JsonDocument.Parse(schema);
            if (!json.RootElement.TryGetProperty("schemaId", out var member) || member.ValueKind != JsonValueKind.Number || !member.TryGetInt32(out var id))
            {
                throw new FormatException($"a schema has no schemaId, which must be a number: {schema[..Math.Min(80, schema.Length)]}");
            }
            if (!byId.TryAdd(id, schema))
            {
                throw new FormatException($"schemaId {id} stands in two schemas: give the newer one the next free id");
            }
        }
        _schemas = byId.ToFrozenDictionary();
    }

    /// <summary>The schemas this assembly was built with.</summary>
    public static LocalSchemaIds BuiltIn { get; } = new(Embedded());

    /// <summary>All ids known here.</summary>
    public IReadOnlyCollection<int> Ids => _schemas.Keys;

    /// <inheritdoc/>
    public int IdOf<T>(string topic) where T : class, IAvroRecord<T>, new() => T.SchemaId;

    /// <inheritdoc/>
    public string? Find(int id) => _schemas.GetValueOrDefault(id);

    private static IEnumerable<string> Embedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".avsc", StringComparison.Ordinal)))
        {
            using var text = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return text.ReadToEnd();
        }
    }
}
