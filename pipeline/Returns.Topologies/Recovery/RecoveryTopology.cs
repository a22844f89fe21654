using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams;
using Returns.Topologies.Recovery.Inputs;
using Returns.Topologies.Recovery.Units;
using Returns.Topologies.Recovery.Windows;
using Returns.Topologies.Wire;

namespace Returns.Topologies.Recovery;

/// <summary>The role recovery: from outcomes and settlements to recovery figures in windows.</summary>
public static class RecoveryTopology
{
    /// <summary>Name of the application: its consumer group, and what its changelog topics begin with.</summary>
    public const string Application = "returns.recovery";

    /// <summary>Builds the topology.</summary>
    /// <param name="schemas">Where schema ids come from; see <see cref="Register"/> for a registry.</param>
    /// <param name="partitions">Partitions of returns.dispositions: windows wait for each of them.</param>
    /// <param name="metrics">Receives recovery's own counters.</param>
    public static Topology Build(ISchemaIds schemas, int partitions, IMetricFactory metrics)
    {
        ArgumentNullException.ThrowIfNull(schemas);
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        ArgumentNullException.ThrowIfNull(metrics);
        var counters = new RecoveryMetrics(metrics);
        var builder = new TopologyBuilder(Application, Topics.DeadLetters);
        var parts = new RecoveryParts(
            builder.Store("units"),
            builder.Store("hours"),
            builder.Store("days"),
            builder.Store("months"),
            builder.Store("origins"),
            builder.Sink(Topics.RecoveryChanges, () => new WireEventEncoder<RecoveryChange>(schemas, Topics.RecoveryChanges)),
            builder.Sink(Topics.Recovery, () => new WireEventEncoder<RecoveryWindow>(schemas, Topics.Recovery)));
        builder.SubTopology("units", [parts.Units], context => new UnitProcessor(context, parts, schemas, counters))
            .Source(Topics.Dispositions, () => new DispositionDecoder(schemas))
            .Source(Topics.Exceptions, () => new TimelessDecoder<ItemException>(new ExceptionDecoder(schemas)))
            .Source(Topics.Settlements, () => new TimelessDecoder<Kept<Settlement>>(new KeptDecoder<Settlement>(new SettlementDecoder(schemas))));
        builder.SubTopology("windows", [parts.Hours, parts.Days, parts.Months, parts.Origins], context => new WindowProcessor(context, parts, schemas, partitions))
            .Source(Topics.RecoveryChanges, () => new ChangeDecoder(schemas))
            .Source(Topics.Heartbeats, () => new HeartbeatDecoder(schemas));
        return builder.Build();
    }

    /// <summary>Asks a registry for the id of every topic that recovery reads or writes, as <see cref="Build"/> needs them.</summary>
    /// <exception cref="SchemaRegistryException">The registry did not answer, or refused a schema.</exception>
    public static void Register(RegistrySchemaIds registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        registry.Register<ItemRouted>(Topics.Dispositions);
        registry.Register<ItemException>(Topics.Exceptions);
        registry.Register<Settlement>(Topics.Settlements);
        registry.Register<StationHeartbeat>(Topics.Heartbeats);
        registry.Register<RecoveryChange>(Topics.RecoveryChanges);
        registry.Register<RecoveryWindow>(Topics.Recovery);
    }
}

/// <summary>What the processors use of their topology.</summary>
internal sealed record RecoveryParts(StoreSpec Units, StoreSpec Hours, StoreSpec Days, StoreSpec Months, StoreSpec Origins,
    Sink<RecoveryChange> Changes, Sink<RecoveryWindow> Windows);
