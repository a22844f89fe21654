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

    public RoleHealth Health
    {
        get
        {
            if (_application?.Health is not { } health)
            {
                return new RoleHealth("starting", false);
            }
            return new RoleHealth(health.State.ToString().ToLowerInvariant(), health.State is StreamsState.Running, health.Reason.Length == 0 ? null : health.Reason,
                [.. health.Partitions.Select(p => new RolePartition(p.Topic, p.Partition, p.State.ToString().ToLowerInvariant(), p.Lag, p.ToRestore - p.Restored,
                    Math.Round(p.StillFor.TotalSeconds, 1), p.Reason.Length == 0 ? null : p.Reason))]);
        }
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        if (schemas is RegistrySchemaIds registry)
        {
            TriageTopology.Register(registry);
        }
        var topology = TriageTopology.Build(schemas, Metrics.DefaultFactory, logs.CreateLogger("Returns.Triage"));
        var streams = new StreamsOptions { Client = options.Kafka, Threads = options.Threads, GroupInstanceId = options.InstanceId };
        streams = streams with
        {
            SessionTimeout = options.SessionTimeout ?? streams.SessionTimeout,
            TransactionTimeout = options.TransactionTimeout ?? streams.TransactionTimeout,
        };
        _application = new StreamsApplication(topology, streams, Metrics.DefaultFactory, logs.CreateLogger<StreamsApplication>());
        await _application.RunAsync(cancel);
    }
}
