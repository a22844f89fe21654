using Microsoft.Extensions.Logging;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams;
using Returns.Topologies.Compliance.Inputs;
using Returns.Topologies.Compliance.Units;
using Returns.Topologies.Compliance.Vendors;
using Returns.Topologies.Rules;
using Returns.Topologies.Triage.Inputs;
using Returns.Topologies.Wire;

namespace Returns.Topologies.Compliance;

/// <summary>The role compliance: from scans and decisions to vendors' figures, alerts and chargebacks.</summary>
public static class ComplianceTopology
{
    /// <summary>Name of the application: its consumer group, and what its changelog topics begin with.</summary>
    public const string Application = "returns.compliance";

    /// <summary>How long a partition of the scans may bring nothing and still hold windows back, where nothing else is said.</summary>
    public static readonly TimeSpan DefaultIdleAfter = TimeSpan.FromSeconds(30);

    /// <summary>Builds the topology.</summary>
    /// <param name="schemas">Where schema ids come from; see <see cref="Register"/> for a registry.</param>
    /// <param name="partitions">Partitions of returns.scans: windows wait for each of them.</param>
    /// <param name="metrics">Receives compliance's own counters.</param>
    /// <param name="log">Told of rules that do not fit; silent otherwise.</param>
    /// <param name="idleAfter">How long a partition of the scans may bring nothing and still hold windows back: longer than a restart of a
    /// worker takes. Null for <see cref="DefaultIdleAfter"/>.</param>
    public static Topology Build(ISchemaIds schemas, int partitions, IMetricFactory metrics, ILogger log, TimeSpan? idleAfter = null)
    {
        ArgumentNullException.ThrowIfNull(schemas);
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentNullException.ThrowIfNull(log);
        var counters = new ComplianceMetrics(metrics);
        var rules = new RuleMetrics(metrics, "returns_compliance");
        var builder = new TopologyBuilder(Application, Topics.DeadLetters);
        var parts = new ComplianceParts(
            builder.Store("units"),
            builder.Store("vendors"),
            builder.Store("origins"),
            builder.Table(Topics.Rules, () => new RulesTable(schemas, rules, log)),
            builder.Sink(Topics.VendorUnits, () => new WireEventEncoder<VendorUnit>(schemas, Topics.VendorUnits)),
            builder.Sink(Topics.VendorWindows, () => new WireEventEncoder<VendorWindow>(schemas, Topics.VendorWindows)),
            builder.Sink(Topics.VendorAlerts, () => new WireEventEncoder<VendorAlert>(schemas, Topics.VendorAlerts)),
            builder.Sink(Topics.Chargebacks, () => new WireEventEncoder<Chargeback>(schemas, Topics.Chargebacks)));
        builder.SubTopology("units", [parts.Units], context => new UnitProcessor(context, parts, schemas, counters))
            .Source(Topics.Scans, () => new HashedDecoder<ItemScan>(new ScanDecoder(schemas), passOver: true))
            .Source(Topics.Dispositions, () => new DispositionDecoder(schemas));
        builder.SubTopology("vendors", [parts.Vendors, parts.Origins], context => new VendorProcessor(context, parts, schemas, partitions, idleAfter ?? DefaultIdleAfter, counters))
            .Source(Topics.VendorUnits, () => new HashedDecoder<VendorUnit>(new JournalDecoder(schemas)))
            .Source(Topics.Heartbeats, () => new HeartbeatDecoder(schemas));
        return builder.Build();
    }

    /// <summary>Asks a registry for the id of every topic that compliance reads or writes, as <see cref="Build"/> needs them.</summary>
    /// <exception cref="SchemaRegistryException">The registry did not answer, or refused a schema.</exception>
    public static void Register(RegistrySchemaIds registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        registry.Register<ItemScan>(Topics.Scans);
        registry.Register<ItemRouted>(Topics.Dispositions);
        registry.Register<StationHeartbeat>(Topics.Heartbeats);
        registry.Register<RuleSet>(Topics.Rules);
        registry.Register<VendorUnit>(Topics.VendorUnits);
        registry.Register<VendorWindow>(Topics.VendorWindows);
        registry.Register<VendorAlert>(Topics.VendorAlerts);
        registry.Register<Chargeback>(Topics.Chargebacks);
    }
}

/// <summary>What the processors use of their topology.</summary>
internal sealed record ComplianceParts(StoreSpec Units, StoreSpec Vendors, StoreSpec Origins, TableSource<RulesTable> Rules,
    Sink<VendorUnit> Journal, Sink<VendorWindow> Windows, Sink<VendorAlert> Alerts, Sink<Chargeback> Chargebacks);
