using Returns.Contracts;
using Returns.Domain.Grading;

namespace Returns.Simulator.Conveyors;

/// <summary>
/// What inspectors may observe of a category's units: for each criterion of its checklist the readings, from harmless to
/// grave, with the odds of each. Read from the rules, so that other rules are inspected by as they stand. Immutable.
/// </summary>
internal sealed class InspectionCard
{
    private const int Samples = 512;

    private readonly Readings[] _readings;
    private readonly ulong[] _mandatory = new ulong[4];

    public InspectionCard(Checklist checklist)
    {
        Checklist = checklist;
        _readings = new Readings[checklist.Criteria.Length];
        for (var i = 0; i < _readings.Length; i++)
        {
            var criterion = checklist.Criteria[i];
            _readings[i] = ReadingsOf(criterion, checklist.Scale.Worst);
            for (var flags = 0; flags < _mandatory.Length; flags++)
            {
                if (criterion.Mandatory == Mandatory.Always
                    || (criterion.Mandatory == Mandatory.DataBearing && (flags & 1) != 0)
                    || (criterion.Mandatory == Mandatory.Hygiene && (flags & 2) != 0)) _mandatory[flags] |= 1UL << i;
            }
        }
    }

    public Checklist Checklist { get; }

    /// <summary>Number of criteria.</summary>
    public int Count => _readings.Length;

    /// <summary>Name of a criterion.</summary>
    public Utf8 NameOf(int criterion) => Checklist.Criteria[criterion].Name;

    /// <summary>The criteria without which a unit of the product has no grade, one bit each.</summary>
    public ulong MandatoryFor(Product product) => _mandatory[(product.DataBearing ? 1 : 0) | (product.Hygiene ? 2 : 0)];

    /// <summary>Draws how grave a criterion of a unit is; 0 is harmless.</summary>
    /// <param name="criterion">Which.</param>
    /// <param name="wear">What the unit has been through, from 0 to 1.</param>
    /// <param name="draws">The unit's draws.</param>
    public int Gravity(int criterion, double wear, ref Draws draws)
    {
        var readings = _readings[criterion];
        var gravity = 0;
        while (gravity < readings.Values.Length - 1 && draws.Unit() < wear * readings.Odds[gravity + 1]) gravity++;
        return gravity;
    }

    /// <summary>The gravity one step up or down, where there is one.</summary>
    public int Beside(int criterion, int gravity, bool graver) =>
        Math.Clamp(graver ? gravity + 1 : gravity - 1, 0, _readings[criterion].Values.Length - 1);

    /// <summary>Draws a reading of the gravity.</summary>
    public double Reading(int criterion, int gravity, ref Draws draws)
    {
        var values = _readings[criterion].Values[gravity];
        // The cube keeps most readings near to harmless: few toys lack a thousand pieces.
        var share = draws.Unit();
        return values[(int)((gravity == 0 ? share : share * share * share) * values.Length)];
    }

    private static Readings ReadingsOf(Criterion criterion, int worst)
    {
        var groups = new SortedDictionary<(byte Cap, byte Minus, FindingSignals Signals), List<double>>();
        foreach (var value in Candidates(criterion))
        {
            if (!criterion.TryEvaluate(value, out var outcome)) continue;
            var key = (outcome.Cap, outcome.Minus, outcome.Signals);
            if (!groups.TryGetValue(key, out var values)) groups.Add(key, values = []);
            values.Add(value);
        }
        var best = groups.Values.First();
        var readings = new Readings(new double[groups.Count][], new double[groups.Count]);
        var gravity = 0;
        foreach (var (outcome, values) in groups)
        {
            readings.Values[gravity] = [.. values.OrderBy(v => best.Min(b => Math.Abs(b - v))).ThenBy(v => v)];
            // The more a flaw costs, the rarer it is: a unit worth nothing is rare, a counterfeit rarer still.
            readings.Odds[gravity] = outcome.Signals.HasFlag(FindingSignals.Counterfeit) ? 0.004
                : outcome.Cap == worst ? 0.06
                : 0.42 * (1 - 0.7 * outcome.Cap / worst);
            gravity++;
        }
        return readings;
    }

    private static IEnumerable<double> Candidates(Criterion criterion)
    {
        if (criterion.Kind == CriterionKind.YesNo) return [0, 1];
        if (criterion.Kind == CriterionKind.Ordinal) return Enumerable.Range(0, criterion.Levels.Count).Select(l => (double)l);
        var (from, to) = (Math.Ceiling(criterion.Minimum), Math.Floor(criterion.Maximum));
        if (to < from) return [criterion.Minimum];
        if (to - from < Samples) return Enumerable.Range(0, (int)(to - from) + 1).Select(i => from + i);
        // Wide bounds: every value near the lower end, where bands are narrow, then steps.
        var step = Math.Floor((to - from) / Samples);
        return Enumerable.Range(0, Samples).SelectMany(i => new[] { from + i, from + i * step }).Distinct().Where(v => v <= to);
    }

    /// <summary>Readings by gravity, those nearest to harmless first, and the odds of each gravity after the one before.</summary>
    private sealed record Readings(double[][] Values, double[] Odds);
}
