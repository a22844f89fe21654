using Microsoft.Extensions.Hosting;

namespace Returns.Worker;

/// <summary>A host that starts at once and listens to no signal: the program decides which of them end it.</summary>
internal sealed class SignalsElsewhere : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
