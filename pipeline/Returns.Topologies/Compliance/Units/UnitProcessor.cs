using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Compliance;
using Returns.Domain.Grading;
using Returns.Streams;
using Returns.Streams.State;
using Returns.Topologies.Rules;
using Returns.Topologies.Wire;

namespace Returns.Topologies.Compliance.Units;

/// <summary>
/// Keeps what is known of each unit with its evidence, assesses it by its vendor's agreement, and writes to the journal whenever
/// it counts otherwise than before. See README.md.
/// </summary>
internal sealed class UnitProcessor : Processor, IProcessor<Hashed<ItemScan>>, IProcessor<ItemRouted>
{
    private const long Day = 86_400_000;

    /// <summary>As long as triage waits for an undecided unit, or for an operator, at most.</summary>
    internal const long KeepUndecided = 30 * Day;

    /// <summary>As long as triage knows a decided unit, and its scans are in their topic.</summary>
    internal const long KeepDecided = 7 * Day;

    /// <summary>How long a unit that was charged for is known, so that it is not charged for twice, and can be credited: longer than
    /// any billing window takes corrections.</summary>
    internal const long KeepCharged = 800 * Day;

    /// <summary>In a state, in place of the partition, which a state is never outside of: the unit is kept for what it was charged
    /// alone. A scan that comes then is one of those that were told of, or cannot be told from them: it would count as all there is to know of
    /// the unit. A unit whose decision came before its scans is another thing.</summary>
    private const int WithoutEvidence = -1;

    private readonly KeyValueStore _units;
    private readonly RulesTable _rules;
    private readonly Output<VendorUnit> _journal;
    private readonly ComplianceTally _tally;
    private readonly WireDecoder<VendorUnit> _decoder;
    private readonly WireEncoder<VendorUnit> _encoder;
    private readonly VendorUnit _unit = new();
    private readonly UnitEvidence _evidence = new();
    private readonly FindingList _findings = new();
    private readonly UnitStanding _assessed = new();
    private readonly VendorKey _key = new();
    private byte[] _lpn = new byte[128];

    public UnitProcessor(ProcessorContext context, ComplianceParts parts, ISchemaIds schemas, ComplianceMetrics metrics) : base(context)
    {
        _units = context.Store(parts.Units);
        _rules = context.Table(parts.Rules);
        _journal = context.Output(parts.Journal);
        _tally = new ComplianceTally(metrics);
        _decoder = new WireDecoder<VendorUnit>(schemas, Topics.VendorUnits);
        _encoder = new WireEncoder<VendorUnit>(schemas, Topics.VendorUnits);
    }

    /// <summary>Late ones too: a finding that comes after the decision may break what was agreed.</summary>
    public void Process(Hashed<ItemScan> message)
    {
        if (!message.IsUsable)
        {
            return;
        }
        var lpn = Context.Key;
        Load(lpn);
        if (_unit.OriginPartition == WithoutEvidence || !_evidence.Add(message, Context.Partition, Context.Offset))
        {
            return;
        }
        _evidence.Write(_unit);
        if (_unit.DecisionRevision > 0)
        {
            Assess(_unit.Vendor);
        }
        else
        {
            _unit.Program = message.Event.Program;
            _unit.Origin = message.Event.Origin;
        }
        Save(lpn);
    }

    public void Process(ItemRouted message)
    {
        var lpn = Context.Key;
        Load(lpn);
        // Triage numbers anew a unit that it had forgotten.
        if (message.Revision <= _unit.DecisionRevision && message.RoutedAt <= _unit.DecidedAt)
        {
            return;
        }
        var vendorBefore = _unit.Vendor;
        _unit.Program = message.Program;
        _unit.Vendor = message.Vendor ?? default;
        _unit.Facility = message.Facility;
        _unit.Sku = message.Sku;
        _unit.Category = message.Category;
        _unit.Grade = message.Grade;
        _unit.ReturnReason = message.ReturnReason;
        _unit.RaNumber = message.RaNumber;
        _unit.Disposition = message.Disposition;
        _unit.ReceivedAt = message.IntakeAt;
        _unit.Cost = message.Cost;
        _unit.DecisionRevision = message.Revision;
        _unit.DecidedAt = message.RoutedAt;
        _unit.RuleVersion = message.RuleVersion;
        _unit.DispositionOffset = Context.Offset;
        _unit.Origin = message.Origin;
        Assess(vendorBefore);
        Save(lpn);
    }

    /// <inheritdoc/>
    public override void Wake(KeyValueStore store, ReadOnlySpan<byte> key, long due)
    {
        Load(key);
        if (_unit.Standing is not { } standing || (standing.Violations.Count == 0 && standing.Charges.Count == 0)
            || Context.StreamTime >= _unit.OriginTime + KeepCharged)
        {
            _units.Delete(key);
            return;
        }
        // The evidence is in the journal, and the scans are gone from their topic. But what a unit is charged for by its findings
        // must not be given back because a later scan is silent of them.
        if (!standing.Violations.Contains(Violation.Packaging))
        {
            _unit.Scans.Clear();
            _unit.Findings.Clear();
            _unit.OriginPartition = WithoutEvidence;
        }
        _units.Put(key, _encoder.Encode(_unit), _unit.OriginTime + KeepCharged);
    }

