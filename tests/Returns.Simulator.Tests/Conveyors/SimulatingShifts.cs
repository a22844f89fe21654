using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain;
using Returns.Domain.Grading;
using Returns.Domain.Rules;
using Returns.Simulator.Conveyors;

namespace Returns.Simulator.Tests.Conveyors;

public sealed class SimulatingShifts
{
    private static readonly long Start = new DateTimeOffset(2026, 3, 2, 6, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    [Fact]
    public void The_same_seed_gives_the_same_bytes_and_another_seed_others()
    {
        var feed = Shift(3_000);
        var hash = feed.Hash();
        feed.Rewind();
        Assert.Equal(hash, feed.Hash());
        Assert.Equal(hash, Shift(3_000).Hash());
        Assert.NotEqual(hash, Shift(3_000, seed: 8).Hash());
    }

    [Fact]
    public void A_label_belongs_to_seed_units_and_start()
    {
        var later = SimulatedShift.Create(ShippedRules.Book, new ShiftOptions { Seed = 7, Units = 10, StartsAt = Start + 1 });
        Assert.Equal(4, new[] { Shift(10).Label, Shift(11).Label, Shift(10, seed: 8).Label, later.Label }.Select(l => l.ToString()).Distinct().Count());
        Assert.Equal(Shift(10).Label, Shift(10).Label);
    }

    [Fact]
    public void Units_in_are_units_out_and_all_are_labelled_simulated()
    {
        var feed = Shift(5_000);
        var (lpns, scans) = (new HashSet<string>(), 0);
        feed.ReadAll(s =>
        {
            lpns.Add(s.Lpn.ToString());
            scans++;
            Assert.Equal(Origin.Simulated, s.Origin);
            Assert.Null(s.Source);
        });
        Assert.Equal(5_000, lpns.Count);
        Assert.All(lpns, l => Assert.StartsWith(feed.Label.ToString(), l, StringComparison.Ordinal));
        Assert.Equal((5_000, 5_000, scans), (feed.Units, feed.PlannedUnits, feed.Scans));
    }

    [Fact]
    public void A_shift_without_units_has_a_catalogue_and_no_scans()
    {
        var items = 0;
        var feed = Shift(0);
        feed.ReadAll(_ => Assert.Fail("a scan"), _ => items++);
        Assert.Equal(1_200, items);
        Assert.Null(feed.LastEventTime);
    }

    [Fact]
    public void Arrivals_follow_the_hours_of_the_shift()
    {
        var byHour = new int[24];
        Shift(60_000).ReadAll(s =>
        {
            if (s.Kind == ScanKind.Intake) byHour[(s.ScannedAt - Start) / 3_600_000]++;
        });
        Assert.InRange(byHour[0], 10_000, 14_000);
        Assert.InRange(byHour[1], 20_000, 25_000);
        Assert.Equal(0, byHour[16..].Sum());
    }

    [Fact]
    public void Programs_and_currencies_differ_and_prices_are_in_the_programs_currency()
    {
        var currencies = new Dictionary<string, string>();
        var programs = new HashSet<string>();
        Shift(3_000).ReadAll(s =>
        {
            programs.Add(s.Program.ToString());
            if (s.PricePaid is { } paid) Assert.Equal(currencies[s.Program.ToString()], paid.Currency.ToString());
        }, i =>
        {
            Assert.True(CatalogFacts.TryCreate(i, out _, out var error), error);
            Assert.Equal(i.Cost.Currency, i.ReferencePrice.Currency);
            currencies[i.Program.ToString()] = i.Cost.Currency.ToString();
        });
        Assert.Equal(3, programs.Count);
        Assert.Equal(["GBP", "USD"], currencies.Values.Distinct().Order());
    }

    [Fact]
    public void The_catalogue_has_every_flag_and_every_category()
    {
        var (flags, categories) = (new HashSet<string>(), new HashSet<string>());
        Shift(0).ReadAll(_ => { }, i =>
        {
            categories.Add(i.Category.ToString());
            foreach (var (name, on) in new[] { ("recalled", i.Recalled), ("hazmat", i.Hazmat), ("data", i.DataBearing), ("hygiene", i.Hygiene), ("serialised", i.Serialised) })
                if (on) flags.Add(name);
        });
        Assert.Equal(5, flags.Count);
        Assert.Equal(5, categories.Count);
    }

    [Fact]
    public void Some_products_enter_the_catalogue_after_their_first_units_and_all_enter_it_once()
    {
        var (known, scanned, late) = (new HashSet<string>(), new HashSet<string>(), 0);
        Shift(30_000).ReadAll(s =>
        {
            if (s.Sku is { } sku && !sku.ToString().StartsWith("NR-", StringComparison.Ordinal)) scanned.Add($"{s.Program}|{sku}");
        }, i =>
        {
            var key = $"{i.Program}|{i.Sku}";
            Assert.True(known.Add(key));
            if (scanned.Contains(key)) late++;
        });
        Assert.InRange(late, 1, 100);
        Assert.Empty(scanned.Except(known));
    }

    [Fact]
    public void Grades_from_the_scans_are_mostly_true_and_errors_have_the_shape_of_their_graders()
    {
        var truth = new List<GroundTruth>();
        var units = new Dictionary<string, (FindingList Findings, string Grader)>();
        var catalogue = new Dictionary<string, (bool DataBearing, bool Hygiene)>();
        var feed = SimulatedShift.Create(ShippedRules.Book, new ShiftOptions { Seed = 7, Units = 20_000, StartsAt = Start, Truth = truth.Add });
        feed.ReadAll(s =>
        {
            if (s.Kind != ScanKind.Inspection || s.QualitySample) return;
            if (!units.TryGetValue(s.Lpn.ToString(), out var unit)) units.Add(s.Lpn.ToString(), unit = (new FindingList(), s.Grader.ToString()!));
            var stamp = new ObservationStamp(s.ScannedAt, ObservationStamp.ScannerOf(s.Facility.Span, s.Station.Span), s.Sequence);
            foreach (var finding in s.Findings) unit.Findings.Observe(new Observation(CriterionKey.Of(finding.Criterion.Span), finding.Value, stamp));
        }, i => catalogue.Add($"{i.Program}|{i.Sku}", (i.DataBearing, i.Hygiene)));
        Assert.Equal(20_000, truth.Count);

        var (complete, right) = (0, 0);
        var errors = new Dictionary<string, int>();
        foreach (var unit in truth)
        {
            var (findings, grader) = units[$"{feed.Label}{unit.Unit:D10}"];
            var (dataBearing, hygiene) = catalogue[$"{unit.Program}|{unit.Sku}"];
            var result = ShippedRules.Any.Grading.Find(unit.Category.Span)!.Grade(findings, dataBearing, hygiene);
            Assert.Equal(unit.NeverComplete, !result.IsComplete);
            if (!result.IsComplete) continue;
            complete++;
            if (result.Grade == unit.Grade) right++;
            errors[grader] = errors.GetValueOrDefault(grader) + result.Grade - unit.Grade;
        }
        Assert.InRange(complete, 19_700, 19_999);
        Assert.InRange(right, complete * 0.80, complete * 0.99);
        int Leaning(string number) => errors.Where(e => e.Key.Contains(number, StringComparison.Ordinal)).Sum(e => e.Value);
        Assert.True(Leaning("-01/") > 50 && Leaning("-02/") > 50, "strict graders find more than there is");
        Assert.True(Leaning("-03/") < -10 && Leaning("-04/") < -10, "lenient graders overlook");
    }

    [Fact]
    public void Labels_are_misread_findings_corrected_afterwards_and_samples_drawn()
    {
        var (misread, sampled) = (new HashSet<string>(), new HashSet<string>());
        var intakes = new Dictionary<string, int>();
        var values = new Dictionary<(string, string), double>();
        var corrected = new HashSet<string>();
        Shift(5_000).ReadAll(s =>
        {
            var lpn = s.Lpn.ToString();
            if (s.QualitySample) sampled.Add(lpn);
            if (s.Sku is { } sku && sku.ToString().StartsWith("NR-", StringComparison.Ordinal)) misread.Add(lpn);
            if (s.Kind == ScanKind.Intake) intakes[lpn] = intakes.GetValueOrDefault(lpn) + 1;
            if (s.QualitySample) return;
            foreach (var finding in s.Findings)
            {
                if (values.TryGetValue((lpn, finding.Criterion.ToString()), out var before) && before != finding.Value) corrected.Add(lpn);
                values[(lpn, finding.Criterion.ToString())] = finding.Value;
            }
        });
        Assert.InRange(misread.Count, 10, 60);
        Assert.InRange(misread.Count(l => intakes[l] > 1), 5, misread.Count - 1);
        Assert.InRange(sampled.Count, 20, 100);
        Assert.InRange(corrected.Count, 50, 250);
    }

    [Fact]
    public void A_sequence_names_one_scan_and_no_two_shifts_share_one()
    {
        var seen = new Dictionary<(string, long), string>();
        foreach (var seed in new ulong[] { 7, 8 })
        {
            Shift(3_000, seed).ReadAll(s =>
            {
                var bytes = Convert.ToHexString(new WireEncoder<ItemScan>().Encode(s));
                var scan = ($"{s.Facility}/{s.Station}", s.Sequence);
                if (!seen.TryAdd(scan, bytes)) Assert.Equal(seen[scan], bytes);
            });
        }
    }

    [Fact]
    public void Rules_without_the_shifts_programs_are_refused()
    {
        var refused = Assert.Throws<ArgumentException>(() => SimulatedShift.Create(RuleBook.Empty, new ShiftOptions { Seed = 1, Units = 1, StartsAt = Start }));
        Assert.Contains("northgate", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_shift_allocates_nothing_per_scan()
    {
        var feed = Shift(1_000_000);
        var (scan, item) = (new ItemScan(), new CatalogItem());
        // Past the rush hour, so that the belts hold no more units than they did.
        for (var i = 0; i < 350_000; i++) feed.Next(scan, item);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 50_000; i++) feed.Next(scan, item);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500_000);
    }

    private static ScanFeed Shift(long units, ulong seed = 7) =>
        SimulatedShift.Create(ShippedRules.Book, new ShiftOptions { Seed = seed, Units = units, StartsAt = Start });
}
