namespace Returns.ClickHouse.Sink;

/// <summary>How the sink batches. The defaults suit production; the bounds are checked when the sink is made.</summary>
public sealed record SinkOptions
{
    /// <summary>The consumer group; its committed offsets are the sink's only state.</summary>
    public string GroupId { get; init; } = "returns.sink";

    /// <summary>
    /// The process's name among the group's static members, or null for none. One that starts again under its name within the session
    /// timeout takes its partitions over at once, and the process that had the name before is refused; without a name, what a killed
    /// process had lies still until its session times out.
    /// </summary>
    public string? GroupInstanceId { get; init; }

    /// <summary>
    /// After how long without a heartbeat the group gives a process's partitions to others, 1 s to half an hour. Two thirds of it, and
    /// at most 30 s, are the time for which a mark holds: README.md says why.
    /// </summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>Rows at which a partition's batch is inserted. 1 to 1,000,000: ClickHouse must take a batch as one block.</summary>
    public int MaxRows { get; init; } = 50_000;

    /// <summary>Bytes of rows at which a partition's batch is inserted, 1 KiB to 128 MiB; four times that much gathers over all partitions.</summary>
    public int MaxBytes { get; init; } = 16 << 20;

    /// <summary>How long a row waits for others, above 0 and at most a minute.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long stopping may wait for the inserts under way, at most a minute.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long after its mark an attempt may begin an insert.</summary>
    internal TimeSpan MarkHolds => TimeSpan.FromSeconds(Math.Min(30, SessionTimeout.TotalSeconds * 2 / 3));

    internal void Check()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(GroupId);
        Within(SessionTimeout >= TimeSpan.FromSeconds(1) && SessionTimeout <= TimeSpan.FromMinutes(30), nameof(SessionTimeout), SessionTimeout, "1 s to 30 min");
        Within(MaxRows is >= 1 and <= 1_000_000, nameof(MaxRows), MaxRows, "1 to 1,000,000");
        Within(MaxBytes is >= 1024 and <= 128 << 20, nameof(MaxBytes), MaxBytes, "1 KiB to 128 MiB");
        Within(MaxDelay > TimeSpan.Zero && MaxDelay <= TimeSpan.FromMinutes(1), nameof(MaxDelay), MaxDelay, "more than zero and at most a minute");
        Within(StopTimeout >= TimeSpan.Zero && StopTimeout <= TimeSpan.FromMinutes(1), nameof(StopTimeout), StopTimeout, "at most a minute");
    }

    private static void Within(bool fits, string name, object value, string bounds)
    {
        if (!fits) throw new ArgumentOutOfRangeException(name, value, $"the sink takes {bounds}");
    }
}
