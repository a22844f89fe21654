using System.Globalization;
using System.Net;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Returns.ClickHouse;
using Returns.Streams.Kafka;
using Returns.Topologies.Compliance;

namespace Returns.Worker;

/// <summary>What a worker is told: by the command line, the environment (<c>Returns__Kafka</c>) or appsettings.json, the first that says it.</summary>
internal sealed record WorkerOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Returns";

    private static readonly int DefaultThreads = Math.Min(Environment.ProcessorCount, 4);

    /// <summary>The roles there are.</summary>
    public static readonly string[] KnownRoles = ["triage", "compliance", "recovery", "notifier", "sink"];

    /// <summary>Command line options, by their key in the section.</summary>
    private static readonly Dictionary<string, string> Switches = new(StringComparer.OrdinalIgnoreCase)
    {
        ["--roles"] = "Roles",
        ["--kafka"] = "Kafka",
        ["--kafka-config"] = "KafkaConfig",
        ["--clickhouse"] = "ClickHouse",
        ["--schema-registry"] = "SchemaRegistry",
        ["--alertmanager"] = "Alertmanager",
        ["--webhooks"] = "Webhooks",
        ["--webhook-secret-file"] = "WebhookSecretFile",
        ["--threads"] = "Threads",
        ["--instance-id"] = "InstanceId",
        ["--session-timeout"] = "SessionTimeout",
        ["--stop-timeout"] = "StopTimeout",
        ["--transaction-timeout"] = "TransactionTimeout",
        ["--idle-after"] = "IdleAfter",
        ["--http-host"] = "HttpHost",
        ["--http-port"] = "HttpPort",
    };

    /// <summary>How to use it.</summary>
    public const string Usage =
        """
        usage: Returns.Worker --roles ROLE[,ROLE] --kafka HOST:PORT [options]
          --roles ROLE[,ROLE]     what this process does: triage, compliance, recovery, notifier, sink
          --kafka HOST:PORT       bootstrap servers, comma-separated
          --kafka-config FILE     librdkafka properties for every client, one name=value a line: SASL, TLS
          --clickhouse URL        http://[user:password@]host:port/[?database=name]; for the role sink
          --alertmanager URL      an Alertmanager; for the role notifier
          --webhooks URL[,URL]    where vendor alerts are posted; for the role notifier
          --webhook-secret-file FILE  signs what is posted
          --schema-registry URL   where schema ids come from; without it, from schemas/
          --threads N             stream threads of a role that processes streams (one a processor, at most 4)
          --instance-id NAME      static membership: one that starts again under its name takes its partitions over at once
          --stop-timeout N        seconds that a role has to finish and commit what it has when it is stopped (10)
          --session-timeout N     seconds without a heartbeat after which others take over (10; sink 45)
          --transaction-timeout N seconds after which the broker aborts what a dead process left open (10)
          --idle-after N          seconds after which a partition of the scans that brings nothing holds no window back; for the role compliance (30)
          --http-host ADDRESS     address of metrics and health (127.0.0.1)
          --http-port N           port of metrics and health; 0 takes a free one (9464)
          --exit-with-stdin       stop when standard input closes: when the parent process is gone
        Every option can be set in the environment, as Returns__Kafka, or in appsettings.json, section Returns.
        """;

    /// <summary>What this process does.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>Settings of every Kafka client, bootstrap servers included. May hold secrets: not for logs.</summary>
    public required ClientConfig Kafka { get; init; }

    /// <summary>ClickHouse; null where no role needs it.</summary>
    public ClickHouseAddress? ClickHouse { get; init; }

    /// <summary>Alertmanager; null for none.</summary>
    public Uri? Alertmanager { get; init; }

    /// <summary>Where alerts are posted. May hold secrets: not for logs.</summary>
    public IReadOnlyList<Uri> Webhooks { get; init; } = [];

    /// <summary>Signs what is posted; null leaves it unsigned. Not for logs.</summary>
    public byte[]? WebhookSecret { get; init; }

    /// <summary>Schema Registry; null takes the ids of schemas/.</summary>
    public Uri? SchemaRegistry { get; init; }

    /// <summary>Stream threads of each role that processes streams: one a processor, at most 4, where nothing is said. More partitions
    /// than threads is what makes more of them worth while; beyond a few, another worker is, as it survives this one.</summary>
    public int Threads { get; init; } = DefaultThreads;

    /// <summary>Name among the processes of the role, for static membership; null for none.</summary>
    public string? InstanceId { get; init; }

    /// <summary>After how long without a heartbeat the group gives a role's partitions to others; null for the role's own.</summary>
    public TimeSpan? SessionTimeout { get; init; }

    /// <summary>After how long the broker aborts the transaction of a process that is gone; null for the role's own.</summary>
    public TimeSpan? TransactionTimeout { get; init; }

    /// <summary>How long a partition of the scans may bring nothing and still hold windows back.</summary>
    public TimeSpan IdleAfter { get; init; } = ComplianceTopology.DefaultIdleAfter;

    /// <summary>Address of metrics and health.</summary>
    public IPAddress HttpHost { get; init; } = IPAddress.Loopback;

    /// <summary>Port of metrics and health; 0 takes a free one.</summary>
    public int HttpPort { get; init; } = 9464;

    /// <summary>Whether to stop when standard input closes.</summary>
    public bool ExitWithStdin { get; init; }

    /// <summary>How long a role has to finish and commit what it has when it is stopped.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What a role that processes streams is run with.</summary>
    public StreamsOptions Streams
    {
        get
        {
            var streams = new StreamsOptions { Client = Kafka, Threads = Threads, GroupInstanceId = InstanceId };
            return streams with { StopTimeout = StopTimeout, SessionTimeout = SessionTimeout ?? streams.SessionTimeout, TransactionTimeout = TransactionTimeout ?? streams.TransactionTimeout };
        }
    }

    /// <summary>Reads command line, environment and appsettings.json.</summary>
    /// <exception cref="FormatException">An option is unknown, missing or wrong; the message names it, its value and the way out.</exception>
    public static WorkerOptions Read(string[] args)
    {
        var exitWithStdin = args.Contains("--exit-with-stdin");
        var given = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var rest = args.Where(a => a != "--exit-with-stdin").ToArray();
        for (var i = 0; i < rest.Length; i += 2)
        {
            if (!Switches.TryGetValue(rest[i], out var key))
            {
                throw new FormatException($"'{rest[i]}' is no option");
            }
            if (i + 1 == rest.Length)
            {
                throw new FormatException($"{rest[i]}: its value is missing");
            }
            given[$"{Section}:{key}"] = rest[i + 1];
        }
        var section = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true)
            .AddEnvironmentVariables()
            .AddInMemoryCollection(given)
            .Build()
            .GetSection(Section);
        if (section.GetChildren().FirstOrDefault(c => !Switches.ContainsValue(c.Key) && !Switches.Values.Contains(c.Key, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            throw new FormatException($"{Section}:{unknown.Key} is no setting; there are {string.Join(", ", Switches.Values)}");
        }
        var roles = (section["Roles"] ?? throw new FormatException("--roles is missing: what should this process do?"))
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().ToArray();
        if (roles.Length == 0 || roles.FirstOrDefault(r => !KnownRoles.Contains(r)) is not null)
        {
            throw new FormatException($"--roles: '{section["Roles"]}': there are {string.Join(", ", KnownRoles)}");
        }
        var webhooks = (section["Webhooks"] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().Select(url => UrlOf("--webhooks", url)).ToArray();
        if (roles.Contains("notifier") && webhooks.Length == 0 && section["Alertmanager"] is null)
        {
            throw new FormatException("--alertmanager and --webhooks are missing: the role notifier needs one of them");
        }
        return new WorkerOptions
        {
            Roles = roles,
            Kafka = KafkaOf(section["Kafka"], section["KafkaConfig"]),
            ClickHouse = section["ClickHouse"] is { } url ? Parse("--clickhouse", url, ClickHouseAddress.Parse)
                : roles.Contains("sink") ? throw new FormatException("--clickhouse is missing: the role sink needs it") : null,
            Alertmanager = section["Alertmanager"] is { } alertmanager ? UrlOf("--alertmanager", alertmanager) : null,
            Webhooks = webhooks,
            WebhookSecret = section["WebhookSecretFile"] is { } secret ? SecretOf(secret) : null,
            SchemaRegistry = section["SchemaRegistry"] is { } registry ? UrlOf("--schema-registry", registry) : null,
            Threads = NumberOf("--threads", section["Threads"], 1, 64, DefaultThreads),
            InstanceId = section["InstanceId"],
            StopTimeout = TimeSpan.FromSeconds(NumberOf("--stop-timeout", section["StopTimeout"], 1, 60, 10)),
            SessionTimeout = SecondsOf("--session-timeout", section["SessionTimeout"], 300),
            TransactionTimeout = SecondsOf("--transaction-timeout", section["TransactionTimeout"], 900),
            IdleAfter = SecondsOf("--idle-after", section["IdleAfter"], 86_400) ?? ComplianceTopology.DefaultIdleAfter,
            HttpHost = section["HttpHost"] is not { } host ? IPAddress.Loopback
                : IPAddress.TryParse(host, out var address) ? address : throw new FormatException($"--http-host: '{host}' is no IP address"),
            HttpPort = NumberOf("--http-port", section["HttpPort"], 0, 65535, 9464),
            ExitWithStdin = exitWithStdin,
        };
    }

    private static ClientConfig KafkaOf(string? servers, string? file)
    {
        var config = file is null ? new ClientConfig() : Parse("--kafka-config", file, ClientProperties.Read);
        if (servers is not null)
        {
            config.BootstrapServers = servers;
        }
        // Where all brokers were gone for a moment, librdkafka 2.16 would forget the group's coordinator, and some calls then never
        // end (librdkafka issues 5511 and 5456): it keeps the brokers it knows.
        config.MetadataRecoveryStrategy ??= MetadataRecoveryStrategy.None;
        return string.IsNullOrWhiteSpace(config.BootstrapServers) ? throw new FormatException("--kafka is missing: HOST:PORT of a broker") : config;
    }

    private static Uri UrlOf(string option, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new FormatException($"{option}: not a URL such as http://localhost:8081");

    private static byte[] SecretOf(string file)
    {
        try
        {
            var secret = File.ReadAllText(file).Trim();
            return secret.Length > 0 ? Encoding.UTF8.GetBytes(secret) : throw new FormatException($"--webhook-secret-file: {file} is empty");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"--webhook-secret-file: {error.Message}");
        }
    }

    private static TimeSpan? SecondsOf(string name, string? text, int most) =>
        text is null ? null : TimeSpan.FromSeconds(NumberOf(name, text, 1, most, 0));

    private static int NumberOf(string name, string? text, int least, int most, int otherwise) =>
        text is null ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
        : throw new FormatException($"{name}: '{text}' is not a number from {least} to {most}");

    private static T Parse<T>(string name, string text, Func<string, T> parse)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException error)
        {
            throw new FormatException($"{name}: {error.Message}");
        }
    }
}
