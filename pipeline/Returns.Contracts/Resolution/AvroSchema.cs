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
public sealed partial class AvroSchema
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

    /// <summary>The kind, and the name where there is one.</summary>
    public override string ToString()
    {
        var kind = Kind.ToString().ToLowerInvariant();
        return FullName.Length == 0 ? kind : $"{kind} '{FullName}'";
    }
}
