using System.Security.Cryptography;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Compliance;
using Returns.Domain.Grading;

namespace Returns.Topologies.Compliance.Audit;

/// <summary>
/// Recomputes documents from what they rest on, and says what differs: hashes and the chain of each vendor, every figure from the
/// journal, every unit from its facts and terms, and the facts from the raw scans and decisions as far as their topics still
/// hold them.
/// </summary>
/// <remarks>
/// In this order: <see cref="Retain"/>, <see cref="Document(int, long, ReadOnlySpan{byte})"/> in the order of their topic's partitions, <see cref="Journal"/>
/// partition by partition from its beginning, <see cref="Scan"/> and <see cref="Disposition"/> in any order, <see cref="Finish"/>.
/// Kept in memory are the documents, the windows, and the places of raw records that are still held. For one thread.
/// </remarks>
public sealed class ChargebackAudit
{
    private readonly WireDecoder<Chargeback> _documentDecoder;
    private readonly WireDecoder<VendorUnit> _units;
    private readonly WireDecoder<ItemScan> _scanDecoder;
    private readonly WireDecoder<ItemRouted> _decisionDecoder;
    private readonly VendorUnit _unit = new();
    private readonly ItemScan _scan = new();
    private readonly ItemRouted _decision = new();
    private readonly FindingList _findings = new();
    private readonly byte[] _hash = new byte[32];
    private readonly Dictionary<(string Vendor, string Agreement, long Start), AuditedWindow> _windows = [];
    private readonly Dictionary<string, Agreement> _agreements = [];
    private readonly Dictionary<string, Chargeback> _last = [];
    private readonly Dictionary<(string Topic, int Partition), long> _retained = [];
    private readonly Dictionary<(int Partition, long Offset), ExpectedScan> _scans = [];
    private readonly Dictionary<(int Partition, long Offset), ExpectedDecision> _decisions = [];
    private readonly Dictionary<int, Reach> _reach = [];
    private readonly List<AuditFinding> _problems = [];
    private readonly int _origins;
    private readonly long _settledBefore;

    private sealed record ExpectedScan(string Lpn, string Hash, List<(Utf8 Criterion, double Value, Utf8? Evidence)> Findings);

    private sealed record ExpectedDecision(string Lpn, Utf8 Vendor, Utf8? Grade, ReturnReason? Reason, Utf8? RaNumber, Money? Cost, long ReceivedAt);

    private sealed class Reach
    {
        public Dictionary<int, long> Origins { get; } = [];

        /// <summary>As of the record before the last: what that time closed had its documents sent with the last one.</summary>
        public long Time { get; set; } = long.MinValue;

        /// <summary>The same, by records alone that are older than <see cref="IdleFor"/>.</summary>
        public long SettledTime { get; set; } = long.MinValue;

        public long Next { get; set; }
    }

    /// <summary>
    /// How long after a record of the journal compliance surely goes by the partitions of the scans that it has heard of alone, the
    /// others being idle: twice <see cref="ComplianceTopology.DefaultIdleAfter"/>, and as much again for a start.
    /// </summary>
    private static readonly TimeSpan IdleFor = 4 * ComplianceTopology.DefaultIdleAfter;

    /// <summary>Begins an audit.</summary>
    /// <param name="schemas">Where schema ids come from.</param>
    /// <param name="origins">Partitions of returns.scans. While the journal has not heard of all of them, a document may not be due yet that
    /// the newest records make due, because compliance still waits for the others.</param>
    /// <param name="now">When this is, in milliseconds since the epoch, by the clock of the journal's timestamps.</param>
    public ChargebackAudit(ISchemaIds schemas, int origins, long now)
    {
        ArgumentNullException.ThrowIfNull(schemas);
        ArgumentOutOfRangeException.ThrowIfLessThan(origins, 1);
        (_origins, _settledBefore) = (origins, now - (long)IdleFor.TotalMilliseconds);
        _documentDecoder = new WireDecoder<Chargeback>(schemas, Topics.Chargebacks);
        _units = new WireDecoder<VendorUnit>(schemas, Topics.VendorUnits);
        _scanDecoder = new WireDecoder<ItemScan>(schemas, Topics.Scans);
        _decisionDecoder = new WireDecoder<ItemRouted>(schemas, Topics.Dispositions);
    }

