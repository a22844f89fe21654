using System.Text;
using Returns.Chaos.Processes;
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
/// repeated, out of order and very late, records that are no scans, operators' decisions, and catalogue items that come late; then,
/// hours of event time later, findings that come once vendors' windows have closed.
/// </summary>
internal sealed class Batch
{
    /// <summary>Event time between two rounds. A unit that its scans decided is forgotten in the next, and one that its deadline
    /// decided is not, whenever of the first hours it was; a window is.</summary>
    private static readonly long Spacing = (long)TimeSpan.FromDays(8).TotalMilliseconds;

    /// <summary>Where the simulated shifts begin: the round's time is added.</summary>
    private static readonly long FirstShift = new DateTimeOffset(2026, 1, 5, 5, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    /// <summary>Behind every deadline that the round's scans begin: the longest one of the rules is 96 hours.</summary>
    private static readonly long PastDeadlines = (long)TimeSpan.FromHours(110).TotalMilliseconds;

    /// <summary>When vendors' windows of the shift have closed, from its begin; when their corrections have; and when all has, behind the deadlines.</summary>
    private static readonly long[] Closes = [(long)TimeSpan.FromHours(6).TotalMilliseconds, (long)TimeSpan.FromHours(12).TotalMilliseconds, (long)TimeSpan.FromHours(116).TotalMilliseconds];

    /// <summary>How much later than a unit's scans a late finding was made: it is the unit's last.</summary>
    private static readonly long LateBy = (long)TimeSpan.FromHours(3).TotalMilliseconds;

    /// <summary>When operators decide: before everything, so that a decision never moves event time, whenever it is processed.</summary>
    public static readonly long DecidedAt = FirstShift - Spacing;

    private readonly Random _random;
    private readonly HashSet<Utf8> _lateSkus = [];

    private Batch(int seed, int number) => (Seed, _random, StartsAt) = (seed, new Random(seed), FirstShift + (Spacing * number));

    public int Seed { get; }

    /// <summary>When its shift begins, in event time.</summary>
    public long StartsAt { get; }

    /// <summary>Event time of the heartbeats that end the round.</summary>
    public long EndsAt => StartsAt + PastDeadlines;

    /// <summary>What the catalogue has to hold before the first scan of the run.</summary>
    public List<Publication> Catalogue { get; } = [];

    /// <summary>What comes while faults are done, in the order of publication.</summary>
    public List<Publication> Records { get; private set; } = [];

    /// <summary>What comes behind the heartbeats: vendors' windows of all before close.</summary>
    public List<Publication> Closing { get; private set; } = [];

    /// <summary>When <see cref="Closing"/> begins, in milliseconds since the epoch.</summary>
    public long ClosesAt => StartsAt + Closes[2];

    /// <summary>The units, by LPN.</summary>
    public HashSet<string> Units { get; } = [];

    /// <summary>Units whose history, unlike their outcome, depends on when a worker hears of a decision or a catalogue item.</summary>
    public HashSet<string> Timed { get; } = [];

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
        batch.LetWindowsClose(scans, rules);
        if (before is not null)
        {
            batch.Repeat(before, new Random(~seed));
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

    /// <summary>Vendors' windows of the shift close, findings come that correct them, and the corrections are due.</summary>
    private void LetWindowsClose(List<Publication> records, RuleBook rules)
    {
        var scans = Decoded<ItemScan>(records.Where(r => r.Topic == Topics.Scans)).ToList();
        var catalogue = Decoded<CatalogItem>(Catalogue).ToDictionary(i => i.Sku.ToString());
        var label = scans[0].Lpn.ToString()[..^10];
        var clock = new ClockUnits(scans.Where(s => !Timed.Contains(s.Lpn.ToString())), rules, catalogue, Stage.Partitions, $"{label}-clock");
        Records = [.. Records, .. clock.At(StartsAt + Closes[0]), .. LateFindings(records), .. clock.At(StartsAt + Closes[1])];
        Closing = [.. clock.At(ClosesAt)];
        Units.UnionWith(Records.Concat(Closing).Where(r => r.Topic == Topics.Scans && r.Key is not null).Select(r => Encoding.UTF8.GetString(r.Key!)).Where(k => k.StartsWith($"{label}-clock", StringComparison.Ordinal)));
    }

    /// <summary>Some units are inspected once more, with other results: those of any other unit.</summary>
    private List<Publication> LateFindings(List<Publication> records)
    {
        var encoder = new WireEncoder<ItemScan>();
        // Read anew, as they are changed.
        var inspections = Decoded<ItemScan>(records.Where(r => r.Topic == Topics.Scans)).Where(s => s.Findings.Count > 0 && !s.QualitySample).ToList();
        var values = inspections.SelectMany(s => s.Findings).ToLookup(f => f.Criterion.ToString(), f => f.Value);
        var late = new List<Publication>();
        foreach (var unit in inspections.GroupBy(s => s.Lpn.ToString()).Where(_ => _random.Next(100) < 12))
        {
            var scan = unit.Last();
            scan.Sequence += 1_000_000_000;
            scan.ScannedAt += LateBy;
            foreach (var finding in scan.Findings)
            {
                var all = values[finding.Criterion.ToString()].ToArray();
                finding.Value = all[_random.Next(all.Length)];
            }
            late.Add(new Publication(Topics.Scans, scan.Lpn.Span.ToArray(), encoder.Encode(scan).ToArray()));
        }
        return late;
    }

    private static IEnumerable<T> Decoded<T>(IEnumerable<Publication> records) where T : class, IAvroRecord<T>, new()
    {
        var decoder = new WireDecoder<T>();
        foreach (var record in records)
        {
            var decoded = new T();
            if (decoder.TryDecode(record.Value, decoded, out _))
            {
                yield return decoded;
            }
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
            Records.Insert(random.Next(Records.Count), record);
        }
    }
}