    /// <inheritdoc/>
    public override void Ready() => _tally.Drop();

    /// <inheritdoc/>
    public override void Committing() => _tally.Publish();

    private void Load(ReadOnlySpan<byte> lpn)
    {
        if (!_units.TryGet(lpn, out var state))
        {
            _unit.Clear();
            if (lpn.Length > _lpn.Length)
            {
                _lpn = new byte[lpn.Length];
            }
            lpn.CopyTo(_lpn);
            _unit.Lpn = new Utf8(_lpn, 0, lpn.Length);
        }
        else if (!_decoder.TryDecode(state, _unit, out var error))
        {
            throw new InvalidDataException($"a unit's state cannot be read: {error}");
        }
        _evidence.Read(_unit);
    }

    private void Save(ReadOnlySpan<byte> lpn)
    {
        _unit.OriginTime = Context.StreamTime;
        var decided = _unit.DecisionRevision > 0 && _unit.Disposition != Disposition.ManualReview;
        _units.Put(lpn, _encoder.Encode(_unit), Context.StreamTime + (decided ? KeepDecided : KeepUndecided));
    }

    /// <summary>Finds how the unit counts now, and says so if that is news.</summary>
    private void Assess(Utf8 vendorBefore)
    {
        if (_rules.Find(_unit.Program.Span) is not { } rules)
        {
            // Rules that are missing, as after a restart between two that belong together, end no agreement.
            _tally.WithoutAgreement();
            return;
        }
        var vendor = _unit.Vendor;
        var agreement = vendor.IsEmpty ? null : rules.Vendors.AgreementsWith(vendor.Span).At(_unit.ReceivedAt);
        if (_unit.Standing is not null && (agreement is null || vendor != vendorBefore))
        {
            _unit.Vendor = vendorBefore;
            TakeBack();
            _tally.Withdrawn();
            _unit.Standing = null;
            Say();
            _unit.Vendor = vendor;
        }
        if (agreement is null)
        {
            _tally.WithoutAgreement();
            return;
        }
        _evidence.Fill(_findings);
        var grade = _unit.Grade is { } name && GradeCode.TryParse(name.Span, out var code) ? code : default;
        _assessed.Clear();
        agreement.Assess(new UnitFacts(_unit.ReturnReason ?? ReturnReason.Unspecified, grade, _unit.RaNumber is { IsEmpty: false }, _unit.Cost), _findings).Fill(_assessed);
        _assessed.AgreementId = agreement.Id;
        _assessed.ReceivedAt = _unit.ReceivedAt;
        if (_unit.Standing is { } standing)
        {
            if (Same(standing, _assessed))
            {
                return;
            }
            TakeBack();
            _tally.Changed();
        }
        else
        {
            _tally.Counted();
        }
        Copy(_assessed, _unit.SetStanding());
        agreement.Fill(_unit.SetTerms());
        Say();
    }

    private void TakeBack()
    {
        // What is taken back is kept under another name while the standing itself is made anew.
        if (_unit.Standing is { } standing)
        {
            Copy(standing, _unit.SetPrevious());
        }
    }

    private void Say()
    {
        _unit.Revision++;
        var evidence = _unit.OriginPartition;
        _unit.OriginPartition = Context.Partition;
        _unit.OriginTime = Context.StreamTime;
        _journal.Send(_key.Of(_unit.Program, _unit.Vendor), _unit);
        _unit.OriginPartition = evidence;
        _unit.Previous = null;
        _unit.Terms = null;
    }

    private static bool Same(UnitStanding left, UnitStanding right)
    {
        if (left.AgreementId != right.AgreementId || left.ReceivedAt != right.ReceivedAt || left.Value != right.Value
            || !left.Violations.AsSpan().SequenceEqual(right.Violations.AsSpan()) || left.Charges.Count != right.Charges.Count)
        {
            return false;
        }
        for (var i = 0; i < left.Charges.Count; i++)
        {
            if (left.Charges[i].Kind != right.Charges[i].Kind || left.Charges[i].Amount != right.Charges[i].Amount)
            {
                return false;
            }
        }
        return true;
    }

    private static void Copy(UnitStanding from, UnitStanding into)
    {
        into.AgreementId = from.AgreementId;
        into.ReceivedAt = from.ReceivedAt;
        into.Value = from.Value;
        foreach (var violation in from.Violations)
        {
            into.Violations.Add(violation);
        }
        foreach (var charge in from.Charges)
        {
            var copy = into.Charges.Add();
            copy.Kind = charge.Kind;
            copy.Amount = charge.Amount;
        }
    }
}
