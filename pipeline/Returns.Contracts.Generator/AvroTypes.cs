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
    /// <summary>The id on the wire, of a record that is an event of its own.</summary>
    public int? SchemaId { get; set; }

    /// <summary>Whether it becomes a struct instead of a class.</summary>
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
