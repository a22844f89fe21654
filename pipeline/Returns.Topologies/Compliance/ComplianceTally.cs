using Returns.Contracts;

namespace Returns.Topologies.Compliance;

/// <summary>What one task counted since its last commit. An aborted transaction's counts are dropped with it, as its records come
/// again. For the task's thread.</summary>
internal sealed class ComplianceTally(ComplianceMetrics metrics)
{
    public static readonly string[] UnitEffects = ["counted", "changed", "withdrawn", "without_agreement"];

    private readonly long[] _units = new long[UnitEffects.Length];
    private readonly long[] _alerts = new long[2];
    private readonly long[] _documents = new long[2];
    private long _missed;

    public void Counted() => _units[0]++;

    public void Changed() => _units[1]++;

    public void Withdrawn() => _units[2]++;

    public void WithoutAgreement() => _units[3]++;

    public void Alert(AlertState state) => _alerts[(int)state]++;

    public void Document(DocumentKind kind) => _documents[(int)kind]++;

    public void Missed() => _missed++;

    /// <summary>Forgets what was counted.</summary>
    public void Drop()
    {
        Array.Clear(_units);
        Array.Clear(_alerts);
        Array.Clear(_documents);
        _missed = 0;
    }

    /// <summary>Hands over what was counted.</summary>
    public void Publish()
    {
        for (var i = 0; i < _units.Length; i++)
        {
            metrics.Units[i].Inc(_units[i]);
        }
        for (var i = 0; i < _alerts.Length; i++)
        {
            metrics.Alerts[i].Inc(_alerts[i]);
            metrics.Documents[i].Inc(_documents[i]);
        }
        metrics.Missed.Inc(_missed);
        Drop();
    }
}
