using Returns.Contracts;

namespace Returns.Topologies.Triage;

/// <summary>
/// Units that wait for the catalogue or for rules, by their SKU's catalogue key. Derived from the store, so never part of a
/// transaction: an entry whose unit waits no more is harmless, as the unit is read before anything is done. For the task's
/// thread.
/// </summary>
internal sealed class HeldUnits
{
    private readonly Dictionary<Utf8, HashSet<Utf8>> _bySku = new(Utf8Comparer.Instance);

    public void Add(ReadOnlySpan<byte> sku, ReadOnlySpan<byte> lpn)
    {
        if (!_bySku.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(sku, out var units))
        {
            _bySku.Add(Utf8.From(sku), units = new HashSet<Utf8>(Utf8Comparer.Instance));
        }
        units.GetAlternateLookup<ReadOnlySpan<byte>>().Add(lpn);
    }

    public void Remove(ReadOnlySpan<byte> sku, ReadOnlySpan<byte> lpn)
    {
        if (!_bySku.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(sku, out var units))
        {
            return;
        }
        units.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(lpn);
        if (units.Count == 0)
        {
            _bySku.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(sku);
        }
    }

    public void Clear() => _bySku.Clear();

    /// <summary>The units of a SKU, in the order of their LPNs, so that a replay treats them alike.</summary>
    public Utf8[] Of(ReadOnlySpan<byte> sku) =>
        _bySku.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(sku, out var units) ? [.. units.Order()] : [];

    /// <summary>All units, in the order of their LPNs.</summary>
    public Utf8[] All() => [.. _bySku.Values.SelectMany(u => u).Order()];
}
