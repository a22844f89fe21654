using System.Buffers;
using System.Collections;
using Avro;
using Avro.Generic;
using Avro.IO;
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
            var theirs = new GenericDatumReader<GenericRecord>(schema, schema).Read(null!, new BinaryDecoder(new MemoryStream(body)));
            SameValue(theirs, into, T.SchemaName);
            output.ResetWrittenCount();
            into.Encode(output);
            Assert.Equal(body, output.WrittenSpan.ToArray());
            Assert.Equal(body, RandomRecord.Reencode(schema, output.WrittenSpan.ToArray()));
        }
    }

    /// <summary>Each of our properties holds what the field of its name holds: bytes alone would not tell two fields apart.</summary>
    private static void SameValue(object? theirs, object? ours, string where)
    {
        switch (theirs)
        {
            case GenericRecord record:
                foreach (var field in record.Schema.Fields)
                {
                    var property = ours!.GetType().GetProperty(Pascal(field.Name))!;
                    SameValue(record.GetValue(field.Pos), property.GetValue(ours), $"{where}.{field.Name}");
                }
                break;
            case object[] items:
                var list = ((IEnumerable)ours!).Cast<object>().ToList();
                Assert.Equal(items.Length, list.Count);
                for (var i = 0; i < items.Length; i++)
                {
                    SameValue(items[i], list[i], $"{where}[{i}]");
                }
                break;
            case GenericEnum symbol:
                Assert.True(Pascal(symbol.Value) == ours!.ToString(), where);
                break;
            case AvroDecimal amount:
                Assert.True(((decimal)amount.UnscaledValue / 10_000m).Equals(ours), where);
                break;
            case DateTime time:
                Assert.True(new DateTimeOffset(time).ToUnixTimeMilliseconds().Equals(ours), where);
                break;
            case string text:
                Assert.True(text == ours!.ToString(), where);
                break;
            default:
                Assert.True(Equals(theirs, ours), where);
                break;
        }
    }

    private static string Pascal(string name) => string.Concat(name.Split('_').Select(part => char.ToUpperInvariant(part[0]) + part[1..]));
}
