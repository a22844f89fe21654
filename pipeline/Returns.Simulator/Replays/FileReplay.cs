using System.Globalization;
using Returns.Contracts;
using Returns.Domain.Rules;
using Returns.Simulator.Conveyors;

namespace Returns.Simulator.Replays;

/// <summary>
/// Replays a returns file (see <see cref="ReturnFileReader"/>) as a feed: one LPN per returned unit, with price, time, SKU
/// and description as recorded. Category comes from the rules' keywords; facility, vendor, weight, flags, condition and
/// inspections are simulated from the seed, and every scan is labelled <see cref="Origin.Replayed"/> with file and line.
/// </summary>
/// <remarks>
/// A facility takes in ten units a second. The first unit of a line is taken in at the recorded time, the others behind
/// it, and a line that comes while the belt is full waits for its turn.
/// </remarks>
public static class FileReplay
{
    /// <summary>The retailer whose returns the file holds.</summary>
    public const string Program = "online-retail";

    private const int BeltMillis = 100;

    private static readonly Currency Pounds = Currency.Parse("GBP");

    /// <summary>Reads the file and makes the feed.</summary>
    /// <param name="path">The file, plain or gzip. It is read once, here.</param>
    /// <param name="rules">The rules of <see cref="Program"/>: its checklists and category keywords.</param>
    /// <param name="seed">Seed of what is simulated.</param>
    /// <param name="mostUnits">Units after which the feed ends; null for all.</param>
    /// <exception cref="InvalidDataException">The file is empty, damaged, or not in the layout.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ArgumentException">The rules have no category keywords.</exception>
    public static ScanFeed Open(string path, ProgramRules rules, ulong seed, long? mostUnits = null)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        return Read(file, Path.GetFileName(path), rules, seed, mostUnits);
    }

    /// <summary>As <see cref="Open"/>, from a stream that can seek and that the caller closes.</summary>
    /// <param name="file">The bytes.</param>
    /// <param name="name">Name of the file, for the scans' source and for messages.</param>
    /// <param name="rules">The rules of <see cref="Program"/>.</param>
    /// <param name="seed">Seed of what is simulated.</param>
    /// <param name="mostUnits">Units after which the feed ends; null for all.</param>
    /// <exception cref="InvalidDataException">The file is empty, damaged, or not in the layout.</exception>
    /// <exception cref="ArgumentException">The rules have no category keywords.</exception>
    public static ScanFeed Read(Stream file, string name, ProgramRules rules, ulong seed, long? mostUnits = null)
    {
        ArgumentNullException.ThrowIfNull(rules);
        ArgumentOutOfRangeException.ThrowIfNegative(mostUnits ?? 0, nameof(mostUnits));
        var catalogue = new ReplayCatalogue(rules);
        var reader = new ReturnFileReader(file, name);
        var lines = new List<RecordedLine>();
        long units = 0;
        while (reader.TryRead(out var line))
        {
            lines.Add(new RecordedLine(line.At, line.Line, catalogue.Learn(line), line.Units, line.Price));
            units += line.Units;
        }
        var most = Math.Min(units, mostUnits ?? long.MaxValue);

        // The file's name is left out: the same returns under another name, or unpacked, are the same units.
        var input = string.Create(CultureInfo.InvariantCulture, $"{reader.ContentHash:x}|{seed}|{mostUnits}|{catalogue.Categorise():x}");
        var identity = FeedIdentity.Of('r', input, rules.Grading.Checklists.ToArray());
        Facility[] facilities = [new("DC-LEEDS"), new("DC-DERBY"), new("DC-SWINDON"), new("DC-GLASGOW")];
        lines.Sort((a, b) => a.At != b.At ? a.At.CompareTo(b.At) : a.Line.CompareTo(b.Line));
        var products = catalogue.Close(identity.Hash, lines.Count > 0 ? lines[0].At : 0);
        var arrivals = new RecordedArrivals([.. lines], products, facilities.Length, identity.Hash, most);
        var conveyor = new Conveyor(identity, arrivals, facilities, Habits.Replay, new ScanWriter(identity, Origin.Replayed, name));
        return new ScanFeed(identity, [.. products.Select(p => new CatalogEntry(long.MinValue, p))], conveyor, most, reader.Lines, reader.Rejected);
    }

    private readonly record struct RecordedLine(long At, long Line, int Product, int Units, decimal Price);

    /// <summary>The units of the lines, in the order in which the facilities' belts take them in.</summary>
    private sealed class RecordedArrivals : IArrivals
    {
        private readonly RecordedLine[][] _lines;
        private readonly Product[] _products;
        private readonly long _most;
        private readonly Dock[] _docks;
        private long _given;

        public RecordedArrivals(RecordedLine[] lines, Product[] products, int facilities, ulong seed, long most)
        {
            _products = products;
            _most = most;
            _docks = new Dock[facilities];
            _lines = [.. Enumerable.Range(0, facilities).Select(f => lines.Where(l => new Draws(seed ^ 1, l.Line).Below(facilities) == f).ToArray())];
        }

        public void Rewind()
        {
            _given = 0;
            Array.Fill(_docks, new Dock(0, 0, long.MinValue));
        }

        public bool TryNext(out Arrival arrival)
        {
            arrival = default;
            if (_given == _most) return false;
            var (facility, at) = (-1, long.MaxValue);
            for (var f = 0; f < _docks.Length; f++)
            {
                if (_docks[f].Line == _lines[f].Length) continue;
                var free = Math.Max(_lines[f][_docks[f].Line].At, _docks[f].FreeAt);
                if (free < at) (facility, at) = (f, free);
            }

            ref var dock = ref _docks[facility];
            var line = _lines[facility][dock.Line];
            dock = dock.Taken + 1 == line.Units ? new Dock(dock.Line + 1, 0, at + BeltMillis) : new Dock(dock.Line, dock.Taken + 1, at + BeltMillis);
            _given++;
            arrival = new Arrival(at, facility, _products[line.Product], new Money(line.Price, Pounds), line.Line);
            return true;
        }

        /// <summary>Where a facility stands: its line, the line's units taken in, and when the belt is free.</summary>
        private readonly record struct Dock(int Line, int Taken, long FreeAt);
    }
}
