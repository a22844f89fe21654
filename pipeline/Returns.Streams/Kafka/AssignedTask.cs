using Returns.Streams.Tasks;

namespace Returns.Streams.Kafka;

/// <summary>How far a task is.</summary>
internal enum TaskPhase
{
    /// <summary>Its stores are being filled from their changelogs; its partition is paused.</summary>
    Restoring,

    /// <summary>It processes records.</summary>
    Running,

    /// <summary>Its partition is no longer this thread's: what is under way for it is dropped.</summary>
    Dropped,
}

/// <summary>
/// A task with its place in its topics. The stream thread has it, but for the time of a restore, when the restorer fills its
/// stores and <see cref="Phase"/> and progress alone are shared.
/// </summary>
internal sealed class AssignedTask
{
    private volatile TaskPhase _phase = TaskPhase.Restoring;
    private long _restored;
    private long _toRestore;

    public AssignedTask(SubTopology sub, int partition, StreamTask task)
    {
        (Sub, Partition, Task) = (sub, partition, task);
        Sources = [.. sub.Sources.Select(s => new SourcePosition(s.Topic))];
    }

    public SubTopology Sub { get; }

    public int Partition { get; }

    public StreamTask Task { get; private set; }

    /// <summary>The places in its sources, in the sub-topology's order; the first one leads.</summary>
    public SourcePosition[] Sources { get; }

    public SourcePosition Lead => Sources[0];

    public TaskPhase Phase
    {
        get => _phase;
        set => _phase = value;
    }

    /// <summary>Whether the current transaction holds anything of this task.</summary>
    public bool Touched { get; set; }

    /// <summary>Whether the leader's committed records have all been processed, as far as is known.</summary>
    public bool AtEnd { get; set; }

    /// <summary>Broker's timestamp of a recent record, milliseconds since the epoch; 0 where it has none.</summary>
    public long RecordTime { get; set; }

    /// <summary>What the metrics have of the task's late and missed records.</summary>
    public (long Late, long Missed) Counted { get; set; }

    /// <summary>Event time of the earliest follower's record that waits for the leader; <see cref="long.MaxValue"/> where none does.</summary>
    public long FollowerWaitsFor { get; set; } = long.MaxValue;

    /// <summary>Records that the processor threw on, with what it said: dead letters once they come again.</summary>
    public Dictionary<(int Source, long Offset), string> Poison { get; } = [];

    /// <summary>Changelog records read so far.</summary>
    public long Restored
    {
        get => Volatile.Read(ref _restored);
        set => Volatile.Write(ref _restored, value);
    }

    /// <summary>Changelog offsets to be read.</summary>
    public long ToRestore
    {
        get => Volatile.Read(ref _toRestore);
        set => Volatile.Write(ref _toRestore, value);
    }

    /// <summary>Takes the stores, as far as they are filled, of a task of the same partition that was dropped while it was being
    /// restored; stream time stays as it was set here. For the restorer alone.</summary>
    public void TakeOver(AssignedTask dropped)
    {
        dropped.Task.RestoreStreamTime(Task.StreamTime);
        Task = dropped.Task;
    }

    public override string ToString() => $"{Lead.Topic} [{Partition}]";
}

/// <summary>A task's place in one of its topics.</summary>
internal sealed class SourcePosition(string topic)
{
    public string Topic => topic;

    /// <summary>The next offset to process.</summary>
    public long Next { get; set; }

    /// <summary>The next offset to process as of the last commit.</summary>
    public long Committed { get; set; }
}
