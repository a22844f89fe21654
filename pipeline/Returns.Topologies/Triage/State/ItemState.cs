using System.IO.Hashing;
using Returns.Contracts;
using Returns.Domain;
using Returns.Domain.Grading;

namespace Returns.Topologies.Triage.State;

/// <summary>What a scan meant for a unit.</summary>
internal enum ScanEffect
{
    /// <summary>The same scan was seen before: nothing changed.</summary>
    Repeated,

    /// <summary>It is remembered, and no decision can rest on it.</summary>
    Noted,

    /// <summary>What is known of the unit changed.</summary>
    Changed,
}

/// <summary>
/// All that is known of one unit: the latest observation of everything, whatever order they came in, and what was last
/// published. Read from a store's bytes, changed, and written back; made for reuse by one thread at a time.
/// </summary>
internal sealed class ItemState
{
    /// <summary>Findings, image opinion, reason, weight and authorization.</summary>
    public ItemFacts Facts { get; } = new();

    public SeenScans Seen { get; } = new();

    /// <summary>Of the scan that says what the unit is: the latest intake, or before one the latest scan.</summary>
    public Utf8 Program { get; set; }

    public Utf8 Facility { get; set; }

    public Origin Origin { get; set; }

    /// <summary>Stamp of that scan; null before any.</summary>
    public ObservationStamp? Identity { get; set; }

    /// <summary>Where it was scanned last, by the stamps of its scans: where a person finds it. Empty before a scan, and where an
    /// earlier build wrote the state.</summary>
    public Utf8 Station { get; set; }

    /// <summary>The facility of that station, which is another than the unit's where the unit was moved.</summary>
    public Utf8 StationFacility { get; set; }

    /// <summary>Empty while no scan has named it.</summary>
    public Utf8 Sku { get; set; }

    public ObservationStamp? SkuStamp { get; set; }

    public Utf8 RaNumber { get; set; }

    public Utf8 SerialNumber { get; set; }

    public Money? PricePaid { get; set; }

    public ObservationStamp? WeightStamp { get; set; }

    public OperatorChoice? Operator { get; set; }

    /// <summary>Stream time at which waiting began: at the first scan, at intake, or when a decided unit became open again.</summary>
    public long WaitingSince { get; set; }

    /// <summary>The deadline of the wait has passed: while the unit is open, a human must decide.</summary>
    public bool DeadlinePassed { get; set; }

    /// <summary>Waits for catalogue or rules: kept outside of the encoding's depths, so that a restart finds such units fast.</summary>
    public bool Held { get; set; }

    public UnitOutcome Outcome;

    /// <summary>Forgets everything, ready for a unit first seen at <paramref name="streamTime"/>.</summary>
    public void Begin(long streamTime)
    {
        Facts.Clear();
        Seen.Clear();
        (Program, Facility, Sku, RaNumber, SerialNumber) = (default, default, default, default, default);
        (Station, StationFacility) = (default, default);
        (Origin, Identity, SkuStamp, WeightStamp) = (Origin.Station, null, null, null);
        (PricePaid, Operator) = (null, null);
        (WaitingSince, DeadlinePassed, Held) = (streamTime, false, false);
        Outcome = default;
    }

    /// <summary>Takes in a scan. The strings kept are the scan's own memory: write the state before the scan is decoded into again.</summary>
    /// <param name="scan">The scan.</param>
    /// <param name="streamTime">Stream time, at which waiting begins anew with the first intake.</param>
    /// <param name="ignored">Values in it that cannot be used: a weight no unit has, a finding beyond the most that are kept.</param>
    public ScanEffect Apply(ItemScan scan, long streamTime, out int ignored)
    {
        ignored = 0;
        var scanner = ObservationStamp.ScannerOf(scan.Facility.Span, scan.Station.Span);
        if (Seen.Contains(scanner, scan.Sequence))
        {
            return ScanEffect.Repeated;
        }
        var stamp = new ObservationStamp(scan.ScannedAt, scanner, scan.Sequence);
        if (Station.IsEmpty || Seen.AreBefore(stamp))
        {
            (Station, StationFacility) = (scan.Station, scan.Facility);
        }
        Seen.Add(stamp, this);
        var changed = Identify(scan, stamp, streamTime);
        var findings = scan.QualitySample ? Facts.QualityFindings : Facts.Findings;
        foreach (var finding in scan.Findings)
        {
            switch (findings.Observe(new Observation(CriterionKey.Of(finding.Criterion.Span), finding.Value, stamp)))
            {
                case ObserveResult.NotANumber or ObserveResult.Full:
                    ignored++;
                    break;
                case ObserveResult.Superseded:
                    break;
                default:
                    changed = true;
                    break;
            }
        }
        if (scan.ImageGrade is { } image)
        {
            changed |= Facts.Observe(ImageOpinion.Of(image.Grade, image.Confidence, stamp));
        }
        if (scan.WeightGrams is { } grams)
        {
            if (!ItemFacts.IsPlausibleWeight(grams))
            {
                ignored++;
            }
            else if (WeightStamp is not { } known || stamp > known)
            {
                (Facts.WeightGrams, WeightStamp, changed) = (grams, stamp, true);
            }
        }
        return changed ? ScanEffect.Changed : ScanEffect.Noted;
    }

