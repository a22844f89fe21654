using System.Globalization;
using System.Text;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Rules;
using Returns.Streams;
using Returns.Topologies.Tests.Triage;

namespace Returns.Chaos.Feed;

/// <summary>
/// Units that let the time of vendors' windows pass: one from each partition of the scans to each partition of the journal of
/// compliance, so that no window waits for a partition from which nothing comes. Each is a copy of a unit of the shift that its
/// own scans alone decide.
/// </summary>
internal sealed class ClockUnits
{
    private readonly Dictionary<int, List<ItemScan>> _models = [];
    private readonly int _partitions;
    private readonly string _label;
    private int _number;

    /// <summary>Chooses the units to copy.</summary>
    /// <param name="scans">Scans of the shift, without those of units that something else decides as well.</param>
    /// <param name="rules">The rules in force.</param>
    /// <param name="catalogue">The catalogue, by SKU.</param>
    /// <param name="partitions">Partitions of the scans, and of the journal.</param>
    /// <param name="label">What their LPNs begin with.</param>
    public ClockUnits(IEnumerable<ItemScan> scans, RuleBook rules, Dictionary<string, CatalogItem> catalogue, int partitions, string label)
    {
        (_partitions, _label) = (partitions, label);
        foreach (var unit in scans.GroupBy(s => s.Lpn.ToString()))
        {
            var outcome = UnitOracle.Of(rules, unit, [], catalogue.GetValueOrDefault);
            var sku = unit.LastOrDefault(s => s.Sku is not null)?.Sku?.ToString();
            if (!outcome.Routed || outcome.Review is not null || sku is null || catalogue.GetValueOrDefault(sku)?.Vendor is not { } vendor)
            {
                continue;
            }
            var scan = unit.First();
            if (rules.Find(scan.Program.Span)?.Vendors.AgreementsWith(vendor.Span).At(scan.ScannedAt) is { ValidFrom: long.MinValue })
            {
                _models.TryAdd(Murmur2.Partition(Encoding.UTF8.GetBytes($"{scan.Program}|{vendor}"), partitions), [.. unit]);
            }
        }
    }

    /// <summary>The scans of one unit of each kind, received at a time in milliseconds since the epoch.</summary>
    public IEnumerable<Publication> At(long time)
    {
        var encoder = new WireEncoder<ItemScan>();
        foreach (var (_, model) in _models.OrderBy(m => m.Key))
        {
            var began = model.Min(s => s.ScannedAt);
            for (var partition = 0; partition < _partitions; partition++)
            {
                var lpn = Lpn(partition);
                foreach (var scan in model)
                {
                    var (lpnBefore, timeBefore) = (scan.Lpn, scan.ScannedAt);
                    (scan.Lpn, scan.ScannedAt) = (lpn, time + timeBefore - began);
                    yield return new Publication(Topics.Scans, Encoding.UTF8.GetBytes(lpn), encoder.Encode(scan).ToArray());
                    (scan.Lpn, scan.ScannedAt) = (lpnBefore, timeBefore);
                }
            }
        }
    }

    private string Lpn(int partition)
    {
        string lpn;
        do
        {
            lpn = string.Create(CultureInfo.InvariantCulture, $"{_label}-{_number++}");
        }
        while (Murmur2.Partition(Encoding.UTF8.GetBytes(lpn), _partitions) != partition);
        return lpn;
    }
}
