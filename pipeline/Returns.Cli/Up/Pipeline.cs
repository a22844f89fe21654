using System.Globalization;
using Confluent.Kafka;
using Returns.ClickHouse;

namespace Returns.Cli.Up;

/// <summary>
/// The processes behind <c>returns up</c>: the local servers, where none were given, and a worker for each role. Each keeps
/// its port for as long as this process lives, so that what is started again is found where it was.
/// </summary>
internal sealed class Pipeline : IAsyncDisposable
{
    private const string Notifier = "notifier";
    private readonly string[] _roles;
    private readonly RunFolder _folder;
    private readonly Action<string> _say;
    private readonly List<SupervisedProcess> _processes = [];
    private readonly List<(string Name, string Address)> _addresses = [];

    private readonly UpOptions _options;

    private Pipeline(UpOptions options, RunFolder folder, Action<string> say)
    {
        (_options, _folder, _say) = (options, folder, say);
        _roles = ["triage", "compliance", "recovery", "sink", .. options.Alertmanager is null && options.Webhooks is null ? (string[])[] : [Notifier]];
    }

    /// <summary>HOST:PORT of Kafka.</summary>
    public string Kafka { get; private set; } = "";

    /// <summary>URL of ClickHouse. May hold a password: not for logs.</summary>
    public string ClickHouse { get; private set; } = "";

    /// <summary>URL of ClickHouse without account, for a person to read.</summary>
    public string ClickHouseEndpoint => ClickHouseAddress.Parse(ClickHouse).Endpoint.GetLeftPart(UriPartial.Authority);

    /// <summary>What runs, and where it listens.</summary>
    public IReadOnlyList<(string Name, string Address)> Addresses => _addresses;

    /// <summary>Settings for a client of the pipeline's Kafka.</summary>
    /// <remarks>Where all brokers were gone for a moment, librdkafka 2.16 would forget the group's coordinator, and some calls then
    /// never end (librdkafka issues 5511 and 5456): it keeps the brokers it knows.</remarks>
    public ClientConfig Client => new(new Dictionary<string, string>(_options.KafkaClient)) { BootstrapServers = Kafka, ClientId = "returns.up", MetadataRecoveryStrategy = MetadataRecoveryStrategy.None };

    /// <summary>Starts the servers that are not given.</summary>
    /// <exception cref="UpException">A server cannot start; the message has what it said.</exception>
    public static async Task<Pipeline> StartServersAsync(UpOptions options, RunFolder folder, Action<string> say, CancellationToken cancel)
    {
        var pipeline = new Pipeline(options, folder, say);
        try
        {
            var kafka = options.Kafka is null
                ? pipeline.Start("Kafka", "kafka", "Returns.LocalKafka", "--data", folder.Kafka, "--port", Text(Ports.Choose(9092)))
                : null;
            var clickHouse = options.ClickHouse is null
                ? pipeline.Start("ClickHouse", "clickhouse", "Returns.LocalClickHouse", "--data", folder.ClickHouse, "--port", Text(Ports.Choose(8123)))
                : null;
            pipeline.Kafka = options.Kafka ?? await kafka!.Ready.WaitAsync(cancel);
            pipeline.ClickHouse = (options.ClickHouse ?? await clickHouse!.Ready.WaitAsync(cancel)).TrimEnd('/');
            pipeline._addresses.Add(("Kafka", pipeline.Kafka));
            pipeline._addresses.Add(("ClickHouse", pipeline.ClickHouseEndpoint));
            return pipeline;
        }
        catch
        {
            await pipeline.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a worker for each role, and waits until they serve.</summary>
    /// <exception cref="UpException">A worker cannot start; the message has what it said.</exception>
    public async Task StartWorkersAsync(CancellationToken cancel)
    {
        var port = 9464;
        var workers = new List<(string Role, SupervisedProcess Process)>();
        foreach (var role in _roles)
        {
            workers.Add((role, Start(role, role, "Returns.Worker",
                ["--roles", role, "--kafka", Kafka, "--instance-id", "up", "--http-port", Text(Ports.Choose(port++)), .. _options.KafkaConfig is { } file ? (string[])["--kafka-config", file] : []])));
        }
        foreach (var (role, process) in workers)
        {
            _addresses.Add((role, await process.Ready.WaitAsync(cancel)));
        }
    }

    /// <summary>Waits until every worker says that it runs: restored, and with its partitions. The notifier is not waited for: a receiver
    /// of alerts that is away holds nothing up.</summary>
    /// <exception cref="UpException">One does not within two minutes.</exception>
    public async Task RunningAsync(CancellationToken cancel)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        bound.CancelAfter(TimeSpan.FromMinutes(2));
        foreach (var (role, address) in _addresses.Where(a => a.Name != Notifier && _roles.Contains(a.Name)))
        {
            var last = "";
            try
            {
                while (true)
                {
                    try
                    {
                        using var answer = await http.GetAsync(new Uri($"{address}/health/ready"), bound.Token);
                        last = await answer.Content.ReadAsStringAsync(bound.Token);
                        if (answer.IsSuccessStatusCode)
                        {
                            break;
                        }
                    }
                    catch (HttpRequestException error)
                    {
                        last = error.Message;
                    }
                    await Task.Delay(50, bound.Token);
                }
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new UpException($"{role} at {address} is not ready after two minutes ({last}): see {_folder.Log(role)}");
            }
        }
    }

    /// <summary>Ends, with its error, when a process has given up.</summary>
    public Task GaveUpAsync() => Task.WhenAny(_processes.Select(p => p.Completion)).Unwrap();

    /// <summary>Stops everything in the order that lets each finish what it has: workers first, Kafka last.</summary>
    public async ValueTask DisposeAsync()
    {
        var servers = _processes.Count - _processes.Count(p => _roles.Contains(p.Name));
        await Task.WhenAll(_processes.Skip(servers).Select(p => p.DisposeAsync().AsTask()));
        foreach (var process in _processes.Take(servers).Reverse())
        {
            await process.DisposeAsync();
        }
        _processes.Clear();
    }

    private SupervisedProcess Start(string name, string log, string assembly, params string[] arguments)
    {
        // An account of ClickHouse is not for everyone who lists processes.
        var environment = ClickHouse.Length == 0 ? [] : new Dictionary<string, string> { ["Returns__ClickHouse"] = ClickHouse };
        if (name == Notifier)
        {
            // The token of a webhook is not either.
            foreach (var (key, value) in ((string, string?)[])[("Alertmanager", _options.Alertmanager), ("Webhooks", _options.Webhooks), ("WebhookSecretFile", _options.WebhookSecretFile)])
            {
                if (value is not null)
                {
                    environment[$"Returns__{key}"] = value;
                }
            }
        }
        // On a machine of a few cores, units are routed first, and counted with what is left.
        var process = new SupervisedProcess(name, assembly, arguments, _folder.Log(log), _say, environment, isBackground: name is "compliance" or "recovery");
        _processes.Add(process);
        return process;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