    /// <summary>Documents looked at.</summary>
    public int Documents { get; private set; }

    /// <summary>Records of the journal looked at.</summary>
    public long JournalRecords { get; private set; }

    /// <summary>Raw scans and decisions that were compared.</summary>
    public long RawRecords { get; private set; }

    /// <summary>Raw scans and decisions that their topics hold no more: the journal's hash of them stands alone.</summary>
    public long Expired { get; private set; }

    /// <summary>The first offset that a topic of raw records still holds in a partition; a partition that is not named holds all.</summary>
    public void Retain(string topic, int partition, long firstOffset) => _retained[(topic, partition)] = firstOffset;

    /// <summary>A record of returns.chargebacks. One that cannot be decoded is reported, and is a document that is missing.</summary>
    public void Document(int partition, long offset, ReadOnlySpan<byte> value)
    {
        var document = new Chargeback();
        if (!_documentDecoder.TryDecode(value, document, out var error))
        {
            Documents++;
            _problems.Add(new AuditFinding(Place(Topics.Chargebacks, partition, offset), $"it cannot be decoded: {error}"));
            return;
        }
        Document(document);
    }

    /// <summary>A document, which is kept: it is not to be used again.</summary>
    public void Document(Chargeback document)
    {
        ArgumentNullException.ThrowIfNull(document);
        Documents++;
        var vendor = $"{document.Program}|{document.Vendor}";
        foreach (var problem in DocumentSeal.Check(document, _last.GetValueOrDefault(vendor)))
        {
            Report(document, problem);
        }
        _last[vendor] = document;
        var agreement = AgreementOf(document.Terms);
        var key = (vendor, agreement.Id.ToString(), document.WindowStart);
        if (!_windows.TryGetValue(key, out var window))
        {
            var (start, end) = agreement.BillingWindow(document.WindowStart);
            _windows.Add(key, window = new AuditedWindow(agreement, start, end));
        }
        window.Add(document);
    }

    /// <summary>A record of the journal, and when it was written, in milliseconds since the epoch.</summary>
    public void Journal(int partition, long offset, ReadOnlySpan<byte> value, long writtenAt)
    {
        JournalRecords++;
        if (!_units.TryDecode(value, _unit, out var error))
        {
            _problems.Add(new AuditFinding(Place(Topics.VendorUnits, partition, offset), $"it cannot be decoded: {error}"));
            return;
        }
        var reach = Advance(partition, writtenAt);
        CheckStanding(partition, offset);
        SHA256.HashData(value, _hash);
        var before = _unit.Previous is { } previous ? Window(previous) : null;
        var now = _unit.Standing is { } standing ? Window(standing) : null;
        if (before is not null && before == now)
        {
            now.Count(offset, _hash, Standing.Of(_unit.Previous!), Standing.Of(_unit.Standing!), reach, Report);
        }
        else
        {
            before?.Count(offset, _hash, Standing.Of(_unit.Previous!), null, reach, Report);
            now?.Count(offset, _hash, null, Standing.Of(_unit.Standing!), reach, Report);
        }
        Expect();
    }

    /// <summary>A record of returns.scans.</summary>
    public void Scan(int partition, long offset, ReadOnlySpan<byte> value)
    {
        if (!_scans.Remove((partition, offset), out var expected))
        {
            return;
        }
        RawRecords++;
        var place = Place(Topics.Scans, partition, offset);
        var hash = Convert.ToHexStringLower(SHA256.HashData(value));
        if (hash != expected.Hash)
        {
            _problems.Add(new AuditFinding(place, $"the scan of unit '{expected.Lpn}' has the hash {hash}, and the journal says {expected.Hash}: it was edited"));
            return;
        }
        if (!_scanDecoder.TryDecode(value, _scan, out var error))
        {
            _problems.Add(new AuditFinding(place, $"the scan of unit '{expected.Lpn}' cannot be decoded: {error}"));
            return;
        }
        foreach (var (criterion, said, evidence) in expected.Findings)
        {
            if (!_scan.Findings.Any(f => f.Criterion == criterion && f.Value.Equals(said) && f.Evidence == evidence))
            {
                _problems.Add(new AuditFinding(place, FormattableString.Invariant($"unit '{expected.Lpn}' is said to have '{criterion}' {said} by this scan, which does not say so")));
            }
        }
    }

