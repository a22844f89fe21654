using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;
using Returns.Contracts.Generator;
using Xunit;

namespace Returns.Contracts.Tests;

public sealed class Generation
{
    /// <summary>Everything that the generator takes, with a default wherever one is allowed.</summary>
    private const string Everything = """
        {"type":"record","name":"Everything","namespace":"returns","schemaId":1,"doc":"Of all <kinds> & more.","fields":[
            {"name":"int","type":"int","default":-7,"doc":"d"},
            {"name":"long","type":"long","default":9007199254740992,"doc":"d"},
            {"name":"float","type":"float","default":1.5,"doc":"d"},
            {"name":"double","type":"double","default":1e300,"doc":"d"},
            {"name":"boolean","type":"boolean","default":true,"doc":"d"},
            {"name":"string","type":"string","default":"say \"ü\"","doc":"d"},
            {"name":"decimal","type":{"type":"bytes","logicalType":"decimal","precision":19,"scale":4},"doc":"d"},
            {"name":"currency","type":{"type":"string","logicalType":"currency"},"doc":"d"},
            {"name":"time","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"d"},
            {"name":"enum","type":{"type":"enum","name":"Colour","doc":"d","symbols":["red","dark_green"]},"default":"dark_green","doc":"d"},
            {"name":"record","type":{"type":"record","name":"Inner","doc":"d","fields":[{"name":"a","type":["null","string"],"doc":"d"}]},"doc":"d"},
            {"name":"value","type":{"type":"record","name":"Pair","valueType":true,"doc":"d","fields":[{"name":"x","type":"int","doc":"d"},{"name":"c","type":"Colour","doc":"d"}]},"doc":"d"},
            {"name":"optional_int","type":["null","int"],"default":null,"doc":"d"},
            {"name":"optionalLast","type":["string","null"],"doc":"d"},
            {"name":"optionalEnum","type":["null","Colour"],"doc":"d"},
            {"name":"optionalValue","type":["null","returns.Pair"],"doc":"d"},
            {"name":"optionalRecord","type":["Inner","null"],"doc":"d"},
            {"name":"ints","type":{"type":"array","items":"int"},"default":[],"doc":"d"},
            {"name":"strings","type":{"type":"array","items":"string"},"doc":"d"},
            {"name":"enums","type":{"type":"array","items":"Colour"},"doc":"d"},
            {"name":"values","type":{"type":"array","items":"Pair"},"doc":"d"},
            {"name":"records","type":{"type":"array","items":"Inner"},"doc":"d"}]}
        """;

    [Fact]
    public void Whatever_the_generator_takes_compiles_and_agrees_with_apache_avro()
    {
        var (result, compilation) = Generate(("Everything.avsc", Everything));
        Assert.Empty(result.Diagnostics);
        var image = new MemoryStream();
        var emitted = compilation.Emit(image, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics));
        var type = Assembly.Load(image.ToArray()).GetType("Returns.Contracts.Everything")!;
        typeof(CodecAgainstApacheAvro).GetMethod(nameof(CodecAgainstApacheAvro.Agrees), BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(type).Invoke(null, null);

        var instance = (IReusable)Activator.CreateInstance(type)!;
        instance.Clear();
        object? Value(string name) => type.GetProperty(name)!.GetValue(instance);
        Assert.Equal(
            [-7, 1L << 53, 1.5f, 1e300, true, new Utf8("say \"ü\""u8.ToArray()), "DarkGreen", null],
            [Value("Int"), Value("Long"), Value("Float"), Value("Double"), Value("Boolean"), Value("String"), Value("Enum")!.ToString(), Value("OptionalInt")]);
    }

