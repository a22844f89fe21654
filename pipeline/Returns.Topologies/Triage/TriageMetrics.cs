using Prometheus;
using Returns.Contracts;

namespace Returns.Topologies.Triage;

/// <summary>What triage counts. Safe across threads; the hot path counts in a <see cref="TriageTally"/> first.</summary>
internal sealed class TriageMetrics
{
    private static readonly string[] ScanEffects = ["changed", "noted", "repeated", "late"];
    private static readonly string[] OverrideEffects = ["applied", "refused", "superseded", "repeated"];

    public TriageMetrics(IMetricFactory metrics)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        var scans = metrics.CreateCounter("returns_triage_scans_total",
            "Scans taken in, by what they meant: changed, noted (no decision can rest on it), repeated, late (the unit had an outcome already; also counted as one of the others).", ["effect"]);
        Scans = [.. ScanEffects.Select(e => scans.WithLabels(e))];
        var units = metrics.CreateCounter("returns_triage_outcomes_total",
            "Outcomes published, by kind: graded and routed (a unit's first), regraded and rerouted (replacing one), review and resolved (of the manual-review queue).", ["outcome"]);
        Outcomes = [.. TriageTally.OutcomeNames.Select(o => units.WithLabels(o))];
        var reviews = metrics.CreateCounter("returns_triage_reviews_total", "Entries of the manual-review queue opened, by reason.", ["reason"]);
        Reviews = [.. ExceptionReasonSymbols.All.Select(r => reviews.WithLabels(r))];
        var overrides = metrics.CreateCounter("returns_triage_overrides_total",
            "Operators' decisions, by what became of them: applied, refused (a hard block or the rules forbid it), superseded (a later one was known), repeated.", ["effect"]);
        Overrides = [.. OverrideEffects.Select(e => overrides.WithLabels(e))];
        Ignored = metrics.CreateCounter("returns_triage_values_ignored_total", "Values in scans that cannot be used: a weight no unit has, a finding beyond the most that are kept.");
        DeadlinesPassed = metrics.CreateCounter("returns_triage_deadlines_passed_total", "Units whose deadline passed while something was missing.");
        Forgotten = metrics.CreateCounter("returns_triage_units_forgotten_total", "Finished units whose state was dropped when its time was over.");
        Dwell = metrics.CreateHistogram("returns_triage_dwell_seconds", "Time from a unit's intake to its first disposition, by its scans' clocks.",
            new HistogramConfiguration { Buckets = [60, 600, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 48 * 3600, 72 * 3600, 7 * 24 * 3600] });
        _waiting = metrics.CreateGauge("returns_triage_waiting_units",
            "Units without a final disposition, by where they were scanned last: open (something is missing) or in review (an operator must decide). A station beyond the first 2,000 is counted as other, one that is not known as unknown.",
            ["facility", "station", "state"]);
        Held = metrics.CreateCounter("returns_triage_units_held_total", "Units that began to wait for the catalogue or for rules.");
    }

    // So that stations that nobody has, as a broken scanner may name them, cannot fill a Prometheus.
    private const int MostStations = 2_000;

    private readonly Gauge _waiting;
    private readonly HashSet<(string Facility, string Station)> _stations = [];

    public Counter.Child[] Scans { get; }

    public Counter.Child[] Outcomes { get; }

    public Counter.Child[] Reviews { get; }

    public Counter.Child[] Overrides { get; }

    public Counter Ignored { get; }

    public Counter DeadlinesPassed { get; }

    public Counter Forgotten { get; }

    public Counter Held { get; }

    public Histogram Dwell { get; }

    /// <summary>Units waiting at a station: those open, and those in review.</summary>
    public (Gauge.Child Open, Gauge.Child Review) WaitingAt(string facility, string station)
    {
        var place = (facility, station.Length == 0 ? "unknown" : station);
        lock (_stations)
        {
            if (_stations.Count >= MostStations && !_stations.Contains(place))
            {
                place = ("other", "other");
            }
            else
            {
                _stations.Add(place);
            }
        }
        return (_waiting.WithLabels(place.Item1, place.Item2, "open"), _waiting.WithLabels(place.Item1, place.Item2, "review"));
    }
}
