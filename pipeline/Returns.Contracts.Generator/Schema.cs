namespace Returns.Contracts.Generator;

/// <summary>An Avro type, as far as the generated code supports it.</summary>
internal abstract class AvroType
{
    /// <summary>The fewest bytes that a value takes in Avro binary.</summary>
    public abstract int MinimumBytes { get; }
}

internal sealed class PrimitiveType(string name, string csharp, int minimumBytes) : AvroType
{
    public string Name => name;

    public string CSharp => csharp;

    public int Precision { get; set; }

    public int Scale { get; set; }

    public override int MinimumBytes => minimumBytes;
}

internal abstract class NamedType : AvroType
{
    public string Name { get; set; } = "";

    public string Doc { get; set; } = "";

    /// <summary>The definition in one line, to tell two definitions under one name apart.</summary>
    public string Definition { get; set; } = "";
}

internal sealed class EnumType : NamedType
{
    public List<string> Symbols { get; } = [];

    public override int MinimumBytes => 1;
}

internal sealed class RecordType : NamedType
{
    public int? SchemaId { get; set; }

    public bool IsValueType { get; set; }

    public List<Field> Fields { get; } = [];

    public override int MinimumBytes => Fields.Sum(f => f.Type.MinimumBytes);
}

internal sealed class OptionalType(AvroType inner, bool nullFirst) : AvroType
{
    public AvroType Inner => inner;

    public bool NullFirst => nullFirst;

    public override int MinimumBytes => 1;
}

internal sealed class ArrayType(AvroType item) : AvroType
{
    public AvroType Item => item;

    public override int MinimumBytes => 1;
}

internal sealed class Field(string name, AvroType type, string doc, bool hasDefault, object? @default)
{
    public string Name => name;

    public AvroType Type => type;

    public string Doc => doc;

    public bool HasDefault => hasDefault;

    public object? Default => @default;
}

/// <summary>Reads a schema file into types; what the generated code cannot hold is refused by name.</summary>
internal sealed class SchemaReader
{
    private readonly Dictionary<string, NamedType> _named = [];

    public IEnumerable<NamedType> Named => _named.Values;

    /// <exception cref="FormatException">The schema is wrong or uses what is not supported; the message says what.</exception>
    public RecordType Read(string text) =>
        Type(Json.Parse(text), "the file") as RecordType ?? throw new FormatException("the file must hold a record");

    private AvroType Type(object? json, string where)
    {
        switch (json)
        {
            case string name:
                return (AvroType?)Primitive(name) ?? Reference(name, where);
            case List<object?> union:
                if (union.Count != 2 || union.Count(b => b is "null") != 1)
                {
                    throw new FormatException($"{where}: a union must be of null and one other type");
                }
                return new OptionalType(Type(union.Single(b => b is not "null"), where), union[0] is "null");
            case List<KeyValuePair<string, object?>> members:
                return Complex(members, where);
            default:
                throw new FormatException($"{where}: a type was expected");
        }
    }

    private static PrimitiveType? Primitive(string name) => name switch
    {
        "string" => new PrimitiveType(name, "Utf8", 1),
        "int" => new PrimitiveType(name, "int", 1),
        "long" => new PrimitiveType(name, "long", 1),
        "boolean" => new PrimitiveType(name, "bool", 1),
        "double" => new PrimitiveType(name, "double", 8),
        "float" => new PrimitiveType(name, "float", 4),
        _ => null,
    };

    private NamedType Reference(string name, string where) =>
        _named.TryGetValue(name.Substring(name.LastIndexOf('.') + 1), out var type)
            ? type
            : throw new FormatException($"{where}: type '{name}' is not supported or not defined before");

    private AvroType Complex(List<KeyValuePair<string, object?>> members, string where)
    {
        object? Get(string name) => members.Find(m => m.Key == name).Value;
        string Text(string name) => Get(name) as string ?? throw new FormatException($"{where}: '{name}' is missing or not a string");
        var kind = Get("type");
        if (kind is not string type)
        {
            return Type(kind, where);
        }
        switch (type)
        {
            case "array":
                var array = new ArrayType(Type(Get("items"), where));
                return array.Item is OptionalType or ArrayType || array.Item.MinimumBytes == 0
                    ? throw new FormatException($"{where}: an array must be of records, enums, strings or numbers")
                    : array;
            case "enum":
            {
                var result = new EnumType { Name = Text("name"), Doc = Get("doc") as string ?? "", Definition = Flat(members) };
                result.Symbols.AddRange((Get("symbols") as List<object?> ?? throw new FormatException($"{where}: 'symbols' is missing")).Cast<string>());
                return Add(result, where);
            }
            case "record":
            {
                var result = new RecordType
                {
                    Name = Text("name"),
                    Doc = Get("doc") as string ?? "",
                    SchemaId = Get("schemaId") is double id ? (int)id : null,
                    IsValueType = Get("valueType") is true,
                    Definition = Flat(members),
                };
                foreach (var field in Get("fields") as List<object?> ?? throw new FormatException($"{where}: 'fields' is missing"))
                {
                    var of = field as List<KeyValuePair<string, object?>> ?? throw new FormatException($"record '{result.Name}': a field must be an object");
                    var name = of.Find(m => m.Key == "name").Value as string ?? throw new FormatException($"record '{result.Name}': a field has no name");
                    result.Fields.Add(new Field(
                        name,
                        Type(of.Find(m => m.Key == "type").Value, $"field '{result.Name}.{name}'"),
                        of.Find(m => m.Key == "doc").Value as string ?? throw new FormatException($"field '{result.Name}.{name}' has no doc: say its unit and meaning"),
                        of.Exists(m => m.Key == "default"),
                        of.Find(m => m.Key == "default").Value));
                }
                return Add(result, where);
            }
            case "bytes" when Get("logicalType") is "decimal":
                return new PrimitiveType("decimal", "decimal", 2) { Precision = Convert.ToInt32(Get("precision")), Scale = Convert.ToInt32(Get("scale") ?? 0.0) };
            case "string" when Get("logicalType") is "currency":
                return new PrimitiveType("currency", "Currency", 1);
            default:
                return Primitive(type) ?? throw new FormatException($"{where}: type '{type}' is not supported");
        }
    }

    private NamedType Add(NamedType type, string where)
    {
        if (_named.ContainsKey(type.Name))
        {
            throw new FormatException($"{where}: type '{type.Name}' is defined twice in one file");
        }
        _named.Add(type.Name, type);
        return type;
    }

    private static string Flat(object? json) => json switch
    {
        List<KeyValuePair<string, object?>> members => "{" + string.Join(",", members.Select(m => m.Key + ":" + Flat(m.Value))) + "}",
        List<object?> items => "[" + string.Join(",", items.Select(Flat)) + "]",
        _ => Convert.ToString(json) ?? "null",
    };
}
