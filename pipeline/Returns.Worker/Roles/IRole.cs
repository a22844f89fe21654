using Returns.Streams.Kafka;

namespace Returns.Worker.Roles;

/// <summary>One of the things a worker can do.</summary>
internal interface IRole
{
    /// <summary>Its name, as <c>--roles</c> has it.</summary>
    string Name { get; }

    /// <summary>How it is. Any thread may ask.</summary>
    RoleHealth Health { get; }

    /// <summary>Runs until cancelled, then stops gracefully. Ends otherwise only by an exception that says what a person must do.</summary>
    Task RunAsync(CancellationToken cancel);
}

/// <summary>How a role is.</summary>
/// <param name="State">Such as <c>starting</c>, <c>restoring</c>, <c>running</c>, <c>stuck</c>.</param>
/// <param name="IsReady">Whether it does its work: true while running, and while a part of its partitions moves.</param>
/// <param name="Detail">More, where there is more to say.</param>
/// <param name="Partitions">Its partitions, where it has some.</param>
internal sealed record RoleHealth(string State, bool IsReady, string? Detail = null, IReadOnlyList<RolePartition>? Partitions = null)
{
    /// <summary>How a role on the stream runtime is.</summary>
    /// <param name="health">Of its application; null before that is made.</param>
    /// <param name="waitsFor">What keeps it from being made, where that is known.</param>
    public static RoleHealth Of(StreamsHealth? health, string? waitsFor = null) => health is null
        ? new RoleHealth("starting", false, waitsFor)
        : new RoleHealth(health.State.ToString().ToLowerInvariant(), health.State is StreamsState.Running, health.Reason.Length == 0 ? null : health.Reason,
            [.. health.Partitions.Select(p => new RolePartition(p.Topic, p.Partition, p.State.ToString().ToLowerInvariant(), p.Lag, p.ToRestore - p.Restored,
                Math.Round(p.StillFor.TotalSeconds, 1), p.Reason.Length == 0 ? null : p.Reason))]);
}

/// <summary>How a partition of a role is.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="State">Restoring, running or stuck.</param>
/// <param name="Lag">Records to be read; -1 where that is not known yet.</param>
/// <param name="ToRestore">Changelog offsets to be read before it runs.</param>
/// <param name="StillSeconds">How long nothing was read although something is there.</param>
/// <param name="Detail">Why it is stuck.</param>
internal sealed record RolePartition(string Topic, int Partition, string State, long Lag, long ToRestore, double StillSeconds, string? Detail);
