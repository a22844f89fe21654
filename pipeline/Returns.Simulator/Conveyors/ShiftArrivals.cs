using Returns.Contracts;

namespace Returns.Simulator.Conveyors;

/// <summary>
/// Units as trailers bring them: at each facility a Poisson process whose rate follows the hours of two shifts and a
/// night, drawn by thinning, behind a belt that takes one unit at a time.
/// </summary>
internal sealed class ShiftArrivals : IArrivals
{
    private const long HourMillis = 3_600_000;
    private const int BeltMillis = 100;

    // Share of the greatest rate, per cent, by hour since the start: early shift, late shift, night.
    private static readonly int[] Hours = [40, 75, 100, 95, 60, 85, 90, 50, 50, 75, 90, 70, 45, 60, 50, 25, 0, 0, 0, 0, 0, 0, 0, 0];

    private readonly ShiftCatalogue _catalogue;
    private readonly int[] _unitsPerHour;
    private readonly ulong _seed;
    private readonly ShiftOptions _options;
    private readonly Dock[] _docks;
    private long _given;

    public ShiftArrivals(ShiftCatalogue catalogue, int[] unitsPerHour, ulong seed, ShiftOptions options)
    {
        _catalogue = catalogue;
        _unitsPerHour = unitsPerHour;
        _seed = seed;
        _options = options;
        _docks = new Dock[unitsPerHour.Length];
    }

    public void Rewind()
    {
        _given = 0;
        for (var i = 0; i < _docks.Length; i++)
        {
            _docks[i] = new Dock { Draws = new Draws(_seed ^ 3, i), Clock = 0, At = 0 };
            GoOn(i);
        }
    }

    public bool TryNext(out Arrival arrival)
    {
        arrival = default;
        if (_given == _options.Units) return false;
        _given++;
        var facility = 0;
        for (var i = 1; i < _docks.Length; i++)
        {
            if (_docks[i].At < _docks[facility].At) facility = i;
        }
        ref var dock = ref _docks[facility];
        var product = _catalogue.Pick(ref dock.Draws);
        var paid = decimal.Round(product.ReferencePrice.Amount * dock.Draws.Between(75, 100) / 100, 2, MidpointRounding.AwayFromZero);
        arrival = new Arrival(_options.StartsAt + dock.At, facility, product, new Money(paid, product.ReferencePrice.Currency), 0);
        GoOn(facility);
        return true;
    }

    /// <summary>Draws when the facility's next unit comes. Candidates come at the greatest rate, and are kept with the hour's share of it.</summary>
    private void GoOn(int facility)
    {
        ref var dock = ref _docks[facility];
        double meanGap = HourMillis / (double)_unitsPerHour[facility];
        int share;
        do
        {
            dock.Clock += dock.Draws.Exponential() * meanGap;
            share = Hours[(long)dock.Clock / HourMillis % Hours.Length];
        }
        while (dock.Draws.Below(100) >= share);
        dock.At = Math.Max((long)dock.Clock, dock.At + BeltMillis);
    }

    /// <summary>Where a facility stands. Times are milliseconds since the start: the process's own, and that of the next intake.</summary>
    private struct Dock
    {
        public Draws Draws;
        public double Clock;
        public long At;
    }
}
