using Returns.Contracts;
using Returns.Domain.Rules;

namespace Returns.Domain.Tests.Rules;

/// <summary>The rule set of infra/rules, as shipped.</summary>
internal static class ShippedRules
{
    public static string Read(string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "rules", file));

    public static RuleBook Book(params (string File, string From, string To)[] changes)
    {
        var book = TryBook(out var errors, changes);
        Assert.Empty(errors);
        return book;
    }

    /// <summary>The book after replacing text in the files.</summary>
    public static RuleBook TryBook(out IReadOnlyList<RuleError> errors, params (string File, string From, string To)[] changes)
    {
        var documents = new List<RuleDocument>();
        var found = new List<RuleError>();
        foreach (var path in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "rules"), "*.yaml"))
        {
            var file = Path.GetFileName(path);
            var text = Read(file);
            foreach (var change in changes.Where(c => c.File == file))
            {
                Assert.Contains(change.From, text, StringComparison.Ordinal);
                text = text.Replace(change.From, change.To, StringComparison.Ordinal);
            }

            if (RuleDocument.TryParse($"rules/{file}", text, out var document, out var parseErrors)) documents.Add(document!);
            else found.AddRange(parseErrors);
        }

        var book = RuleBook.Build(documents, null, out var buildErrors);
        errors = found.Count > 0 ? found : buildErrors;
        return book;
    }

    public static ProgramRules Any(params (string File, string From, string To)[] changes) =>
        Book(changes).Find("anyone"u8)!;

    public static ReadOnlySpan<byte> Bytes(string text) => Utf8.From(text).Span;
}
