using System.Buffers;
using System.Text;
using System.Text.Json;
using Returns.Contracts.Avro;

namespace Returns.Contracts.Resolution;

/// <summary>The default of a field, as the bytes that stand for it.</summary>
internal static class DefaultValue
{
    /// <exception cref="FormatException">The default does not fit the type.</exception>
    public static byte[] Encode(AvroSchema type, JsonElement value, string where)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new AvroWriter(output);
        try
        {
            Write(ref writer, type, value, 0);
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new FormatException($"{where}: its default {value.GetRawText()} does not fit {type}", error);
        }
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    private static void Write(ref AvroWriter writer, AvroSchema type, JsonElement value, int depth)
    {
        if (depth > AvroSchema.MaximumDepth)
        {
            // A record whose field of its own type has an empty default never ends.
            throw new FormatException("it is nested too deeply");
        }
        switch (type.Kind)
        {
            case AvroKind.Null when value.ValueKind == JsonValueKind.Null:
                break;
            case AvroKind.Boolean:
                writer.WriteBoolean(value.GetBoolean());
                break;
            case AvroKind.Int:
                writer.WriteLong(value.GetInt32());
                break;
            case AvroKind.Long:
                writer.WriteLong(value.GetInt64());
                break;
            case AvroKind.Float:
                writer.WriteFloat(value.GetSingle());
                break;
            case AvroKind.Double:
                writer.WriteDouble(value.GetDouble());
                break;
            case AvroKind.String when value.ValueKind == JsonValueKind.String:
                writer.WriteBytes(Encoding.UTF8.GetBytes(value.GetString()!));
                break;
            case AvroKind.Bytes when value.ValueKind == JsonValueKind.String:
                writer.WriteBytes(CodePoints(value));
                break;
            case AvroKind.Fixed when value.ValueKind == JsonValueKind.String && CodePoints(value) is var bytes && bytes.Length == type.Size:
                writer.WriteRaw(bytes);
                break;
            case AvroKind.Enum when type.Symbols.ToList().IndexOf(value.GetString() ?? "") is var index and >= 0:
                writer.WriteLong(index);
                break;
            case AvroKind.Union:
                // The default of a union is one of its first branch.
                writer.WriteLong(0);
                Write(ref writer, type.Parts[0], value, depth + 1);
                break;
            case AvroKind.Array:
                if (value.GetArrayLength() > 0)
                {
                    writer.WriteLong(value.GetArrayLength());
                    foreach (var item in value.EnumerateArray())
                    {
                        Write(ref writer, type.Parts[0], item, depth + 1);
                    }
                }
                writer.WriteLong(0);
                break;
            case AvroKind.Map:
                var members = value.EnumerateObject().ToArray();
                if (members.Length > 0)
                {
                    writer.WriteLong(members.Length);
                    foreach (var member in members)
                    {
                        writer.WriteBytes(Encoding.UTF8.GetBytes(member.Name));
                        Write(ref writer, type.Parts[0], member.Value, depth + 1);
                    }
                }
                writer.WriteLong(0);
                break;
            case AvroKind.Record:
                foreach (var field in type.Fields)
                {
                    var member = value.TryGetProperty(field.Name, out var given) ? given
                        : field.Default ?? throw new FormatException($"'{field.Name}' is missing");
                    Write(ref writer, field.Type, member, depth + 1);
                }
                break;
            default:
                throw new FormatException("another kind of value was expected");
        }
    }

    /// <summary>Bytes stand in JSON as the characters U+0000 to U+00FF.</summary>
    private static byte[] CodePoints(JsonElement value) =>
        [.. value.GetString()!.Select(c => c <= 0xFF ? (byte)c : throw new FormatException("bytes are characters up to U+00FF"))];
}
