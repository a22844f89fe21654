using System.Buffers;
using Avro;
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

    internal static void Agrees<T>() where T : class, IAvroRecord<T>, new()
    {
        var schema = Schema.Parse(T.SchemaJson);
        var into = new T();
        var output = new ArrayBufferWriter<byte>();
        foreach (var body in RandomRecord.Bodies<T>(500))
        {
            Assert.True(T.TryDecode(body, into, out var error), error.ToString());
            output.ResetWrittenCount();
            into.Encode(output);
            Assert.Equal(body, output.WrittenSpan.ToArray());
            Assert.Equal(body, RandomRecord.Reencode(schema, output.WrittenSpan.ToArray()));
        }
    }
}
