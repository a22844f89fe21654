using System.Text;

namespace Returns.Domain.Rules;

/// <summary>
/// Tells the category of a product that nobody categorised by the words of its description. A phrase matches where its
/// words stand next to each other, in any case, the last one in the singular as written or with an s; the first phrase of
/// the rules that matches decides. Immutable; safe for concurrent use.
/// </summary>
public sealed class CategoryKeywords
{
    private readonly (string Singular, string Plural, string Category)[] _phrases;

    internal CategoryKeywords(string version, string fallback, (string Phrase, string Category)[] phrases)
    {
        Version = version;
        Fallback = fallback;
        _phrases = [.. phrases.Select(p => ($" {p.Phrase} ", $" {p.Phrase}S ", p.Category))];
    }

    /// <summary>Version of the document.</summary>
    public string Version { get; }

    /// <summary>Category of a description without any of the words.</summary>
    public string Fallback { get; }

    /// <summary>The category of a description; <see cref="Fallback"/> where no word tells it.</summary>
    public string Classify(string description)
    {
        ArgumentNullException.ThrowIfNull(description);
        var text = $" {Normalise(description)} ";
        foreach (var (singular, plural, category) in _phrases)
        {
            if (text.Contains(singular, StringComparison.Ordinal) || text.Contains(plural, StringComparison.Ordinal))
                return category;
        }

        return Fallback;
    }

    /// <summary>Upper case, words of letters and digits with single spaces between; apostrophes join.</summary>
    internal static string Normalise(string text)
    {
        var normal = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (char.IsLetterOrDigit(c)) normal.Append(char.ToUpperInvariant(c));
            else if (c is not ('\'' or '’') && normal.Length > 0 && normal[^1] != ' ') normal.Append(' ');
        }

        return normal.ToString().TrimEnd();
    }
}
