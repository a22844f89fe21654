using System.Text.Json.Nodes;
using Returns.Contracts.Avro;
using Returns.Contracts.Resolution;
using Returns.Contracts.Wire;
using Xunit;
using Schema = Avro.Schema;

namespace Returns.Contracts.Tests;

/// <summary>Schemas come from a registry that others write to: neither they nor bodies written with them may do harm.</summary>
public sealed class HostileSchemas
{
    [Fact]
    public void A_damaged_schema_is_parsed_or_refused_with_a_message()
    {
        var own = AvroSchema.Parse(ItemScan.SchemaJson);
        var (parsed, refused) = (0, 0);
        for (var seed = 0; seed < 4_000; seed++)
        {
            var random = new Random(seed);
            var damaged = Damaged(seed % 2 == 0 ? ItemScan.SchemaJson : new RandomSchema(random).Record().ToJsonString(), random);
            try
            {
                _ = SchemaResolution.Create(AvroSchema.Parse(damaged), own);
                parsed++;
            }
            catch (FormatException error)
            {
                Assert.NotEmpty(error.Message);
                refused++;
            }
        }
        Assert.True(parsed > 200 && refused > 200, $"{parsed} parsed, {refused} refused");
    }

    [Fact]
    public void A_damaged_body_of_any_schema_is_resolved_or_refused_and_never_takes_much_memory()
    {
        var (read, refused) = (0, 0);
        for (var seed = 0; seed < 1_500; seed++)
        {
            var random = new Random(seed);
            var schemas = new RandomSchema(random);
            var writer = schemas.Record();
            var reader = schemas.Evolve(writer);
            var resolution = SchemaResolution.Create(AvroSchema.Parse(writer.ToJsonString()), AvroSchema.Parse(reader.ToJsonString()));
            var body = RandomRecord.Encode(Schema.Parse(writer.ToJsonString()), random);
            for (var round = 0; round < 20; round++)
            {
                var damaged = (byte[])body.Clone();
                if (body.Length > 0)
                {
                    damaged[random.Next(body.Length)] = (byte)random.Next(256);
                }
                var buffer = Array.Empty<byte>();
                var before = GC.GetAllocatedBytesForCurrentThread();
                var resolved = resolution.TryTranscode(damaged, ref buffer, out _, out var error);
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8192 + (200 * body.Length));
                Assert.Equal(resolved, error.Class == DecodeErrorClass.None);
                _ = resolved ? read++ : refused++;
            }
        }
        Assert.True(read > 2_500 && refused > 2_500, $"{read} read, {refused} refused");
    }

    [Fact]
    public void Records_nested_without_end_are_refused()
    {
        // The writer's own field, which the reader skips: a list in a list, a million deep.
        var resolution = SchemaResolution.Create(
            AvroSchema.Parse("""{"type":"record","name":"R","fields":[{"name":"deep","type":{"type":"record","name":"D","fields":[{"name":"d","type":{"type":"array","items":"D"}}]}}]}"""),
            AvroSchema.Parse("""{"type":"record","name":"R","fields":[]}"""));
        var body = new byte[1_000_000];
        Array.Fill(body, (byte)2);
        var buffer = Array.Empty<byte>();
        Assert.False(resolution.TryTranscode(body, ref buffer, out _, out var error));
        Assert.Equal(DecodeErrorClass.Limit, error.Class);
    }

    [Fact]
    public void Records_that_multiply_without_bytes_are_refused()
    {
        // Each record holds ten of the one before, and the innermost takes no bytes: 10^12 visits for an empty body.
        var type = """{"type":"record","name":"R0","fields":[]}""";
        for (var level = 1; level <= 12; level++)
        {
            var inner = string.Concat(Enumerable.Range(1, 9).Select(i => $",{{\"name\":\"f{i}\",\"type\":\"R{level - 1}\"}}"));
            type = $"{{\"type\":\"record\",\"name\":\"R{level}\",\"fields\":[{{\"name\":\"f0\",\"type\":{type}}}{inner}]}}";
        }
        var resolution = SchemaResolution.Create(AvroSchema.Parse(type), AvroSchema.Parse("""{"type":"record","name":"R12","fields":[]}"""));
        var buffer = Array.Empty<byte>();
        Assert.False(resolution.TryTranscode([], ref buffer, out _, out var error));
        Assert.Equal(DecodeErrorClass.Limit, error.Class);
    }

    [Fact]
    public void A_few_bytes_do_not_become_gigabytes_of_defaults()
    {
        var large = new string('x', 100_000);
        var resolution = SchemaResolution.Create(
            AvroSchema.Parse("""{"type":"array","items":{"type":"record","name":"I","fields":[]}}"""),
            AvroSchema.Parse($$$"""{"type":"array","items":{"type":"record","name":"I","fields":[{"name":"s","type":"string","default":"{{{large}}}"}]}}"""));
        var buffer = Array.Empty<byte>();
        byte[] body = [0xD0, 0x0F, .. new byte[1_001]];
        Assert.False(resolution.TryTranscode(body, ref buffer, out _, out var error));
        Assert.Equal(DecodeErrorClass.Limit, error.Class);
        Assert.InRange(buffer.Length, 0, 16 << 20);
    }

    [Theory]
    [InlineData("syntax = \"proto3\"; message M {}", "not JSON")]
    [InlineData("""{"type":"object","properties":{}}""", "'object' is not defined")]
    [InlineData("""{"type":"fixed","name":"F","size":"big"}""", "'size' must be a count of bytes")]
    [InlineData("""{"type":"record","name":"ItemScan","fields":{}}""", "an array was expected")]
    [InlineData("""["null",["null"]]""", "a union must not hold a union")]
    [InlineData("7", "a type was expected")]
    public void A_value_whose_schema_is_none_is_refused_with_the_id_and_the_reason(string schema, string problem)
    {
        var decoder = new WireDecoder<ItemScan>(new OneSchema(schema), Topics.Scans);
        Assert.False(decoder.TryDecode([0, 0, 0, 0, 9, 1, 2, 3], new ItemScan(), out var error));
        Assert.Equal(DecodeErrorClass.Incompatible, error.Class);
        Assert.Contains("schema id 9", error.ToString(), StringComparison.Ordinal);
        Assert.Contains(problem, error.ToString(), StringComparison.Ordinal);
    }

    private static string Damaged(string schema, Random random)
    {
        if (random.Next(2) == 0)
        {
            var at = random.Next(schema.Length);
            return random.Next(2) == 0 ? schema.Remove(at, Math.Min(random.Next(1, 4), schema.Length - at)) : schema.Insert(at, "\"{}[],:0x"[random.Next(9)].ToString());
        }
        var json = JsonNode.Parse(schema)!;
        var nodes = new List<JsonNode>();
        Collect(json, nodes);
        JsonNode[] others = [7, "string", "Finding", "", false, new JsonArray(), new JsonObject(), new JsonArray("null", "null"), new JsonObject { ["type"] = "record" }];
        nodes[random.Next(1, nodes.Count)].ReplaceWith(others[random.Next(others.Length)]);
        return json.ToJsonString();
    }

    private static void Collect(JsonNode json, List<JsonNode> nodes)
    {
        nodes.Add(json);
        foreach (var inner in json switch
        {
            JsonObject members => members.Select(m => m.Value),
            JsonArray items => items,
            _ => [],
        })
        {
            if (inner is not null)
            {
                Collect(inner, nodes);
            }
        }
    }

    private sealed class OneSchema(string schema) : ISchemaIds
    {
        public int IdOf<T>(string topic) where T : class, IAvroRecord<T>, new() => 1;

        public string? Find(int id) => schema;
    }
}
