using System.Globalization;
using Returns.Contracts;
using Returns.Domain.Rules;

namespace Returns.Simulator.Conveyors;

/// <summary>
/// A simulated shift of several distribution centres as a feed: three retailers in two currencies, arrivals with their
/// peaks, graders with their leanings, readers that err, products that enter the catalogue late. Every scan is labelled
/// <see cref="Origin.Simulated"/>.
/// </summary>
public static class SimulatedShift
{
    private static readonly (string Facility, int UnitsPerHour)[] Sites = [("DC-LEEDS", 14_000), ("DC-DERBY", 10_000), ("DC-SWINDON", 6_000)];

    /// <summary>Makes the feed.</summary>
    /// <param name="rules">The rules in force: units are inspected by the checklists of their program.</param>
    /// <param name="options">Seed, units and start.</param>
    /// <exception cref="ArgumentException">A program of the shift has no rules, or they have none of its categories.</exception>
    public static ScanFeed Create(RuleBook rules, ShiftOptions options)
    {
        ArgumentNullException.ThrowIfNull(rules);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Units, nameof(options));
        var checklists = ShiftCatalogue.Programs.Select(p => rules.Find(Utf8.From(p.Name).Span)).OfType<ProgramRules>().Distinct()
            .SelectMany(r => r.Grading.Checklists.ToArray());
        var input = string.Create(CultureInfo.InvariantCulture, $"{options.Seed}|{options.Units}|{options.StartsAt}");
        var identity = FeedIdentity.Of('s', input, checklists);
        var catalogue = new ShiftCatalogue(rules, identity.Hash, options.StartsAt);
        var arrivals = new ShiftArrivals(catalogue, [.. Sites.Select(s => s.UnitsPerHour)], identity.Hash, options);
        var conveyor = new Conveyor(identity, arrivals, [.. Sites.Select(s => new Facility(s.Facility))], Habits.Shift,
            new ScanWriter(identity, Origin.Simulated, null), Observer(options.Truth));
        return new ScanFeed(identity, catalogue.Entries, conveyor, options.Units, 0, []);
    }

    private static Action<Journey>? Observer(Action<GroundTruth>? truth) => truth is null ? null : unit =>
    {
        var product = unit.Arrival.Product;
        truth(new GroundTruth(unit.Unit, product.Program, product.Sku, product.Card.Checklist.Category, unit.TrueGrade, unit.NeverComplete));
    };
}
