using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Compliance;
using Returns.Domain.Grading;
using Returns.Streams;
using Returns.Topologies.Compliance.Audit;
using static Returns.Topologies.Tests.Compliance.ComplianceHarness;

namespace Returns.Topologies.Tests.Compliance;

/// <summary>Random weeks of two vendors, with late units, regrades, repetitions and units that change vendors, under aborts and
/// crashes, held against plain folds over the same events.</summary>
public sealed class ComplianceAgainstOracle
{
    private static readonly string Agreements = Agreement(("agreement", "one"), ("valid-to", "2026-01-13")) + "\n"
        + Agreement(("agreement", "two"), ("valid-from", "2026-01-13"), ("window", "tumbling 12h"), ("allowed-percent", "{units: 20, value: 15}"), ("billing", "3d")) + "\n"
        + Agreement(("agreement", "short"), ("valid-from", "2026-01-05"), ("valid-to", "2026-01-07"), ("window", "rolling 6h"), ("billing", "1d"), ("authorization-needed", "false"), ("fees", "{mis-shipped: 9.99}"));

    public static TheoryData<int, int> Seeds => new([.. Enumerable.Range(1, 12).Select(seed => (seed, seed % 3 == 0 ? 3 : 1))]);

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Documents_figures_and_alerts_are_those_of_a_plain_fold(int seed, int partitions)
    {
        var random = new Random(seed);
        var compliance = new ComplianceHarness(Agreements, partitions);
        var units = Run(compliance, random, partitions);

        // What is charged, all documents together, is what is due of the units as they ended.
        var due = new Dictionary<(string Vendor, string Agreement, long Start), (Agreement Agreement, BillingFigures Figures)>();
        foreach (var unit in units.Values.Where(u => u.Decision is not null))
        {
            if (InForce(unit.Decision!.IntakeAt) is not { } agreement)
            {
                continue;
            }
            var start = agreement.BillingWindow(unit.Decision.IntakeAt).Start;
            var key = (unit.Decision.Vendor.ToString()!, agreement.Name.ToString(), start);
            var window = due.GetValueOrDefault(key, (agreement, default));
            window.Item2.Add(unit.Assess(agreement));
            due[key] = window;
        }
        var charged = compliance.Documents.GroupBy(d => (d.Vendor.ToString(), d.Terms.Name.ToString(), d.WindowStart)).ToDictionary(g => g.Key, g => g.ToList());
        foreach (var (key, (agreement, figures)) in due)
        {
            var sums = figures.Due(agreement);
            var documents = charged.GetValueOrDefault(key, []);
            for (var kind = default(ChargeKind); kind < ChargeKind.Other; kind++)
            {
                var lines = documents.SelectMany(d => d.Lines).Where(l => l.Kind == kind).ToList();
                Assert.Equal((kind, sums[(int)kind].Units, sums[(int)kind].Amount), (kind, lines.Sum(l => l.Units), lines.Sum(l => l.Amount)));
            }
            var last = compliance.Windows.Last(w => w.Kind == VendorWindowKind.Billing && (w.Vendor.ToString(), w.Agreement.ToString(), w.Start) == key);
            Assert.NotEqual(FigureKind.Early, last.Figure);
            Assert.Equal((figures.Totals.Units, figures.Totals.Defects, figures.Totals.Value), (last.Figures.Units, last.Figures.Defects, last.Figures.Value));
        }
        Assert.All(charged.Keys.Except(due.Keys), k => Assert.Equal(0m, charged[k].Sum(d => d.Total)));
        Assert.Equal(compliance.Documents.Count, compliance.Documents.Select(d => d.DocumentId).Distinct().Count());
        Assert.Contains(compliance.Documents, d => d.Kind == DocumentKind.Correction);

        // An alert is raised and cleared where a sum over all units of the window, made anew each time, says so.
        Assert.Equal(ExpectedAlerts(compliance), compliance.Alerts.Select(a => (a.Vendor.ToString(), a.Agreement.ToString(), a.Measure, a.State, a.At, a.Figures.Units, a.Figures.Defects)).Order());
        Assert.NotEmpty(compliance.Alerts);

        // And the audit recomputes every document.
        Assert.Empty(Audit(compliance, compliance.Documents));
    }

