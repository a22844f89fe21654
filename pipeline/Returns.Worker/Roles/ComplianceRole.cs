using Microsoft.Extensions.Logging;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams.Kafka;
using Returns.Topologies.Compliance;

namespace Returns.Worker.Roles;

/// <summary>Scans and decisions to vendors' figures, alerts and chargebacks.</summary>
internal sealed class ComplianceRole(WorkerOptions options, ISchemaIds schemas, ILoggerFactory logs) : IRole
{
    private readonly BrokerRefusals _refusals = new("compliance", logs.CreateLogger<ComplianceRole>());
    private volatile StreamsApplication? _application;

    public string Name => "compliance";

    public RoleHealth Health => RoleHealth.Of(_application?.Health, _refusals.Current);

    public async Task RunAsync(CancellationToken cancel)
    {
        if (schemas is RegistrySchemaIds registry)
        {
            ComplianceTopology.Register(registry);
        }
        var partitions = await SourcePartitions.CountAsync(options.Kafka, Topics.Scans, _refusals, cancel);
        var topology = ComplianceTopology.Build(schemas, partitions, Metrics.DefaultFactory, logs.CreateLogger("Returns.Compliance"), options.IdleAfter);
        _application = new StreamsApplication(topology, options.Streams, Metrics.DefaultFactory, logs.CreateLogger<StreamsApplication>());
        await _application.RunAsync(cancel);
    }
}
