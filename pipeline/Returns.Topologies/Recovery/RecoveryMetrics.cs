using Prometheus;

namespace Returns.Topologies.Recovery;

/// <summary>What recovery counts. Safe across threads; tasks count in a <see cref="RecoveryTally"/> first.</summary>
internal sealed class RecoveryMetrics
{
    public RecoveryMetrics(IMetricFactory metrics)
    {
        var units = metrics.CreateCounter("returns_recovery_units_total",
            "Outcomes of units taken in, by what they meant: counted (the first of a unit), changed, superseded (a later one was known).", ["effect"]);
        Units = [.. RecoveryTally.UnitEffects.Select(e => units.WithLabels(e))];
        var settlements = metrics.CreateCounter("returns_recovery_settlements_total",
            "Settlements, by what became of them: accepted, held (until the decision comes), repeated, superseded (one of a higher revision counts), refused (in the dead letters, which say why).", ["result"]);
        Settlements = [.. RecoveryTally.SettlementResults.Select(r => settlements.WithLabels(r))];
        Changes = metrics.CreateCounter("returns_recovery_changes_total", "Changes of figures sent, combined over the units between two commits.");
    }

    public Counter.Child[] Units { get; }

    public Counter.Child[] Settlements { get; }

    public Counter Changes { get; }
}

/// <summary>What one task counted since its last commit. An aborted transaction's counts are dropped with it, as its records come
/// again. For the task's thread.</summary>
internal sealed class RecoveryTally(RecoveryMetrics metrics)
{
    public static readonly string[] UnitEffects = ["counted", "changed", "superseded"];
    public static readonly string[] SettlementResults = ["accepted", "held", "repeated", "superseded", "refused"];

    private readonly long[] _units = new long[UnitEffects.Length];
    private readonly long[] _settlements = new long[SettlementResults.Length];
    private long _changes;

    public void Counted() => _units[0]++;

    public void Changed() => _units[1]++;

    public void Superseded() => _units[2]++;

    public void SettlementAccepted() => _settlements[0]++;

    public void SettlementHeld() => _settlements[1]++;

    public void SettlementRepeated() => _settlements[2]++;

    public void SettlementSuperseded() => _settlements[3]++;

    public void SettlementRefused() => _settlements[4]++;

    public void Change() => _changes++;

    /// <summary>Forgets what was counted.</summary>
    public void Drop()
    {
        Array.Clear(_units);
        Array.Clear(_settlements);
        _changes = 0;
    }

    /// <summary>Hands over what was counted.</summary>
    public void Publish()
    {
        for (var i = 0; i < _units.Length; i++)
        {
            metrics.Units[i].Inc(_units[i]);
        }
        for (var i = 0; i < _settlements.Length; i++)
        {
            metrics.Settlements[i].Inc(_settlements[i]);
        }
        metrics.Changes.Inc(_changes);
        Drop();
    }
}
