using System.Reflection;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.ClickHouse;
using Returns.ClickHouse.Sink;
using Returns.Contracts.Wire;
using Returns.Streams.Kafka;
using Returns.Topologies.Compliance;
using Returns.Topologies.Recovery;
using Returns.Topologies.Triage;
using Returns.Worker.Notifier;
using Returns.Worker.Roles;

namespace Returns.Worker.Tests;

/// <summary>The metrics that the roles register, and the README's table of them.</summary>
public sealed class MetricTable
{
    [Fact]
    public void Each_metric_is_in_the_table_with_its_type_and_labels_and_the_table_has_no_others()
    {
        var factory = DispatchProxy.Create<IMetricFactory, Recording>();
        var client = new ClientConfig { BootstrapServers = "127.0.0.1:1" };
        var topology = TriageTopology.Build(LocalSchemaIds.BuiltIn, factory, NullLogger.Instance);
        _ = ComplianceTopology.Build(LocalSchemaIds.BuiltIn, 1, factory, NullLogger.Instance);
        _ = RecoveryTopology.Build(LocalSchemaIds.BuiltIn, 1, factory);
        _ = new NotifierMetrics(factory);
        _ = new RoleMetrics(factory);
        _ = new StreamsApplication(topology, new StreamsOptions { Client = client }, factory, NullLogger.Instance);
        using var sink = new SinkService(client, ClickHouseAddress.Parse("http://127.0.0.1:1"), LocalSchemaIds.BuiltIn, new SinkOptions(), factory, NullLogger<SinkService>.Instance);

        var registered = ((Recording)(object)factory).Rows.Order(StringComparer.Ordinal);
        var table = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Returns.Worker.README.md"))
            .Where(l => l.StartsWith("| returns_", StringComparison.Ordinal)).ToList();
        Assert.All(table, row => Assert.NotEmpty(row.Split('|')[4].Trim()));
        Assert.Equal(registered, table.Select(row => string.Join(" |", row.Split('|')[1..4].Select(c => c.TrimEnd()))[1..]).Order(StringComparer.Ordinal));
    }

    /// <summary>A factory that notes what is made, and has it made in a registry of its own.</summary>
    public class Recording : DispatchProxy
    {
        private readonly IMetricFactory _made = Metrics.WithCustomRegistry(Metrics.NewCustomRegistry());

        public List<string> Rows { get; } = [];

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            ArgumentNullException.ThrowIfNull(targetMethod);
            ArgumentNullException.ThrowIfNull(args);
            if (targetMethod.Name.StartsWith("Create", StringComparison.Ordinal))
            {
                var labels = args.OfType<string[]>().FirstOrDefault() ?? args.OfType<MetricConfiguration>().FirstOrDefault()?.LabelNames ?? [];
                Rows.Add($"{args[0]} | {targetMethod.Name["Create".Length..].ToLowerInvariant()} | {string.Join(", ", labels)}".TrimEnd());
            }
            return targetMethod.Invoke(_made, args);
        }
    }
}
