using Returns.Domain.Rules;

namespace Returns.Topologies.Tests.Triage;

/// <summary>The rules of infra/rules.</summary>
internal static class ShippedRules
{
    private static readonly Lazy<(IReadOnlyList<RuleDocument> Documents, RuleBook Book)> Loaded = new(Load);

    public static IReadOnlyList<RuleDocument> Documents => Loaded.Value.Documents;

    public static RuleBook Book => Loaded.Value.Book;

    private static (IReadOnlyList<RuleDocument>, RuleBook) Load()
    {
        var files = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "rules"), "*.yaml")
            .Select(path => new RuleFile(path, File.ReadAllBytes(path)));
        Assert.True(RuleFile.TryCompile(files, out var documents, out var book, out var errors), string.Join(Environment.NewLine, errors));
        return (documents, book);
    }
}
