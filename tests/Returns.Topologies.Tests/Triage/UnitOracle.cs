using System.IO.Hashing;
using Returns.Contracts;
using Returns.Domain;
using Returns.Domain.Channels;
using Returns.Domain.Grading;
using Returns.Domain.Routing;
using Returns.Domain.Rules;

namespace Returns.Topologies.Tests.Triage;

/// <summary>
/// What must become of a unit once all its events are in and its deadline has passed: one decision by the set of its scans,
/// put together without any state, order or repetition.
/// </summary>
internal static class UnitOracle
{
    public sealed record Expected(bool Routed, ExceptionReason? Review, string? Grade, Disposition? Disposition, string? Channel, int Scans);

    public static Expected Of(RuleBook rules, IEnumerable<ItemScan> all, IEnumerable<OperatorOverride> overrides, Func<string, CatalogItem?> catalogue)
    {
        var scans = all.DistinctBy(s => (s.Facility, s.Station, s.Sequence)).OrderBy(StampOf).ToList();
        var intakes = scans.Where(s => s.Kind == ScanKind.Intake).ToList();
        var identity = intakes.LastOrDefault() ?? scans[^1];
        var named = scans.LastOrDefault(s => s.Sku is not null);
        var choice = overrides.OrderBy(o => (o.DecidedAt, XxHash3.HashToUInt64(o.OverrideId.Span))).LastOrDefault();

        var facts = new ItemFacts { IntakeAt = intakes.Count == 0 ? null : intakes.Min(s => s.ScannedAt) };
        var times = new List<long> { identity.ScannedAt, named?.ScannedAt ?? 0, choice?.DecidedAt ?? 0 };
        Observe(scans.Where(s => !s.QualitySample), facts.Findings, times);
        Observe(scans.Where(s => s.QualitySample), facts.QualityFindings, times);
        if (scans.LastOrDefault(s => s.ImageGrade is not null) is { } image)
        {
            facts.Image = ImageOpinion.Of(image.ImageGrade!.Grade, image.ImageGrade.Confidence, StampOf(image));
            times.Add(image.ScannedAt);
        }
        if (scans.LastOrDefault(s => s.WeightGrams is > 0) is { } weighed)
        {
            facts.WeightGrams = weighed.WeightGrams!.Value;
            times.Add(weighed.ScannedAt);
        }
        if (intakes.Count > 0)
        {
            facts.ReturnReason = identity.ReturnReason;
            facts.HasAuthorization = identity.RaNumber is not null;
        }
        if (named is not null && catalogue(named.Sku.ToString()!) is { } item && CatalogFacts.TryCreate(item, out var known, out _))
        {
            facts.Catalog = known;
        }
        facts.DecidedAt = Math.Max(times.Max(), facts.IntakeAt ?? 0);

        var decision = new Decision();
        decision.Decide(rules.Find(identity.Program.Span), facts,
            choice is null ? null : new OperatorDecision(choice.Disposition, choice.Channel ?? default, default), new UnlimitedCapacity());
        var review = decision.State switch
        {
            DecisionState.ManualReview => decision.Review,
            DecisionState.Routed => null,
            _ when facts.IntakeAt is null => ExceptionReason.NoIntake,
            _ when decision.WaitsFor == WaitsFor.Catalog => ExceptionReason.UnknownSku,
            _ => ExceptionReason.DeadlinePassed,
        };
        var graded = decision.Grade.IsGraded && facts.IntakeAt is not null;
        return new Expected(decision.IsRouted, review, graded ? decision.Grade.Grade.ToString() : null,
            decision.IsRouted ? decision.Route.Disposition : null, decision.IsRouted ? decision.Route.Channel?.Name.ToString() : null, scans.Count);
    }

    private static ObservationStamp StampOf(ItemScan scan) =>
        new(scan.ScannedAt, ObservationStamp.ScannerOf(scan.Facility.Span, scan.Station.Span), scan.Sequence);

    private static void Observe(IEnumerable<ItemScan> scans, FindingList into, List<long> times)
    {
        foreach (var latest in scans.SelectMany(s => s.Findings.Select(f => (Scan: s, Finding: f))).GroupBy(p => p.Finding.Criterion).Select(g => g.Last()))
        {
            into.Restore(new Observation(CriterionKey.Of(latest.Finding.Criterion.Span), latest.Finding.Value, StampOf(latest.Scan)));
            times.Add(latest.Scan.ScannedAt);
        }
    }
}
