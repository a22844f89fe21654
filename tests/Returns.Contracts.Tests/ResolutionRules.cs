using Returns.Contracts.Avro;
using Returns.Contracts.Resolution;
using Xunit;

namespace Returns.Contracts.Tests;

/// <summary>What the specification says and Apache.Avro for .NET does not do, or does otherwise on purpose here.</summary>
public sealed class ResolutionRules
{
    [Fact]
    public void A_renamed_field_and_record_are_found_by_their_aliases() => Assert.Equal(
        "0E1002",
        Resolved(
            """{"type":"record","name":"Old","namespace":"a","fields":[{"name":"x","type":"int"},{"name":"y","type":"int"}]}""",
            """
            {"type":"record","name":"New","namespace":"a","aliases":["Old"],"fields":[
                {"name":"z","type":"int","aliases":["other","y"]},{"name":"n","type":"int","default":8},{"name":"x","type":"int"}]}
            """,
            "020E"));

    [Fact]
    public void A_record_in_itself_is_resolved_at_every_level() => Assert.Equal(
        "540202540402540600",
        Resolved(
            """{"type":"record","name":"N","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","N"],"default":null}]}""",
            """{"type":"record","name":"N","fields":[{"name":"d","type":"int","default":42},{"name":"v","type":"long"},{"name":"next","type":["null","N"],"default":null}]}""",
            "020204020600"));

    [Fact]
    public void Bytes_are_read_as_text_and_text_as_bytes()
    {
        Assert.Equal("0461C3", Resolved("\"bytes\"", "\"string\"", "0461C3"));
        Assert.Equal("0461C3", Resolved("\"string\"", "\"bytes\"", "0461C3"));
    }

    [Theory]
    [InlineData("""{"type":"bytes","logicalType":"decimal","precision":19,"scale":2}""", "written with a scale of 2")]
    [InlineData("\"bytes\"", "written without being a decimal")]
    [InlineData("\"long\"", "written as long, which is not read as bytes")]
    public void Money_never_changes_its_value(string writer, string problem)
    {
        var resolution = Resolution(writer, """{"type":"bytes","logicalType":"decimal","precision":19,"scale":4}""");
        Assert.Contains(problem, Assert.Single(resolution.Problems), StringComparison.Ordinal);
        var buffer = Array.Empty<byte>();
        Assert.False(resolution.TryTranscode([2, 1], ref buffer, out _, out var error));
        Assert.Equal(DecodeErrorClass.Incompatible, error.Class);
    }

    [Fact]
    public void A_time_in_another_unit_is_refused()
    {
        var resolution = Resolution("""{"type":"long","logicalType":"timestamp-micros"}""", """{"type":"long","logicalType":"timestamp-millis"}""");
        Assert.Contains("written as timestamp-micros, which is not read as timestamp-millis", Assert.Single(resolution.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_records_with_an_unknown_symbol_are_refused()
    {
        var resolution = Resolution("""{"type":"enum","name":"E","symbols":["a","b"]}""", """{"type":"enum","name":"E","symbols":["c","a"]}""");
        var buffer = Array.Empty<byte>();
        Assert.True(resolution.TryTranscode([0], ref buffer, out var length, out _));
        Assert.Equal([2], buffer[..length]);
        Assert.False(resolution.TryTranscode([2], ref buffer, out _, out var error));
        Assert.Contains("symbol 'b' is unknown", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"record","name":"N","fields":[{"name":"v","type":"int","default":"x"}]}""", "v: its default \"x\" does not fit int")]
    [InlineData("""{"type":"record","name":"N","fields":[{"name":"a","type":"N","default":{}}]}""", "nested too deeply")]
    [InlineData("""{"type":"record","name":"N","fields":[{"name":"f","type":{"type":"fixed","name":"F","size":2},"default":"abc"}]}""", "f: its default \"abc\" does not fit")]
    [InlineData("""{"type":"record","name":"N","fields":[{"name":"e","type":{"type":"enum","name":"E","symbols":["a"]},"default":"b"}]}""", "e: its default \"b\" does not fit")]
    public void A_default_that_does_not_fit_is_named(string reader, string problem)
    {
        var error = Assert.Throws<FormatException>(() => Resolution("""{"type":"record","name":"N","fields":[]}""", reader));
        Assert.Contains(problem, error.ToString(), StringComparison.Ordinal);
    }

    private static SchemaResolution Resolution(string writer, string reader) =>
        SchemaResolution.Create(AvroSchema.Parse(writer), AvroSchema.Parse(reader));

    private static string Resolved(string writer, string reader, string body)
    {
        var buffer = Array.Empty<byte>();
        Assert.True(Resolution(writer, reader).TryTranscode(Convert.FromHexString(body), ref buffer, out var length, out var error), error.ToString());
        return Convert.ToHexString(buffer, 0, length);
    }
}
