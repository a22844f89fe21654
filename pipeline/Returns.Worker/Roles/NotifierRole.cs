using Microsoft.Extensions.Logging;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams.Kafka;
using Returns.Worker.Notifier;

namespace Returns.Worker.Roles;

/// <summary>Vendor alerts to Alertmanager and webhooks.</summary>
internal sealed class NotifierRole : IRole, IDisposable
{
    private readonly ISchemaIds _schemas;
    private readonly IReadOnlyList<IAlertReceiver> _receivers;
    private readonly WorkerOptions _options;
    private readonly ILogger _log;
    private readonly BrokerRefusals _refusals;
    private volatile IReadOnlyList<AlertCourier> _couriers = [];

    public NotifierRole(WorkerOptions options, ISchemaIds schemas, ILoggerFactory logs)
    {
        (_options, _schemas, _log) = (options, schemas, logs.CreateLogger("Returns.Notifier"));
        _refusals = new BrokerRefusals(Name, _log);
        var receivers = new List<IAlertReceiver>();
        if (options.Alertmanager is { } alertmanager)
        {
            receivers.Add(new AlertmanagerReceiver(alertmanager, TimeProvider.System, TimeSpan.FromMinutes(1)));
        }
        receivers.AddRange(options.Webhooks.Select(url => new WebhookReceiver(url, options.WebhookSecret, TimeProvider.System)));
        _receivers = receivers;
    }

    public string Name => "notifier";

    public RoleHealth Health
    {
        get
        {
            var couriers = _couriers;
            if (couriers.Count == 0 || couriers.Any(c => !c.IsRunning && c.Trouble is null))
            {
                return new RoleHealth("starting", false, _refusals.Current);
            }
            var trouble = couriers.Select(c => c.Trouble).FirstOrDefault(t => t is not null);
            return trouble is null ? new RoleHealth("running", true) : new RoleHealth("waiting", false, trouble);
        }
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        if (_schemas is RegistrySchemaIds registry)
        {
            registry.Register<VendorAlert>(Topics.VendorAlerts);
        }
        var metrics = new NotifierMetrics(Metrics.DefaultFactory);
        _couriers = [.. _receivers.Select(receiver => new AlertCourier(_options.Kafka, _schemas, receiver, metrics, _log, _refusals.Hear))];
        // One that fails ends the role: the process is started again.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var running = _couriers.Select(courier => Task.Factory.StartNew(() => courier.RunAsync(stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()).ToList();
        await Task.WhenAny(running);
        await stop.CancelAsync();
        await Task.WhenAll(running);
    }

    public void Dispose()
    {
        foreach (var receiver in _receivers.OfType<IDisposable>())
        {
            receiver.Dispose();
        }
    }
}
