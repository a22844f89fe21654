using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Returns.Contracts.Avro;

namespace Returns.Contracts.Resolution;

/// <summary>Records of any schema as JSON, for people and their tools, and back.</summary>
/// <remarks>
/// Not the JSON encoding of the Avro specification, which writes money as <c>"\u0001\u00E2@"</c>. A timestamp is ISO 8601, a decimal a
/// number, bytes are <c>"0x…"</c>, NaN and the infinities strings. A value of a union stands for itself where only null stands beside
/// it, else it is <c>{"branch": value}</c>. What is written back is the same record, byte for byte but for the blocks of arrays.
/// </remarks>
public static class AvroJson
{
    private const string TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private const int MaximumDigits = 28;
    private static readonly long FirstTime = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long LastTime = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Writes a record as JSON.</summary>
    /// <param name="schema">The schema that the body was written with.</param>
    /// <param name="body">The Avro body.</param>
    /// <param name="json">Receives the record; of no use where false is returned.</param>
    /// <param name="error">Why the bytes are no record of the schema.</param>
    public static bool TryWrite(AvroSchema schema, byte[] body, Utf8JsonWriter json, out DecodeError error)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(json);
        var reader = new AvroReader(body, body.Length);
        Write(ref reader, schema, schema.Name, json, 0);
        reader.ExpectEnd();
        error = reader.Error;
        return reader.Ok;
    }

    /// <summary>The Avro body of a record that is given as JSON. A field that is not given has its default.</summary>
    /// <exception cref="FormatException">It is no record of the schema; the message names the field.</exception>
    public static byte[] Encode(AvroSchema schema, JsonElement json)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var output = new ArrayBufferWriter<byte>();
        var writer = new AvroWriter(output);
        Encode(ref writer, schema, json, schema.Name, 0);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    private static void Write(ref AvroReader reader, AvroSchema schema, string field, Utf8JsonWriter json, int depth)
    {
        if (depth > AvroSchema.MaximumDepth)
        {
            reader.Fail(DecodeErrorClass.Limit, "records nested too deeply");
        }
        switch (schema.Kind)
        {
            case AvroKind.Boolean:
                json.WriteBooleanValue(reader.ReadBoolean(field));
                break;
            case AvroKind.Int:
                json.WriteNumberValue(reader.ReadInt(field));
                break;
            case AvroKind.Long when schema.LogicalType == "timestamp-millis":
                var time = reader.ReadLong(field);
                if (time >= FirstTime && time <= LastTime)
                {
                    json.WriteStringValue(DateTimeOffset.FromUnixTimeMilliseconds(time).ToString(TimestampFormat, CultureInfo.InvariantCulture));
                    break;
                }
                json.WriteNumberValue(time);
                break;
            case AvroKind.Long:
                json.WriteNumberValue(reader.ReadLong(field));
                break;
            case AvroKind.Float:
                var single = reader.ReadFloat(field);
                if (float.IsFinite(single))
                {
                    json.WriteNumberValue(single);
                    break;
                }
                json.WriteStringValue(single.ToString(CultureInfo.InvariantCulture));
                break;
            case AvroKind.Double:
                var number = reader.ReadDouble(field);
                if (double.IsFinite(number))
                {
                    json.WriteNumberValue(number);
                    break;
                }
                json.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
                break;
            case AvroKind.Bytes when schema.LogicalType == "decimal" && schema.Scale <= MaximumDigits:
                json.WriteNumberValue(reader.ReadDecimal(MaximumDigits, (byte)schema.Scale, field));
                break;
            case AvroKind.Bytes:
                json.WriteStringValue("0x" + Convert.ToHexString(reader.ReadBytes(field)));
                break;
            case AvroKind.Fixed:
                json.WriteStringValue("0x" + Convert.ToHexString(reader.ReadFixed(schema.Size, field)));
                break;
            case AvroKind.String:
                json.WriteStringValue(reader.ReadString(field).Span);
                break;
            case AvroKind.Enum when schema.Symbols.Count > 0:
                json.WriteStringValue(schema.Symbols[reader.ReadIndex(schema.Symbols.Count, field)]);
                break;
            case AvroKind.Array:
                json.WriteStartArray();
                while (reader.ReadBlockCount(1, field) is > 0 and var items)
                {
                    for (; items > 0 && reader.Ok; items--)
                    {
                        Write(ref reader, schema.Parts[0], field, json, depth + 1);
                    }
                }
                json.WriteEndArray();
                break;
            case AvroKind.Map:
                json.WriteStartObject();
                while (reader.ReadBlockCount(1, field) is > 0 and var entries)
                {
                    for (; entries > 0 && reader.Ok; entries--)
                    {
                        json.WritePropertyName(reader.ReadString(field).Span);
                        Write(ref reader, schema.Parts[0], field, json, depth + 1);
                    }
                }
                json.WriteEndObject();
                break;
            case AvroKind.Union when schema.Parts.Count > 0:
                var branch = schema.Parts[reader.ReadIndex(schema.Parts.Count, field)];
                if (branch.Kind == AvroKind.Null || !IsNamed(schema))
                {
                    Write(ref reader, branch, field, json, depth + 1);
                    break;
                }
                json.WriteStartObject();
                json.WritePropertyName(NameOf(branch));
                Write(ref reader, branch, field, json, depth + 1);
                json.WriteEndObject();
                break;
            case AvroKind.Record:
                json.WriteStartObject();
                foreach (var part in schema.Fields)
                {
                    if (!reader.Ok)
                    {
                        break;
                    }
                    json.WritePropertyName(part.Name);
                    Write(ref reader, part.Type, part.Name, json, depth + 1);
                }
                json.WriteEndObject();
                break;
            case AvroKind.Null:
                json.WriteNullValue();
                break;
            default:
                reader.Fail(DecodeErrorClass.BadIndex, field);
                break;
        }
    }

    private static void Encode(ref AvroWriter writer, AvroSchema schema, JsonElement json, string path, int depth)
    {
        if (depth > AvroSchema.MaximumDepth)
        {
            throw new FormatException($"{path}: nested too deeply");
        }
        switch (schema.Kind)
        {
            case AvroKind.Null when json.ValueKind == JsonValueKind.Null:
                break;
            case AvroKind.Boolean when json.ValueKind is JsonValueKind.True or JsonValueKind.False:
                writer.WriteBoolean(json.GetBoolean());
                break;
            case AvroKind.Int when json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out var number):
                writer.WriteLong(number);
                break;
            case AvroKind.Long when json.ValueKind == JsonValueKind.Number && json.TryGetInt64(out var number):
                writer.WriteLong(number);
                break;
            case AvroKind.Long when schema.LogicalType == "timestamp-millis" && json.ValueKind == JsonValueKind.String
                && DateTimeOffset.TryParse(json.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time):
                writer.WriteLong(time.ToUnixTimeMilliseconds());
                break;
            case AvroKind.Float when TryNumber(json, out var number):
                writer.WriteFloat((float)number);
                break;
            case AvroKind.Double when TryNumber(json, out var number):
                writer.WriteDouble(number);
                break;
            case AvroKind.Bytes when schema.LogicalType == "decimal" && schema.Scale <= MaximumDigits && json.ValueKind == JsonValueKind.Number && json.TryGetDecimal(out var amount):
                try
                {
                    writer.WriteDecimal(amount, MaximumDigits, (byte)schema.Scale);
                }
                catch (ArgumentOutOfRangeException error)
                {
                    throw new FormatException($"{path}: {error.Message}", error);
                }
                break;
            case AvroKind.Bytes when TryBytes(json, out var bytes):
                writer.WriteBytes(bytes);
                break;
            case AvroKind.Fixed when TryBytes(json, out var bytes) && bytes.Length == schema.Size:
                writer.WriteRaw(bytes);
                break;
            case AvroKind.String when json.ValueKind == JsonValueKind.String:
                writer.WriteBytes(Encoding.UTF8.GetBytes(json.GetString()!));
                break;
            case AvroKind.Enum when json.ValueKind == JsonValueKind.String && schema.Symbols.ToList().IndexOf(json.GetString()!) is >= 0 and var symbol:
                writer.WriteLong(symbol);
                break;
            case AvroKind.Array when json.ValueKind == JsonValueKind.Array:
                if (json.GetArrayLength() is > 0 and var items)
                {
                    writer.WriteLong(items);
                    foreach (var item in json.EnumerateArray())
                    {
                        Encode(ref writer, schema.Parts[0], item, path + "[]", depth + 1);
                    }
                }
                writer.WriteLong(0);
                break;
            case AvroKind.Map when json.ValueKind == JsonValueKind.Object:
                if (json.GetPropertyCount() is > 0 and var entries)
                {
                    writer.WriteLong(entries);
                    foreach (var entry in json.EnumerateObject())
                    {
                        writer.WriteBytes(Encoding.UTF8.GetBytes(entry.Name));
                        Encode(ref writer, schema.Parts[0], entry.Value, $"{path}.{entry.Name}", depth + 1);
                    }
                }
                writer.WriteLong(0);
                break;
            case AvroKind.Union:
                var (branch, value) = BranchOf(schema, json, path);
                writer.WriteLong(branch);
                Encode(ref writer, schema.Parts[branch], value, path, depth + 1);
                break;
            case AvroKind.Record when json.ValueKind == JsonValueKind.Object:
                if (json.EnumerateObject().FirstOrDefault(p => !schema.Fields.Any(f => f.Name == p.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
                {
                    throw new FormatException($"{path}.{unknown.Name}: there is no such field: {string.Join(", ", schema.Fields.Select(f => f.Name))}");
                }
                foreach (var field in schema.Fields)
                {
                    if (json.TryGetProperty(field.Name, out var member))
                    {
                        Encode(ref writer, field.Type, member, $"{path}.{field.Name}", depth + 1);
                    }
                    else
                    {
                        writer.WriteRaw(field.Default is { } otherwise ? DefaultValue.Encode(field.Type, otherwise, $"{path}.{field.Name}")
                            : throw new FormatException($"{path}.{field.Name}: it is missing, and has no default"));
                    }
                }
                break;
            default:
                throw new FormatException($"{path}: {(json.GetRawText() is { Length: > 80 } text ? text[..80] + "…" : json.GetRawText())} is no {Describe(schema)}");
        }
    }

    private static (int Branch, JsonElement Value) BranchOf(AvroSchema union, JsonElement json, string path)
    {
        for (var i = 0; i < union.Parts.Count; i++)
        {
            var isNull = union.Parts[i].Kind == AvroKind.Null;
            if (isNull == (json.ValueKind == JsonValueKind.Null) && (isNull || !IsNamed(union)))
            {
                return (i, json);
            }
            if (!isNull && json.ValueKind == JsonValueKind.Object && json.GetPropertyCount() == 1 && json.TryGetProperty(NameOf(union.Parts[i]), out var value))
            {
                return (i, value);
            }
        }
        throw new FormatException($"{path}: {(json.ValueKind == JsonValueKind.Null ? "null is not allowed" : $"name one of {string.Join(", ", union.Parts.Select(NameOf))}, as {{\"{NameOf(union.Parts[^1])}\": …}}")}");
    }

    /// <summary>Whether a union has more than null to choose from, and so says which.</summary>
    private static bool IsNamed(AvroSchema union) => union.Parts.Count(p => p.Kind != AvroKind.Null) > 1;

    private static string NameOf(AvroSchema schema) => schema.FullName.Length > 0 ? schema.FullName : schema.Kind.ToString().ToLowerInvariant();

    private static string Describe(AvroSchema schema) => schema switch
    {
        { LogicalType: "timestamp-millis" } => "time, such as 2026-01-31T08:00:00Z",
        { LogicalType: "decimal" } => "amount, such as 12.50",
        { Kind: AvroKind.Enum } => $"{schema.Name}: {string.Join(", ", schema.Symbols)}",
        _ => schema.ToString(),
    };

    private static bool TryNumber(JsonElement json, out double number)
    {
        if (json.ValueKind == JsonValueKind.Number)
        {
            return json.TryGetDouble(out number);
        }
        (number, var isNumber) = json.ValueKind != JsonValueKind.String ? (0, false) : json.GetString() switch
        {
            "NaN" => (double.NaN, true),
            "Infinity" => (double.PositiveInfinity, true),
            "-Infinity" => (double.NegativeInfinity, true),
            _ => (0, false),
        };
        return isNumber;
    }

    private static bool TryBytes(JsonElement json, out byte[] bytes)
    {
        bytes = [];
        if (json.ValueKind != JsonValueKind.String || json.GetString() is not { } text || !text.StartsWith("0x", StringComparison.Ordinal))
        {
            return false;
        }
        try
        {
            bytes = Convert.FromHexString(text.AsSpan(2));
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
