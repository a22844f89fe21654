using Returns.Contracts;
using Returns.Simulator.Conveyors;
using Returns.Simulator.Replays;

namespace Returns.Simulator;

/// <summary>What <see cref="ScanFeed.Next"/> came to.</summary>
public enum FeedRecord
{
    /// <summary>The feed has ended.</summary>
    End,

    /// <summary>A scan, for returns.scans.</summary>
    Scan,

    /// <summary>A catalogue item, for returns.catalog.</summary>
    CatalogItem,
}

/// <summary>
/// A stream of scans, and of the catalogue items they need, in the order in which stations and catalogue publish them.
/// The same input and seed give the same records, byte for byte, on every machine; event time comes from the input.
/// </summary>
/// <remarks>
/// Memory goes with the lines and products of the input and with what is on the belts at once, not with the units.
/// Nothing is allocated per scan once the belts are full. Not thread safe.
/// </remarks>
public sealed class ScanFeed
{
    private readonly CatalogEntry[] _catalogue;
    private readonly Conveyor _conveyor;
    private int _published;

    internal ScanFeed(FeedIdentity identity, CatalogEntry[] catalogue, Conveyor conveyor, long plannedUnits, long lines,
        IReadOnlyList<RejectedLine> rejected)
    {
        Label = identity.Label;
        _catalogue = catalogue;
        _conveyor = conveyor;
        PlannedUnits = plannedUnits;
        Lines = lines;
        Rejected = rejected;
    }

    /// <summary>
    /// Begins every LPN of the feed. It is a hash of what is fed (the file's content or the shift's parameters, seed, most
    /// units, categories and checklists), so that the same feed is known again, and two feeds never share an LPN.
    /// </summary>
    public Utf8 Label { get; }

    /// <summary>Units of the whole feed.</summary>
    public long PlannedUnits { get; }

    /// <summary>Data lines of the replayed file; 0 for a shift.</summary>
    public long Lines { get; }

    /// <summary>Lines of the file that give no units.</summary>
    public IReadOnlyList<RejectedLine> Rejected { get; }

    /// <summary>Units that entered a belt so far.</summary>
    public long Units => _conveyor.Units;

    /// <summary>Scans so far, repeats included.</summary>
    public long Scans => _conveyor.Scans;

    /// <summary>Records so far: scans and catalogue items.</summary>
    public long Records => _conveyor.Scans + _published;

    /// <summary>Greatest event time so far, milliseconds since the epoch; null before the first scan.</summary>
    public long? LastEventTime => _conveyor.LastEventTime;

    /// <summary>Goes on to the next record and writes it into the one of the two that the result names.</summary>
    /// <param name="scan">The scan; its memory is the feed's, and holds until the next call.</param>
    /// <param name="item">The catalogue item.</param>
    public FeedRecord Next(ItemScan scan, CatalogItem item)
    {
        ArgumentNullException.ThrowIfNull(scan);
        ArgumentNullException.ThrowIfNull(item);
        if (_published < _catalogue.Length && (_conveyor.NextAt is not { } next || _catalogue[_published].PublishedAt <= next))
        {
            _catalogue[_published++].Product.Describe(item);
            return FeedRecord.CatalogItem;
        }
        return _conveyor.TryNext(scan) ? FeedRecord.Scan : FeedRecord.End;
    }

    /// <summary>Goes back to the first record.</summary>
    public void Rewind()
    {
        _published = 0;
        _conveyor.Rewind();
    }
}

/// <summary>When a product's catalogue item is published, event time; <see cref="long.MinValue"/> for before everything else.</summary>
internal readonly record struct CatalogEntry(long PublishedAt, Product Product);
