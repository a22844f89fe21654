using System.Globalization;
using System.Text;
using Returns.Chaos.Feed;
using Returns.Chaos.Processes;
using Returns.Contracts;
using Returns.Domain.Compliance;
using Returns.Domain.Grading;
using Returns.Domain.Rules;
using Returns.Streams;

namespace Returns.Chaos.Oracle;

/// <summary>How each unit of a round counts in the end, and what is due of each billing window: one assessment by the set of a
/// unit's scans and its last decision, and plain sums, without any state, order or repetition.</summary>
internal sealed class StandingFold(RuleBook rules)
{
    /// <summary>Windows that began later are those of the units that close all others.</summary>
    private const long MillisPerDay = 86_400_000;

    private sealed record Unit(string Vendor, Agreement Agreement, long ReceivedAt, Standing Standing);

    public void Compare(CommittedLog log, Batch batch, IReadOnlyList<Chargeback> documents, Differences differences)
    {
        var scans = log.Decoded<ItemScan>(Topics.Scans).ToLookup(s => s.Lpn.ToString());
        var decisions = log.Decoded<ItemRouted>(Topics.Dispositions).ToLookup(d => d.Lpn.ToString());
        var journal = log.Decoded<VendorUnit>(Topics.VendorUnits).ToLookup(u => u.Lpn.ToString());
        var windows = new Dictionary<(string Vendor, string Agreement, long Start), (Agreement Agreement, int Partition, BillingFigures Figures)>();
        foreach (var lpn in batch.Units)
        {
            var expected = Of(scans[lpn], decisions[lpn].MaxBy(d => d.Revision));
            CompareUnit(lpn, expected, [.. journal[lpn].OrderBy(u => u.Revision)], differences);
            if (expected is null)
            {
                continue;
            }
            var key = (expected.Vendor, expected.Agreement.Id.ToString(), expected.Agreement.BillingWindow(expected.ReceivedAt).Start);
            var window = windows.GetValueOrDefault(key, (expected.Agreement, PartitionOf(expected.Vendor), default));
            window.Figures.Add(expected.Standing);
            windows[key] = window;
        }
        var figures = Last(log);
        var charged = documents.ToLookup(d => ($"{d.Program}|{d.Vendor}", d.Terms.Id.ToString(), d.WindowStart));
        var closed = Closed(log, batch);
        if (closed.Count == 0)
        {
            differences.Add("billing windows", "of the round", "to have closed in one partition at least", "none where all partitions of the scans have come to the last units");
        }
        foreach (var (key, window) in windows.Where(w => w.Key.Start < batch.StartsAt + MillisPerDay && closed.Contains(w.Value.Partition)))
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{key.Vendor}, agreement {window.Agreement.Name}, window from {key.Start}");
            var (wanted, has) = (window.Figures.Totals, figures.GetValueOrDefault(key));
            if (has is null || (wanted.Units, wanted.Defects, wanted.ValuedUnits, wanted.Value, wanted.DefectValue) != (has.Units, has.Defects, has.ValuedUnits, has.Value, has.DefectValue))
            {
                differences.Add("billing window", name, $"{wanted}", has is null ? "no final figure" : $"{has.Units} units, {has.Defects} defects, {has.Value} of value");
            }
            var due = window.Figures.Due(window.Agreement);
            for (var kind = default(ChargeKind); kind < ChargeKind.Other; kind++)
            {
                var lines = charged[key].SelectMany(d => d.Lines).Where(l => l.Kind == kind).ToList();
                var sum = new ChargeSum(lines.Sum(l => l.Units), lines.Sum(l => l.Amount));
                if (sum != due[(int)kind])
                {
                    differences.Add("documents together", $"{name}, {kind}", $"{due[(int)kind]}", $"{sum}");
                }
            }
        }
    }

    /// <summary>Partitions of the journal whose time has come to the last units of the round, in each partition of the scans: no window of
    /// these is left open.</summary>
    private static HashSet<int> Closed(CommittedLog log, Batch batch) =>
        [.. log.Decoded<VendorUnit>(Topics.VendorUnits).Where(u => u.OriginTime >= batch.ClosesAt).GroupBy(u => PartitionOf($"{u.Program}|{u.Vendor}"), u => u.OriginPartition)
            .Where(origins => origins.Distinct().Count() == Stage.Partitions).Select(origins => origins.Key)];

    private static int PartitionOf(string vendor) => Murmur2.Partition(Encoding.UTF8.GetBytes(vendor), Stage.Partitions);

    private Unit? Of(IEnumerable<ItemScan> all, ItemRouted? decision)
    {
        if (decision?.Vendor is not { } vendor || rules.Find(decision.Program.Span)?.Vendors.AgreementsWith(vendor.Span).At(decision.IntakeAt) is not { } agreement)
        {
            return null;
        }
        var findings = new FindingList();
        var scans = all.Where(s => !s.QualitySample).DistinctBy(s => (s.Facility, s.Station, s.Sequence)).OrderBy(StampOf).ToList();
        foreach (var latest in scans.SelectMany(s => s.Findings.Select(f => (Scan: s, Finding: f))).GroupBy(p => p.Finding.Criterion).Select(g => g.Last()))
        {
            findings.Restore(new Observation(CriterionKey.Of(latest.Finding.Criterion.Span), latest.Finding.Value, StampOf(latest.Scan)));
        }
        var grade = decision.Grade is { } name && GradeCode.TryParse(name.Span, out var code) ? code : default;
        var facts = new UnitFacts(decision.ReturnReason ?? ReturnReason.Unspecified, grade, decision.RaNumber is { IsEmpty: false }, decision.Cost);
        return new Unit($"{decision.Program}|{vendor}", agreement, decision.IntakeAt, agreement.Assess(facts, findings));
    }

    /// <summary>The journal's last word is how the unit counts; and each word takes back the one before, once.</summary>
    private static void CompareUnit(string lpn, Unit? expected, List<VendorUnit> said, Differences differences)
    {
        var last = said.LastOrDefault();
        var (wanted, has) = (
            expected is null ? "not" : Text(expected.Vendor, expected.Agreement.Id, expected.ReceivedAt, expected.Standing),
            last?.Standing is { } standing ? Text($"{last.Program}|{last.Vendor}", standing.AgreementId, standing.ReceivedAt, Standing.Of(standing)) : "not");
        if (wanted != has)
        {
            differences.Add(Topics.VendorUnits, lpn, $"to count {wanted}", has);
        }
        var before = "not";
        for (var i = 0; i < said.Count; i++)
        {
            var previous = said[i].Previous is { } taken ? Text("", taken.AgreementId, taken.ReceivedAt, Standing.Of(taken)) : "not";
            if (said[i].Revision != i + 1 || previous != before)
            {
                differences.Add(Topics.VendorUnits, lpn, $"revision {i + 1}, which takes back {before}", $"revision {said[i].Revision}, which takes back {previous}");
                return;
            }
            before = said[i].Standing is { } now ? Text("", now.AgreementId, now.ReceivedAt, Standing.Of(now)) : "not";
        }
    }

    /// <summary>The last final or corrected figures of each billing window.</summary>
    private static Dictionary<(string Vendor, string Agreement, long Start), DefectFigures> Last(CommittedLog log)
    {
        var last = new Dictionary<(string, string, long), DefectFigures>();
        foreach (var window in log.Decoded<VendorWindow>(Topics.VendorWindows).Where(w => w.Kind == VendorWindowKind.Billing && w.Figure != FigureKind.Early))
        {
            last[($"{window.Program}|{window.Vendor}", window.AgreementId.ToString(), window.Start)] = window.Figures;
        }
        return last;
    }

    private static ObservationStamp StampOf(ItemScan scan) => new(scan.ScannedAt, ObservationStamp.ScannerOf(scan.Facility.Span, scan.Station.Span), scan.Sequence);

    private static string Text(string vendor, Utf8 agreement, long receivedAt, in Standing standing)
    {
        var charges = standing.Charges;
        return string.Create(CultureInfo.InvariantCulture,
            $"{vendor} {agreement} at {receivedAt}: violations {standing.Violations.Bits:b}, value {standing.Value:F4}, charges {string.Join(' ', Enumerable.Range(0, Charges.Kinds).Select(kind => charges[kind].ToString("F4", CultureInfo.InvariantCulture)))}");
    }
}