    /// <summary>A record of returns.dispositions.</summary>
    public void Disposition(int partition, long offset, ReadOnlySpan<byte> value)
    {
        if (!_decisions.Remove((partition, offset), out var expected))
        {
            return;
        }
        RawRecords++;
        var place = Place(Topics.Dispositions, partition, offset);
        if (!_decisionDecoder.TryDecode(value, _decision, out var error))
        {
            _problems.Add(new AuditFinding(place, $"the decision on unit '{expected.Lpn}' cannot be decoded: {error}"));
            return;
        }
        Compare("lpn", expected.Lpn, _decision.Lpn.ToString());
        Compare("vendor", expected.Vendor.ToString(), _decision.Vendor?.ToString());
        Compare("grade", expected.Grade?.ToString(), _decision.Grade?.ToString());
        Compare("reason", expected.Reason?.ToSymbol(), _decision.ReturnReason?.ToSymbol());
        Compare("return authorization", expected.RaNumber?.ToString(), _decision.RaNumber?.ToString());
        Compare("cost", expected.Cost?.ToString(), _decision.Cost?.ToString());
        Compare("receipt", FormattableString.Invariant($"{expected.ReceivedAt}"), FormattableString.Invariant($"{_decision.IntakeAt}"));

        void Compare(string what, string? said, string? found)
        {
            if (said != found)
            {
                _problems.Add(new AuditFinding(place, $"unit '{expected.Lpn}' is said to have the {what} '{said}', and the decision says '{found}'"));
            }
        }
    }

    /// <summary>Everything was read: what differs, in no particular order; nothing where all is as the documents say.</summary>
    public IReadOnlyList<AuditFinding> Finish()
    {
        foreach (var ((vendor, agreement, start), window) in _windows)
        {
            window.End(Report);
            // Windows of a partition whose time nobody can tell are let be.
            var reached = _reach.Values.Select(r => r.Origins.Count < _origins ? r.SettledTime : r.Time).DefaultIfEmpty(long.MinValue).Min();
            if (window.Open() is { } open && reached > Math.Max(window.Close, window.ChangedAt + window.Agreement.Grace))
            {
                _problems.Add(new AuditFinding($"{vendor}, agreement {agreement}, window from {DateTimeOffset.FromUnixTimeMilliseconds(start):yyyy-MM-dd HH:mm}",
                    FormattableString.Invariant($"{open} {window.Agreement.Currency} of what is due is in no document: one is missing")));
            }
        }
        _problems.AddRange(_scans.Select(s => new AuditFinding(Place(Topics.Scans, s.Key.Partition, s.Key.Offset), $"the scan of unit '{s.Value.Lpn}' is missing")));
        _problems.AddRange(_decisions.Select(d => new AuditFinding(Place(Topics.Dispositions, d.Key.Partition, d.Key.Offset), $"the decision on unit '{d.Value.Lpn}' is missing")));
        return _problems;
    }

    /// <summary>How far time had come with the record before; it goes with the slowest origin.</summary>
    private long Advance(int partition, long writtenAt)
    {
        if (!_reach.TryGetValue(partition, out var reach))
        {
            _reach.Add(partition, reach = new Reach());
        }
        reach.Time = reach.Next;
        if (writtenAt <= _settledBefore)
        {
            reach.SettledTime = reach.Next;
        }
        reach.Origins[_unit.OriginPartition] = Math.Max(_unit.OriginTime, reach.Origins.GetValueOrDefault(_unit.OriginPartition, long.MinValue));
        reach.Next = reach.Origins.Values.Min();
        return reach.Next;
    }