    /// <summary>Takes in an operator's decision; false where it is the one known, or a later one is.</summary>
    public bool Apply(OperatorOverride decision, out bool repeated)
    {
        var grade = decision.Grade is { } named && GradeCode.TryParse(named.Span, out var code) ? code : default;
        var choice = new OperatorChoice(XxHash3.HashToUInt64(decision.OverrideId.Span), decision.DecidedAt, decision.Disposition,
            decision.Channel ?? default, grade, decision.Operator, decision.Reason);
        repeated = Operator is { } known && known.Id == choice.Id;
        if (repeated || (Operator is { } current && !choice.Replaces(current)))
        {
            return false;
        }
        Operator = choice;
        return true;
    }

    /// <summary>Begins to wait anew for what is missing.</summary>
    public void BeginWait(long streamTime) => (WaitingSince, DeadlinePassed) = (streamTime, false);

    /// <summary>
    /// Event time of the latest thing that the decision rests on, so that one set of scans gives one time whatever order they
    /// came in.
    /// </summary>
    public long DecidedAt
    {
        get
        {
            var at = Math.Max(Facts.IntakeAt ?? long.MinValue, Identity?.ScannedAt ?? long.MinValue);
            at = Math.Max(at, SkuStamp?.ScannedAt ?? at);
            at = Math.Max(at, WeightStamp?.ScannedAt ?? at);
            at = Math.Max(at, Facts.Image?.Stamp.ScannedAt ?? at);
            at = Math.Max(at, Operator?.DecidedAt ?? at);
            foreach (ref readonly var finding in Facts.Findings.Items)
            {
                at = Math.Max(at, finding.Stamp.ScannedAt);
            }
            foreach (ref readonly var finding in Facts.QualityFindings.Items)
            {
                at = Math.Max(at, finding.Stamp.ScannedAt);
            }
            return at;
        }
    }

    /// <summary>True where something known of the unit was observed by the scan.</summary>
    public bool RestsOn(in ObservationStamp stamp)
    {
        if (Identity == stamp || SkuStamp == stamp || WeightStamp == stamp || Facts.Image?.Stamp == stamp)
        {
            return true;
        }
        foreach (ref readonly var finding in Facts.Findings.Items)
        {
            if (finding.Stamp == stamp)
            {
                return true;
            }
        }
        foreach (ref readonly var finding in Facts.QualityFindings.Items)
        {
            if (finding.Stamp == stamp)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>What the scan says of the unit itself: an intake outranks other scans, and of equals the later one counts. Any
    /// scan may name the SKU.</summary>
    private bool Identify(ItemScan scan, in ObservationStamp stamp, long streamTime)
    {
        var changed = false;
        var intake = scan.Kind == ScanKind.Intake;
        var known = Facts.IntakeAt is not null;
        if (Identity is not { } identity || (intake && !known) || (intake == known && stamp > identity))
        {
            (Identity, Program, Facility, Origin, changed) = (stamp, scan.Program, scan.Facility, scan.Origin, true);
            if (intake)
            {
                Facts.ReturnReason = scan.ReturnReason;
                RaNumber = scan.RaNumber ?? default;
                SerialNumber = scan.SerialNumber ?? default;
                Facts.HasAuthorization = !RaNumber.IsEmpty;
                PricePaid = scan.PricePaid;
            }
        }
        if (intake && (Facts.IntakeAt is not { } at || scan.ScannedAt < at))
        {
            Facts.IntakeAt = scan.ScannedAt;
            changed = true;
            if (!known)
            {
                BeginWait(streamTime);
            }
        }
        if (scan.Sku is { IsEmpty: false } sku && (SkuStamp is not { } named || stamp > named))
        {
            (Sku, SkuStamp, changed) = (sku, stamp, true);
        }
        return changed;
    }
}
