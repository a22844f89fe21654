using Returns.Contracts;
using Returns.Topologies.Triage.State;

namespace Returns.Topologies.Triage;

/// <summary>What one task counted since its last commit. An aborted transaction's counts are dropped with it, as its records
/// come again. For the task's thread.</summary>
internal sealed class TriageTally(TriageMetrics metrics)
{
    public static readonly string[] OutcomeNames = ["graded", "regraded", "routed", "rerouted", "review", "resolved"];

    private const int LateScan = 3;

    private readonly long[] _scans = new long[4];
    private readonly long[] _outcomes = new long[OutcomeNames.Length];
    private readonly long[] _reviews = new long[ExceptionReasonSymbols.All.Count];
    private readonly long[] _overrides = new long[4];
    private long[] _dwells = new long[256];
    private int _dwellCount;
    private long _held;
    private long _ignored;
    private long _deadlines;
    private long _forgotten;

    public void Scan(ScanEffect effect, bool late)
    {
        _scans[effect switch { ScanEffect.Changed => 0, ScanEffect.Noted => 1, _ => 2 }]++;
        if (late)
        {
            _scans[LateScan]++;
        }
    }

    public void Ignored(int values) => _ignored += values;

    public void Graded(bool again) => _outcomes[again ? 1 : 0]++;

    /// <summary>A disposition.</summary>
    /// <param name="again">Whether it replaces another.</param>
    /// <param name="dwellMillis">Milliseconds since the unit's intake.</param>
    public void Routed(bool again, long dwellMillis)
    {
        _outcomes[again ? 3 : 2]++;
        if (again)
        {
            return;
        }
        if (_dwellCount == _dwells.Length)
        {
            Array.Resize(ref _dwells, 2 * _dwells.Length);
        }
        _dwells[_dwellCount++] = dwellMillis;
    }

    public void Review(ExceptionReason reason)
    {
        _outcomes[4]++;
        _reviews[(int)reason]++;
    }

    public void Resolved() => _outcomes[5]++;

    public void OverrideTaken(bool refused) => _overrides[refused ? 1 : 0]++;

    public void OverrideIgnored(bool repeated) => _overrides[repeated ? 3 : 2]++;

    public void Held() => _held++;

    public void DeadlinePassed() => _deadlines++;

    public void Forgotten() => _forgotten++;

    /// <summary>Adds everything to the metrics.</summary>
    public void Publish()
    {
        Publish(_scans, metrics.Scans);
        Publish(_outcomes, metrics.Outcomes);
        Publish(_reviews, metrics.Reviews);
        Publish(_overrides, metrics.Overrides);
        for (var i = 0; i < _dwellCount; i++)
        {
            metrics.Dwell.Observe(_dwells[i] / 1000.0);
        }
        metrics.Held.Inc(_held);
        metrics.Ignored.Inc(_ignored);
        metrics.DeadlinesPassed.Inc(_deadlines);
        metrics.Forgotten.Inc(_forgotten);
        Drop();
    }

    /// <summary>Forgets what was counted.</summary>
    public void Drop()
    {
        Array.Clear(_scans);
        Array.Clear(_outcomes);
        Array.Clear(_reviews);
        Array.Clear(_overrides);
        (_dwellCount, _held, _ignored, _deadlines, _forgotten) = (0, 0, 0, 0, 0);
    }

    private static void Publish(long[] counts, Prometheus.Counter.Child[] counters)
    {
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0)
            {
                counters[i].Inc(counts[i]);
            }
        }
    }
}