    [Fact]
    public void What_was_tampered_with_is_named()
    {
        var compliance = new ComplianceHarness(Agreements);
        Run(compliance, new Random(5), 1);
        var documents = compliance.Documents;
        var middle = documents[documents.Count / 2];

        Assert.Contains(Audit(compliance, [.. documents.Where(d => d != middle)]), f => f.Problem == $"document {middle.Sequence} before it is missing");
        var last = documents.Last(d => d.Vendor == middle.Vendor);
        Assert.Contains(Audit(compliance, [.. documents.Where(d => d != last)]), f => f.Problem.EndsWith("of what is due is in no document: one is missing", StringComparison.Ordinal));
        // Where a partition of the scans has never been heard of, compliance may wait for it still.
        Assert.Contains(Audit(compliance, [.. documents.Where(d => d != last)], origins: 2, since: TimeSpan.FromMinutes(3)), f => f.Problem.EndsWith("one is missing", StringComparison.Ordinal));
        Assert.Empty(Audit(compliance, [.. documents.Where(d => d != last)], origins: 2, since: TimeSpan.FromMinutes(1)));

        middle.Figures.Units++;
        Assert.Contains(Audit(compliance, documents), f => f.Subject == middle.DocumentId.ToString() && f.Problem.EndsWith("it was edited", StringComparison.Ordinal));
        Assert.Contains(Audit(compliance, documents), f => f.Subject == middle.DocumentId.ToString() && f.Problem.StartsWith("units is ", StringComparison.Ordinal));
        middle.Figures.Units--;
        Assert.Empty(Audit(compliance, documents));

        Assert.Contains(Audit(compliance, documents, leaveOutOfJournal: (int)middle.Journal.LastOffset), f => f.Problem.StartsWith("journal.", StringComparison.Ordinal));

        var scan = compliance.Journal.First(u => u.Findings.Count > 0).Scans[0];
        Assert.Equal($"returns.scans [0] @{scan.Offset}", Assert.Single(Audit(compliance, documents, leaveOutOfScans: scan.Offset)).Subject);
        Assert.Contains("was edited", Assert.Single(Audit(compliance, documents, editScan: scan.Offset)).Problem, StringComparison.Ordinal);
        Assert.Empty(Audit(compliance, documents, leaveOutOfScans: scan.Offset, retainedFrom: scan.Offset + 1));
    }

    private sealed class Unit
    {
        public ItemRouted? Decision { get; set; }

        public FindingList Findings { get; } = new();

        public Standing Assess(Agreement agreement) => agreement.Assess(new UnitFacts(Decision!.ReturnReason ?? ReturnReason.Unspecified,
            GradeCode.TryParse(Decision.Grade!.Value.Span, out var grade) ? grade : default, Decision.RaNumber is not null, Decision.Cost), Findings);
    }

    private readonly Dictionary<string, Agreement> _agreements = [];
    private readonly List<(int Partition, long Offset, byte[] Value)> _rawScans = [];
    private readonly List<(int Partition, long Offset, byte[] Value)> _rawDecisions = [];