    private AuditedWindow? Window(UnitStanding standing)
    {
        var vendor = $"{_unit.Program}|{_unit.Vendor}";
        var id = standing.AgreementId.ToString();
        var agreement = _unit.Terms is { } terms && _unit.Standing?.AgreementId == standing.AgreementId
            ? AgreementOf(terms)
            : _agreements.GetValueOrDefault(id);
        if (agreement is null)
        {
            return null;
        }
        var (start, end) = agreement.BillingWindow(standing.ReceivedAt);
        if (!_windows.TryGetValue((vendor, id, start), out var window))
        {
            _windows.Add((vendor, id, start), window = new AuditedWindow(agreement, start, end));
        }
        return window;
    }

    /// <summary>The agreement that terms say, made once for each id they give themselves: the hashes show where they lie.</summary>
    private Agreement AgreementOf(AgreementTerms terms)
    {
        var id = terms.Id.ToString();
        if (!_agreements.TryGetValue(id, out var agreement))
        {
            _agreements.Add(id, agreement = new Agreement(terms));
        }
        return agreement;
    }

    /// <summary>Assesses the unit anew.</summary>
    private void CheckStanding(int partition, long offset)
    {
        if (_unit.Standing is not { } standing || _unit.Terms is not { } terms)
        {
            return;
        }
        _findings.Clear();
        foreach (var finding in _unit.Findings)
        {
            _findings.Observe(new Observation(CriterionKey.Of(finding.Criterion.Span), finding.Value, default));
        }
        var grade = _unit.Grade is { } name && GradeCode.TryParse(name.Span, out var code) ? code : default;
        var facts = new UnitFacts(_unit.ReturnReason ?? ReturnReason.Unspecified, grade, _unit.RaNumber is { IsEmpty: false }, _unit.Cost);
        var agreement = AgreementOf(terms);
        var found = agreement.Assess(facts, _findings);
        var said = Standing.Of(standing);
        var same = agreement.Id == standing.AgreementId && found.Violations == said.Violations && found.Value == said.Value && standing.ReceivedAt == _unit.ReceivedAt;
        for (var kind = default(ChargeKind); kind < ChargeKind.Other; kind++)
        {
            same &= found.Charges.Of(kind) == said.Charges.Of(kind);
        }
        if (!same)
        {
            _problems.Add(new AuditFinding(Place(Topics.VendorUnits, partition, offset), $"unit '{_unit.Lpn}' does not count as its facts and terms say"));
        }
    }

    private void Expect()
    {
        var origin = _unit.OriginPartition;
        for (var i = 0; i < _unit.Scans.Count; i++)
        {
            var scan = _unit.Scans[i];
            if (IsExpired(Topics.Scans, scan.Partition, scan.Offset))
            {
                continue;
            }
            _scans[(scan.Partition, scan.Offset)] = new ExpectedScan(_unit.Lpn.ToString(), scan.ContentHash.ToString(),
                [.. _unit.Findings.Where(f => f.Scan == i).Select(f => (f.Criterion.Copy(), f.Value, f.Evidence?.Copy()))]);
        }
        if (_unit.Standing is not null && !IsExpired(Topics.Dispositions, origin, _unit.DispositionOffset))
        {
            _decisions[(origin, _unit.DispositionOffset)] = new ExpectedDecision(_unit.Lpn.ToString(), _unit.Vendor.Copy(), _unit.Grade?.Copy(), _unit.ReturnReason,
                _unit.RaNumber?.Copy(), _unit.Cost, _unit.ReceivedAt);
        }
    }

    private bool IsExpired(string topic, int partition, long offset)
    {
        var expired = offset < _retained.GetValueOrDefault((topic, partition));
        Expired += expired ? 1 : 0;
        return expired;
    }

    private void Report(Chargeback document, string problem) => _problems.Add(new AuditFinding(document.DocumentId.ToString(), problem));

    private static string Place(string topic, int partition, long offset) => FormattableString.Invariant($"{topic} [{partition}] @{offset}");
}
