using System.Text.Json;
using Returns.Contracts.Resolution;
using Xunit;
using Schema = Avro.Schema;

namespace Returns.Contracts.Tests;

public sealed class EventsAsJson
{
    [Fact]
    public void A_record_of_any_schema_comes_back_from_its_json_byte_for_byte()
    {
        for (var seed = 0; seed < 1_000; seed++)
        {
            var random = new Random(seed);
            var schema = new RandomSchema(random).Record().ToJsonString();
            ComesBack(schema, RandomRecord.Encode(Schema.Parse(schema), random));
        }
    }

    [Fact]
    public void So_does_every_event()
    {
        Assert.All(RandomRecord.Bodies<ItemScan>(200), body => ComesBack(ItemScan.SchemaJson, body));
        Assert.All(RandomRecord.Bodies<ItemRouted>(200), body => ComesBack(ItemRouted.SchemaJson, body));
        Assert.All(RandomRecord.Bodies<OperatorOverride>(200), body => ComesBack(OperatorOverride.SchemaJson, body));
        Assert.All(RandomRecord.Bodies<Chargeback>(50), body => ComesBack(Chargeback.SchemaJson, body));
    }

    [Fact]
    public void Money_times_and_optional_fields_read_as_a_person_writes_them()
    {
        var schema = AvroSchema.Parse(ItemScan.SchemaJson);
        const string Text =
            """
            {"lpn":"L-1","program":"north","facility":"DC-LEEDS","station":"I-1","sequence":7,"kind":"intake","scannedAt":"2026-01-31T08:00:00.250Z",
             "pricePaid":{"amount":12.5,"currency":"GBP"},"findings":[{"criterion":"battery-health","value":87}]}
            """;

        var body = AvroJson.Encode(schema, JsonDocument.Parse(Text).RootElement);

        var scan = new ItemScan();
        Assert.True(ItemScan.TryDecode(body, scan, out _));
        Assert.Equal(1_769_846_400_250, scan.ScannedAt);
        Assert.Equal(new Money(12.5m, Currency.Parse("GBP")), scan.PricePaid);
        Assert.Null(scan.Sku);
        var json = JsonDocument.Parse(Json(ItemScan.SchemaJson, body)).RootElement;
        Assert.Equal("2026-01-31T08:00:00.250Z", json.GetProperty("scannedAt").GetString());
        Assert.Equal(12.5m, json.GetProperty("pricePaid").GetProperty("amount").GetDecimal());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("sku").ValueKind);
    }

    [Theory]
    [InlineData("""{"lpn":"L-1"}""", "ItemScan.program: it is missing")]
    [InlineData("""{"lpn":"L-1","colour":1}""", "ItemScan.colour: there is no such field")]
    [InlineData("""{"lpn":7}""", "ItemScan.lpn: 7 is no string")]
    [InlineData("""{"lpn":"L","program":"p","facility":"f","station":"s","sequence":1,"kind":"thrown"}""", "ItemScan.kind: \"thrown\" is no ScanKind: intake")]
    [InlineData("""{"lpn":"L","program":"p","facility":"f","station":"s","sequence":1,"kind":"weigh","scannedAt":"noon"}""", "is no time, such as")]
    public void What_does_not_fit_is_named_by_its_field(string json, string said)
    {
        var error = Assert.Throws<FormatException>(() => AvroJson.Encode(AvroSchema.Parse(ItemScan.SchemaJson), JsonDocument.Parse(json).RootElement));

        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_record_are_said_to_be_none_and_never_throw()
    {
        var schema = AvroSchema.Parse(ItemRouted.SchemaJson);
        var random = new Random(4);
        foreach (var body in RandomRecord.Bodies<ItemRouted>(300))
        {
            var cut = body[..random.Next(body.Length)];
            Assert.False(AvroJson.TryWrite(schema, cut, new Utf8JsonWriter(new MemoryStream()), out var error));
            Assert.NotEqual(Avro.DecodeErrorClass.None, error.Class);
            body[random.Next(body.Length)] ^= (byte)random.Next(1, 256);
            AvroJson.TryWrite(schema, body, new Utf8JsonWriter(new MemoryStream()), out _);
        }
    }

    private static void ComesBack(string schema, byte[] body)
    {
        var json = Json(schema, body);
        var back = AvroJson.Encode(AvroSchema.Parse(schema), JsonDocument.Parse(json).RootElement);
        Assert.True(body.AsSpan().SequenceEqual(back), $"{schema}\n{json}\n{Convert.ToHexString(body)}\n{Convert.ToHexString(back)}");
    }

    private static string Json(string schema, byte[] body)
    {
        var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            Assert.True(AvroJson.TryWrite(AvroSchema.Parse(schema), body, writer, out var error), $"{error}\n{schema}");
        }
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}
