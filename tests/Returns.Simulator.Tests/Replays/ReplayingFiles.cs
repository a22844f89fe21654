using Returns.Contracts;
using Returns.Domain;
using Returns.Domain.Grading;
using Returns.Simulator.Replays;

namespace Returns.Simulator.Tests.Replays;

public sealed class ReplayingFiles
{
    private const string Mixed = """
        22556,PLASTERS IN TIN,300,2010-12-01 10:24:00,1.65
        85123A,WHITE HANGING HEART T-LIGHT HOLDER,500,2010-12-01 10:24:00,2.55
        20685,ALARM CLOCK BAKELIKE RED,700,2010-12-01 10:25:00,3.75
        22960,RED WOOLLY HAT,400,2010-12-01 11:00:00,4.25
        21890,WOODEN SKITTLES TOY,600,2010-12-01 11:00:00,2.95
        22556,PLASTERS IN TIN,3,2010-12-02 09:00:00,1.45
        """;

    [Fact]
    public void The_shared_file_gives_its_lines_rejections_and_units()
    {
        var feed = FileReplay.Open(SharedData.OrSkip(), ShippedRules.Any, 1);
        Assert.Equal((4494, 299, 127_609), (feed.Lines, feed.Rejected.Count, feed.PlannedUnits));
        var lpns = new HashSet<string>();
        feed.ReadAll(s => lpns.Add(s.Lpn.ToString()));
        Assert.Equal(127_609, lpns.Count);
        Assert.Equal(127_609, feed.Units);
        Assert.InRange(feed.Scans, 3.5 * feed.Units, 5 * feed.Units);
    }

    [Fact]
    public void A_unit_carries_what_its_line_records()
    {
        var intakes = FeedReading.Replay("""
            85123A,WHITE HANGING HEART T-LIGHT HOLDER,2,2010-12-01 10:24:00,2.55
            22960,RED WOOLLY HAT,1,2011-01-05 08:00:30,4.2561
            """).Scans().Where(s => s.Kind == ScanKind.Intake).DistinctBy(s => s.Lpn.ToString()).OrderBy(s => s.ScannedAt).ToList();
        Assert.Equal(["returns.csv:2", "returns.csv:2", "returns.csv:3"], intakes.Select(s => s.Source.ToString()));
        Assert.Equal(["85123A", "85123A", "22960"], intakes.Select(s => s.Sku.ToString()));
        Assert.Equal(["2.5500 GBP", "2.5500 GBP", "4.2561 GBP"], intakes.Select(s => s.PricePaid.ToString()));
        Assert.Equal(new DateTime(2010, 12, 1, 10, 24, 0), DateTimeOffset.FromUnixTimeMilliseconds(intakes[0].ScannedAt).DateTime);
        Assert.Equal(new DateTime(2011, 1, 5, 8, 0, 30), DateTimeOffset.FromUnixTimeMilliseconds(intakes[2].ScannedAt).DateTime);
        Assert.All(intakes, s => Assert.Equal(("online-retail", Origin.Replayed), (s.Program.ToString(), s.Origin)));
    }

    [Fact]
    public void The_same_file_and_seed_give_the_same_bytes_and_another_seed_others()
    {
        var feed = FeedReading.Replay(Mixed);
        var hash = feed.Hash();
        feed.Rewind();
        Assert.Equal(hash, feed.Hash());
        Assert.Equal(hash, FeedReading.Replay(Mixed).Hash());
        Assert.NotEqual(hash, FeedReading.Replay(Mixed, seed: 2).Hash());
    }

    [Fact]
    public void A_label_belongs_to_content_seed_and_most_units_but_not_to_the_files_name()
    {
        var label = FeedReading.Replay(Mixed).Label.ToString();
        Assert.Equal(label, FeedReading.Replay(Mixed, name: "other.csv").Label.ToString());
        Assert.Equal(4, new[] { label, FeedReading.Replay(Mixed, seed: 2).Label.ToString(), FeedReading.Replay(Mixed, mostUnits: 9).Label.ToString(), FeedReading.Replay(Mixed + "22556,X,1,2010-12-02 09:00:00,1").Label.ToString() }.Distinct().Count());
    }