    [Theory]
    [InlineData("", "line 1: the text ends early")]
    [InlineData("{\n\"type\": \"record\",\n\"name\" \"R\"}", "line 3: ':' was expected")]
    [InlineData("""{"type":"record","type":"record"}""", "line 1: member 'type' stands twice")]
    [InlineData("""["null","string"]""", "the file must hold a record")]
    [InlineData("""{"type":"record","name":"R","fields":[]}""", "record 'R' has no schemaId: give it the next free one")]
    [InlineData("""{"type":"record","name":"R","schemaId":"1","fields":[]}""", "record 'R': 'schemaId' must be a whole number")]
    [InlineData("""{"type":"record","name":"R","schemaId":1.5,"fields":[]}""", "record 'R': 'schemaId' must be a whole number")]
    [InlineData("""{"type":"record","name":"R","schemaId":1,"fields":7}""", "record 'R': 'fields' must be an array")]
    [InlineData("""{"type":"record","name":"R","schemaId":1,"valueType":true,"fields":[]}""", "not a valueType")]
    [InlineData("""{"type":"record","name":"R; class X","schemaId":1,"fields":[]}""", "'R; class X' is not a name")]
    public void A_bad_file_is_an_error_that_names_it_and_what_is_wrong(string schema, string problem)
    {
        var (result, _) = Generate(("bad.avsc", schema));
        var diagnostic = Assert.Single(result.Diagnostics);
        Assert.Equal(("RS0001", DiagnosticSeverity.Error), (diagnostic.Id, diagnostic.Severity));
        Assert.StartsWith("bad.avsc: ", diagnostic.GetMessage(), StringComparison.Ordinal);
        Assert.Contains(problem, diagnostic.GetMessage(), StringComparison.Ordinal);
        Assert.Equal("/schemas/bad.avsc", diagnostic.Location.GetLineSpan().Path);
    }

