using Returns.Contracts.Resolution;
using Xunit;
using AvroException = Avro.AvroException;
using Schema = Avro.Schema;

namespace Returns.Contracts.Tests;

public sealed class ResolutionAgainstApacheAvro
{
    [Fact]
    public void A_record_of_an_earlier_schema_is_resolved_as_apache_avro_does()
    {
        for (var seed = 0; seed < 1_000; seed++)
        {
            var random = new Random(seed);
            var schemas = new RandomSchema(random);
            var writer = schemas.Record();
            var pair = new Pair(writer.ToJsonString(), schemas.Evolve(writer).ToJsonString());
            Assert.Empty(pair.Problems);
            for (var i = 0; i < 5; i++)
            {
                pair.Agrees(random);
            }
        }
    }

    [Fact]
    public void A_record_of_a_later_schema_is_resolved_as_apache_avro_does_or_refused_as_it_does()
    {
        var (read, refused) = (0, 0);
        for (var seed = 0; seed < 1_500; seed++)
        {
            var random = new Random(seed);
            var schemas = new RandomSchema(random);
            var reader = schemas.Record();
            var pair = new Pair(schemas.Evolve(reader).ToJsonString(), reader.ToJsonString());
            for (var i = 0; i < 5; i++)
            {
                _ = pair.Agrees(random) ? read++ : refused++;
            }
        }
        Assert.InRange(read, 250, 7_250);
        Assert.InRange(refused, 250, 7_250);
    }

    [Fact]
    public void A_record_of_its_own_schema_is_not_touched()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var json = new RandomSchema(new Random(seed)).Record().ToJsonString();
            Assert.True(SchemaResolution.Create(AvroSchema.Parse(json), AvroSchema.Parse(json)).IsIdentity, json);
        }
    }

    /// <summary>A writer's and a reader's schema, in both implementations.</summary>
    private sealed class Pair(string writerJson, string readerJson)
    {
        private readonly Schema _writer = Schema.Parse(writerJson);
        private readonly Schema _reader = Schema.Parse(readerJson);
        private readonly SchemaResolution _resolution = SchemaResolution.Create(AvroSchema.Parse(writerJson), AvroSchema.Parse(readerJson));
        private byte[] _buffer = [];

        public IReadOnlyList<string> Problems => _resolution.Problems;

        /// <summary>Whether a random record is read; both must read the same, or neither may read it.</summary>
        public bool Agrees(Random random)
        {
            var body = RandomRecord.Encode(_writer, random);
            var resolved = _resolution.TryTranscode(body, ref _buffer, out var length, out var why);
            byte[] expected;
            try
            {
                expected = RandomRecord.Reencode(_writer, _reader, body);
            }
            catch (AvroException error)
            {
                // Apache.Avro refuses a pair of schemas as a whole where here only those records are refused that meet the problem.
                Assert.True(Problems.Count > 0, $"{error.Message}\n{writerJson}\n{readerJson}");
                return false;
            }
            Assert.True(resolved, $"{why}\n{writerJson}\n{readerJson}");
            Assert.True(
                expected.AsSpan().SequenceEqual(_buffer.AsSpan(0, length)),
                $"{writerJson}\n{readerJson}\n{Convert.ToHexString(expected)}\n{Convert.ToHexString(_buffer.AsSpan(0, length))}");
            return true;
        }
    }
}
