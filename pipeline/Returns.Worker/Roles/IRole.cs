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
internal sealed record RoleHealth(string State, bool IsReady, string? Detail = null);
