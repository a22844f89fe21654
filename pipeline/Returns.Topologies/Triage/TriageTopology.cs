using Microsoft.Extensions.Logging;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams;
using Returns.Topologies.Rules;
using Returns.Topologies.Triage.Inputs;
using Returns.Topologies.Triage.Tables;
using Returns.Topologies.Wire;

namespace Returns.Topologies.Triage;

/// <summary>The role triage: from scans to grades, dispositions and the manual-review queue, without a hop in between.</summary>
public static class TriageTopology
{
    /// <summary>Name of the application: its consumer group, and what its changelog topic begins with.</summary>
    public const string Application = "returns.triage";

    /// <summary>Name of its sub-topology, whose sources are the scans, the overrides and the heartbeats, in this order.</summary>
    public const string SubTopology = "triage";

    /// <summary>Builds the topology.</summary>
    /// <param name="schemas">Where schema ids come from; see <see cref="Register"/> for a registry.</param>
    /// <param name="metrics">Receives triage's own counters.</param>
    /// <param name="log">Told of rules that do not fit; silent otherwise.</param>
    public static Topology Build(ISchemaIds schemas, IMetricFactory metrics, ILogger log)
    {
        ArgumentNullException.ThrowIfNull(schemas);
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentNullException.ThrowIfNull(log);
        var counters = new TriageMetrics(metrics);
        var rules = new RuleMetrics(metrics, "returns_triage");
        var builder = new TopologyBuilder(Application, Topics.DeadLetters);
        var parts = new TriageParts(
            builder.Store("items"),
            builder.Table(Topics.Catalog, () => new CatalogTable(schemas)),
            builder.Table(Topics.Rules, () => new RulesTable(schemas, rules, log)),
            builder.Sink(Topics.Grades, () => new WireEventEncoder<ItemGraded>(schemas, Topics.Grades)),
            builder.Sink(Topics.Dispositions, () => new WireEventEncoder<ItemRouted>(schemas, Topics.Dispositions)),
            builder.Sink(Topics.Exceptions, () => new WireEventEncoder<ItemException>(schemas, Topics.Exceptions)));
        builder.SubTopology(SubTopology, [parts.Items], context => new TriageProcessor(context, parts, counters))
            .Source(Topics.Scans, () => new ScanDecoder(schemas))
            .Source(Topics.Overrides, () => new OverrideDecoder(schemas))
            .Source(Topics.Heartbeats, () => new HeartbeatDecoder(schemas));
        return builder.Build();
    }

    /// <summary>Asks a registry for the id of every topic that triage reads or writes, as <see cref="Build"/> needs them.</summary>
    /// <exception cref="SchemaRegistryException">The registry did not answer, or refused a schema.</exception>
    public static void Register(RegistrySchemaIds registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        registry.Register<ItemScan>(Topics.Scans);
        registry.Register<OperatorOverride>(Topics.Overrides);
        registry.Register<StationHeartbeat>(Topics.Heartbeats);
        registry.Register<CatalogItem>(Topics.Catalog);
        registry.Register<RuleSet>(Topics.Rules);
        registry.Register<ItemGraded>(Topics.Grades);
        registry.Register<ItemRouted>(Topics.Dispositions);
        registry.Register<ItemException>(Topics.Exceptions);
    }
}

/// <summary>What the processor uses of its topology.</summary>
internal sealed record TriageParts(StoreSpec Items, TableSource<CatalogTable> Catalog, TableSource<RulesTable> Rules,
    Sink<ItemGraded> Grades, Sink<ItemRouted> Dispositions, Sink<ItemException> Exceptions);
