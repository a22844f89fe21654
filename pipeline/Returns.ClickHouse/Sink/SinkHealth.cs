namespace Returns.ClickHouse.Sink;

/// <summary>What the sink is doing.</summary>
public enum SinkState
{
    /// <summary>It has no partition yet: it has not started, or waits for the broker or for its share of the group.</summary>
    Starting,

    /// <summary>It reads and inserts.</summary>
    Running,

    /// <summary>A partition has had records, and none of them has landed for longer than is usual.</summary>
    Stuck,

    /// <summary>ClickHouse does not take inserts; the sink keeps its place in the group and tries again.</summary>
    WaitingForClickHouse,

    /// <summary>A record needs a schema, and the Schema Registry does not answer; the sink tries again for a while.</summary>
    WaitingForSchemaRegistry,

    /// <summary>It was asked to stop and has.</summary>
    Stopped,

    /// <summary>It stopped with an error.</summary>
    Failed,
}

/// <summary>How far a partition is behind.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Lag">Offsets between what landed and the end of the partition, as far as this consumer knows the end; -1 before it has
/// heard of one.</param>
/// <param name="StillFor">How long nothing has landed although there is a lag.</param>
public readonly record struct PartitionLag(string Topic, int Partition, long Lag, TimeSpan StillFor)
{
    /// <summary>Whether that is longer than is usual.</summary>
    public bool IsStuck => StillFor > SinkStatus.StuckAfter;
}

/// <summary>A snapshot of the sink, at most about a second old.</summary>
/// <param name="State">What it is doing.</param>
/// <param name="Since">When that began.</param>
/// <param name="Reason">Why it waits or failed, else null.</param>
/// <param name="Partitions">The partitions it has, and their lag.</param>
public sealed record SinkHealth(SinkState State, DateTimeOffset Since, string? Reason, IReadOnlyList<PartitionLag> Partitions);
