using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Returns.Contracts;
using Returns.EndToEnd.Alerts;
using Returns.Topologies.Compliance;
using Returns.Topologies.Triage;

namespace Returns.Benchmarks;

/// <summary>
/// From the scan that takes a vendor over its agreement to the notification in the hands of a webhook, with workers as processes of
/// their own, at half of the scans that they take: posted by the notifier itself, and through the Alertmanager of infra/prometheus.
/// </summary>
internal sealed class AlertLatencyBench : IBenchmark
{
    private const int ProbesPerRound = 50;
    private const int UnitsPerProbe = 30;
    private const int Target = 2000;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] ComplianceTopics = [Topics.VendorUnits, Topics.VendorWindows, Topics.VendorAlerts, Topics.Chargebacks];

    public string Name => "alert-latency";

    public string Usage => "from the scan that crosses an agreement's threshold to the notification, at half load";

    public bool IsBudget => false;

    public async Task RunAsync(BenchmarkRun run)
    {
        await using var pipeline = await TriagePipeline.CreateAsync(run.Kafka);
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = run.Kafka.BootstrapServers }).Build();
        await admin.CreateTopicsAsync(ComplianceTopics.Select(t => new TopicSpecification { Name = t, NumPartitions = BareLoop.Partitions, ReplicationFactor = 1 }));
        var folder = Directory.CreateTempSubdirectory("returns-benchmark-");
        try
        {
            await MeasureAsync(run, pipeline, folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
            await admin.DeleteTopicsAsync([.. ComplianceTopics, .. admin.GetMetadata(Patience).Topics.Select(t => t.Topic).Where(t => t.StartsWith($"{ComplianceTopology.Application}-", StringComparison.Ordinal))]);
            await admin.DeleteGroupsAsync([ComplianceTopology.Application]);
        }
    }

    private static async Task MeasureAsync(BenchmarkRun run, TriagePipeline pipeline, string folder)
    {
        var belt = new Belt(pipeline.Rules);
        using var producer = BeltFeeding.Producer(run.Kafka);
        var probes = new Probes(belt, producer, (run.Rounds + 1) * ProbesPerRound);
        foreach (var (key, item) in belt.Catalogue())
        {
            await producer.ProduceAsync(Topics.Catalog, new Message<byte[], byte[]> { Key = key.Span.ToArray(), Value = belt.Encoded(item) });
        }
        probes.Prepare();
        var units = run.Sized(100_000);
        var feeding = new BeltFeeding(belt, producer);
        while (feeding.Units < units)
        {
            feeding.Next();
        }
        producer.Flush(Patience);

        using var direct = new Notifications();
        using var throughAlertmanager = new Notifications();
        using var alertmanager = StartAlertmanager(folder, throughAlertmanager.Url);
        using var triage = Worker(run.Kafka, "triage");
        using var compliance = Worker(run.Kafka, "compliance");
        var half = (await Task.WhenAll(
            Progress.OfAsync(run.Kafka, TriageTopology.Application, Topics.Scans, TimeSpan.FromMinutes(5), triage.ThrowIfEnded),
            Progress.OfAsync(run.Kafka, ComplianceTopology.Application, Topics.Scans, TimeSpan.FromMinutes(5), compliance.ThrowIfEnded))).Min(p => p.PerSecond) / 2;
        using var notifier = Worker(run.Kafka, "notifier", ["--webhooks", direct.Url.AbsoluteUri, .. alertmanager is null ? (string[])[] : ["--alertmanager", alertmanager.Url]]);

        var first = feeding.Scans;
        var started = Stopwatch.GetTimestamp();
        var rounds = new List<List<string>>();
        for (var round = -1; round < run.Rounds; round++)
        {
            var from = Stopwatch.GetElapsedTime(started);
            var length = round < 0 ? WarmUp : Round;
            var sent = new List<string>();
            while (Stopwatch.GetElapsedTime(started) is var now && now < from + length)
            {
                for (var due = first + (long)(now.TotalSeconds * half); feeding.Scans < due;)
                {
                    feeding.Next();
                }
                while (sent.Count < ProbesPerRound * ((now - from) / length))
                {
                    sent.Add(probes.Cross());
                }
                producer.Poll(TimeSpan.Zero);
                await Task.Delay(1);
            }
            foreach (var worker in new[] { triage, compliance, notifier })
            {
                worker.ThrowIfEnded();
            }
            if (round >= 0)
            {
                rounds.Add(sent);
            }
        }
        await AddAsync(run, "crossing scan to the notifier's webhook at half load", rounds, probes, direct);
        if (alertmanager is null)
        {
            run.Add(new Row { Work = "crossing scan to Alertmanager's webhook at half load, 99th percentile", Unit = "ms", Target = Target, AtMost = true, NotMeasured = MonitoringTools.Missing });
        }
        else
        {
            await AddAsync(run, "crossing scan to Alertmanager's webhook at half load", rounds, probes, throughAlertmanager);
        }
        run.Note($"half load: {half:N0} scans/s of what triage and compliance took; {ProbesPerRound} vendors a round went over their agreement");
    }

    private static async Task AddAsync(BenchmarkRun run, string work, List<List<string>> rounds, Probes probes, Notifications notified)
    {
        List<double> middle = [], worst = [];
        foreach (var round in rounds)
        {
            var millis = new List<double>();
            foreach (var program in round)
            {
                for (var asked = Stopwatch.GetTimestamp(); !notified.At.ContainsKey(program); await Task.Delay(10))
                {
                    if (Stopwatch.GetElapsedTime(asked) > Patience)
                    {
                        throw new TimeoutException($"{work}: no notification of {program} came");
                    }
                }
                millis.Add(Stopwatch.GetElapsedTime(probes.CrossedAt[program], notified.At[program]).TotalMilliseconds);
            }
            millis.Sort();
            middle.Add(Row.Median(millis));
            worst.Add(millis[(int)(millis.Count * 0.99)]);
        }
        run.Add(new Row { Work = $"{work}, median", Unit = "ms", Ours = middle });
        run.Add(new Row { Work = $"{work}, 99th percentile", Unit = "ms", Ours = worst, Target = Target, AtMost = true });
    }

    private static ServedProcess Worker(KafkaAddress kafka, string role, params string[] more)
    {
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "Returns.Worker.dll"), "--roles", role, "--kafka", kafka.BootstrapServers, "--http-port", "0", "--exit-with-stdin", .. more];
        return new ServedProcess("dotnet", arguments) { EndsWithInput = true };
    }

    private static ServedProcess? StartAlertmanager(string folder, Uri hook)
    {
        if (MonitoringTools.Alertmanager is not { } program)
        {
            return null;
        }
        const string nobody = "  - name: people\n";
        var shipped = File.ReadAllText(Path.Combine(MonitoringTools.Repository, "infra", "prometheus", "alertmanager.yml"));
        if (!shipped.Contains(nobody, StringComparison.Ordinal))
        {
            throw new InvalidOperationException("infra/prometheus/alertmanager.yml has no receiver 'people' to stand in for");
        }
        var config = Path.Combine(folder, "alertmanager.yml");
        File.WriteAllText(config, shipped.Replace(nobody, $"{nobody}    webhook_configs: [{{url: '{hook}', send_resolved: false}}]\n", StringComparison.Ordinal));
        var port = FreePort();
        string[] arguments = [$"--config.file={config}", $"--storage.path={Path.Combine(folder, "alertmanager")}", $"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="];
        return new ServedProcess(program, arguments) { Url = $"http://127.0.0.1:{port}" };
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>Retailers with one vendor each, which the last scan of the last of its units takes over its agreement.</summary>
    private sealed class Probes(Belt belt, IProducer<byte[], byte[]> producer, int count)
    {
        private int _crossed;

        /// <summary>When each went over, as <see cref="Stopwatch.GetTimestamp"/> has it.</summary>
        public ConcurrentDictionary<string, long> CrossedAt { get; } = new();

        /// <summary>Sends everything but the last scans.</summary>
        public void Prepare()
        {
            var price = new Money(9.99m, Currency.Parse("GBP"));
            for (var probe = 0; probe < count; probe++)
            {
                var program = Program(probe);
                Send(Topics.Catalog, $"{program}|MUG-1", new CatalogItem
                {
                    Program = program,
                    Sku = "MUG-1",
                    Description = "A mug",
                    Category = "homeware",
                    Vendor = Utf8.From("V-1002"),
                    Cost = price,
                    ReferencePrice = price,
                    WeightGrams = 350,
                });
                for (var unit = 0; unit < UnitsPerProbe; unit++)
                {
                    var intake = Scan(program, unit, ScanKind.Intake);
                    (intake.Sku, intake.ReturnReason, intake.PricePaid) = (Utf8.From("MUG-1"), ReturnReason.Defective, price);
                    Send(Topics.Scans, intake.Lpn.ToString(), intake);
                    if (unit < UnitsPerProbe - 1)
                    {
                        Inspect(program, unit);
                    }
                }
            }
        }

        /// <summary>Takes the next one over its agreement, and returns its retailer.</summary>
        public string Cross()
        {
            var program = Program(_crossed++);
            CrossedAt[program] = Stopwatch.GetTimestamp();
            Inspect(program, UnitsPerProbe - 1);
            return program;
        }

        private static string Program(int probe) => $"probe-{probe:D4}";

        private static ItemScan Scan(string program, int unit, ScanKind kind) => new()
        {
            Lpn = $"{program}-{unit}",
            Program = program,
            Facility = "DC-LEEDS",
            Station = $"{kind}-{program}",
            Sequence = unit,
            Kind = kind,
            ScannedAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            Origin = Origin.Simulated,
        };

        private void Inspect(string program, int unit)
        {
            var scan = Scan(program, unit, ScanKind.Inspection);
            foreach (var (criterion, value) in ((string, int)[])[("damage", 0), ("set-complete", 1), ("used", 0), ("box", 0)])
            {
                var finding = scan.Findings.Add();
                (finding.Criterion, finding.Value) = (criterion, value);
            }
            Send(Topics.Scans, scan.Lpn.ToString(), scan);
        }

        private void Send<T>(string topic, string key, T record) where T : class, IAvroRecord<T>, new() =>
            producer.Produce(topic, new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(key), Value = belt.Encoded(record) });
    }

    /// <summary>A webhook on loopback that notes when it first heard of each retailer.</summary>
    private sealed class Notifications : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly Task _serving;

        public Notifications()
        {
            Url = new Uri($"http://127.0.0.1:{FreePort()}/");
            _listener.Prefixes.Add(Url.AbsoluteUri);
            _listener.Start();
            _serving = Task.Run(ServeAsync);
        }

        public Uri Url { get; }

        public ConcurrentDictionary<string, long> At { get; } = new();

        public void Dispose()
        {
            _listener.Close();
            _serving.Wait(Patience);
        }

        private async Task ServeAsync()
        {
            while (true)
            {
                try
                {
                    var context = await _listener.GetContextAsync();
                    using (var body = await JsonDocument.ParseAsync(context.Request.InputStream))
                    {
                        var alert = body.RootElement.TryGetProperty("commonLabels", out var labels) ? labels : body.RootElement;
                        At.TryAdd(alert.GetProperty("program").GetString()!, Stopwatch.GetTimestamp());
                    }
                    context.Response.Close();
                }
                catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
            }
        }
    }

    /// <summary>A process that runs until it is disposed.</summary>
    private sealed class ServedProcess : IDisposable
    {
        private readonly Process _process;
        private readonly string _program;

        public ServedProcess(string program, string[] arguments)
        {
            _program = $"{Path.GetFileName(program)} {string.Join(' ', arguments.Take(3))}";
            _process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
            _process.OutputDataReceived += (_, _) => { };
            _process.ErrorDataReceived += (_, _) => { };
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        /// <summary>Whether it ends in order, leaving its groups, when its standard input closes.</summary>
        public bool EndsWithInput { get; init; }

        /// <summary>Where it listens, where that is known.</summary>
        public string Url { get; init; } = "";

        /// <exception cref="InvalidOperationException">It has ended by itself.</exception>
        public void ThrowIfEnded()
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"{_program} ended with exit code {_process.ExitCode}");
            }
        }

        public void Dispose()
        {
            _process.StandardInput.Close();
            if (!EndsWithInput || !_process.WaitForExit(Patience))
            {
                _process.Kill();
                _process.WaitForExit(Patience);
            }
            _process.Dispose();
        }
    }
}
