using Microsoft.Extensions.Logging;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams.Kafka;
using Returns.Topologies.Recovery;

namespace Returns.Worker.Roles;

/// <summary>Outcomes and settlements to recovery figures.</summary>
internal sealed class RecoveryRole(WorkerOptions options, ISchemaIds schemas, ILoggerFactory logs) : IRole
{
    /// <summary>Figures are for people: what is combined for a second is a fraction of the records.</summary>
    private static readonly TimeSpan CommitInterval = TimeSpan.FromSeconds(1);

    /// <summary>Nobody needs the early figures of a backlog.</summary>
    private static readonly TimeSpan CommitIntervalBehind = TimeSpan.FromSeconds(4);

    private readonly BrokerRefusals _refusals = new("recovery", logs.CreateLogger<RecoveryRole>());
    private volatile StreamsApplication? _application;

    public string Name => "recovery";

    public RoleHealth Health => RoleHealth.Of(_application?.Health, _refusals.Current);

    public async Task RunAsync(CancellationToken cancel)
    {
        if (schemas is RegistrySchemaIds registry)
        {
            RecoveryTopology.Register(registry);
        }
        var partitions = await SourcePartitions.CountAsync(options.Kafka, Topics.Dispositions, _refusals, cancel);
        var topology = RecoveryTopology.Build(schemas, partitions, Metrics.DefaultFactory);
        var streams = options.Streams with { CommitInterval = CommitInterval, CommitIntervalBehind = CommitIntervalBehind };
        _application = new StreamsApplication(topology, streams, Metrics.DefaultFactory, logs.CreateLogger<StreamsApplication>());
        await _application.RunAsync(cancel);
    }
}
