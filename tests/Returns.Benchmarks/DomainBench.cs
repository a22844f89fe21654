using System.Diagnostics;
using Returns.Contracts;
using Returns.Domain;
using Returns.Domain.Channels;
using Returns.Domain.Grading;
using Returns.Domain.Rules;

namespace Returns.Benchmarks;

/// <summary>
/// Grading and routing alone on one core, by the shipped rules: each unit comes in four scans (intake, two inspections, an
/// image opinion), and is decided anew after each, from facts put together as a triage task does.
/// </summary>
internal sealed class DomainBench : IBenchmark
{
    private const int Units = 4096;
    private const int ScansPerUnit = 4;
    private const long Intake = 1_700_000_000_000;

    public string Name => "domain";

    public string Usage => "grading and routing alone, on one core";

    public bool IsBudget => true;

    public Task RunAsync(BenchmarkRun run)
    {
        var scans = run.Sized(5_000_000);
        var random = new Random(1);
        var rules = ShippedRules();
        var units = new Unit[Units];
        for (var i = 0; i < units.Length; i++) units[i] = Unit.Random(rules, random);

        // First until the code is compiled for what it was seen to do.
        for (var round = 0; round < 4; round++)
        {
            Measure(rules, units, 500_000, FromScans);
            Measure(rules, units, 500_000, Complete);
        }

        List<double> perSecond = [], complete = [], bytes = [];
        for (var round = 0; round < run.Rounds; round++)
        {
            var (took, allocated) = Measure(rules, units, scans, FromScans);
            perSecond.Add(scans / took.TotalSeconds);
            bytes.Add((double)allocated / scans);
            complete.Add(scans / Measure(rules, units, scans, Complete).Took.TotalSeconds);
        }
        run.Add(new Row { Work = "grade and route, one core", Unit = "scans/s", Ours = perSecond, Target = 2_000_000 });
        run.Add(new Row { Work = "grade and route, allocation", Unit = "bytes/scan", Ours = bytes, Target = 0, AtMost = true });
        run.Add(new Row { Work = "grade and route, complete units only", Unit = "decisions/s", Ours = complete });
        return Task.CompletedTask;
    }

    private static (TimeSpan Took, long Bytes) Measure(ProgramRules rules, Unit[] units, int count, Fill fill)
    {
        var facts = new ItemFacts();
        var decision = new Decision();
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
        {
            fill(units[i / ScansPerUnit % Units], i % ScansPerUnit, facts);
            decision.Decide(rules, facts, null, new UnlimitedCapacity());
        }

        var took = Stopwatch.GetElapsedTime(start);
        return (took, GC.GetAllocatedBytesForCurrentThread() - bytes);
    }

    private delegate void Fill(Unit unit, int scan, ItemFacts facts);

    /// <summary>The facts after a scan: what earlier scans left, then this one's.</summary>
    private static void FromScans(Unit unit, int scan, ItemFacts facts)
    {
        var half = unit.Findings.Length / 2;
        var (known, now) = scan switch { 0 => (0, 0), 1 => (0, half), _ => (half, unit.Findings.Length) };
        if (scan == ScansPerUnit - 1) known = now;
        facts.Clear();
        for (var i = 0; i < known; i++) facts.Findings.Restore(unit.Findings[i]);
        for (var i = known; i < now; i++) facts.Findings.Observe(unit.Findings[i]);
        if (scan == ScansPerUnit - 1) facts.Observe(unit.Image);
        unit.FillRest(facts);
    }

    private static void Complete(Unit unit, int scan, ItemFacts facts) => FromScans(unit, ScansPerUnit - 1, facts);

    private static ProgramRules ShippedRules()
    {
        var files = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "rules"), "*.yaml")
            .Select(path => new RuleFile(path, File.ReadAllBytes(path)));
        if (!RuleFile.TryCompile(files, out _, out var book, out var errors))
            throw new InvalidOperationException(string.Join(Environment.NewLine, errors));
        return book.Find("any"u8)!;
    }

    private sealed record Unit(CatalogFacts Catalog, Observation[] Findings, ImageOpinion Image, ReturnReason Reason, int Dwell)
    {
        public static Unit Random(ProgramRules rules, Random random)
        {
            var checklist = rules.Grading.Checklists[random.Next(rules.Grading.Checklists.Length)];
            var item = new CatalogItem
            {
                Category = checklist.Category,
                Vendor = $"V-{random.Next(1, 6)}00{random.Next(1, 4)}",
                Cost = new Money(random.Next(100, 20_000) / 100m, Currency.Parse("GBP")),
                ReferencePrice = new Money(random.Next(200, 50_000) / 100m, Currency.Parse("GBP")),
                WeightGrams = random.Next(50, 5000),
                DataBearing = random.Next(10) == 0,
                Hygiene = random.Next(10) == 0,
                Recalled = random.Next(200) == 0,
            };
            if (!CatalogFacts.TryCreate(item, out var catalog, out var error)) throw new InvalidOperationException(error);

            var findings = new List<Observation>();
            foreach (var criterion in checklist.Criteria)
            {
                // Most units are in good condition: the best value, which is the first level, the answer or the bound without a cap.
                var worst = random.Next(4) == 0;
                double value = criterion.Kind switch
                {
                    CriterionKind.YesNo => Best(criterion, 1, 0, worst),
                    CriterionKind.Ordinal => worst ? random.Next(criterion.Levels.Count) : 0,
                    _ => Best(criterion, criterion.Maximum, criterion.Minimum, worst),
                };
                findings.Add(new Observation(criterion.Key, value, new ObservationStamp(Intake + findings.Count, 1, findings.Count)));
            }

            var shuffled = findings.ToArray();
            random.Shuffle(shuffled);
            var list = new FindingList();
            foreach (var finding in shuffled) list.Observe(finding);
            var doubtful = random.Next(20) == 0;
            var image = new ImageOpinion(
                rules.Grading.Scale.CodeOf(doubtful ? rules.Grading.Scale.Worst : checklist.Grade(list, false, false).Grade),
                doubtful ? 0.5 : 0.9, new ObservationStamp(Intake + 100, 1, 100));
            return new Unit(catalog!, shuffled, image, (ReturnReason)random.Next(10), random.Next(1, 100));
        }

        public void FillRest(ItemFacts facts)
        {
            facts.Catalog = Catalog;
            facts.IntakeAt = Intake;
            facts.DecidedAt = Intake + Dwell * 3_600_000L;
            facts.ReturnReason = Reason;
        }

        private static double Best(Criterion criterion, double one, double other, bool worst)
        {
            criterion.TryEvaluate(one, out var a);
            criterion.TryEvaluate(other, out var b);
            return (a.Cap, a.Minus).CompareTo((b.Cap, b.Minus)) <= 0 == !worst ? one : other;
        }
    }
}
