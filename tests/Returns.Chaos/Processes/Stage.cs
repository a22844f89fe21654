using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Returns.Chaos.Windows;
using Returns.ClickHouse;
using Returns.Contracts;
using Returns.Topologies.Compliance;
using Returns.Topologies.Triage;

namespace Returns.Chaos.Processes;

/// <summary>Everything a round happens on: broker, ClickHouse, workers, topics.</summary>
internal sealed class Stage : IAsyncDisposable
{
    /// <summary>Partitions of every topic but rules and catalogue.</summary>
    public const int Partitions = 6;

    /// <summary>Seconds, more than a stage takes: how long a partition was silent would depend on the machine, and with it what is late.</summary>
    private const string NobodyIsIdle = "86400";

    private static readonly TimeSpan CallBound = TimeSpan.FromSeconds(30);
    private static readonly (string Topic, int Partitions, bool Compacted)[] Wanted =
    [
        (Topics.Scans, Partitions, false), (Topics.Overrides, Partitions, false), (Topics.Heartbeats, Partitions, false),
        (Topics.Catalog, 2, true), (Topics.Rules, 1, true),
        (Topics.Grades, Partitions, false), (Topics.Dispositions, Partitions, false), (Topics.Exceptions, Partitions, false), (Topics.DeadLetters, Partitions, false),
        (Topics.VendorUnits, Partitions, false), (Topics.VendorWindows, Partitions, false), (Topics.VendorAlerts, Partitions, false), (Topics.Chargebacks, Partitions, false),
        (ScanWindows.Figures, Partitions, false), (ScanWindows.Missed, Partitions, false),
    ];

    /// <summary>What each group reads and has to be through with.</summary>
    private static readonly (string Group, string[] Topics)[] Readers =
    [
        (TriageTopology.Application, [Topics.Scans, Topics.Overrides, Topics.Heartbeats]),
        (ScanWindows.Application, [Topics.Scans]),
        (ComplianceTopology.Application, [Topics.Scans, Topics.Dispositions, Topics.VendorUnits, Topics.Heartbeats]),
        ("returns.sink", [Topics.Grades, Topics.Dispositions, Topics.Exceptions, Topics.VendorWindows, Topics.VendorAlerts, Topics.Chargebacks, Topics.DeadLetters]),
    ];

    private readonly ChaosOptions _options;
    private readonly string _folder;
    private IAdminClient? _admin;

    private Stage(ChaosOptions options, string folder, Action<string> say)
    {
        (_options, _folder) = (options, folder);
        Kafka = options.Kafka is null
            ? new LocalServer("kafka", folder, "Returns.LocalKafka", server => ["--advertised", server.Proxied, "--auto-create-topics", "false", "--log-segment-bytes", "262144"])
            : null;
        ClickHouse = new LocalServer("clickhouse", folder, "Returns.LocalClickHouse", _ => []);
        Fleet = new Fleet(folder, CommandOf, say);
    }

    /// <summary>The local broker; null where another is used, which is not ours to kill.</summary>
    public LocalServer? Kafka { get; }

    public LocalServer ClickHouse { get; }

    public Fleet Fleet { get; }

    /// <summary>Settings for a client of the broker.</summary>
    /// <remarks>Where all brokers were gone for a moment, librdkafka 2.16 would forget the group's coordinator (issues 5511 and 5456).</remarks>
    public ClientConfig Client => new() { BootstrapServers = _options.Kafka ?? Kafka!.Proxied, MetadataRecoveryStrategy = MetadataRecoveryStrategy.None };

