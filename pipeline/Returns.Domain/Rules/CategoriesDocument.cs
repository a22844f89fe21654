using Returns.Domain.Grading;
using Returns.Domain.Rules.Yaml;

namespace Returns.Domain.Rules;

/// <summary>Reads <c>kind: categories</c>: words of a description that tell its category.</summary>
internal sealed class CategoriesDocument
{
    private readonly List<(Located<string> Category, List<Located<string>> Words)> _entries = [];
    private Located<string> _fallback;

    public static CategoriesDocument Parse(MapReader root)
    {
        var document = new CategoriesDocument { _fallback = root.RequiredText("fallback") };
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var node in root.List("keywords", required: true))
        {
            var label = node.Fields?.Find(f => f.Name == "category").Value?.Scalar ?? "?";
            var map = new MapReader(node, $"keywords of '{label}'", root.Errors);
            var category = map.RequiredText("category");
            var words = map.Texts("words", required: true);
            map.End();
            foreach (var word in words)
            {
                var normal = CategoryKeywords.Normalise(word.Value);
                if (normal.Length == 0) map.Error(word.Line, $"'{word.Value}' has no letter or digit");
                else if (!seen.TryAdd(normal, word.Line))
                    map.Error(word.Line, $"'{word.Value}' is given twice; first on line {seen[normal]}");
            }

            document._entries.Add((category, words));
        }

        root.End();
        return document;
    }

    public CategoryKeywords Compile(string version, GradingRules grading, RuleErrors errors)
    {
        foreach (var category in _entries.Select(e => e.Category).Append(_fallback))
        {
            if (grading.Find(System.Text.Encoding.UTF8.GetBytes(category.Value)) is null)
                errors.Add(category.Line, $"category '{category.Value}' has no checklist in the grading rules");
        }

        return new CategoryKeywords(version, _fallback.Value,
            [.. _entries.SelectMany(e => e.Words.Select(w => (CategoryKeywords.Normalise(w.Value), e.Category.Value)))]);
    }
}