    private Dictionary<string, Unit> Run(ComplianceHarness compliance, Random random, int partitions)
    {
        var units = new Dictionary<string, Unit>();
        var events = new List<(long At, Action Publish)>();
        for (var i = 0; i < 240; i++)
        {
            var lpn = $"u-{i}";
            var unit = units[lpn] = new Unit();
            var received = Start + random.NextInt64(18 * Day);
            var arrives = received + (random.Next(12) == 0 ? random.NextInt64(5 * Day) : random.NextInt64(2 * Minute));
            var vendor = random.Next(2) == 0 ? "V-1" : "V-2";
            events.Add((arrives, () => Publish(compliance.Scan(lpn, received, ScanKind.Intake))));
            if (random.Next(3) == 0)
            {
                var value = random.Next(3);
                var late = random.Next(3) == 0 ? random.NextInt64(3 * Day) : -Minute;
                events.Add((Math.Max(arrives, arrives + late), () =>
                {
                    var scan = compliance.Scan(lpn, received + Minute, findings: ("box", value));
                    unit.Findings.Observe(new Observation(CriterionKey.Of("box"u8), value, new ObservationStamp(received + Minute, 0, 0)));
                    for (var times = random.Next(1, 3); times > 0; times--)
                    {
                        Publish(scan);
                    }
                }
                ));
            }
            var regrades = random.Next(4) == 0 ? random.Next(1, 4) : 0;
            for (var revision = 1; revision <= 1 + regrades; revision++)
            {
                var decision = Decision(lpn, received, random.Next(4) switch { 0 => ReturnReason.Defective, 1 => ReturnReason.WrongItem, _ => ReturnReason.ChangedMind },
                    random.Next(6) == 0 ? "X" : "B", random.Next(8) == 0 ? "V-1" : vendor, revision, random.Next(9) == 0 ? null : random.Next(100_000) / 100m,
                    random.Next(9) == 0 ? "USD" : "GBP", random.Next(2) == 0 ? "RA" : null);
                var at = revision == 1 ? arrives : arrives + random.NextInt64(6 * Day);
                decision.RoutedAt = at;
                events.Add((at + revision, () =>
                {
                    Publish(decision);
                    if (unit.Decision is null || decision.Revision > unit.Decision.Revision || decision.RoutedAt > unit.Decision.RoutedAt)
                    {
                        unit.Decision = decision;
                    }
                }
                ));
            }
        }
        foreach (var (_, publish) in events.OrderBy(e => e.At).ToList())
        {
            publish();
            switch (random.Next(40))
            {
                case 0: compliance.Driver.Abort(); break;
                case 1: compliance.Driver.Restart(); break;
                case < 14: compliance.Commit(); break;
                default: break;
            }
        }
        foreach (var to in new[] { 40, 42, 44, 46 })
        {
            for (var partition = 0; partition < partitions; partition++)
            {
                foreach (var vendor in new[] { "V-1", "V-2" })
                {
                    var number = 0;
                    while (Murmur2.Partition(System.Text.Encoding.UTF8.GetBytes($"clock-{to}-{vendor}-{number}"), partitions) != partition)
                    {
                        number++;
                    }
                    var lpn = $"clock-{to}-{vendor}-{number}";
                    units[lpn] = new Unit { Decision = Decision(lpn, Start + to * Day, vendor: vendor) };
                    Publish(compliance.Scan(lpn, Start + to * Day, ScanKind.Intake));
                    Publish(units[lpn].Decision!);
                }
            }
            compliance.Commit();
        }
        // The clock units' own windows stay open.
        foreach (var lpn in units.Keys.Where(k => k.StartsWith("clock", StringComparison.Ordinal)).ToList())
        {
            units.Remove(lpn);
        }
        foreach (var terms in compliance.Journal.Where(u => u.Terms is not null).Select(u => new Agreement(u.Terms!)))
        {
            _agreements.TryAdd(terms.Id.ToString(), terms);
        }
        return units;

        void Publish<T>(T message) where T : class, IAvroRecord<T>, new()
        {
            var raw = message is ItemScan ? _rawScans : _rawDecisions;
            var lpn = message is ItemScan s ? s.Lpn : ((ItemRouted)(object)message).Lpn;
            var partition = Murmur2.Partition(lpn.Span, partitions);
            raw.Add((partition, raw.Count(r => r.Partition == partition), Triage.TriageHarness.Encoded(message)));
            if (message is ItemScan scan)
            {
                compliance.Publish(scan);
            }
            else
            {
                compliance.Publish((ItemRouted)(object)message);
            }
        }
    }

    private Agreement? InForce(long time) => _agreements.Values.Where(a => a.Holds(time)).MaxBy(a => a.ValidFrom);

