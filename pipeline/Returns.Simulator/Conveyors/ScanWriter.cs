using System.Buffers;
using System.Buffers.Text;
using System.Numerics;
using Returns.Contracts;
using Returns.Domain.Grading;

namespace Returns.Simulator.Conveyors;

/// <summary>
/// Writes a step of a unit as a scan. It allocates nothing: the scan's text lies in buffers that hold until the next one.
/// Not thread safe.
/// </summary>
internal sealed class ScanWriter
{
    private const int Digits = 10;
    private const int SerialLength = 2 + 16;
    private const int AuthorizationLength = 3 + 12;
    private const int EvidenceLength = 4 + 16;
    private static readonly StandardFormat Hex = new('x', 16);
    private static readonly Utf8 Model = "belt-vision 2.3 (simulated)";

    private readonly byte[] _lpn;
    private readonly byte[] _source;
    private readonly int _sourcePrefix;
    private readonly byte[] _serial = new byte[SerialLength];
    private readonly byte[] _authorization = new byte[AuthorizationLength];
    private readonly byte[] _wrongSku = new byte[3 + Digits];
    private readonly byte[] _evidence = new byte[Checklist.MaxCriteria * EvidenceLength];
    private readonly ulong _seed;
    private readonly Origin _origin;

    /// <param name="identity">The feed: its label begins the LPNs.</param>
    /// <param name="origin">Where the events come from.</param>
    /// <param name="file">Name of the replayed file; null where there is none.</param>
    public ScanWriter(FeedIdentity identity, Origin origin, string? file)
    {
        _seed = identity.Hash;
        _origin = origin;
        _lpn = [.. identity.Label.Span, .. new byte[Digits]];
        _source = file is null ? [] : [.. Utf8.From(file).Span, (byte)':', .. new byte[20]];
        _sourcePrefix = _source.Length - 20;
        "SN"u8.CopyTo(_serial);
        "RA-"u8.CopyTo(_authorization);
        "NR-"u8.CopyTo(_wrongSku);
    }

    public void Write(Journey unit, in Step step, long sequence, Facility facility, Station station, ItemScan scan)
    {
        var product = unit.Arrival.Product;
        scan.Clear();
        Decimal((ulong)unit.Unit, _lpn.AsSpan(^Digits..));
        scan.Lpn = new Utf8(_lpn);
        scan.Program = product.Program;
        scan.Facility = facility.Name;
        scan.Station = station.Name;
        scan.Sequence = sequence;
        scan.Kind = step.Kind;
        scan.ScannedAt = unit.Arrival.At + step.ScanAfter;
        scan.Origin = _origin;
        if (unit.Arrival.SourceLine > 0)
        {
            Utf8Formatter.TryFormat(unit.Arrival.SourceLine, _source.AsSpan(_sourcePrefix), out var length);
            scan.Source = new Utf8(_source, 0, _sourcePrefix + length);
        }

        switch (step.Kind)
        {
            case ScanKind.Intake:
                WriteIntake(unit, step, product, scan);
                break;
            case ScanKind.Weigh:
                scan.WeightGrams = unit.WeightGrams;
                break;
            case ScanKind.ImageGrade:
                var image = scan.SetImageGrade();
                image.Grade = product.Card.Checklist.Scale[unit.ImageGrade];
                image.Confidence = unit.ImageConfidence;
                image.Model = Model;
                break;
            default:
                WriteInspection(unit, step, product.Card, facility, scan);
                break;
        }
    }

    private void WriteIntake(Journey unit, in Step step, Product product, ItemScan scan)
    {
        scan.Sku = product.Sku;
        if (step.WrongSku)
        {
            Decimal((ulong)unit.Unit, _wrongSku.AsSpan(^Digits..));
            scan.Sku = new Utf8(_wrongSku);
        }
        scan.ReturnReason = unit.Reason;
        scan.PricePaid = unit.Arrival.Paid;
        if (product.Serialised)
        {
            Utf8Formatter.TryFormat(Draws.Mix(_seed + (ulong)unit.Unit), _serial.AsSpan(2), out _, Hex);
            scan.SerialNumber = new Utf8(_serial);
        }
        if (unit.HasAuthorization)
        {
            Decimal(Draws.Mix(_seed ^ (ulong)unit.Unit) % 1_000_000_000_000, _authorization.AsSpan(3));
            scan.RaNumber = new Utf8(_authorization);
        }
    }

    private void WriteInspection(Journey unit, in Step step, InspectionCard card, Facility facility, ItemScan scan)
    {
        scan.Grader = facility.GraderNames[step.Grader];
        scan.QualitySample = step.QualitySample;
        var readings = step.QualitySample ? unit.QualityReadings : unit.Readings;
        for (var left = step.Findings; left != 0; left &= left - 1)
        {
            var criterion = BitOperations.TrailingZeroCount(left);
            var finding = scan.Findings.Add();
            finding.Criterion = card.NameOf(criterion);
            finding.Value = criterion == step.Misread ? step.MisreadAs : readings[criterion];
            if ((unit.Photographed >> criterion & 1) != 0) finding.Evidence = EvidenceOf(unit.Unit, criterion);
        }
    }

    /// <summary>Stands for the content hash of a photograph.</summary>
    private Utf8 EvidenceOf(long unit, int criterion)
    {
        var start = criterion * EvidenceLength;
        "sim-"u8.CopyTo(_evidence.AsSpan(start));
        Utf8Formatter.TryFormat(Draws.Mix(_seed + (ulong)unit * Checklist.MaxCriteria + (ulong)criterion), _evidence.AsSpan(start + 4), out _, Hex);
        return new Utf8(_evidence, start, EvidenceLength);
    }

    /// <summary>The number with leading zeros, as many digits as fit.</summary>
    private static void Decimal(ulong number, Span<byte> digits)
    {
        for (var i = digits.Length - 1; i >= 0; i--)
        {
            (number, var digit) = Math.DivRem(number, 10);
            digits[i] = (byte)('0' + digit);
        }
    }
}
