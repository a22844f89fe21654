using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Returns.Contracts.Generator;

/// <summary>Makes the C# types and codecs of the .avsc files that a project names as additional files.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class ContractsGenerator : IIncrementalGenerator
{
    private static readonly DiagnosticDescriptor BadSchema = new(
        "RS0001", "A schema cannot be generated", "{0}: {1}", "Contracts", DiagnosticSeverity.Error, isEnabledByDefault: true);

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var files = context.AdditionalTextsProvider
            .Where(static file => file.Path.EndsWith(".avsc", StringComparison.Ordinal))
            .Select(static (file, cancel) => (Path: file.Path, Text: file.GetText(cancel)?.ToString() ?? ""))
            .Collect();
        context.RegisterSourceOutput(files, Generate);
    }

    private static void Generate(SourceProductionContext context, ImmutableArray<(string Path, string Text)> files)
    {
        var generated = new Dictionary<string, NamedType>();
        var ids = new Dictionary<int, string>();
        var schemas = new List<(RecordType Record, string Text)>();
        foreach (var (path, text) in files.OrderBy(f => f.Path, StringComparer.Ordinal))
        {
            try
            {
                var reader = new SchemaReader();
                var record = reader.Read(text);
                var id = record.SchemaId!.Value;
                if (ids.TryGetValue(id, out var other))
                {
                    throw new FormatException($"schemaId {id} is taken by '{other}': give '{record.Name}' the next free one");
                }
                ids.Add(id, record.Name);
                foreach (var type in reader.Named)
                {
                    if (!generated.TryGetValue(type.Name, out var existing))
                    {
                        generated.Add(type.Name, type);
                    }
                    else if (existing.Definition != type.Definition)
                    {
                        throw new FormatException($"type '{type.Name}' is defined otherwise in another file: make both the same");
                    }
                }
                schemas.Add((record, text));
            }
            catch (FormatException error)
            {
                var location = Location.Create(path, default, default);
                context.ReportDiagnostic(Diagnostic.Create(BadSchema, location, System.IO.Path.GetFileName(path), error.Message));
            }
        }
        foreach (var type in generated.Values)
        {
            var schema = schemas.Find(s => s.Record.Name == type.Name);
            context.AddSource($"{type.Name}.g.cs", SourceText.From(Emitter.Emit(type, schema.Text), Encoding.UTF8));
        }
    }
}
