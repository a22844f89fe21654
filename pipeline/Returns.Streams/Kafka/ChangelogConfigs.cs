namespace Returns.Streams.Kafka;

/// <summary>
/// How a changelog topic is created, so that it stays in proportion to the live state: at most as much again that is
/// superseded, and the segment being written. A topic that is there already keeps what it was given.
/// </summary>
internal static class ChangelogConfigs
{
    /// <summary>How long a tombstone is kept, and so the longest that a restore may take: one that had read a key's value before
    /// the key was deleted would otherwise miss the deletion.</summary>
    public static readonly TimeSpan TombstonesKept = TimeSpan.FromHours(1);

    /// <summary>Names and values, for the topic's creation.</summary>
    public static Dictionary<string, string> All => new()
    {
        ["cleanup.policy"] = "compact",
        ["min.cleanable.dirty.ratio"] = "0.5",
        // The segment being written is never compacted. Kafka's own defaults, 1 GiB and a week, would let a small, busy store
        // have a changelog of thousands of times its size, and a restore read all of it.
        ["segment.bytes"] = "33554432",
        ["segment.ms"] = "600000",
        // The markers of transactions, ten a second, go with the tombstones.
        ["delete.retention.ms"] = TombstonesKept.TotalMilliseconds.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}
