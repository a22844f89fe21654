using Returns.Domain.Rules;

namespace Returns.Simulator.Tests;

/// <summary>The rule set of infra/rules, as shipped.</summary>
internal static class ShippedRules
{
    public static RuleBook Book { get; } = Load();

    public static ProgramRules Any { get; } = Book.Find("anyone"u8)!;

    private static RuleBook Load()
    {
        var documents = new List<RuleDocument>();
        foreach (var path in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "rules"), "*.yaml"))
        {
            Assert.True(RuleDocument.TryParse(Path.GetFileName(path), File.ReadAllText(path), out var document, out var errors), string.Join('\n', errors));
            documents.Add(document!);
        }
        var book = RuleBook.Build(documents, null, out var unfit);
        Assert.Empty(unfit);
        return book;
    }
}
