using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.Chaos.Feed;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Rules;
using Returns.Streams;
using Returns.Topologies.Compliance;
using Returns.Topologies.Compliance.Audit;

namespace Returns.Chaos.Oracle;

/// <summary>
/// What compliance must have made of its input. How a unit counts in the end follows from its scans and decisions, which a plain
/// fold says (<see cref="StandingFold"/>); on the way there, how often the journal says something new of it depends on when a
/// scan is processed beside a decision. All figures, alerts and documents follow from the journal alone: they are those of an
/// undisturbed run over the journal that there is.
/// </summary>
internal sealed class ComplianceOracle
{
    private static readonly string[] UnitInputs = [Topics.Rules, Topics.Scans, Topics.Dispositions];

    /// <summary>Of long ago: it makes what is due be woken, and moves no time.</summary>
    private static readonly byte[] Heartbeat = new WireEncoder<StationHeartbeat>().Encode(new StationHeartbeat { Facility = "all", Station = "oracle", At = Batch.DecidedAt }).ToArray();

    private readonly Topology _topology;
    private readonly ExpectedTopics _units;
    private readonly ExpectedTopics _vendors;
    private readonly StandingFold _fold;

    public ComplianceOracle(RuleBook rules, int partitions)
    {
        _topology = ComplianceTopology.Build(LocalSchemaIds.BuiltIn, partitions, Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()), NullLogger.Instance, TimeSpan.FromDays(1));
        (_units, _vendors, _fold) = (new ExpectedTopics(_topology, partitions), new ExpectedTopics(_topology, partitions), new StandingFold(rules));
    }

    /// <summary>What the topics held when they were compared last: so that a run shows that there was something to compare.</summary>
    public (int Alerts, int Chargebacks, int Corrections) Seen { get; private set; }

    /// <summary>The topics that it reads.</summary>
    public IEnumerable<string> AllTopics =>
        [.. UnitInputs, Topics.VendorUnits, Topics.VendorWindows, Topics.VendorAlerts, Topics.Chargebacks, .. _topology.SubTopologies.SelectMany(s => s.Stores).Select(_topology.ChangelogOf)];

    /// <summary>Takes in a round's input, once all of it is in the topics: scans and decisions in the order in which they came to
    /// the broker, and the journal as it stands, what each record made due being woken before the next.</summary>
    public void Take(CommittedLog log)
    {
        _units.Take(log[Topics.Rules]);
        _units.Take(log.AsItCame(Topics.Scans, Topics.Dispositions));
        _vendors.Take([.. log[Topics.VendorUnits].SelectMany(r => new[] { r, r with { Topic = Topics.Heartbeats, Value = Heartbeat } })]);
    }

    public void Compare(CommittedLog log, Batch batch, Differences differences)
    {
        CompareSequences(Topics.VendorAlerts, log, differences);
        CompareSequences(Topics.Chargebacks, log, differences);
        CompareWindows(log, differences);
        var stores = _topology.SubTopologies.SelectMany(s => s.Stores).ToList();
        _units.CompareStore(log, stores[0], _ => false, differences, UnitText);
        _vendors.CompareStore(log, stores[1], _ => false, differences);
        _vendors.CompareStore(log, stores[2], _ => false, differences);
        var (alerts, documents) = (log.Decoded<VendorAlert>(Topics.VendorAlerts).ToList(), log.Decoded<Chargeback>(Topics.Chargebacks).ToList());
        CompareAlternation(alerts, differences);
        _fold.Compare(log, batch, documents, differences);
        Audit(log, documents, differences);
        Seen = (alerts.Count, documents.Count(d => d.Kind == DocumentKind.Chargeback), documents.Count(d => d.Kind == DocumentKind.Correction));
    }

    private void CompareSequences(string topic, CommittedLog log, Differences differences)
    {
        var (expected, found) = (_vendors.Of(topic), ByKey(log[topic]));
        foreach (var key in expected.Keys.Union(found.Keys))
        {
            ExpectedTopics.Sequence(topic, key, expected.GetValueOrDefault(key, []), found.GetValueOrDefault(key, []), v => v is null ? "a tombstone" : $"{Name(topic, v)}: {Convert.ToHexString(v)}", differences);
        }
    }

    /// <summary>Final figures and corrections: equal, in order. Of early ones, which come at commits, each is one that the
    /// undisturbed run passed through, in its order, none comes behind the final one, and the last one is the figure now.</summary>
    private void CompareWindows(CommittedLog log, Differences differences)
    {
        var (expected, found) = (_vendors.Of(Topics.VendorWindows), ByKey(log[Topics.VendorWindows]));
        foreach (var key in expected.Keys.Union(found.Keys))
        {
            var (wanted, has) = (Figures(expected.GetValueOrDefault(key, [])), Figures(found.GetValueOrDefault(key, [])));
            ExpectedTopics.Sequence(Topics.VendorWindows, key, [.. wanted.Where(f => f.IsLate)], [.. has.Where(f => f.IsLate)], f => f.Bytes, differences);
            var passed = 0;
            foreach (var early in has.Where(f => !f.IsLate))
            {
                var at = wanted.FindIndex(passed, f => !f.IsLate && f.Figure == early.Figure);
                if (at < 0)
                {
                    differences.Add(Topics.VendorWindows, key, "an early figure that it passed through, in order", early.Figure);
                    break;
                }
                passed = at;
            }
            if (has.FindIndex(f => f.IsLate) is >= 0 and var final && has.FindLastIndex(f => !f.IsLate) > final)
            {
                differences.Add(Topics.VendorWindows, key, "no early figure behind the final one", string.Join("; ", has.Select(f => f.Figure)));
            }
            if (wanted.Count > 0 && !wanted.Exists(f => f.IsLate) && (has.Count == 0 || has[^1].Figure != wanted[^1].Figure))
            {
                differences.Add(Topics.VendorWindows, key, wanted[^1].Figure, has.Count == 0 ? "nothing" : has[^1].Figure);
            }
        }
    }

    /// <summary>Of an account and measure, an alert is raised, cleared under the same id, raised again under another one.</summary>
    private static void CompareAlternation(List<VendorAlert> alerts, Differences differences)
    {
        foreach (var account in alerts.GroupBy(a => $"{a.Program}|{a.Vendor}|{a.AgreementId}|{a.Measure}"))
        {
            var (raised, ids) = (default(string), new HashSet<string>());
            foreach (var alert in account)
            {
                var id = alert.AlertId.ToString();
                var right = alert.State == AlertState.Raised ? raised is null && ids.Add(id) : raised == id;
                if (!right)
                {
                    differences.Add(Topics.VendorAlerts, account.Key, raised is null ? "an alert to be raised that was not before" : $"{raised} to be cleared", $"{alert.State} {id}");
                    break;
                }
                raised = alert.State == AlertState.Raised ? id : null;
            }
        }
    }

    /// <summary>What <c>returns chargebacks verify</c> finds.</summary>
    private static void Audit(CommittedLog log, List<Chargeback> documents, Differences differences)
    {
        // The pipeline was waited for: what it had not heard of is idle.
        var audit = new ChargebackAudit(LocalSchemaIds.BuiltIn, 1, long.MaxValue);
        documents.ForEach(audit.Document);
        foreach (var record in log[Topics.VendorUnits])
        {
            audit.Journal(record.Partition, record.Offset, record.Value, writtenAt: 0);
        }
        foreach (var record in log[Topics.Scans].Where(r => r.Value is not null))
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
    }

    private static string Name(string topic, byte[] value)
    {
        var (alert, document) = (new VendorAlert(), new Chargeback());
        return topic == Topics.VendorAlerts
            ? new WireDecoder<VendorAlert>().TryDecode(value, alert, out _) ? $"{alert.AlertId} {alert.State} at {alert.At} by {FigureText(alert.Figures)}" : "unreadable"
            : new WireDecoder<Chargeback>().TryDecode(value, document, out _) ? $"{document.DocumentId}, number {document.Sequence}, {document.Total}, revision {document.Revision} of {document.WindowStart} at {document.IssuedAt}" : "unreadable";
    }

    /// <summary>A unit's state, without what tells the way there: when it was last touched, and how often something was said of it.</summary>
    private static string UnitText(byte[] value)
    {
        var unit = new VendorUnit();
        if (!new WireDecoder<VendorUnit>().TryDecode(value, unit, out var error))
        {
            return $"cannot be read: {error}";
        }
        (unit.OriginTime, unit.Revision) = (0, 0);
        return Convert.ToHexString(new WireEncoder<VendorUnit>().Encode(unit));
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

    private static List<(bool IsLate, string Figure, string Bytes)> Figures(List<byte[]?> values) => values.ConvertAll(value =>
    {
        var window = new VendorWindow();
        return new WireDecoder<VendorWindow>().TryDecode(value, window, out var error)
            ? (window.Figure != FigureKind.Early, FigureText(window.Figures), Convert.ToHexString(value!))
            : throw new InvalidDataException($"a figure cannot be read: {error}");
    });

    private static string FigureText(DefectFigures figures) => string.Create(CultureInfo.InvariantCulture,
        $"{figures.Units} units, {figures.Defects} defects, {figures.ValuedUnits} valued, {figures.Value} of value, {figures.DefectValue} of it defective");
}