    /// <summary>Sums the window anew, unit by unit, after each record and each part that the window leaves behind.</summary>
    private List<(string, string, RateMeasure, AlertState, long, long, long)> ExpectedAlerts(ComplianceHarness compliance)
    {
        var alerts = new List<(string, string, RateMeasure, AlertState, long, long, long)>();
        foreach (var records in compliance.JournalRecords)
        {
            var inWindow = new List<(string Vendor, Agreement Agreement, long Part, string Lpn, Standing Standing)>();
            var raised = new HashSet<(string, string, RateMeasure)>();
            var origins = compliance.JournalRecords.Select(_ => long.MinValue).ToArray();
            var reached = long.MinValue;
            var stream = long.MinValue;
            foreach (var value in records)
            {
                var unit = new VendorUnit();
                Assert.True(new WireDecoder<VendorUnit>().TryDecode(value, unit, out _));
                stream = Math.Max(stream, unit.OriginTime);
                foreach (var (end, vendor, agreement, part) in inWindow.Select(u => (End: u.Part + u.Agreement.WindowMillis, u.Vendor, u.Agreement, u.Part)).Where(u => u.End <= reached).Distinct().OrderBy(u => u.End).ToList())
                {
                    inWindow.RemoveAll(u => u.Vendor == vendor && u.Agreement == agreement && u.Part == part);
                    Judge(vendor, agreement, end);
                }
                origins[unit.OriginPartition] = Math.Max(origins[unit.OriginPartition], unit.OriginTime);
                reached = Math.Max(reached, Math.Min(stream, origins.Min()));
                var name = unit.Vendor.ToString();
                var before = unit.Previous is { } previous ? _agreements[previous.AgreementId.ToString()] : null;
                if (before is not null)
                {
                    inWindow.RemoveAll(u => u.Vendor == name && u.Agreement == before && u.Lpn == unit.Lpn.ToString());
                }
                if (unit.Standing is { } standing)
                {
                    var agreement = _agreements[standing.AgreementId.ToString()];
                    var part = agreement.PartOf(standing.ReceivedAt);
                    if (part + agreement.WindowMillis > reached || inWindow.Exists(u => u.Vendor == name && u.Agreement == agreement && u.Part == part))
                    {
                        inWindow.Add((name, agreement, part, unit.Lpn.ToString(), Standing.Of(standing)));
                    }
                    Judge(name, agreement, stream);
                    if (before == agreement)
                    {
                        before = null;
                    }
                }
                if (before is not null)
                {
                    Judge(name, before, stream);
                }
            }

            void Judge(string vendor, Agreement agreement, long at)
            {
                var totals = default(DefectTotals);
                foreach (var unit in inWindow.Where(u => u.Vendor == vendor && u.Agreement == agreement))
                {
                    totals = totals.Add(unit.Standing);
                }
                foreach (var measure in Enum.GetValues<RateMeasure>())
                {
                    var key = (vendor, agreement.Name.ToString(), measure);
                    if (DefectRate.Of(agreement, measure, totals) is { } rate && rate.Alerts(raised.Contains(key)) != raised.Contains(key))
                    {
                        var state = raised.Remove(key) ? AlertState.Cleared : AlertState.Raised;
                        if (state == AlertState.Raised)
                        {
                            raised.Add(key);
                        }
                        alerts.Add((key.vendor, key.Item2, measure, state, at, totals.Units, totals.Defects));
                    }
                }
            }
        }
        alerts.Sort();
        return alerts;
    }

    private IReadOnlyList<AuditFinding> Audit(ComplianceHarness compliance, List<Chargeback> documents, int? leaveOutOfJournal = null, long? leaveOutOfScans = null, long? editScan = null, long? retainedFrom = null,
        int origins = 1, TimeSpan? since = null)
    {
        var audit = new ChargebackAudit(LocalSchemaIds.BuiltIn, origins, (long)(since ?? TimeSpan.FromDays(1)).TotalMilliseconds);
        if (retainedFrom is { } first)
        {
            audit.Retain(Topics.Scans, 0, first);
        }
        foreach (var document in documents)
        {
            audit.Document(document);
        }
        for (var partition = 0; partition < compliance.JournalRecords.Count; partition++)
        {
            for (var offset = 0; offset < compliance.JournalRecords[partition].Count; offset++)
            {
                if (offset != leaveOutOfJournal)
                {
                    audit.Journal(partition, offset, compliance.JournalRecords[partition][offset], writtenAt: 0);
                }
            }
        }
        foreach (var (partition, offset, value) in _rawScans.Where(s => s.Offset != leaveOutOfScans))
        {
            var seen = (byte[])value.Clone();
            if (offset == editScan)
            {
                seen[^1] ^= 1;
            }
            audit.Scan(partition, offset, seen);
        }
        foreach (var (partition, offset, value) in _rawDecisions)
        {
            audit.Disposition(partition, offset, value);
        }
        return audit.Finish();
    }
}
