using System.Text;
using Returns.Contracts;
using Returns.Domain.Rules;

namespace Returns.Domain.Tests.Rules;

/// <summary>The rule set of infra/rules, as shipped or with text of its files replaced.</summary>
internal static class ShippedRules
{
    public static IReadOnlyList<RuleFile> Files(params (string File, string From, string To)[] changes)
    {
        var files = new List<RuleFile>();
        foreach (var path in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "rules"), "*.yaml").Order(StringComparer.Ordinal))
        {
            var file = Path.GetFileName(path);
            var text = File.ReadAllText(path);
            foreach (var (_, from, to) in changes.Where(c => c.File == file))
            {
                Assert.Contains(from, text, StringComparison.Ordinal);
                text = text[..text.IndexOf(from, StringComparison.Ordinal)] + to
                    + text[(text.IndexOf(from, StringComparison.Ordinal) + from.Length)..];
            }

            files.Add(new RuleFile($"rules/{file}", Encoding.UTF8.GetBytes(text)));
        }

        return files;
    }

    /// <summary>The rules after replacing the first occurrence of text in the files.</summary>
    public static ProgramRules Any(params (string File, string From, string To)[] changes)
    {
        Assert.True(RuleFile.TryCompile(Files(changes), out _, out var book, out var errors), string.Join('\n', errors));
        return book.Find("anyone"u8)!;
    }

    public static IReadOnlyList<RuleError> Errors(params (string File, string From, string To)[] changes)
    {
        RuleFile.TryCompile(Files(changes), out _, out _, out var errors);
        return errors;
    }

    public static ReadOnlySpan<byte> Bytes(string text) => Utf8.From(text).Span;
}
