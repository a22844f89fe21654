using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Confluent.Kafka;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Rules;
using Returns.Simulator.Conveyors;
using Returns.Simulator.Feeding;
using Returns.Worker.Tests.Notifier;

namespace Returns.EndToEnd.Alerts;

/// <summary>Tests that look at one pipeline as those who run it do. They come after the others, as it is work for two cores.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MonitoredPipelineCollection : ICollectionFixture<MonitoredPipeline>
{
    public const string Name = "monitored pipeline";
}

/// <summary>
/// <c>returns up</c> with shifts behind it, a Prometheus that scrapes its workers and evaluates the rules of infra/prometheus, and
/// the Alertmanager of infra/prometheus, which both of them tell, with a webhook of the test's own.
/// </summary>
public sealed class MonitoredPipeline : IAsyncLifetime
{
    private static readonly DateTimeOffset FirstShift = new(2026, 1, 5, 5, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(90);

    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private UpProcess? _up;
    private ServerProcess? _prometheus;
    private ServerProcess? _alertmanager;
    private FakeReceiver? _hook;
    private FakeReceiver? _direct;
    private int _alertmanagerPort;
    private long _sequence;

    /// <summary>Why it does not run; null where it does.</summary>
    public static string? Missing { get; } = MonitoringTools.Prometheus is null || MonitoringTools.Alertmanager is null ? MonitoringTools.Missing : null;

    internal UpProcess Up => _up!;

    /// <summary>What Alertmanager notifies.</summary>
    internal FakeReceiver Hook => _hook!;

    /// <summary>The webhook that the notifier posts to itself.</summary>
    internal FakeReceiver Direct => _direct!;

    /// <summary>Address of Prometheus.</summary>
    internal Uri Prometheus => _prometheus!.Address;

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null)
        {
            return;
        }
        (_hook, _direct) = (new FakeReceiver(), new FakeReceiver());
        _alertmanagerPort = FreePort();
        await StartAlertmanagerAsync();
        _up = UpProcess.Start("--simulate", "0", "--units", "1500", "--seed", "21", "--data", _folder.Path, "--no-page", "--alertmanager", $"http://127.0.0.1:{_alertmanagerPort}", "--webhooks", Direct.Url.AbsoluteUri);
        await _up.LineAsync("Alerts");
        await StartPrometheusAsync();
        await _up.LineAsync("Everything stays up");
        // Weeks later, and on every partition before the last of it: windows of the vendors' agreements close, and documents are issued.
        await FeedAsync(seed: 22, units: 300, days: 70);
        await FeedAsync(seed: 24, units: 300, days: 71);
        // A vendor over its agreement, and something that is no scan.
        Publish("shown", 40, ReturnReason.Defective);
        PublishGarbage();
    }

    /// <summary>Stops Alertmanager as a crash would.</summary>
    internal ValueTask StopAlertmanagerAsync() => _alertmanager!.DisposeAsync();

    /// <summary>Starts Alertmanager, at the same address as before.</summary>
    internal async Task StartAlertmanagerAsync()
    {
        var shipped = await File.ReadAllTextAsync(Path.Combine(UpProcess.RepositoryFolder, "infra", "prometheus", "alertmanager.yml"));
        const string nobody = "  - name: people\n";
        Assert.Contains(nobody, shipped, StringComparison.Ordinal);
        await File.WriteAllTextAsync(_folder.File("alertmanager.yml"), shipped.Replace(nobody, $"{nobody}    webhook_configs: [{{url: '{Hook.Url}', send_resolved: true}}]\n", StringComparison.Ordinal));
        _alertmanager = await ServerProcess.StartAsync(MonitoringTools.Alertmanager!, _alertmanagerPort,
            $"--config.file={_folder.File("alertmanager.yml")}", $"--storage.path={_folder.File("alertmanager")}", $"--web.listen-address=127.0.0.1:{_alertmanagerPort}", "--cluster.listen-address=");
    }

    /// <summary>Waits until a query of Prometheus has rows.</summary>
    internal async Task PrometheusSaysAsync(string query)
    {
        for (var until = DateTimeOffset.UtcNow + Bound; await RowsAsync(query) == 0;)
        {
            Assert.True(DateTimeOffset.UtcNow < until, $"{query} has no rows");
            await Task.Delay(200);
        }
    }

    /// <summary>Rows that Prometheus answers a query with.</summary>
    internal async Task<int> RowsAsync(string query)
    {
        using var answer = await _http.GetAsync(new Uri(Prometheus, $"api/v1/query?query={Uri.EscapeDataString(query)}"));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{query}: {text}");
        using var json = System.Text.Json.JsonDocument.Parse(text);
        return json.RootElement.GetProperty("data").GetProperty("result").GetArrayLength();
    }

    /// <summary>Publishes units of a vendor whose agreement allows few of at least 30 to be defective.</summary>
    /// <param name="program">The retailer, which begins their LPN too.</param>
    /// <param name="units">How many.</param>
    /// <param name="reason">Defective makes them so, a change of mind does not.</param>
    internal void Publish(string program, int units, ReturnReason reason)
    {
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = Up.AddressOf("Kafka"), Partitioner = Partitioner.Murmur2Random, EnableIdempotence = true }).Build();
        var at = new DateTimeOffset(2026, 6, 1, 8, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        var price = new Money(9.99m, Currency.Parse("GBP"));
        Send(producer, Topics.Catalog, $"{program}|MUG-1", new CatalogItem
        {
            Program = program,
            Sku = "MUG-1",
            Description = "A mug",
            Category = "homeware",
            Vendor = Utf8.From("V-1002"),
            Cost = price,
            ReferencePrice = price,
            WeightGrams = 350,
            UpdatedAt = at,
        });
        producer.Flush(Bound);
        for (var unit = 0; unit < units; unit++)
        {
            var lpn = $"{program}-{++_sequence}";
            Send(producer, Topics.Scans, lpn, new ItemScan
            {
                Lpn = lpn,
                Program = program,
                Facility = "DC-LEEDS",
                Station = "INTAKE-9",
                Sequence = _sequence,
                Kind = ScanKind.Intake,
                ScannedAt = at + _sequence,
                Sku = Utf8.From("MUG-1"),
                ReturnReason = reason,
                PricePaid = price,
            });
            var inspection = new ItemScan { Lpn = lpn, Program = program, Facility = "DC-LEEDS", Station = "BENCH-9", Sequence = _sequence, Kind = ScanKind.Inspection, ScannedAt = at + _sequence + 1 };
            foreach (var (criterion, value) in ((string, int)[])[("damage", 0), ("set-complete", 1), ("used", 0), ("box", 0)])
            {
                var finding = inspection.Findings.Add();
                (finding.Criterion, finding.Value) = (criterion, value);
            }
            Send(producer, Topics.Scans, lpn, inspection);
        }
        producer.Flush(Bound);
    }

    private void PublishGarbage()
    {
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = Up.AddressOf("Kafka") }).Build();
        producer.Produce(Topics.Scans, new Message<string, byte[]> { Key = "garbage", Value = [1, 2, 3] });
        producer.Flush(Bound);
    }

    public async ValueTask DisposeAsync()
    {
        if (_up is not null)
        {
            await _up.DisposeAsync();
        }
        foreach (var server in new[] { _prometheus, _alertmanager })
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }
        }
        _hook?.Dispose();
        _direct?.Dispose();
        _http.Dispose();
        _folder.Dispose();
    }

    private static void Send<T>(IProducer<string, byte[]> producer, string topic, string key, T record) where T : class, IAvroRecord<T>, new()
    {
        var value = new ArrayBufferWriter<byte>();
        ConfluentWire.Write(value, record, T.SchemaId);
        producer.Produce(topic, new Message<string, byte[]> { Key = key, Value = value.WrittenSpan.ToArray() });
    }

    private async Task FeedAsync(ulong seed, long units, int days)
    {
        var files = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "rules"), "*.yaml").Select(path => new RuleFile(path, File.ReadAllBytes(path)));
        Assert.True(RuleFile.TryCompile(files, out _, out var book, out _));
        var shift = SimulatedShift.Create(book, new ShiftOptions { Seed = seed, Units = units, StartsAt = FirstShift.AddDays(days).ToUnixTimeMilliseconds() });
        await Feeder.RunAsync(new ClientConfig { BootstrapServers = Up.AddressOf("Kafka") }, shift, new FeederOptions());
    }

    private async Task StartPrometheusAsync()
    {
        var workers = ((string[])["triage", "compliance", "recovery", "sink", "notifier"]).Select(role => new Uri(Up.AddressOf(role)).Authority);
        await File.WriteAllTextAsync(_folder.File("prometheus.yml"), $$"""
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: ['{{Path.Combine(UpProcess.RepositoryFolder, "infra", "prometheus", "rules", "*.yml")}}']
            alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:{{_alertmanagerPort}}']}]}]}
            scrape_configs: [{job_name: returns, static_configs: [{targets: ['{{string.Join("', '", workers)}}']}]}]
            """);
        var port = FreePort();
        _prometheus = await ServerProcess.StartAsync(MonitoringTools.Prometheus!, port,
            $"--config.file={_folder.File("prometheus.yml")}", $"--storage.tsdb.path={_folder.File("prometheus")}", $"--web.listen-address=127.0.0.1:{port}");
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
