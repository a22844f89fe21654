using System.Buffers;
using System.Text;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Grading;
using Returns.Domain.Rules;

namespace Returns.Benchmarks;

/// <summary>
/// Units as a belt carries them past four scanners: intake, two inspections, weight. After the second inspection nothing is
/// missing and the unit is decided.
/// </summary>
internal sealed class Belt
{
    /// <summary>Scans of a unit, which are its kinds from 0 on.</summary>
    public const int ScansPerUnit = 4;

    private readonly Checklist[] _checklists;
    private readonly ItemScan _scan = new();
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>A belt of one retailer's units, of each category by turns.</summary>
    public Belt(RuleBook rules) => _checklists = [.. rules.Find(Program.Span)!.Grading.Checklists];

    /// <summary>The retailer.</summary>
    private static Utf8 Program { get; } = "north";

    /// <summary>The catalogue's entries that the units are of, under their keys.</summary>
    public IEnumerable<(Utf8 Key, CatalogItem Item)> Catalogue() => _checklists.Select((checklist, i) => (Utf8.From($"{Program}|SKU-{i}"), new CatalogItem
    {
        Program = Program,
        Sku = $"SKU-{i}",
        Description = "an item",
        Category = checklist.Category,
        Vendor = $"V-{i + 1}001",
        Cost = new Money(40m, Currency.Parse("GBP")),
        ReferencePrice = new Money(95m, Currency.Parse("GBP")),
        WeightGrams = 500,
    }));

    /// <summary>A unit's LPN, which is the key of its scans.</summary>
    public static byte[] Lpn(long unit) => Encoding.UTF8.GetBytes($"LPN-{unit:D10}");

    /// <summary>A scan as a record's value.</summary>
    /// <param name="lpn">The unit's LPN.</param>
    /// <param name="unit">The unit's number.</param>
    /// <param name="kind">Which of its scans.</param>
    /// <param name="at">When, in milliseconds since the epoch.</param>
    public byte[] Scan(byte[] lpn, long unit, int kind, long at)
    {
        var checklist = _checklists[unit % _checklists.Length];
        var scan = _scan;
        scan.Clear();
        scan.Lpn = new Utf8(lpn);
        scan.Program = Program;
        scan.Facility = "DC-LEEDS";
        scan.Station = $"S-{kind}";
        scan.Sequence = unit;
        scan.ScannedAt = at;
        scan.Origin = Origin.Simulated;
        switch (kind)
        {
            case 0:
                scan.Kind = ScanKind.Intake;
                scan.Sku = Utf8.From($"SKU-{unit % _checklists.Length}");
                scan.ReturnReason = (ReturnReason)(unit % 8);
                scan.PricePaid = new Money(unit % 10_000 / 100m, Currency.Parse("GBP"));
                break;
            case 3:
                scan.Kind = ScanKind.Weigh;
                scan.WeightGrams = (int)(400 + (unit % 100));
                break;
            default:
                scan.Kind = ScanKind.Inspection;
                var half = (checklist.Criteria.Length + 1) / 2;
                foreach (var criterion in kind == 1 ? checklist.Criteria[..half] : checklist.Criteria[half..])
                {
                    var finding = scan.Findings.Add();
                    finding.Criterion = criterion.Name;
                    finding.Value = criterion.Kind switch { CriterionKind.YesNo => 1, CriterionKind.Ordinal => unit % criterion.Levels.Count, _ => criterion.Maximum };
                }
                break;
        }
        return Encoded(scan);
    }

    /// <summary>A record as bytes.</summary>
    public byte[] Encoded<T>(T record) where T : class, IAvroRecord<T>, new()
    {
        _bytes.ResetWrittenCount();
        ConfluentWire.Write(_bytes, record, T.SchemaId);
        return _bytes.WrittenSpan.ToArray();
    }
}
