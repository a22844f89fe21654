namespace Returns.Domain.Rules.Yaml;

/// <summary>Collects the errors of one document, so that its author sees all of them at once.</summary>
internal sealed class RuleErrors(string source, List<RuleError> all)
{
    public string Source => source;

    public int Count { get; private set; }

    public void Add(int line, string message)
    {
        Count++;
        all.Add(new RuleError(source, line, message));
    }
}
