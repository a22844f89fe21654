using Returns.Contracts.Resolution;
using Xunit;
using Schema = Avro.Schema;

namespace Returns.Contracts.Tests;

public sealed class ResolutionAgainstApacheAvro
{
    [Fact]
    public void A_record_of_an_earlier_schema_is_resolved_as_apache_avro_does()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var schemas = new RandomSchema(random);
            var writer = schemas.Record();
            var reader = schemas.Evolve(writer);
            Agrees(seed, writer.ToJsonString(), reader.ToJsonString(), random);
        }
    }

    private static void Agrees(int seed, string writerJson, string readerJson, Random random)
    {
        var (writer, reader) = (Schema.Parse(writerJson), Schema.Parse(readerJson));
        var resolution = SchemaResolution.Create(AvroSchema.Parse(writerJson), AvroSchema.Parse(readerJson));
        var buffer = Array.Empty<byte>();
        for (var i = 0; i < 5; i++)
        {
            var body = RandomRecord.Encode(writer, random);
            byte[] expected;
            try
            {
                expected = RandomRecord.Reencode(writer, reader, body);
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"seed {seed}\n{writerJson}\n{readerJson}", error);
            }
            Assert.True(
                resolution.TryTranscode(body, ref buffer, out var length, out var why),
                $"seed {seed}: {why}\n{writerJson}\n{readerJson}");
            Assert.True(
                expected.AsSpan().SequenceEqual(buffer.AsSpan(0, length)),
                $"seed {seed}\n{writerJson}\n{readerJson}\n{Convert.ToHexString(expected)}\n{Convert.ToHexString(buffer.AsSpan(0, length))}");
        }
        Assert.Empty(resolution.Problems);
    }
}
