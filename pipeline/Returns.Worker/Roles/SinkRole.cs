using Microsoft.Extensions.Logging;
using Prometheus;
using Returns.ClickHouse.Sink;
using Returns.Contracts.Wire;

namespace Returns.Worker.Roles;

/// <summary>The outcome topics into ClickHouse.</summary>
internal sealed class SinkRole(WorkerOptions options, ISchemaIds schemas, ILogger<SinkService> log) : IRole, IDisposable
{
    private readonly SinkService _sink = new(options.Kafka, options.ClickHouse!, schemas, new SinkOptions(), Metrics.DefaultFactory, log);

    public string Name => "sink";

    public RoleHealth Health
    {
        get
        {
            var health = _sink.Health;
            return new RoleHealth(health.State.ToString(), health.State == SinkState.Running, health.Reason);
        }
    }

    public Task RunAsync(CancellationToken cancel) => _sink.RunAsync(cancel);

    public void Dispose() => _sink.Dispose();
}
