using System.Text;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Rules;
using Returns.Simulator;
using Returns.Simulator.Conveyors;

namespace Returns.Chaos.Feed;

/// <summary>A record to publish.</summary>
internal sealed record Publication(string Topic, byte[]? Key, byte[]? Value);

/// <summary>
/// A round's input, which follows from its seed: a simulated shift, and what is done to it on its way, which is scans
/// repeated, out of order and very late, records that are no scans, operators' decisions, and catalogue items that come late.
/// </summary>
internal sealed class Batch
{
    /// <summary>Event time between two rounds: a unit that was routed is forgotten in the next but one, a window in the next.</summary>
    private static readonly long Spacing = (long)TimeSpan.FromDays(7).TotalMilliseconds;

    /// <summary>Where the simulated shifts begin: the round's time is added.</summary>
    private static readonly long FirstShift = new DateTimeOffset(2026, 1, 5, 5, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    /// <summary>Behind every deadline that the round's scans begin: the longest one of the rules is 96 hours.</summary>
    private static readonly long PastDeadlines = (long)TimeSpan.FromHours(110).TotalMilliseconds;

    /// <summary>When operators decide: before everything, so that a decision never moves event time, whenever it is processed.</summary>
    private static readonly long DecidedAt = FirstShift - Spacing;

    private readonly Random _random;
    private readonly HashSet<Utf8> _lateSkus = [];

    private Batch(int seed, int number) => (Seed, _random, EndsAt) = (seed, new Random(seed), FirstShift + (Spacing * number) + PastDeadlines);

    public int Seed { get; }

    /// <summary>Event time of the heartbeats that end the round.</summary>
    public long EndsAt { get; }

    /// <summary>What the catalogue has to hold before the first scan of the run.</summary>
    public List<Publication> Catalogue { get; } = [];

    /// <summary>Everything else, in the order of publication.</summary>
    public List<Publication> Records { get; private set; } = [];

    /// <summary>The units, by LPN.</summary>
    public HashSet<string> Units { get; } = [];

    /// <summary>Units whose history, unlike their outcome, depends on when a worker hears of a decision or a catalogue item.</summary>
    public HashSet<string> Timed { get; } = [];

    /// <summary>Units of this round that are scanned again in the next: what becomes of them then depends on whether they are still known.</summary>
    public HashSet<string> Revisited { get; } = [];

    /// <summary>Makes a round's input.</summary>
    /// <param name="seed">The round's seed.</param>
    /// <param name="number">Number of the round on its stage, which its event times follow from.</param>
    /// <param name="units">Units of the shift.</param>
    /// <param name="rules">The rules in force.</param>
    /// <param name="before">The round before it on the same stage, some of whose scans are published again; null for none.</param>
    public static Batch Create(int seed, int number, int units, RuleBook rules, Batch? before)
    {
        var batch = new Batch(seed, number);
        var feed = SimulatedShift.Create(rules, new ShiftOptions { Seed = (ulong)(uint)seed, Units = units, StartsAt = FirstShift });
        var scans = batch.Read(feed, Spacing * number);
        batch.Decide();
        batch.Disturb(scans);
        if (before is not null)
        {
            batch.Repeat(before, new Random(~seed));
            batch.LookAgain(before, new Random(seed / 2));
        }
        return batch;
    }

    /// <summary>The shift's scans at the round's time, each SKU being the round's own: catalogues of two shifts must not mix.</summary>
    private List<Publication> Read(ScanFeed feed, long later)
    {
        var (scan, item, records) = (new ItemScan(), new CatalogItem(), new List<Publication>());
        var (scans, items) = (new WireEncoder<ItemScan>(), new WireEncoder<CatalogItem>());
        var prefix = feed.Label.ToString();
        FeedRecord next;
        while ((next = feed.Next(scan, item)) != FeedRecord.End)
        {
            if (next == FeedRecord.CatalogItem)
            {
                item.Sku = prefix + item.Sku;
                var entry = new Publication(Topics.Catalog, Encoding.UTF8.GetBytes($"{item.Program}|{item.Sku}"), items.Encode(item).ToArray());
                if (feed.Scans == 0)
                {
                    Catalogue.Add(entry);
                    continue;
                }
                _lateSkus.Add(item.Sku.Copy());
                records.Add(entry);
                continue;
            }
            scan.ScannedAt += later;
            if (scan.Sku is { } sku)
            {
                scan.Sku = prefix + sku;
            }
            var lpn = scan.Lpn.ToString();
            Units.Add(lpn);
            records.Add(new Publication(Topics.Scans, scan.Lpn.Span.ToArray(), scans.Encode(scan).ToArray()));
        }
        return records;
    }

    /// <summary>Some units are decided on by an operator.</summary>
    private void Decide()
    {
        var encoder = new WireEncoder<OperatorOverride>();
        foreach (var lpn in Units.Order(StringComparer.Ordinal).Where(_ => _random.Next(100) < 3))
        {
            Timed.Add(lpn);
            var decision = new OperatorOverride
            {
                OverrideId = $"{lpn}-o",
                Lpn = lpn,
                Operator = "op-17",
                Reason = "seen by me",
                Disposition = (Disposition)_random.Next(8),
                DecidedAt = DecidedAt,
            };
            Records.Add(new Publication(Topics.Overrides, Encoding.UTF8.GetBytes(lpn), encoder.Encode(decision).ToArray()));
        }
    }

    private void Disturb(List<Publication> scans)
    {
        var placed = new List<(double At, Publication Record)>();
        placed.AddRange(Records.Select(decision => (_random.NextDouble() * scans.Count, decision)));
        var decoder = new WireDecoder<ItemScan>();
        var scan = new ItemScan();
        for (var i = 0; i < scans.Count; i++)
        {
            var record = scans[i];
            if (record.Topic == Topics.Scans && decoder.TryDecode(record.Value, scan, out _) && scan.Sku is { } sku && _lateSkus.Contains(sku))
            {
                Timed.Add(scan.Lpn.ToString());
            }
            placed.Add((i + Delay(scans.Count), record));
            if (record.Topic == Topics.Scans && _random.Next(100) < 4)
            {
                placed.Add((i + 1 + _random.Next(300), record));
            }
            if (_random.Next(1000) < 8)
            {
                placed.Add((i, Garbage(record)));
            }
        }
        Records = [.. placed.OrderBy(p => p.At).Select(p => p.Record)];
    }

    /// <summary>How many places a record falls behind: most none, some a few, and very few come when the shift is long over.</summary>
    private double Delay(int all) => _random.Next(1000) switch
    {
        < 50 => _random.Next(1, 200),
        < 60 => all,
        _ => 0,
    };

    private Publication Garbage(Publication like)
    {
        var bytes = new byte[_random.Next(1, 60)];
        _random.NextBytes(bytes);
        return _random.Next(3) switch
        {
            0 => new Publication(Topics.Scans, like.Key, null),
            1 => new Publication(Topics.Scans, Encoding.UTF8.GetBytes($"not-{_random.Next(50)}"), like.Value),
            _ => new Publication(Topics.Scans, like.Key, bytes),
        };
    }

    /// <summary>Publishes scans of the round before again: a week late, for units that may be forgotten, and windows that are.</summary>
    private void Repeat(Batch before, Random random)
    {
        var old = before.Records.Where(r => r.Topic == Topics.Scans && r.Value is not null && !before.Timed.Contains(Encoding.UTF8.GetString(r.Key!))).ToArray();
        foreach (var record in random.GetItems(old, old.Length / 100))
        {
            before.Revisited.Add(Encoding.UTF8.GetString(record.Key!));
            Records.Insert(random.Next(Records.Count), record);
        }
    }

    /// <summary>Units of the round before are inspected once more, a week later, and everything is found to be missing: what was charged for is corrected.</summary>
    private void LookAgain(Batch before, Random random)
    {
        var (decoder, encoder, scan) = (new WireDecoder<ItemScan>(), new WireEncoder<ItemScan>(), new ItemScan());
        var inspected = before.Records.Where(r => r.Topic == Topics.Scans && r.Value is not null && !before.Timed.Contains(Encoding.UTF8.GetString(r.Key!))
            && decoder.TryDecode(r.Value, scan, out _) && scan.Findings.Count > 0 && !scan.QualitySample && scan.Lpn.ToString() == Encoding.UTF8.GetString(r.Key!)).ToArray();
        foreach (var (number, record) in random.GetItems(inspected, inspected.Length / 25).Index())
        {
            decoder.TryDecode(record.Value!, scan, out _);
            scan.Station = "second-look";
            scan.Sequence = number;
            scan.ScannedAt += 1000 + number;
            foreach (var finding in scan.Findings)
            {
                finding.Value = 0;
            }
            before.Revisited.Add(scan.Lpn.ToString());
            Records.Insert(random.Next(Records.Count / 4), new Publication(Topics.Scans, record.Key, encoder.Encode(scan).ToArray()));
        }
    }
}
