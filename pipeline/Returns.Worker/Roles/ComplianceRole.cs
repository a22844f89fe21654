using Confluent.Kafka;
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
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);

    private volatile StreamsApplication? _application;

    public string Name => "compliance";

    public RoleHealth Health
    {
        get
        {
            if (_application?.Health is not { } health)
            {
                return new RoleHealth("starting", false);
            }
            return new RoleHealth(health.State.ToString().ToLowerInvariant(), health.State is StreamsState.Running, health.Reason.Length == 0 ? null : health.Reason);
        }
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        if (schemas is RegistrySchemaIds registry)
        {
            ComplianceTopology.Register(registry);
        }
        var partitions = await Task.Run(() => PartitionsAsync(cancel), cancel);
        var topology = ComplianceTopology.Build(schemas, partitions, Metrics.DefaultFactory, logs.CreateLogger("Returns.Compliance"), options.IdleAfter);
        var streams = new StreamsOptions { Client = options.Kafka, Threads = options.Threads, GroupInstanceId = options.InstanceId };
        _application = new StreamsApplication(topology, streams, Metrics.DefaultFactory, logs.CreateLogger<StreamsApplication>());
        await _application.RunAsync(cancel);
    }

    /// <summary>Partitions of the scans, each of which windows wait for; 1 where the topic is missing, which the application then says.</summary>
    private async Task<int> PartitionsAsync(CancellationToken cancel)
    {
        using var admin = new AdminClientBuilder(options.Kafka).SetLogHandler((_, _) => { }).Build();
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                return Math.Max(1, admin.GetMetadata(Topics.Scans, AskEvery).Topics[0].Partitions.Count);
            }
            catch (KafkaException)
            {
                // The broker is not there yet: nothing can be lost before the group is joined.
                await Task.Delay(AskEvery, cancel);
            }
        }
    }
}
