namespace Returns.Streams.Kafka;

/// <summary>What a <see cref="StreamsApplication"/> is doing.</summary>
public enum StreamsState
{
    /// <summary>Reaching Kafka, checking topics, catching up with global tables, joining the group.</summary>
    Starting,

    /// <summary>Filling stores from their changelogs; partitions that are ready are processed meanwhile.</summary>
    Restoring,

    /// <summary>Processing, or waiting for records.</summary>
    Running,

    /// <summary>Running, with no partition at the moment: the group is giving them out, or has more members than partitions.</summary>
    Rebalancing,

    /// <summary>A processor does not return, or a broker does not do what it is asked, for longer than is usual.</summary>
    Stuck,

    /// <summary>Another instance has taken over; what this one held is being built again from what is committed.</summary>
    Fenced,

    /// <summary>Not running any more.</summary>
    Stopped,
}

/// <summary>A picture of an application at a moment.</summary>
/// <param name="State">The worst state of its threads.</param>
/// <param name="Reason">Why, for a person; empty where all is well.</param>
/// <param name="Partitions">The partitions it has.</param>
public sealed record StreamsHealth(StreamsState State, string Reason, IReadOnlyList<PartitionHealth> Partitions);

/// <summary>A partition of a leading topic.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="State">Restoring, running, or stuck.</param>
/// <param name="Lag">Records between its place and the end, at most a second old.</param>
/// <param name="Restored">Changelog offsets read so far.</param>
/// <param name="ToRestore">Changelog offsets to be read.</param>
/// <param name="StillFor">How long it has had something to read and has read nothing.</param>
/// <param name="Reason">Why it is stuck; empty where it is not.</param>
public sealed record PartitionHealth(string Topic, int Partition, StreamsState State, long Lag, long Restored, long ToRestore, TimeSpan StillFor, string Reason);
