using Returns.Contracts;
using Returns.Domain.Grading;
using static Returns.Topologies.Tests.Triage.TriageHarness;

namespace Returns.Topologies.Tests.Triage;

/// <summary>Whatever order events come in, and wherever transactions end, abort or crash: the outcomes are those of the set of
/// events alone.</summary>
public sealed class OutcomesAgainstOracle
{
    private const int Partitions = 3;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 25)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Outcomes_are_those_of_the_set_of_events(int seed)
    {
        var feed = new RandomFeed(seed, units: 60);
        var triage = new TriageHarness(Partitions);
        var random = new Random(-seed);
        foreach (var arrival in feed.Arrivals)
        {
            switch (arrival)
            {
                case ItemScan scan: triage.Pipe(scan); break;
                case OperatorOverride decision: triage.Pipe(decision); break;
                case CatalogItem item: triage.Publish(item); break;
            }
            switch (random.Next(60))
            {
                case 0 or 1 or 2: triage.Commit(); break;
                case 3: triage.Driver.Abort(); break;
                case 4: triage.Driver.Restart(); break;
            }
        }
        // The longest deadline of the rules is 96 hours, from 20 at the latest.
        for (var partition = 0; partition < Partitions; partition++)
        {
            triage.Heartbeat(Start + (120 * Hour), partition);
        }
        triage.Commit();

        Assert.Equal([], triage.DeadLetters.Select(d => d.Rejection));
        var overrides = feed.Overrides.ToLookup(o => o.Lpn.ToString());
        foreach (var unit in feed.Scans.GroupBy(s => s.Lpn.ToString()))
        {
            var expected = UnitOracle.Of(ShippedRules.Book, unit, overrides[unit.Key], feed.Catalogue.GetValueOrDefault);
            Check(triage, unit.Key, expected);
        }
        var known = feed.Scans.Select(s => s.Lpn.ToString()).ToHashSet();
        Assert.All(triage.Grades.Keys.Concat(triage.Routes.Keys).Concat(triage.Exceptions.Keys), lpn => Assert.Contains(lpn, known));
        CheckBacklog(triage, feed);
        Assert.Equal(known.Count, Enumerable.Range(0, Partitions).Sum(p => triage.Driver.Store(triage.Items, p).Count));
    }

    /// <summary>What an operator must decide waits where it was scanned last; a counter value that comes again is no other scan.</summary>
    private static void CheckBacklog(TriageHarness triage, RandomFeed feed)
    {
        var last = feed.Arrivals.OfType<ItemScan>().DistinctBy(s => (s.Lpn, s.Facility, s.Station, s.Sequence)).GroupBy(s => s.Lpn.ToString())
            .ToDictionary(u => u.Key, u => u.MaxBy(s => new ObservationStamp(s.ScannedAt, ObservationStamp.ScannerOf(s.Facility.Span, s.Station.Span), s.Sequence))!);
        var waiting = triage.Exceptions.Where(e => e.Value[^1].State == ExceptionState.Open).ToLookup(e => (last[e.Key].Facility.ToString(), last[e.Key].Station.ToString()));
        Assert.NotEmpty(waiting);
        foreach (var (facility, station) in last.Values.Select(s => (s.Facility.ToString(), s.Station.ToString())).Distinct())
        {
            Assert.Equal(waiting[(facility, station)].Count(), triage.Waiting(station, "review", facility));
            Assert.Equal(0, triage.Waiting(station, "open", facility));
        }
    }

    private static void Check(TriageHarness triage, string lpn, UnitOracle.Expected expected)
    {
        var grades = triage.Grades.GetValueOrDefault(lpn, []);
        var routes = triage.Routes.GetValueOrDefault(lpn, []);
        var exceptions = triage.Exceptions.GetValueOrDefault(lpn, []);
        if (expected.Grade is { } grade)
        {
            Assert.Equal($"{lpn} {grade}", $"{lpn} {grades[^1].Grade}");
        }
        if (expected.Routed)
        {
            Assert.Equal($"{lpn} {expected.Disposition} {expected.Channel}", $"{lpn} {routes[^1].Disposition} {routes[^1].Channel}");
        }
        var open = exceptions.Count > 0 && exceptions[^1].State == ExceptionState.Open ? exceptions[^1].Reason : default(ExceptionReason?);
        Assert.Equal($"{lpn} {expected.Review}", $"{lpn} {open}");

        // Exactly one of routed and in review, and as a reader that goes by the revision sees it.
        Assert.True(expected.Review is not null || expected.Disposition is not null and not Disposition.ManualReview, lpn);
        if (expected.Review is null)
        {
            Assert.True(exceptions.Count == 0 || exceptions[^1].Revision <= routes[^1].Revision, $"{lpn}: an exception after the disposition");
        }
        AssertRising(lpn, grades.Select(g => g.Revision));
        AssertRising(lpn, routes.Select(r => r.Revision));
        AssertRising(lpn, exceptions.Select(e => e.Revision));
        var revisions = grades.Select(g => g.Revision).Concat(routes.Select(r => r.Revision)).Concat(exceptions.Select(e => e.Revision)).Distinct().Order().ToList();
        Assert.Equal(Enumerable.Range(1, revisions.Count), revisions);
    }

    private static void AssertRising(string lpn, IEnumerable<int> revisions)
    {
        var list = revisions.ToList();
        Assert.True(list.SequenceEqual(list.Distinct().Order()), $"{lpn}: revisions {string.Join(", ", list)}");
    }
}