    [Theory]
    [InlineData("""{"name":"f","type":"int"}""", "field 'R.f' has no doc: say its unit and meaning")]
    [InlineData("""{"name":"f g","type":"int","doc":"d"}""", "'f g' is not a name")]
    [InlineData("""{"type":"int","doc":"d"}""", "record 'R': a field: 'name': '' is not a name")]
    [InlineData("""{"name":"f","type":"bytes","doc":"d"}""", "field 'R.f': type 'bytes' is not supported")]
    [InlineData("""{"name":"f","type":{"type":"map","values":"int"},"doc":"d"}""", "field 'R.f': type 'map' is not supported")]
    [InlineData("""{"name":"f","type":"R","doc":"d"}""", "field 'R.f': type 'R' is not supported, or not defined before")]
    [InlineData("""{"name":"f","type":["int","string"],"doc":"d"}""", "field 'R.f': a union must be of null and one other type")]
    [InlineData("""{"name":"f","type":["null",{"type":"array","items":"int"}],"doc":"d"}""", "field 'R.f': an array cannot be optional")]
    [InlineData("""{"name":"f","type":{"type":"array","items":["null","int"]},"doc":"d"}""", "field 'R.f': an array must be of")]
    [InlineData("""{"name":"f","type":{"type":"bytes","logicalType":"decimal","precision":30,"scale":4},"doc":"d"}""", "precision of 1 to 28")]
    [InlineData("""{"name":"f","type":{"type":"bytes","logicalType":"decimal"},"doc":"d"}""", "field 'R.f': 'precision' must be a whole number")]
    [InlineData("""{"name":"f","type":{"type":"enum","name":"E","symbols":["a-b"]},"doc":"d"}""", "'a-b' is not a name")]
    [InlineData("""{"name":"f","type":{"type":"enum","name":"E","symbols":["a_b","aB"]},"doc":"d"}""", "'a_b' and 'aB' would both be 'AB' in C#")]
    [InlineData("""{"name":"f","type":{"type":"enum","name":"E","symbols":["a"],"default":"b"},"doc":"d"}""", "enum 'E': its default must be one of its symbols")]
    [InlineData("""{"name":"f","type":{"type":"enum","name":"E","symbols":[]},"doc":"d"}""", "enum 'E' has no symbols")]
    [InlineData("""{"name":"f","type":{"type":"record","name":"V","valueType":true,"fields":[{"name":"g","type":["null","int"],"doc":"d"}]},"doc":"d"}""", "field 'V.g': a valueType holds")]
    [InlineData("""{"name":"f","type":"int","default":"x","doc":"d"}""", "field 'R.f': its default does not fit")]
    [InlineData("""{"name":"f","type":"int","default":2147483648,"doc":"d"}""", "field 'R.f': its default does not fit")]
    [InlineData("""{"name":"f","type":["string","null"],"default":"x","doc":"d"}""", "optional: null, listed first")]
    [InlineData("""{"name":"f","type":"int","doc":"d"},{"name":"F","type":"int","doc":"d"}""", "'f' and 'F' would both be 'F' in C#")]
    [InlineData("""{"name":"clear","type":"int","doc":"d"}""", "'clear' and 'Clear' would both be 'Clear'")]
    [InlineData("""{"name":"r","type":"int","doc":"d"}""", "'r' and 'R' would both be 'R'")]
    public void A_bad_field_is_an_error_that_names_it(string field, string problem)
    {
        var (result, _) = Generate(("bad.avsc", $$"""{"type":"record","name":"R","schemaId":1,"fields":[{{field}}]}"""));
        Assert.Contains(problem, Assert.Single(result.Diagnostics).GetMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_contradict_each_other_are_named()
    {
        const string Colour = """{"type":"enum","name":"Colour","doc":"d","symbols":["red"]}""";
        static string Record(string name, int id, string type) =>
            $$"""{"type":"record","name":"{{name}}","schemaId":{{id}},"doc":"d","fields":[{"name":"c","type":{{type}},"doc":"d"}]}""";

        Assert.Empty(Generate(("A.avsc", Record("A", 1, Colour)), ("B.avsc", Record("B", 2, Colour))).Result.Diagnostics);
        var other = Generate(("A.avsc", Record("A", 1, Colour)), ("B.avsc", Record("B", 2, Colour.Replace("red", "blue")))).Result;
        Assert.Equal("B.avsc: type 'Colour' is defined otherwise in another file: make both the same", Assert.Single(other.Diagnostics).GetMessage());
        var twice = Generate(("A.avsc", Record("A", 1, Colour)), ("B.avsc", Record("B", 1, Colour))).Result;
        Assert.Equal("B.avsc: schemaId 1 is taken by 'A': give 'B' the next free one", Assert.Single(twice.Diagnostics).GetMessage());
    }

    [Fact]
    public void Nothing_is_generated_again_for_a_change_elsewhere()
    {
        var file = new SchemaFile("Everything.avsc", Everything);
        var compilation = Compilation();
        var driver = Driver(file).RunGenerators(compilation, TestContext.Current.CancellationToken);
        IncrementalStepRunReason[] Reasons() => [.. driver.GetRunResult().Results.Single().TrackedOutputSteps
            .SelectMany(step => step.Value).SelectMany(step => step.Outputs).Select(output => output.Reason).Distinct()];

        Assert.Equal([IncrementalStepRunReason.New], Reasons());
        driver = driver.RunGenerators(compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class Elsewhere;", cancellationToken: TestContext.Current.CancellationToken)), TestContext.Current.CancellationToken);
        Assert.Equal([IncrementalStepRunReason.Cached], Reasons());
        driver = driver.ReplaceAdditionalText(file, new SchemaFile("Everything.avsc", Everything))
            .RunGenerators(compilation, TestContext.Current.CancellationToken);
        Assert.Equal([IncrementalStepRunReason.Cached], Reasons());
    }

    private static (GeneratorRunResult Result, Compilation Compilation) Generate(params (string Name, string Text)[] files)
    {
        var driver = Driver([.. files.Select(f => new SchemaFile(f.Name, f.Text))])
            .RunGeneratorsAndUpdateCompilation(Compilation(), out var compilation, out _, TestContext.Current.CancellationToken);
        var result = driver.GetRunResult().Results.Single();
        Assert.Null(result.Exception);
        return (result, compilation);
    }

    private static CSharpGeneratorDriver Driver(params AdditionalText[] files) => CSharpGeneratorDriver.Create(
        [new ContractsGenerator().AsSourceGenerator()],
        files,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    /// <summary>What the runtime gives, and the types that generated code builds on.</summary>
    private static CSharpCompilation Compilation() => CSharpCompilation.Create(
        "Generated",
        references: ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path)),
        options: new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    private sealed class SchemaFile(string name, string text) : AdditionalText
    {
        public override string Path => $"/schemas/{name}";

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text);
    }
}
