using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.Chaos.Feed;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Compliance;
using Returns.Domain.Grading;
using Returns.Domain.Rules;
using Returns.Streams;
using Returns.Streams.State;
using Returns.Topologies.Compliance;
using Returns.Topologies.Compliance.Audit;

namespace Returns.Chaos.Oracle;

/// <summary>
/// What compliance must have made of its input. How often a unit is written to the journal depends on whether a decision or a
/// scan came first; how it counts in the end is that of a plain fold over its scans and decisions, and each record takes back
/// what the one before said. Given the journal, everything behind it is that of an undisturbed run: alerts, documents and
/// closed windows byte for byte. An audit recomputes the documents once more, from the raw scans on.
/// </summary>
internal sealed class ComplianceOracle
{
    /// <summary>What the vendors' figures are summed from.</summary>
    public const string Journal = Topics.VendorUnits;

    private readonly RuleBook _rules;
    private readonly Topology _topology;
    private readonly ExpectedTopics _expected;
    private readonly StoreSpec _units;
    private readonly StoreSpec[] _vendorStores;

    public ComplianceOracle(RuleBook rules, int partitions)
    {
        _rules = rules;
        _topology = ComplianceTopology.Build(LocalSchemaIds.BuiltIn, partitions, Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()), NullLogger.Instance);
        _expected = new ExpectedTopics(_topology, partitions);
        _units = _topology.SubTopologies[0].Stores[0];
        _vendorStores = [.. _topology.SubTopologies[1].Stores];
    }

    /// <summary>What the log last compared held: so that a run shows that there was something to compare.</summary>
    public (int Alerts, int Chargebacks, int Corrections) Seen { get; private set; }

    /// <summary>The topics that it reads.</summary>
    public IEnumerable<string> AllTopics =>
    [
        Topics.Scans, Topics.Dispositions, Topics.Heartbeats, Journal, Topics.VendorWindows, Topics.VendorAlerts, Topics.Chargebacks,
        .. _vendorStores.Append(_units).Select(_topology.ChangelogOf),
    ];

    /// <summary>Takes in what the journal holds by now, before heartbeats come.</summary>
    public void TakeJournal(CommittedLog log) => _expected.Take(log[Journal]);

    /// <summary>Takes in the rest of a round's input, once all of it is in the topics.</summary>
    public void Take(CommittedLog log)
    {
        _expected.Take(log[Topics.Heartbeats]);
        _expected.Take(log[Journal]);
    }

    public void Compare(CommittedLog log, Batch batch, Differences differences)
    {
        var journal = Decoded<VendorUnit>(log[Journal]).GroupBy(u => u.Lpn.ToString()).ToDictionary(g => g.Key, g => g.ToList());
        CompareUnits(log, batch, journal, differences);
        foreach (var (lpn, records) in journal)
        {
            CompareRecords(lpn, records, differences);
        }
        CompareUnitStore(log, journal, differences);
        CompareBytes(log, Topics.VendorAlerts, differences);
        CompareBytes(log, Topics.Chargebacks, differences);
        CompareAlternation(log, differences);
        CompareWindows(log, differences);
        foreach (var store in _vendorStores)
        {
            _expected.CompareStore(log, store, _ => false, differences);
        }
        var documents = Audit(log, differences);
        Seen = (log[Topics.VendorAlerts].Count, documents.Count(d => d.Kind == DocumentKind.Chargeback), documents.Count(d => d.Kind == DocumentKind.Correction));
    }

    /// <summary>How each unit of the round counts in the end, by a fold over its scans and decisions.</summary>
    private void CompareUnits(CommittedLog log, Batch batch, Dictionary<string, List<VendorUnit>> journal, Differences differences)
    {
        var findings = new Dictionary<string, FindingList>();
        foreach (var scan in Decoded<ItemScan>(log[Topics.Scans], s => s.Lpn.ToString()).Where(s => !s.QualitySample && batch.Units.Contains(s.Lpn.ToString())))
        {
            var lpn = scan.Lpn.ToString();
            if (!findings.TryGetValue(lpn, out var list))
            {
                findings.Add(lpn, list = new FindingList());
            }
            var stamp = new ObservationStamp(scan.ScannedAt, ObservationStamp.ScannerOf(scan.Facility.Span, scan.Station.Span), scan.Sequence);
            foreach (var finding in scan.Findings)
            {
                list.Observe(new Observation(CriterionKey.Of(finding.Criterion.Span), finding.Value, stamp));
            }
        }
        var decisions = new Dictionary<string, ItemRouted>();
        foreach (var decision in Decoded<ItemRouted>(log[Topics.Dispositions]))
        {
            var lpn = decision.Lpn.ToString();
            if (!decisions.TryGetValue(lpn, out var known) || decision.Revision > known.Revision || decision.RoutedAt > known.RoutedAt)
            {
                decisions[lpn] = decision;
            }
        }
        foreach (var lpn in batch.Units)
        {
            var wanted = decisions.TryGetValue(lpn, out var decision) && AgreementFor(decision) is { } agreement
                ? Text(decision.Vendor!.Value, agreement.Id, agreement.Assess(
                    new UnitFacts(decision.ReturnReason ?? ReturnReason.Unspecified,
                        decision.Grade is { } name && GradeCode.TryParse(name.Span, out var grade) ? grade : default, decision.RaNumber is { IsEmpty: false }, decision.Cost),
                    findings.GetValueOrDefault(lpn, new FindingList())))
                : "under no agreement";
            var found = journal.GetValueOrDefault(lpn)?[^1] is { Standing: { } standing } last ? Text(last.Vendor, standing.AgreementId, Standing.Of(standing)) : "under no agreement";
            if (wanted != found)
            {
                differences.Add("how a unit counts", lpn, wanted, found);
            }
        }
    }

    private Agreement? AgreementFor(ItemRouted decision) => decision.Vendor is { IsEmpty: false } vendor
        ? _rules.Find(decision.Program.Span)?.Vendors.AgreementsWith(vendor.Span).At(decision.IntakeAt)
        : null;

    /// <summary>A unit that was charged is charged again only after that is taken back: record by record, of one vendor and the next.</summary>
    private static void CompareRecords(string lpn, List<VendorUnit> records, Differences differences)
    {
        // The same unit's records may lie in two partitions, where its vendor has changed: its revisions are what orders them.
        records.Sort((a, b) => a.Revision.CompareTo(b.Revision));
        var (counts, revision) = ("nothing", 0);
        foreach (var record in records)
        {
            // A unit without charges is forgotten, and begins anew.
            var anew = record.Revision == 1;
            var takenBack = record.Previous is { } previous ? Text(record.Vendor, previous.AgreementId, Standing.Of(previous)) : "nothing";
            if (!anew && (record.Revision != revision + 1 || takenBack != counts))
            {
                differences.Add(Journal, string.Create(CultureInfo.InvariantCulture, $"{lpn}, revision {record.Revision}"),
                    string.Create(CultureInfo.InvariantCulture, $"revision {revision + 1}, which takes back {counts}"), $"one that takes back {takenBack}");
                return;
            }
            revision = record.Revision;
            counts = record.Standing is { } standing ? Text(record.Vendor, standing.AgreementId, Standing.Of(standing)) : "nothing";
        }
    }

    /// <summary>What is known of a unit says that it counts as the journal's last record says: they were committed together.</summary>
    private void CompareUnitStore(CommittedLog log, Dictionary<string, List<VendorUnit>> journal, Differences differences)
    {
        var topic = _topology.ChangelogOf(_units);
        var decoder = new WireDecoder<VendorUnit>(LocalSchemaIds.BuiltIn, Journal);
        foreach (var partition in log[topic].GroupBy(r => r.Partition))
        {
            var rebuilt = new KeyValueStore(_units.Name);
            foreach (var change in partition)
            {
                rebuilt.Restore(change.Key, change.Value, change.Value is not null);
            }
            rebuilt.ForEach((key, value) =>
            {
                var unit = new VendorUnit();
                var lpn = ExpectedTopics.Text(key.ToArray());
                if (!decoder.TryDecode(value, unit, out var error))
                {
                    differences.Add($"store {_units.Name} from {topic}", lpn, "a unit", $"bytes that are none: {error}");
                    return;
                }
                var wanted = journal.GetValueOrDefault(lpn)?[^1] is { } last ? $"revision {last.Revision}: {TextOf(last)}" : "revision 0: nothing";
                var found = $"revision {unit.Revision}: {TextOf(unit)}";
                if (wanted != found && unit.Revision > 0)
                {
                    differences.Add($"store {_units.Name} from {topic}", lpn, wanted, found);
                }
            });
        }
    }

    private void CompareBytes(CommittedLog log, string topic, Differences differences)
    {
        var (expected, found) = (_expected.Of(topic), ByKey(log[topic]));
        foreach (var key in expected.Keys.Union(found.Keys))
        {
            ExpectedTopics.Sequence(topic, key, expected.GetValueOrDefault(key, []), found.GetValueOrDefault(key, []), v => v is null ? "a tombstone" : Convert.ToHexString(v), differences);
        }
    }

    /// <summary>An alert is raised once, then cleared once.</summary>
    private static void CompareAlternation(CommittedLog log, Differences differences)
    {
        foreach (var alert in Decoded<VendorAlert>(log[Topics.VendorAlerts]).GroupBy(a => $"{a.Program}|{a.Vendor}, {a.AgreementId}, {a.Measure}"))
        {
            var states = alert.Select(a => a.State).ToList();
            if (states.Where((state, i) => state != (i % 2 == 0 ? AlertState.Raised : AlertState.Cleared)).Any())
            {
                differences.Add(Topics.VendorAlerts, alert.Key, "raised, cleared, raised and so on", string.Join(", ", states));
            }
        }
    }

    /// <summary>
    /// Final figures and corrections: equal, in order. Early ones come at commits: each is one that the undisturbed run passed
    /// through, and they come in its order; the end of a rate's window, which moves with time, is left out.
    /// </summary>
    private void CompareWindows(CommittedLog log, Differences differences)
    {
        var expected = Figures(_expected.Of(Topics.VendorWindows).SelectMany(k => k.Value));
        var found = Figures(log[Topics.VendorWindows].Select(r => r.Value));
        foreach (var window in expected.Keys.Union(found.Keys))
        {
            var (all, some) = (expected.GetValueOrDefault(window, []), found.GetValueOrDefault(window, []));
            ExpectedTopics.Sequence(Topics.VendorWindows, window, [.. all.Where(f => !f.Early)], [.. some.Where(f => !f.Early)], f => f.Text, differences);
            var passed = 0;
            foreach (var early in some.Where(f => f.Early))
            {
                var at = all.FindIndex(passed, f => f == early);
                if (at < 0)
                {
                    differences.Add(Topics.VendorWindows, window, "an early figure that it passed through", early.Text);
                    break;
                }
                // Two commits may find the same totals: what counts is that they never go back.
                passed = at;
            }
        }
    }

    private static Dictionary<string, List<(bool Early, string Text)>> Figures(IEnumerable<byte[]?> values)
    {
        var windows = new Dictionary<string, List<(bool, string)>>();
        var decoder = new WireDecoder<VendorWindow>();
        foreach (var value in values)
        {
            var window = new VendorWindow();
            if (!decoder.TryDecode(value, window, out var error))
            {
                throw new InvalidDataException($"a record of {Topics.VendorWindows} cannot be read: {error}");
            }
            var of = string.Create(CultureInfo.InvariantCulture, $"{window.Program}|{window.Vendor}, {window.AgreementId}, {window.Kind}{(window.Kind == VendorWindowKind.Billing ? $" from {window.Start} to {window.End}" : "")}");
            ExpectedTopics.Append(windows, of, (window.Figure == FigureKind.Early, string.Create(CultureInfo.InvariantCulture,
                $"{window.Figure} {window.Revision}: {window.Figures.Units} units, {window.Figures.Defects} defects, {window.Figures.Value} {window.Figures.DefectValue} {window.Currency}")));
        }
        return windows;
    }

    /// <summary>Recomputes every document from the journal, the scans and the decisions.</summary>
    private static List<Chargeback> Audit(CommittedLog log, Differences differences)
    {
        var audit = new ChargebackAudit(LocalSchemaIds.BuiltIn);
        var documents = Decoded<Chargeback>(log[Topics.Chargebacks]).ToList();
        foreach (var document in documents)
        {
            audit.Document(document);
        }
        foreach (var record in log[Journal])
        {
            audit.Journal(record.Partition, record.Offset, record.Value);
        }
        foreach (var record in log[Topics.Scans])
        {
            audit.Scan(record.Partition, record.Offset, record.Value);
        }
        foreach (var record in log[Topics.Dispositions])
        {
            audit.Disposition(record.Partition, record.Offset, record.Value);
        }
        foreach (var finding in audit.Finish())
        {
            differences.Add("audit", finding.Subject, "nothing", finding.Problem);
        }
        return documents;
    }

    private static string TextOf(VendorUnit unit) => unit.Standing is { } standing ? Text(unit.Vendor, standing.AgreementId, Standing.Of(standing)) : "nothing";

    private static string Text(Utf8 vendor, Utf8 agreement, Standing standing)
    {
        var charges = new List<string>();
        for (var kind = default(ChargeKind); kind < ChargeKind.Other; kind++)
        {
            if (standing.Charges.Of(kind) is var amount and not 0)
            {
                charges.Add(string.Create(CultureInfo.InvariantCulture, $"{kind} {amount:0.0000}"));
            }
        }
        var violations = Enum.GetValues<Violation>().Where(v => v != Violation.Other && standing.Violations.Contains(v));
        return string.Create(CultureInfo.InvariantCulture, $"{vendor} {agreement} worth {standing.Value:0.0000}: {string.Join(", ", violations)}; {string.Join(", ", charges)}");
    }

    private static Dictionary<string, List<byte[]?>> ByKey(IReadOnlyList<CommittedRecord> records)
    {
        var byKey = new Dictionary<string, List<byte[]?>>();
        foreach (var record in records)
        {
            ExpectedTopics.Append(byKey, ExpectedTopics.Text(record.Key), record.Value);
        }
        return byKey;
    }

    private static IEnumerable<T> Decoded<T>(IReadOnlyList<CommittedRecord> records, Func<T, string>? key = null) where T : class, IAvroRecord<T>, new()
    {
        var decoder = new WireDecoder<T>();
        foreach (var record in records)
        {
            var decoded = new T();
            if (record.Value is not null && decoder.TryDecode(record.Value, decoded, out _) && (key is null || key(decoded) == ExpectedTopics.Text(record.Key)))
            {
                yield return decoded;
            }
        }
    }
}
