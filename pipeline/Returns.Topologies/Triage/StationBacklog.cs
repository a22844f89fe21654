using Prometheus;
using Returns.Contracts;
using Returns.Domain.Grading;
using Returns.Topologies.Triage.State;

namespace Returns.Topologies.Triage;

/// <summary>
/// How many units wait where: open or in review, by the station that scanned them last. Derived from the store, as
/// <see cref="HeldUnits"/> is, and shown when it is ready and at each commit, so that a scrape sees what is committed. For the task's thread.
/// </summary>
internal sealed class StationBacklog(TriageMetrics metrics)
{
    // Above this, a station at which nothing waits is dropped: a broken scanner may name any number of them.
    private const int KeptEmpty = 1_000;

    private readonly Dictionary<ulong, Place> _places = [];

    /// <summary>The unit is where its state says.</summary>
    public void Add(ItemState state) => Count(state, 1);

    /// <summary>The unit is not there any more, or about to change.</summary>
    public void Remove(ItemState state) => Count(state, -1);

    /// <summary>A unit as the store has it.</summary>
    /// <exception cref="InvalidDataException">The state is of another version.</exception>
    public void Add(ReadOnlySpan<byte> state)
    {
        if (ItemStateCodec.TryReadPlace(state, out var facility, out var station, out var status))
        {
            PlaceOf(facility, station).Count(status, 1);
        }
    }

    /// <summary>Forgets what was counted; what is shown stays until <see cref="Show"/>.</summary>
    public void Clear()
    {
        foreach (var place in _places.Values)
        {
            place.Clear();
        }
    }

    /// <summary>Brings the metrics up to what was counted.</summary>
    public void Show()
    {
        foreach (var (scanner, place) in _places)
        {
            place.Show();
            if (place.IsEmpty && _places.Count > KeptEmpty)
            {
                _places.Remove(scanner);
            }
        }
    }

    private void Count(ItemState state, int units)
    {
        if (state.Outcome.Status != UnitStatus.Routed && !state.StationFacility.IsEmpty)
        {
            PlaceOf(state.StationFacility.Span, state.Station.Span).Count(state.Outcome.Status, units);
        }
    }

    private Place PlaceOf(ReadOnlySpan<byte> facility, ReadOnlySpan<byte> station)
    {
        var scanner = ObservationStamp.ScannerOf(facility, station);
        if (!_places.TryGetValue(scanner, out var place))
        {
            _places.Add(scanner, place = new Place(metrics.WaitingAt(Utf8.From(facility).ToString(), Utf8.From(station).ToString())));
        }
        return place;
    }

    /// <summary>Counts of this task, and what of them is in the metrics, where other tasks add theirs.</summary>
    private sealed class Place((Gauge.Child Open, Gauge.Child Review) gauges)
    {
        private long _open;
        private long _review;
        private long _shownOpen;
        private long _shownReview;

        public bool IsEmpty => (_open | _review | _shownOpen | _shownReview) == 0;

        public void Count(UnitStatus status, int units)
        {
            if (status == UnitStatus.Open)
            {
                _open += units;
            }
            else
            {
                _review += units;
            }
        }

        public void Clear() => (_open, _review) = (0, 0);

        public void Show()
        {
            Show(gauges.Open, _open, ref _shownOpen);
            Show(gauges.Review, _review, ref _shownReview);
        }

        private static void Show(Gauge.Child gauge, long units, ref long shown)
        {
            if (units != shown)
            {
                gauge.Inc(units - shown);
                shown = units;
            }
        }
    }
}
