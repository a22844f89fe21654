using System.Buffers;
using System.Buffers.Binary;
using Returns.Contracts.Avro;
using Returns.Contracts.Wire;
using Xunit;

namespace Returns.Contracts.Tests;

public sealed class WireFormat
{
    private static readonly StationHeartbeat Heartbeat = new() { Facility = "DC-1", Station = "S", At = 5 };

    [Fact]
    public void What_is_encoded_is_byte_0_the_id_and_the_body()
    {
        var value = new WireEncoder<StationHeartbeat>().Encode(Heartbeat);
        var body = new ArrayBufferWriter<byte>();
        Heartbeat.Encode(body);

        Assert.Equal(0, value[0]);
        Assert.Equal(StationHeartbeat.SchemaId, BinaryPrimitives.ReadInt32BigEndian(value[1..]));
        Assert.Equal(body.WrittenSpan.ToArray(), value[5..].ToArray());
    }

    [Fact]
    public void The_id_is_the_one_that_the_schema_ids_give_the_topic()
    {
        var ids = new FixedIds(70_000, StationHeartbeat.SchemaJson);
        var value = new WireEncoder<StationHeartbeat>(ids, Topics.Heartbeats).Encode(Heartbeat);
        Assert.Equal(70_000, BinaryPrimitives.ReadInt32BigEndian(value[1..]));

        var into = new StationHeartbeat();
        Assert.True(new WireDecoder<StationHeartbeat>(ids, Topics.Heartbeats).TryDecode(value, into, out _));
        Assert.Equal("DC-1", into.Facility.ToString());
    }

    [Fact]
    public void An_encoder_goes_on_after_a_record_that_does_not_fit_its_schema()
    {
        var encoder = new WireEncoder<ItemScan>();
        var good = new ItemScan { Lpn = "LPN1" };
        var before = encoder.Encode(good).ToArray();
        var bad = new ItemScan { Lpn = "LPN2", PricePaid = new Money(0.00001m, Currency.Parse("GBP")) };
        Assert.Throws<ArgumentOutOfRangeException>(() => encoder.Encode(bad).Length);
        Assert.Equal(before, encoder.Encode(good).ToArray());
    }

    [Fact]
    public void A_value_of_an_unknown_schema_id_is_named()
    {
        var value = new WireEncoder<StationHeartbeat>().Encode(Heartbeat).ToArray();
        value[4] = 77;
        Assert.False(new WireDecoder<StationHeartbeat>().TryDecode(value, new StationHeartbeat(), out var error));
        Assert.Equal(DecodeErrorClass.UnknownSchema, error.Class);
        Assert.Contains("schema id 77", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_of_another_event_is_refused()
    {
        var value = new WireEncoder<StationHeartbeat>().Encode(Heartbeat);
        Assert.False(new WireDecoder<ItemScan>().TryDecode(value, new ItemScan(), out var error));
        Assert.Equal(DecodeErrorClass.Incompatible, error.Class);
        Assert.Contains("StationHeartbeat", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0\0")]
    [InlineData("{\"at\":5}")]
    public void A_value_in_another_format_is_refused(string value)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(value);
        Assert.False(new WireDecoder<StationHeartbeat>().TryDecode(bytes, new StationHeartbeat(), out var error));
        Assert.Equal(DecodeErrorClass.NotWireFormat, error.Class);
    }

    private sealed class FixedIds(int id, string schema) : ISchemaIds
    {
        public int IdOf<T>(string topic) where T : class, IAvroRecord<T>, new() => id;

        public string? Find(int asked) => asked == id ? schema : null;
    }
}
