namespace Returns.Chaos.Oracle;

/// <summary>What is not as it has to be.</summary>
internal sealed class Differences
{
    private const int MostNamed = 40;
    private readonly List<string> _named = [];

    public int Count { get; private set; }

    /// <summary>The first of them, a line each.</summary>
    public IReadOnlyList<string> Named => _named;

    /// <summary>Notes one.</summary>
    /// <param name="thing">The topic, store or table.</param>
    /// <param name="key">What of it.</param>
    /// <param name="expected">What the oracle says.</param>
    /// <param name="actual">What is there.</param>
    public void Add(string thing, string key, string expected, string actual)
    {
        Count++;
        if (_named.Count < MostNamed)
        {
            _named.Add($"{thing}: {key}: expected {expected}; found {actual}");
        }
    }

    /// <summary>Takes over all of another's.</summary>
    public void Add(Differences others)
    {
        Count += others.Count;
        _named.AddRange(others._named.Take(MostNamed - _named.Count));
    }
}
