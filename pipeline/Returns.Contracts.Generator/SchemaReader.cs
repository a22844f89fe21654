using Members = System.Collections.Generic.List<System.Collections.Generic.KeyValuePair<string, object?>>;

namespace Returns.Contracts.Generator;

/// <summary>Reads a schema file into types; what the generated code cannot hold is refused by name.</summary>
internal sealed class SchemaReader
{
    private readonly Dictionary<string, NamedType> _named = [];

    public IEnumerable<NamedType> Named => _named.Values;

    /// <exception cref="FormatException">The schema is wrong or uses what is not supported; the message says what.</exception>
    public RecordType Read(string text)
    {
        if (Type(Json.Parse(text), "the file") is not RecordType { IsValueType: false } record)
        {
            throw new FormatException("the file must hold a record that is not a valueType");
        }
        return record.SchemaId is null ? throw new FormatException($"record '{record.Name}' has no schemaId: give it the next free one") : record;
    }

    private AvroType Type(object? json, string where) => json switch
    {
        string name => (AvroType?)Primitive(name) ?? Reference(name, where),
        List<object?> union => Optional(union, where),
        Members members => Complex(members, where),
        _ => throw new FormatException($"{where}: a type was expected"),
    };

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
            : throw new FormatException($"{where}: type '{name}' is not supported, or not defined before it is used");

    private OptionalType Optional(List<object?> union, string where)
    {
        if (union.Count != 2 || union.Count(branch => branch is "null") != 1)
        {
            throw new FormatException($"{where}: a union must be of null and one other type");
        }
        var inner = Type(union.Single(branch => branch is not "null"), where);
        return inner is OptionalType or ArrayType
            ? throw new FormatException($"{where}: an array cannot be optional: an empty one says the same")
            : new OptionalType(inner, union[0] is "null");
    }

    private AvroType Complex(Members members, string where)
    {
        if (members.Get("type") is not string type)
        {
            return Type(members.Get("type"), where);
        }
        switch (type)
        {
            case "array":
                var item = Type(members.Get("items"), where);
                return item is OptionalType or ArrayType || item.MinimumBytes == 0
                    ? throw new FormatException($"{where}: an array must be of records with fields, enums, strings or numbers")
                    : new ArrayType(item);
            case "enum":
                return Enum(members, where);
            case "record":
                return Record(members, where);
            case "bytes" when members.Get("logicalType") is "decimal":
                return Decimal(members, where);
            case "string" when members.Get("logicalType") is "currency":
                return new PrimitiveType("currency", "Currency", 1);
            default:
                return Type(type, where);
        }
    }

    private static PrimitiveType Decimal(Members members, string where)
    {
        var precision = members.Whole("precision", where);
        var scale = members.Exists(m => m.Key == "scale") ? members.Whole("scale", where) : 0;
        // System.Decimal holds 28 digits of any value.
        return precision is >= 1 and <= 28 && scale >= 0 && scale <= precision
            ? new PrimitiveType("decimal", "decimal", 2) { Precision = precision, Scale = scale }
            : throw new FormatException($"{where}: a decimal must have a precision of 1 to 28 and a scale of 0 to its precision");
    }

    private EnumType Enum(Members members, string where)
    {
        var name = members.Name(where);
        var result = new EnumType { Name = name, Doc = members.Get("doc") as string ?? "", Definition = Flat(members) };
        foreach (var symbol in members.List("symbols", $"enum '{name}'"))
        {
            result.Symbols.Add(SchemaMembers.Valid(symbol as string, $"enum '{name}': symbol"));
        }
        RefuseTwins(result.Symbols, $"enum '{name}'");
        if (result.Symbols.Count == 0)
        {
            throw new FormatException($"enum '{name}' has no symbols");
        }
        if (members.Exists(m => m.Key == "default") && !result.Symbols.Contains(members.Get("default") as string ?? ""))
        {
            throw new FormatException($"enum '{name}': its default must be one of its symbols");
        }
        return Add(result, where);
    }

    private RecordType Record(Members members, string where)
    {
        var name = members.Name(where);
        var result = new RecordType
        {
            Name = name,
            Doc = members.Get("doc") as string ?? "",
            SchemaId = members.Exists(m => m.Key == "schemaId") ? members.Whole("schemaId", $"record '{name}'") : null,
            IsValueType = members.Get("valueType") is true,
            Definition = Flat(members),
        };
        foreach (var field in members.List("fields", $"record '{name}'"))
        {
            result.Fields.Add(Field(field as Members ?? throw new FormatException($"record '{name}': a field must be an object"), result));
        }
        RefuseTwins(result.Fields.Select(f => f.Name).Concat(Taken(result)), $"record '{name}'");
        return Add(result, where);
    }

