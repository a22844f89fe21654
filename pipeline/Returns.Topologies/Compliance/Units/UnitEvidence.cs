using System.Text;
using Returns.Contracts;
using Returns.Domain.Grading;
using Returns.Topologies.Wire;

namespace Returns.Topologies.Compliance.Units;

/// <summary>
/// What is known of a unit, and from which scans: its findings, the latest of each criterion, its serial number and its receipt.
/// A scan from which nothing is known any more is left out. The content depends on the scans, not on their order. Made for
/// reuse; for one thread.
/// </summary>
internal sealed class UnitEvidence
{
    /// <summary>The most receipts kept: a unit has one, and a few corrections of it.</summary>
    private const int MaxReceipts = 8;

    private readonly List<Scan> _scans = [];
    private readonly List<Finding> _findings = [];
    private readonly byte[] _hash = new byte[64];

    private record struct Scan(ObservationStamp Stamp, ScanKind Kind, int Partition, long Offset, Utf8 Hash, Utf8 Facility, Utf8 Station, Utf8? Serial, Utf8? Grader);

    private record struct Finding(Utf8 Criterion, double Value, Utf8? Evidence, ObservationStamp Stamp);

    /// <summary>Takes what a unit's state has.</summary>
    public void Read(VendorUnit unit)
    {
        _scans.Clear();
        _findings.Clear();
        foreach (var scan in unit.Scans)
        {
            _scans.Add(new Scan(StampOf(scan.ScannedAt, scan.Facility, scan.Station, scan.Sequence), scan.Kind, scan.Partition, scan.Offset,
                scan.ContentHash, scan.Facility, scan.Station, scan.SerialNumber, scan.Grader));
        }
        foreach (var finding in unit.Findings)
        {
            _findings.Add(new Finding(finding.Criterion, finding.Value, finding.Evidence, _scans[finding.Scan].Stamp));
        }
    }

    /// <summary>Takes in a scan. A quality sample is another opinion, and no evidence.</summary>
    /// <returns>False where it tells nothing new, or was known.</returns>
    public bool Add(Hashed<ItemScan> record, int partition, long offset)
    {
        var scan = record.Event;
        if (scan.QualitySample)
        {
            return false;
        }
        var stamp = StampOf(scan.ScannedAt, scan.Facility, scan.Station, scan.Sequence);
        foreach (var known in _scans)
        {
            if (known.Stamp.Scanner == stamp.Scanner && known.Stamp.Sequence == stamp.Sequence)
            {
                return false;
            }
        }
        foreach (var finding in scan.Findings)
        {
            Observe(new Finding(finding.Criterion, finding.Value, finding.Evidence, stamp));
        }
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(record.Hash), _hash);
        _scans.Add(new Scan(stamp, scan.Kind, partition, offset, new Utf8(_hash), scan.Facility, scan.Station, scan.SerialNumber, scan.Grader));
        Prune();
        return _scans.Exists(s => s.Stamp == stamp);
    }

    /// <summary>Writes it into the unit, in an order of its own; what the unit's text lies in is not touched.</summary>
    public void Write(VendorUnit unit)
    {
        _scans.Sort(static (a, b) => a.Stamp.CompareTo(b.Stamp));
        _findings.Sort(static (a, b) => a.Criterion.CompareTo(b.Criterion));
        unit.Scans.Clear();
        unit.SerialNumber = null;
        foreach (var scan in _scans)
        {
            var place = unit.Scans.Add();
            place.Partition = scan.Partition;
            place.Offset = scan.Offset;
            place.ContentHash = scan.Hash;
            place.Kind = scan.Kind;
            place.ScannedAt = scan.Stamp.ScannedAt;
            place.Facility = scan.Facility;
            place.Station = scan.Station;
            place.Sequence = scan.Stamp.Sequence;
            place.SerialNumber = scan.Serial;
            place.Grader = scan.Grader;
            unit.SerialNumber = scan.Serial ?? unit.SerialNumber;
        }
        unit.Findings.Clear();
        foreach (var finding in _findings)
        {
            var written = unit.Findings.Add();
            written.Criterion = finding.Criterion;
            written.Value = finding.Value;
            written.Evidence = finding.Evidence;
            written.Scan = _scans.FindIndex(s => s.Stamp == finding.Stamp);
        }
    }

    /// <summary>The findings, as the agreement looks at them.</summary>
    public void Fill(FindingList findings)
    {
        findings.Clear();
        foreach (var finding in _findings)
        {
            findings.Observe(new Observation(CriterionKey.Of(finding.Criterion.Span), finding.Value, finding.Stamp));
        }
    }

    private void Observe(in Finding finding)
    {
        for (var i = 0; i < _findings.Count; i++)
        {
            if (_findings[i].Criterion == finding.Criterion)
            {
                if (finding.Stamp > _findings[i].Stamp)
                {
                    _findings[i] = finding;
                }
                return;
            }
        }
        if (_findings.Count < FindingList.Capacity)
        {
            _findings.Add(finding);
        }
    }

    private void Prune()
    {
        var serial = default(ObservationStamp?);
        foreach (var scan in _scans)
        {
            if (scan.Serial is not null && !(serial > scan.Stamp))
            {
                serial = scan.Stamp;
            }
        }
        for (var i = _scans.Count - 1; i >= 0; i--)
        {
            var stamp = _scans[i].Stamp;
            if (stamp != serial && !IsReceipt(_scans[i]) && !_findings.Exists(f => f.Stamp == stamp))
            {
                _scans.RemoveAt(i);
            }
        }
    }

    private bool IsReceipt(Scan scan) =>
        scan.Kind == ScanKind.Intake && _scans.Count(s => s.Kind == ScanKind.Intake && s.Stamp < scan.Stamp) < MaxReceipts;

    private static ObservationStamp StampOf(long scannedAt, Utf8 facility, Utf8 station, long sequence) =>
        new(scannedAt, ObservationStamp.ScannerOf(facility.Span, station.Span), sequence);
}
