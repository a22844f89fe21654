using System.Buffers;
using Avro;
using CsCheck;
using Returns.Contracts.Avro;
using Xunit;

namespace Returns.Contracts.Tests;

public sealed class CodecAgainstApacheAvro
{
    [Fact]
    public void Item_scan_encodes_and_decodes_as_apache_avro_does() => Agrees<ItemScan>();

    [Fact]
    public void Item_graded_encodes_and_decodes_as_apache_avro_does() => Agrees<ItemGraded>();

    [Fact]
    public void Item_routed_encodes_and_decodes_as_apache_avro_does() => Agrees<ItemRouted>();

    [Fact]
    public void Item_exception_encodes_and_decodes_as_apache_avro_does() => Agrees<ItemException>();

    [Fact]
    public void Operator_override_encodes_and_decodes_as_apache_avro_does() => Agrees<OperatorOverride>();

    [Fact]
    public void Catalog_item_encodes_and_decodes_as_apache_avro_does() => Agrees<CatalogItem>();

    [Fact]
    public void Rule_set_encodes_and_decodes_as_apache_avro_does() => Agrees<RuleSet>();

    [Fact]
    public void Station_heartbeat_encodes_and_decodes_as_apache_avro_does() => Agrees<StationHeartbeat>();

    [Fact]
    public void Every_proper_prefix_of_a_record_is_an_error()
    {
        var body = Bodies<ItemScan>(1).Single();
        var into = new ItemScan();
        for (var length = 0; length < body.Length; length++)
        {
            Assert.False(ItemScan.TryDecode(body.AsSpan(0, length), into, out var error));
            Assert.NotEqual(DecodeErrorClass.None, error.Class);
        }
    }

    [Fact]
    public void Hostile_bytes_neither_throw_nor_allocate_much()
    {
        var into = new ItemRouted();
        var bodies = Bodies<ItemRouted>(50);
        Gen.Select(Gen.Int[0, 49], Gen.Int[0, 1 << 20], Gen.Byte, Gen.Byte.Array[0, 64]).Sample(
            (which, at, value, random) =>
            {
                var body = (byte[])bodies[which].Clone();
                body[at % body.Length] = value;
                var before = GC.GetAllocatedBytesForCurrentThread();
                ItemRouted.TryDecode(body, into, out _);
                ItemRouted.TryDecode(random, into, out _);
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
            },
            iter: 20_000, threads: 1);
    }

    [Fact]
    public void A_huge_array_count_is_refused_before_anything_is_allocated()
    {
        var reader = new AvroReader([0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], 10);
        Assert.Equal(0, reader.ReadBlockCount(1, "findings"));
        Assert.Equal(DecodeErrorClass.BadLength, reader.Error.Class);
    }

    [Fact]
    public void Decoding_and_encoding_allocate_nothing_once_warm()
    {
        var bodies = Bodies<ItemScan>(100);
        var into = new ItemScan();
        var output = new ArrayBufferWriter<byte>(1 << 16);
        void Run()
        {
            foreach (var body in bodies)
            {
                ItemScan.TryDecode(body, into, out _);
                output.ResetWrittenCount();
                into.Encode(output);
            }
        }
        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Agrees<T>() where T : class, IAvroRecord<T>, new()
    {
        var schema = Schema.Parse(T.SchemaJson);
        var into = new T();
        var output = new ArrayBufferWriter<byte>();
        foreach (var body in Bodies<T>(500))
        {
            Assert.True(T.TryDecode(body, into, out var error), error.ToString());
            output.ResetWrittenCount();
            into.Encode(output);
            Assert.Equal(body, output.WrittenSpan.ToArray());
            Assert.Equal(body, RandomRecord.Reencode(schema, output.WrittenSpan.ToArray()));
        }
    }

    private static List<byte[]> Bodies<T>(int count) where T : class, IAvroRecord<T>, new()
    {
        var schema = Schema.Parse(T.SchemaJson);
        var random = new Random(20_261);
        return [.. Enumerable.Range(0, count).Select(_ => RandomRecord.Encode(schema, random))];
    }
}