    /// <summary>The names of the type itself and of its generated members.</summary>
    private static IEnumerable<string> Taken(RecordType record) => record.IsValueType
        ? [record.Name, "Read", "Write"]
        : record.Fields.Where(f => f.Type is OptionalType { Inner: RecordType { IsValueType: false } }).Select(f => "Set" + Emitter.Pascal(f.Name))
            .Concat([record.Name, "Read", "Write", "Clear", "Encode", "TryDecode", "SchemaId", "SchemaName", "SchemaJson"]);

    private Field Field(Members field, RecordType record)
    {
        var name = field.Name($"record '{record.Name}': a field");
        var where = $"field '{record.Name}.{name}'";
        var type = Type(field.Get("type"), where);
        if (record.IsValueType && type is not (PrimitiveType or EnumType or RecordType { IsValueType: true }))
        {
            throw new FormatException($"{where}: a valueType holds strings, numbers, enums and other valueTypes only");
        }
        var doc = field.Get("doc") as string ?? throw new FormatException($"{where} has no doc: say its unit and meaning");
        var hasDefault = field.Exists(m => m.Key == "default");
        if (hasDefault && !Fits(type, field.Get("default")))
        {
            throw new FormatException($"{where}: its default does not fit its type, or is one that the generated code does not set "
                + "(optional: null, listed first; array: empty; enum: a symbol; string, number, boolean: a value)");
        }
        return new Field(name, type, doc, hasDefault, field.Get("default"));
    }

    private static bool Fits(AvroType type, object? value) => type switch
    {
        OptionalType optional => optional.NullFirst && value is null,
        ArrayType => value is List<object?> { Count: 0 },
        EnumType e => value is string symbol && e.Symbols.Contains(symbol),
        PrimitiveType { Name: "string" } => value is string,
        PrimitiveType { Name: "boolean" } => value is bool,
        PrimitiveType { Name: "int" } => value is double number && number == (int)number,
        PrimitiveType { Name: "long" } => value is double number && number == (long)number && Math.Abs(number) <= 1L << 53,
        PrimitiveType { Name: "double" or "float" } => value is double,
        _ => false,
    };

    /// <summary>Two names that differ in the schema may be one in C#.</summary>
    private static void RefuseTwins(IEnumerable<string> names, string where)
    {
        var twins = names.GroupBy(Emitter.Pascal).FirstOrDefault(group => group.Count() > 1);
        if (twins is not null)
        {
            throw new FormatException($"{where}: '{twins.First()}' and '{twins.Last()}' would both be '{twins.Key}' in C#: rename one");
        }
    }

    private T Add<T>(T type, string where) where T : NamedType
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
        Members members => "{" + string.Join(",", members.Select(m => m.Key + ":" + Flat(m.Value))) + "}",
        List<object?> items => "[" + string.Join(",", items.Select(Flat)) + "]",
        _ => Convert.ToString(json) ?? "null",
    };
}

/// <summary>Members of a schema's JSON objects, with what is wrong where they are not what they should be.</summary>
internal static class SchemaMembers
{
    public static object? Get(this Members members, string name) => members.Find(m => m.Key == name).Value;

    public static string Name(this Members members, string where) => Valid(members.Get("name") as string, $"{where}: 'name'");

    public static List<object?> List(this Members members, string name, string where) =>
        members.Get(name) as List<object?> ?? throw new FormatException($"{where}: '{name}' must be an array");

    public static int Whole(this Members members, string name, string where) =>
        members.Get(name) is double number && number >= 0 && number == (int)number
            ? (int)number
            : throw new FormatException($"{where}: '{name}' must be a whole number from 0");

    /// <summary>A name as the Avro specification has it: letters, digits and underscores of ASCII, no digit first.</summary>
    public static string Valid(string? name, string where)
    {
        var valid = name is { Length: > 0 } && !(name[0] is >= '0' and <= '9')
            && name.All(c => c is >= 'a' and <= 'z' or >= 'A' and <= 'Z' or >= '0' and <= '9' or '_') && name.Any(c => c != '_');
        return valid ? name! : throw new FormatException($"{where}: '{name}' is not a name of letters, digits and underscores");
    }
}
