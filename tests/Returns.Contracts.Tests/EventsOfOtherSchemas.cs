using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Returns.Contracts.Avro;
using Returns.Contracts.Wire;
using Xunit;
using AvroException = Avro.AvroException;
using Schema = Avro.Schema;

namespace Returns.Contracts.Tests;

public sealed class EventsOfOtherSchemas
{
    [Fact]
    public void An_event_of_another_schema_is_read_as_apache_avro_reads_it() => EachEvent.Passes(new ReadAsApacheAvroDoes());

    [Fact]
    public void Events_of_the_own_schema_are_decoded_and_encoded_without_allocating() => EachEvent.Passes(new OwnWithoutAllocating());

    [Fact]
    public void Events_of_another_schema_are_decoded_without_allocating() => EachEvent.Passes(new OtherWithoutAllocating());

    private static byte[] Value(int id, byte[] body)
    {
        var value = new byte[ConfluentWire.HeaderLength + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(value.AsSpan(1), id);
        body.CopyTo(value, ConfluentWire.HeaderLength);
        return value;
    }

    private sealed class ReadAsApacheAvroDoes : IEventTest
    {
        public void Run<T>(Random random) where T : class, IAvroRecord<T>, new()
        {
            var reader = Schema.Parse(T.SchemaJson);
            var output = new ArrayBufferWriter<byte>();
            var into = new T();
            var read = 0;
            for (var version = 0; version < 100; version++)
            {
                var own = JsonNode.Parse(T.SchemaJson)!;
                var writerJson = DefinitionOrder.Restore(new RandomSchema(random).Evolve(own), own).ToJsonString();
                var writer = Schema.Parse(writerJson);
                var decoder = new WireDecoder<T>(new OtherSchema<T>(writerJson), "topic");
                for (var i = 0; i < 5; i++)
                {
                    var body = RandomRecord.Encode(writer, random);
                    var decoded = decoder.TryDecode(Value(OtherSchema<T>.Other, body), into, out var error);
                    byte[] expected;
                    try
                    {
                        expected = RandomRecord.Reencode(writer, reader, body);
                    }
                    catch (AvroException)
                    {
                        // It refuses the schemas; here, the records are refused that show the difference.
                        Assert.True(decoded || error.Class == DecodeErrorClass.Incompatible, $"{error}\n{writerJson}");
                        continue;
                    }
                    Assert.True(decoded, $"{error}\n{writerJson}");
                    output.ResetWrittenCount();
                    into.Encode(output);
                    Assert.True(output.WrittenSpan.SequenceEqual(expected), writerJson);
                    read++;
                }
            }
            Assert.True(read > 10, $"{T.SchemaName}: {read} read");
        }
    }

    private sealed class OwnWithoutAllocating : IEventTest
    {
        public void Run<T>(Random random) where T : class, IAvroRecord<T>, new()
        {
            var values = RandomRecord.Bodies<T>(100).ConvertAll(body => Value(T.SchemaId, body));
            var (decoder, encoder, into) = (new WireDecoder<T>(), new WireEncoder<T>(), new T());
            void Run()
            {
                foreach (var value in values)
                {
                    Assert.True(decoder.TryDecode(value, into, out _) && encoder.Encode(into).SequenceEqual(value));
                }
            }
            Assert.Equal(0, Allocated.By(Run));
        }
    }

    private sealed class OtherWithoutAllocating : IEventTest
    {
        public void Run<T>(Random random) where T : class, IAvroRecord<T>, new()
        {
            // The last field first, and one more: nothing can be copied as it stands.
            var json = JsonNode.Parse(T.SchemaJson)!.AsObject();
            var fields = json["fields"]!.AsArray().Select(f => f!.DeepClone()).Reverse();
            json["fields"] = new JsonArray([.. fields, new JsonObject { ["name"] = "later", ["type"] = "string" }]);
            var writerJson = DefinitionOrder.Restore(json, JsonNode.Parse(T.SchemaJson)!).ToJsonString();
            var writer = Schema.Parse(writerJson);
            var values = Enumerable.Range(0, 100).Select(_ => Value(OtherSchema<T>.Other, RandomRecord.Encode(writer, random))).ToList();
            var (decoder, into) = (new WireDecoder<T>(new OtherSchema<T>(writerJson), "topic"), new T());
            void Run()
            {
                foreach (var value in values)
                {
                    Assert.True(decoder.TryDecode(value, into, out _));
                }
            }
            Assert.Equal(0, Allocated.By(Run));
        }
    }

    private sealed class OtherSchema<TEvent>(string schema) : ISchemaIds where TEvent : class, IAvroRecord<TEvent>, new()
    {
        public const int Other = 500;

        public int IdOf<T>(string topic) where T : class, IAvroRecord<T>, new() => T.SchemaId;

        public string? Find(int id) => id == Other ? schema : TEvent.SchemaJson;
    }
}
