using System.Text;

namespace Returns.Domain.Rules.Yaml;

/// <summary>
/// Collects the errors of one document, so that its author sees all of them at once; past a hundred, how many more.
/// </summary>
internal sealed class RuleErrors(string source, List<RuleError> all)
{
    private const int MaxShown = 100;

    public int Count { get; private set; }

    public void Add(int line, string message)
    {
        if (++Count <= MaxShown) all.Add(new RuleError(source, line, OnOneLine(message)));
    }

    /// <summary>Call it last: says how many errors were left out, if any.</summary>
    public void End()
    {
        if (Count > MaxShown)
            all.Add(new RuleError(source, 0, $"{Count} errors, of which the first {MaxShown} are shown; correct these first"));
    }

    /// <summary>Values are quoted in messages, and a value with line breaks could forge lines of a log.</summary>
    private static string OnOneLine(string message)
    {
        if (!message.Any(char.IsControl)) return message;
        var line = new StringBuilder(message.Length);
        foreach (var c in message) line.Append(char.IsControl(c) ? ' ' : c);
        return line.ToString();
    }
}
