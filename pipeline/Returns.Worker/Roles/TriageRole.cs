using Microsoft.Extensions.Logging;
using Prometheus;
using Returns.Contracts.Wire;
using Returns.Streams.Kafka;
using Returns.Topologies.Triage;

namespace Returns.Worker.Roles;

/// <summary>Scans to grades, dispositions and the manual-review queue.</summary>
internal sealed class TriageRole(WorkerOptions options, ISchemaIds schemas, ILoggerFactory logs) : IRole
{
    private volatile StreamsApplication? _application;

    public string Name => "triage";

    public RoleHealth Health => RoleHealth.Of(_application?.Health);

    public async Task RunAsync(CancellationToken cancel)
    {
        if (schemas is RegistrySchemaIds registry)
        {
            TriageTopology.Register(registry);
        }
        var topology = TriageTopology.Build(schemas, Metrics.DefaultFactory, logs.CreateLogger("Returns.Triage"));
        _application = new StreamsApplication(topology, options.Streams, Metrics.DefaultFactory, logs.CreateLogger<StreamsApplication>());
        await _application.RunAsync(cancel);
    }
}
