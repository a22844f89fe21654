using System.Reflection;
using Returns.Contracts.Wire;
using Xunit;

namespace Returns.Contracts.Tests;

public sealed class SchemaEvolution
{
    private const string First = """
        {"type":"record","name":"Tote","namespace":"returns","schemaId":1,"doc":"A tote.","fields":[
            {"name":"code","type":"string","doc":"Its code."},
            {"name":"weight","type":"int","doc":"Grams."}]}
        """;

    [Fact]
    public void The_shipped_schemas_are_the_published_ones_and_read_everything_ever_written()
    {
        var problems = PublishedSchemas.Problems(Shipped(), Lines("published.txt"));
        Assert.True(problems.Count == 0, string.Join('\n', problems));
        Assert.Equal(Shipped().Count, LocalSchemaIds.BuiltIn.Ids.Count);
    }

    [Fact]
    public void Another_layout_or_documentation_is_no_change() =>
        Assert.Empty(Problems(("Tote.avsc", First.Replace("Its code.", "What is printed on it.").Replace("\n", ""))));

    [Theory]
    [InlineData("\"int\"", "\"long\"")]
    [InlineData("\"int\"", "{\"type\":\"int\",\"logicalType\":\"date\"}")]
    [InlineData("\"weight\"", "\"grams\"")]
    [InlineData("\"name\":\"Tote\"", "\"name\":\"Bin\"")]
    [InlineData("\"doc\":\"Grams.\"", "\"doc\":\"Grams.\",\"default\":0")]
    public void A_change_without_a_new_id_is_caught(string before, string after)
    {
        var file = after.Contains("Bin", StringComparison.Ordinal) ? "Bin.avsc" : "Tote.avsc";
        var problem = Assert.Single(Problems((file, First.Replace(before, after))));
        Assert.Contains("changed under schemaId 1: keep the published file as history/Tote.1.avsc and give this one the schemaId 2", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_compatible_change_with_its_history_and_its_line_is_accepted()
    {
        var second = First.Replace("\"schemaId\":1", "\"schemaId\":2").Replace("\"int\"", "\"long\"");
        Assert.Empty(Problems([("Tote.avsc", second), ("history/Tote.1.avsc", First)], $"2 Tote {PublishedSchemas.Print(second)}"));
    }

    [Fact]
    public void A_new_schema_without_its_line_is_told_the_line()
    {
        var second = First.Replace("\"schemaId\":1", "\"schemaId\":2").Replace("Tote", "Bin");
        var problem = Assert.Single(Problems(("Tote.avsc", First), ("Bin.avsc", second)));
        Assert.Contains($"add the line '2 Bin {PublishedSchemas.Print(second)}'", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_published_schema_that_is_gone_is_named()
    {
        var problem = Assert.Single(Problems());
        Assert.Contains("put it back as history/Tote.1.avsc", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_schema_that_cannot_read_one_of_its_history_is_named_with_the_field()
    {
        var second = First.Replace("\"schemaId\":1", "\"schemaId\":2").Replace("weight", "grams");
        var third = First.Replace("\"schemaId\":1", "\"schemaId\":3");
        var problem = Assert.Single(Problems(
            [("Tote.avsc", third), ("history/Tote.1.avsc", First), ("history/Tote.2.avsc", second)],
            $"2 Tote {PublishedSchemas.Print(second)}",
            $"3 Tote {PublishedSchemas.Print(third)}"));
        Assert.Equal("Tote.avsc: does not read history/Tote.2.avsc: Tote.weight: not in the writer's schema, and without a default", problem);
    }

    [Fact]
    public void A_history_file_under_another_name_is_caught()
    {
        var second = First.Replace("\"schemaId\":1", "\"schemaId\":2").Replace("\"int\"", "\"long\"");
        var problem = Assert.Single(Problems([("Tote.avsc", second), ("history/Tote.v1.avsc", First)], $"2 Tote {PublishedSchemas.Print(second)}"));
        Assert.Contains("name it history/Tote.1.avsc", problem, StringComparison.Ordinal);
    }

    private static List<string> Problems(params (string Path, string Text)[] files) => Problems(files, []);

    private static List<string> Problems((string Path, string Text)[] files, params string[] published) =>
        PublishedSchemas.Problems(files.ToDictionary(f => f.Path, f => f.Text), [$"1 Tote {PublishedSchemas.Print(First)}", .. published]);

    private static Dictionary<string, string> Shipped()
    {
        var assembly = typeof(LocalSchemaIds).Assembly;
        return assembly.GetManifestResourceNames().Where(name => name.EndsWith(".avsc", StringComparison.Ordinal))
            .ToDictionary(name => name["schemas/".Length..], name => Read(assembly, name));
    }

    private static string[] Lines(string resource) => Read(typeof(SchemaEvolution).Assembly, resource).ReplaceLineEndings("\n").Split('\n');

    private static string Read(Assembly assembly, string resource)
    {
        using var text = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return text.ReadToEnd();
    }
}
