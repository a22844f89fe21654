namespace Returns.Streams.Tests;

/// <summary>A global table of keys; an empty value is refused.</summary>
internal sealed class Names : GlobalTable
{
    private readonly HashSet<string> _names = [];

    public bool Contains(string name) => _names.Contains(name);

    public override bool TryApply(in InputRecord record, out Rejection rejection)
    {
        rejection = new Rejection("Empty", "a name has a value");
        if (!record.HasValue)
        {
            return _names.Remove(Probe.Text(record.Key)) || true;
        }
        return record.Value.Length > 0 && (_names.Add(Probe.Text(record.Key)) || true);
    }
}
