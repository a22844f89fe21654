using Microsoft.Extensions.Logging;
using Prometheus;
using Returns.ClickHouse;
using Returns.ClickHouse.Migrations;
using Returns.ClickHouse.Sink;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams.Kafka;

namespace Returns.Worker.Roles;

/// <summary>The outcome topics into ClickHouse, whose tables it brings up to date first.</summary>
internal sealed partial class SinkRole : IRole, IDisposable
{
    private static readonly TimeSpan QueryTimeout = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private readonly WorkerOptions _options;
    private readonly ISchemaIds _schemas;
    private readonly ILoggerFactory _logs;
    private readonly ILogger _log;
    private readonly BrokerRefusals _refusals;
    private readonly SinkService _sink;
    private volatile string? _migrating = "migrating";

    public SinkRole(WorkerOptions options, ISchemaIds schemas, ILoggerFactory logs)
    {
        (_options, _schemas, _logs, _log) = (options, schemas, logs, logs.CreateLogger<SinkRole>());
        _refusals = new BrokerRefusals(Name, _log);
        _sink = new SinkService(options.Kafka, options.ClickHouse!, schemas, OptionsOf(options), Metrics.DefaultFactory, logs.CreateLogger<SinkService>()) { KafkaErrors = _refusals.Hear };
    }

    public string Name => "sink";

    public RoleHealth Health
    {
        get
        {
            if (_migrating is { } reason)
            {
                return new RoleHealth("starting", false, reason);
            }
            var health = _sink.Health;
            return new RoleHealth(health.State.ToString().ToLowerInvariant(), health.State == SinkState.Running, health.State == SinkState.Starting ? _refusals.Current ?? health.Reason : health.Reason,
                [.. health.Partitions.Select(p => new RolePartition(p.Topic, p.Partition, p.IsStuck ? "stuck" : "running", p.Lag, 0, Math.Round(p.StillFor.TotalSeconds, 1), null))]);
        }
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        if (_schemas is RegistrySchemaIds registry)
        {
            registry.Register<ItemGraded>(Topics.Grades);
            registry.Register<ItemRouted>(Topics.Dispositions);
            registry.Register<ItemException>(Topics.Exceptions);
            registry.Register<VendorWindow>(Topics.VendorWindows);
            registry.Register<VendorAlert>(Topics.VendorAlerts);
            registry.Register<Chargeback>(Topics.Chargebacks);
            registry.Register<Settlement>(Topics.Settlements);
            registry.Register<RecoveryWindow>(Topics.Recovery);
        }
        await MigrateAsync(cancel);
        _migrating = null;
        await _sink.RunAsync(cancel);
    }

    public void Dispose() => _sink.Dispose();

    private static SinkOptions OptionsOf(WorkerOptions options)
    {
        var sink = new SinkOptions { GroupInstanceId = options.InstanceId, StopTimeout = options.StopTimeout };
        return sink with { SessionTimeout = options.SessionTimeout ?? sink.SessionTimeout };
    }

    /// <summary>Waits for ClickHouse as long as it takes: nothing is lost meanwhile.</summary>
    private async Task MigrateAsync(CancellationToken cancel)
    {
        using var clickHouse = new ClickHouseHttp(_options.ClickHouse!, QueryTimeout);
        var migrator = new Migrator(clickHouse, _logs.CreateLogger<Migrator>());
        while (true)
        {
            try
            {
                await migrator.ApplyAsync(cancel);
                return;
            }
            catch (ClickHouseException error) when (error.IsAway)
            {
                if (_migrating != error.Message)
                {
                    Waiting(error.Message);
                }
                _migrating = error.Message;
                await Task.Delay(RetryAfter, cancel);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "waiting for ClickHouse: {Reason}")]
    private partial void Waiting(string reason);
}