    [Fact]
    public void Lines_need_not_be_in_the_order_of_time()
    {
        var days = Enumerable.Range(1, 20).Select(d => new DateTimeOffset(2010, 12, 21 - d, 9, 0, 0, TimeSpan.Zero)).ToList();
        var intakes = FeedReading.Replay(string.Join('\n', days.Select(d => $"22556,PLASTERS IN TIN,5,{d:yyyy-MM-dd HH:mm:ss},1.65"))).Scans()
            .Where(s => s.Kind == ScanKind.Intake).DistinctBy(s => s.Lpn.ToString()).ToList();
        Assert.Equal(100, intakes.Count);
        foreach (var intake in intakes)
        {
            var line = int.Parse(intake.Source.ToString()!.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
            Assert.InRange(intake.ScannedAt - days[line - 2].ToUnixTimeMilliseconds(), 0, 1_000);
        }
        Assert.Equal(intakes.Select(s => s.ScannedAt / 86_400_000).Order(), intakes.Select(s => s.ScannedAt / 86_400_000));
    }

    [Fact]
    public void The_most_units_bound_the_feed_and_not_the_count_of_lines()
    {
        var feed = FeedReading.Replay(Mixed, mostUnits: 10);
        Assert.Equal(10, feed.Scans().Select(s => s.Lpn.ToString()).Distinct().Count());
        Assert.Equal((10, 10, 6), (feed.Units, feed.PlannedUnits, feed.Lines));
    }

    [Fact]
    public void A_file_without_a_product_gives_an_empty_feed()
    {
        var feed = FeedReading.Replay("M,Manual,3,2010-12-01 10:24:00,1");
        Assert.Empty(feed.Scans());
        Assert.Equal((1, 1, 0), (feed.Lines, feed.Rejected.Count, feed.PlannedUnits));
        Assert.Null(feed.LastEventTime);
    }

    [Fact]
    public void The_catalogue_comes_first_and_has_one_item_for_each_product()
    {
        var (items, scanned) = (new List<(string Sku, decimal Price, string Category)>(), 0);
        FeedReading.Replay("""
            22556,  ,2,2010-12-01 10:24:00,0
            22556,RED WOOLLY HAT,2,2010-12-02 10:24:00,1.45
            22556,SOMETHING ELSE,2,2010-12-03 10:24:00,9
            21890,WOODEN SKITTLES TOY,1,2010-12-03 10:24:00,2.95
            """).ReadAll(_ => scanned++, i =>
        {
            Assert.Equal(0, scanned);
            Assert.True(CatalogFacts.TryCreate(i, out _, out var error), error);
            items.Add((i.Sku.ToString(), i.ReferencePrice.Amount, i.Category.ToString()));
        });
        Assert.Equal([("22556", 1.45m, "apparel"), ("21890", 2.95m, "toys")], items);
    }

    [Fact]
    public void Every_unit_is_complete_in_the_end_but_for_those_that_lack_a_mandatory_finding()
    {
        var units = ReplayedUnit.Fold(FeedReading.Replay(Mixed));
        Assert.Equal(2503, units.Count);
        Assert.All(units.Values, u => Assert.True(u.HasIntake));
        var incomplete = units.Values.Count(u => !u.IsComplete);
        Assert.InRange(incomplete, 1, units.Count / 50);
        Assert.All(units.Values.Where(u => !u.IsComplete), u => Assert.Equal(1, u.Missing));
    }

    [Fact]
    public void Once_the_mandatory_findings_are_in_only_repeats_follow()
    {
        var units = ReplayedUnit.Fold(FeedReading.Replay(Mixed));
        Assert.All(units.Values, u => Assert.Equal(0, u.NewScansAfterComplete));
        Assert.Contains(units.Values, u => u.RepeatsAfterComplete > 0);
    }

    [Fact]
    public void Findings_are_corrected_and_come_out_of_order()
    {
        var units = ReplayedUnit.Fold(FeedReading.Replay(Mixed));
        Assert.Contains(units.Values, u => u.Corrected);
        Assert.Contains(units.Values, u => u.OutOfOrder);
    }

    [Fact]
    public void A_sequence_names_one_scan_and_the_same_scan_has_the_same_bytes()
    {
        var seen = new Dictionary<(string, string, long), string>();
        var last = new Dictionary<(string, string), long>();
        var repeats = 0;
        FeedReading.Replay(Mixed).ReadAll(s =>
        {
            var station = (s.Facility.ToString(), s.Station.ToString());
            var bytes = Convert.ToHexString(new Contracts.Wire.WireEncoder<ItemScan>().Encode(s));
            if (seen.TryGetValue((station.Item1, station.Item2, s.Sequence), out var known))
            {
                Assert.Equal(known, bytes);
                repeats++;
                return;
            }
            seen.Add((station.Item1, station.Item2, s.Sequence), bytes);
            Assert.True(s.Sequence > last.GetValueOrDefault(station, -1), $"{station} counts backwards to {s.Sequence}");
            last[station] = s.Sequence;
        });
        Assert.InRange(repeats, 1, seen.Count / 50);
    }

    [Fact]
    public void Photographs_of_flaws_are_named_and_no_two_share_a_name()
    {
        var (named, findings) = (new Dictionary<string, string>(), 0);
        FeedReading.Replay(Mixed).ReadAll(s =>
        {
            findings += s.Findings.Count;
            foreach (var finding in s.Findings)
            {
                if (finding.Evidence is not { } evidence) continue;
                var shown = $"{s.Lpn} {finding.Criterion}";
                if (!named.TryAdd(evidence.ToString(), shown)) Assert.Equal(named[evidence.ToString()], shown);
            }
        });
        Assert.InRange(named.Count, findings / 50, findings / 3);
    }

    [Fact]
    public void Grades_of_all_kinds_occur_and_most_units_are_good()
    {
        var grades = ReplayedUnit.Fold(FeedReading.Replay(Mixed)).Values.Where(u => u.IsComplete).GroupBy(u => u.Grade).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal(5, grades.Count);
        Assert.True(grades[0] > grades[4] * 4, string.Join(' ', grades.OrderBy(g => g.Key)));
    }

    [Fact]
    public void A_line_of_millions_streams_in_little_memory()
    {
        var feed = FeedReading.Replay("22556,PLASTERS IN TIN,10000000,2010-12-01 10:24:00,1.65");
        var (scan, item) = (new ItemScan(), new CatalogItem());
        for (var i = 0; i < 100_000; i++) feed.Next(scan, item);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 300_000; i++) feed.Next(scan, item);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }
}

