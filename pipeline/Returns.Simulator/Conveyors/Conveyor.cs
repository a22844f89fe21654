using Returns.Contracts;

namespace Returns.Simulator.Conveyors;

/// <summary>
/// The belts of all facilities: takes units in as they arrive and gives their scans in the order of publication. A
/// facility takes in one unit at a time, so what is on the belts at once is bounded. Not thread safe.
/// </summary>
internal sealed class Conveyor
{
    private readonly IArrivals _arrivals;
    private readonly Facility[] _facilities;
    private readonly JourneyPlanner _planner;
    private readonly ScanWriter _writer;
    private readonly long _firstSequence;
    private readonly Action<Journey>? _observe;
    private readonly PriorityQueue<Journey, Due> _due = new();
    private readonly Stack<Journey> _spare = new();
    private Arrival _next;
    private bool _hasNext;
    private long _lastEventTime;

    public Conveyor(FeedIdentity identity, IArrivals arrivals, Facility[] facilities, Habits habits, ScanWriter writer,
        Action<Journey>? observe = null)
    {
        _arrivals = arrivals;
        _facilities = facilities;
        _planner = new JourneyPlanner(identity.Hash, habits);
        _writer = writer;
        _observe = observe;
        // A scan is known by station and sequence: no two feeds count from the same number.
        _firstSequence = (long)(identity.Hash >> 33) << 32;
        Rewind();
    }

    /// <summary>Units taken in.</summary>
    public long Units { get; private set; }

    /// <summary>Scans given.</summary>
    public long Scans { get; private set; }

    /// <summary>Greatest event time given; null before the first.</summary>
    public long? LastEventTime => Scans == 0 ? null : _lastEventTime;

    /// <summary>When the next scan is published, event time; null at the end.</summary>
    public long? NextAt => _due.TryPeek(out _, out var due) && !(_hasNext && _next.At < due.At) ? due.At : _hasNext ? _next.At : null;

    public void Rewind()
    {
        foreach (var facility in _facilities) facility.StartCounting(_firstSequence);
        while (_due.TryDequeue(out var unit, out _)) _spare.Push(unit);
        _arrivals.Rewind();
        (Units, Scans, _lastEventTime) = (0, 0, long.MinValue);
        _hasNext = _arrivals.TryNext(out _next);
    }

    public bool TryNext(ItemScan scan)
    {
        Due due;
        while (!_due.TryPeek(out _, out due) || (_hasNext && _next.At <= due.At))
        {
            if (!_hasNext) return false;
            Admit();
        }

        var unit = _due.Peek();
        Publish(unit, scan);
        if (++unit.NextStep < unit.StepCount)
        {
            _due.DequeueEnqueue(unit, new Due(unit.NextAt, unit.Unit));
        }
        else
        {
            _due.Dequeue();
            _spare.Push(unit);
        }
        return true;
    }

    private void Admit()
    {
        var unit = _spare.TryPop(out var spare) ? spare : new Journey();
        _planner.Plan(unit, Units++, _next);
        _observe?.Invoke(unit);
        _due.Enqueue(unit, new Due(unit.NextAt, unit.Unit));
        _hasNext = _arrivals.TryNext(out _next);
    }

    private void Publish(Journey unit, ItemScan scan)
    {
        ref readonly var step = ref unit.Steps[unit.NextStep];
        var facility = _facilities[unit.Arrival.Facility];
        var station = StationOf(facility, step);
        // A repeat is the station's own scan once more, so it carries the number the scan had.
        unit.Sequences[unit.NextStep] = step.Repeats >= 0 ? unit.Sequences[step.Repeats] : ++station.Sequence;
        _writer.Write(unit, step, unit.Sequences[unit.NextStep], facility, station, scan);
        Scans++;
        _lastEventTime = Math.Max(_lastEventTime, scan.ScannedAt);
    }

    private static Station StationOf(Facility facility, in Step step) => step.Kind switch
    {
        ScanKind.Intake => facility.Intakes[step.Station],
        ScanKind.Weigh => facility.Scales[step.Station],
        ScanKind.ImageGrade => facility.Cameras[step.Station],
        _ => (step.QualitySample ? facility.QualityBenches : facility.InspectionBenches)[step.Station],
    };

    /// <summary>When a unit's next scan is published; of units with one time, the earlier unit goes first, so that the order is total.</summary>
    private readonly record struct Due(long At, long Unit) : IComparable<Due>
    {
        public int CompareTo(Due other) => At != other.At ? At.CompareTo(other.At) : Unit.CompareTo(other.Unit);
    }
}
