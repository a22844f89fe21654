using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Returns.ClickHouse;
using Returns.Contracts.Wire;
using Returns.Streams.Kafka;

namespace Returns.Worker.Roles;

/// <summary>Runs a role in the host. A role that ends by an error ends the process: what supervises it starts it again.</summary>
internal sealed partial class RoleService(IRole role, IHostApplicationLifetime host, ILogger<RoleService> log) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancel)
    {
        // A role's loop may block its thread for as long as it lives.
        _running = Task.Factory.StartNew(RunAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancel)
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(cancel);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync()
    {
        try
        {
            await role.RunAsync(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Asked to stop.
        }
#pragma warning disable CA1031 // Whatever it is, it ends the process, and is said.
        catch (Exception error)
#pragma warning restore CA1031
        {
            // What a person can see to is one line; a stack trace is for what nobody foresaw.
            Failed(role.Name, error.Message, error is StreamsException or ClickHouseException or SchemaRegistryException or KafkaException ? null : error);
            Environment.ExitCode = 1;
            host.StopApplication();
        }
    }

    [LoggerMessage(LogLevel.Critical, "the role {Role} has stopped: {Reason}")]
    private partial void Failed(string role, string reason, Exception? error);
}