/// <summary>What the scans of one unit come to, by the rules' own grading.</summary>
internal sealed class ReplayedUnit
{
    private readonly FindingList _findings = new();
    private readonly HashSet<(string, long)> _seen = [];
    private long _lastAt = long.MinValue;

    public bool HasIntake { get; private set; }
    public bool IsComplete { get; private set; }
    public int Missing { get; private set; }
    public int Grade { get; private set; }
    public int NewScansAfterComplete { get; private set; }
    public int RepeatsAfterComplete { get; private set; }
    public bool Corrected { get; private set; }
    public bool OutOfOrder { get; private set; }

    public static Dictionary<string, ReplayedUnit> Fold(ScanFeed feed)
    {
        var catalogue = new Dictionary<string, (Checklist Checklist, bool DataBearing, bool Hygiene)>();
        var skus = new Dictionary<string, string>();
        var scans = new List<ItemScan>();
        feed.ReadAll(s =>
        {
            scans.Add(s.Clone());
            if (s.Kind == ScanKind.Intake) skus[s.Lpn.ToString()] = s.Sku.ToString()!;
        }, i => catalogue[i.Sku.ToString()] = (ShippedRules.Any.Grading.Find(i.Category.Span)!, i.DataBearing, i.Hygiene));
        var units = new Dictionary<string, ReplayedUnit>();
        foreach (var scan in scans)
        {
            var lpn = scan.Lpn.ToString();
            if (!units.TryGetValue(lpn, out var unit)) units.Add(lpn, unit = new ReplayedUnit());
            var (checklist, dataBearing, hygiene) = catalogue[skus[lpn]];
            unit.Take(scan, checklist, dataBearing, hygiene);
        }
        return units;
    }

    private void Take(ItemScan scan, Checklist checklist, bool dataBearing, bool hygiene)
    {
        if (!_seen.Add((scan.Station.ToString(), scan.Sequence)))
        {
            if (IsComplete) RepeatsAfterComplete++;
            return;
        }
        if (IsComplete) NewScansAfterComplete++;
        OutOfOrder |= scan.ScannedAt < _lastAt;
        _lastAt = Math.Max(_lastAt, scan.ScannedAt);
        HasIntake |= scan.Kind == ScanKind.Intake;
        var stamp = new ObservationStamp(scan.ScannedAt, ObservationStamp.ScannerOf(scan.Facility.Span, scan.Station.Span), scan.Sequence);
        foreach (var finding in scan.Findings)
        {
            var key = CriterionKey.Of(finding.Criterion.Span);
            Assert.True(checklist.IndexOf(key) >= 0, $"{finding.Criterion} is not on the checklist of {checklist.Category}");
            Assert.True(checklist.Criteria[checklist.IndexOf(key)].TryEvaluate(finding.Value, out _), $"{finding.Criterion} cannot be {finding.Value}");
            Corrected |= _findings.Observe(new Observation(key, finding.Value, stamp)) == ObserveResult.Corrected;
        }
        var result = checklist.Grade(_findings, dataBearing, hygiene);
        (IsComplete, Grade, Missing) = (result.IsComplete, result.Grade, System.Numerics.BitOperations.PopCount(result.Missing));
    }
}
