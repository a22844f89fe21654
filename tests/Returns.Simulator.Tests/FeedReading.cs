using System.IO.Hashing;
using System.Text;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Simulator.Replays;

namespace Returns.Simulator.Tests;

/// <summary>Reads feeds in tests.</summary>
internal static class FeedReading
{
    public const string Header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

    /// <summary>A replay of lines of the form "sku,description,units,yyyy-MM-dd HH:mm:ss,price".</summary>
    public static ScanFeed Replay(string lines, ulong seed = 1, long? mostUnits = null, string name = "returns.csv")
    {
        var text = new StringBuilder(Header);
        foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var f = line.Split(',');
            text.Append($"C1,{f[0]},{f[1]},-{f[2]},{f[3]},{f[4]},1,UK\n");
        }
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text.ToString()));
        return FileReplay.Read(stream, name, ShippedRules.Any, seed, mostUnits);
    }

    /// <summary>Hands every record to one of two callers.</summary>
    public static void ReadAll(this ScanFeed feed, Action<ItemScan> scan, Action<CatalogItem>? item = null)
    {
        var (s, c) = (new ItemScan(), new CatalogItem());
        for (var next = feed.Next(s, c); next != FeedRecord.End; next = feed.Next(s, c))
        {
            if (next == FeedRecord.Scan) scan(s);
            else item?.Invoke(c);
        }
    }

    /// <summary>The feed's scans, each with memory of its own.</summary>
    public static List<ItemScan> Scans(this ScanFeed feed)
    {
        var scans = new List<ItemScan>();
        feed.ReadAll(s => scans.Add(s.Clone()));
        return scans;
    }

    public static ItemScan Clone(this ItemScan scan)
    {
        var copy = new ItemScan();
        Assert.True(ConfluentWire.TryRead(new WireEncoder<ItemScan>().Encode(scan), out _, out var body));
        Assert.True(ItemScan.TryDecode(body, copy, out var error), error.ToString());
        return copy;
    }

    /// <summary>A hash of every record's bytes, in order.</summary>
    public static ulong Hash(this ScanFeed feed)
    {
        var hash = new XxHash3();
        var (scans, items) = (new WireEncoder<ItemScan>(), new WireEncoder<CatalogItem>());
        feed.ReadAll(s => hash.Append(scans.Encode(s)), i => hash.Append(items.Encode(i)));
        return hash.GetCurrentHashAsUInt64();
    }
}