    /// <summary>Starts the servers and makes the topics; the workers are started by <see cref="Fleet"/>.</summary>
    /// <exception cref="InvalidOperationException">The broker that was named has topics of the pipeline already.</exception>
    public static async Task<Stage> StartAsync(ChaosOptions options, string folder, Action<string> say)
    {
        var stage = new Stage(options, folder, say);
        try
        {
            await Task.WhenAll(stage.Kafka?.StartAsync() ?? Task.CompletedTask, stage.ClickHouse.StartAsync());
            stage._admin = new AdminClientBuilder(stage.Client).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
            await stage.CreateTopicsAsync();
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    /// <summary>What is left to do: partitions that a group is not through with, and transactions that are undecided.</summary>
    public async Task<List<string>> LeftAsync()
    {
        var topics = _admin!.GetMetadata(CallBound).Topics.Where(t => t.Topic.StartsWith("returns.", StringComparison.Ordinal))
            .SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Topic, p.PartitionId))).ToList();
        // What the groups have come to is asked for first: where that is the end, nothing is left that could write more.
        var committed = new Dictionary<string, Dictionary<TopicPartition, long>>();
        foreach (var (group, read) in Readers)
        {
            committed[group] = await CommittedAsync(group, topics.FindAll(t => read.Contains(t.Topic)));
        }
        var (ends, stable) = (await EndsAsync(topics, IsolationLevel.ReadUncommitted), await EndsAsync(topics, IsolationLevel.ReadCommitted));
        var left = topics.Where(t => ends[t] != stable[t])
            .Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Topic} [{t.Partition.Value}] has a transaction undecided at {stable[t]}")).ToList();
        foreach (var (group, read) in Readers)
        {
            left.AddRange(topics.Where(p => read.Contains(p.Topic) && committed[group].GetValueOrDefault(p) < ends[p])
                .Select(p => string.Create(CultureInfo.InvariantCulture, $"{group} is at {committed[group].GetValueOrDefault(p)} of {ends[p]} in {p.Topic} [{p.Partition.Value}]")));
        }
        return left;
    }

    public async ValueTask DisposeAsync()
    {
        await Fleet.DisposeAsync();
        if (_options.Kafka is not null && _admin is not null)
        {
            await DeleteAsync(_admin);
        }
        _admin?.Dispose();
        ClickHouse.Dispose();
        Kafka?.Dispose();
    }

    private (string Assembly, string[] Arguments) CommandOf(string role)
    {
        var seconds = ((int)_options.SessionTimeout.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        string[] shared = ["--kafka", Client.BootstrapServers, "--session-timeout", seconds, "--transaction-timeout", seconds];
        return role == "windows"
            ? ("Returns.Chaos", ["windows", .. shared])
            : ("Returns.Worker", ["--roles", role, "--clickhouse", $"http://{ClickHouse.Proxied}/?database={ClickHouseAddress.DefaultDatabase}", "--http-port", "0", "--idle-after", NobodyIsIdle, .. shared]);
    }

    private async Task CreateTopicsAsync()
    {
        if (_admin!.GetMetadata(CallBound).Topics.Find(t => t.Topic.StartsWith("returns.", StringComparison.Ordinal)) is { } there)
        {
            throw new InvalidOperationException($"the broker at {_options.Kafka} has the topic {there.Topic}: chaos needs one without topics of the pipeline");
        }
        await _admin.CreateTopicsAsync(Wanted.Select(w => new TopicSpecification
        {
            Name = w.Topic,
            NumPartitions = w.Partitions,
            ReplicationFactor = -1,
            Configs = new Dictionary<string, string>
            {
                ["cleanup.policy"] = w.Compacted ? "compact" : "delete",
                ["retention.ms"] = "-1",
                ["message.timestamp.type"] = "LogAppendTime",
            },
        }));
    }

    private async Task<Dictionary<TopicPartition, long>> EndsAsync(List<TopicPartition> partitions, IsolationLevel isolation)
    {
        var ends = await _admin!.ListOffsetsAsync(partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = p, OffsetSpec = OffsetSpec.Latest() }),
            new ListOffsetsOptions { IsolationLevel = isolation, RequestTimeout = CallBound }).WaitAsync(CallBound);
        return ends.ResultInfos.ToDictionary(r => r.TopicPartitionOffsetError.TopicPartition, r => r.TopicPartitionOffsetError.Offset.Value);
    }

    private async Task<Dictionary<TopicPartition, long>> CommittedAsync(string group, List<TopicPartition> partitions)
    {
        try
        {
            var offsets = await _admin!.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(group, partitions)]).WaitAsync(CallBound);
            return offsets[0].Partitions.ToDictionary(p => p.TopicPartition, p => Math.Max(0, p.Offset.Value));
        }
        catch (ListConsumerGroupOffsetsException)
        {
            return [];
        }
    }

    /// <summary>Leaves another's broker as it was found.</summary>
    private static async Task DeleteAsync(IAdminClient admin)
    {
        try
        {
            await admin.DeleteTopicsAsync(admin.GetMetadata(CallBound).Topics.Select(t => t.Topic).Where(t => t.StartsWith("returns.", StringComparison.Ordinal)));
            await admin.DeleteGroupsAsync([.. Readers.Select(r => r.Group)]);
        }
        catch (KafkaException)
        {
            // What is left there names itself at the next start.
        }
    }
}
