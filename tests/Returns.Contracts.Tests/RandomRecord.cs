using Avro;
using Avro.Generic;
using Avro.IO;

namespace Returns.Contracts.Tests;

/// <summary>Makes random values of any schema and writes them with Apache.Avro, which knows nothing of the generated code.</summary>
internal static class RandomRecord
{
    /// <summary>Bodies of an event, the same ones each time.</summary>
    public static List<byte[]> Bodies<T>(int count) where T : class, IAvroRecord<T>, new()
    {
        var schema = Schema.Parse(T.SchemaJson);
        var random = new Random(20_261);
        return [.. Enumerable.Range(0, count).Select(_ => Encode(schema, random))];
    }

    public static byte[] Encode(Schema schema, Random random)
    {
        var stream = new MemoryStream();
        new GenericDatumWriter<object>(schema).Write(Value(schema, random), new BinaryEncoder(stream));
        return stream.ToArray();
    }

    public static byte[] Reencode(Schema schema, byte[] body) => Reencode(schema, schema, body);

    /// <summary>Reads a body of the writer's schema by the reader's, and writes by the reader's what was read.</summary>
    public static byte[] Reencode(Schema writer, Schema reader, byte[] body)
    {
        var value = new GenericDatumReader<object>(writer, reader).Read(null!, new BinaryDecoder(new MemoryStream(body)));
        var stream = new MemoryStream();
        new GenericDatumWriter<object>(reader).Write(value, new BinaryEncoder(stream));
        return stream.ToArray();
    }

    private static object Value(Schema schema, Random random)
    {
        switch (schema)
        {
            case RecordSchema record:
                var result = new GenericRecord(record);
                foreach (var field in record.Fields)
                {
                    result.Add(field.Name, Value(field.Schema, random));
                }
                return result;
            case UnionSchema union:
                var branch = union.Schemas[random.Next(union.Count)];
                return branch.Tag == Schema.Type.Null ? null! : Value(branch, random);
            case ArraySchema array:
                return Enumerable.Range(0, random.Next(5)).Select(_ => Value(array.ItemSchema, random)).ToArray();
            case MapSchema map:
                return Enumerable.Range(0, random.Next(4)).ToDictionary(i => $"key{i}", _ => Value(map.ValueSchema, random));
            case FixedSchema f:
                return new GenericFixed(f, Bytes(random, f.Size));
            case EnumSchema e:
                return new GenericEnum(e, e.Symbols[random.Next(e.Count)]);
            case LogicalSchema { LogicalTypeName: "decimal" }:
                var unscaled = random.Next(3) == 0 ? random.Next(-200, 200) : random.NextInt64(long.MinValue, long.MaxValue);
                return new AvroDecimal(unscaled, 4);
            case LogicalSchema { LogicalTypeName: "timestamp-millis" }:
                return DateTime.UnixEpoch.AddMilliseconds(random.NextInt64(0, 4_000_000_000_000));
            case LogicalSchema { LogicalTypeName: "currency" }:
                return Currencies[random.Next(Currencies.Length)];
            default:
                return schema.Tag switch
                {
                    Schema.Type.String => Text(random),
                    Schema.Type.Int => random.Next(2) == 0 ? random.Next(-70, 70) : random.Next(int.MinValue, int.MaxValue),
                    Schema.Type.Long => random.Next(2) == 0 ? random.Next(-70, 70) : random.NextInt64(long.MinValue, long.MaxValue),
                    Schema.Type.Double => random.NextDouble() * 1e6,
                    Schema.Type.Float => (float)random.NextDouble() * 100,
                    Schema.Type.Boolean => random.Next(2) == 0,
                    Schema.Type.Bytes => Bytes(random, random.Next(20)),
                    _ => throw new NotSupportedException($"no random value for {schema}"),
                };
        }
    }

    private static readonly string[] Currencies = ["GBP", "EUR", "USD"];

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static string Text(Random random) => random.Next(4) switch
    {
        0 => "",
        1 => "größe ☂ 返品",
        _ => new string([.. Enumerable.Range(0, random.Next(1, 200)).Select(_ => (char)random.Next(32, 127))]),
    };
}
