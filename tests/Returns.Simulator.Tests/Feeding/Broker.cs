using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Returns.Contracts;
using Returns.LocalKafka;

namespace Returns.Simulator.Tests.Feeding;

/// <summary>A local broker in this process with a folder of its own, and the two topics that feeds go to.</summary>
internal sealed class Broker : IAsyncDisposable
{
    public const int ScanPartitions = 6;
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("returns-feed-").FullName;
    private LocalKafkaServer _server = null!;
    private int _port;

    public ClientConfig Client => new() { BootstrapServers = $"127.0.0.1:{_port}" };

    public static async Task<Broker> StartAsync(bool topics = true)
    {
        var broker = new Broker();
        await broker.ComeBackAsync();
        if (!topics) return broker;
        using var admin = new AdminClientBuilder(broker.Client).SetLogHandler((_, _) => { }).Build();
        await admin.CreateTopicsAsync([
            new TopicSpecification { Name = Topics.Scans, NumPartitions = ScanPartitions, ReplicationFactor = 1 },
            new TopicSpecification { Name = Topics.Catalog, NumPartitions = 2, ReplicationFactor = 1 }]);
        return broker;
    }

    public Task GoAwayAsync() => _server.StopAsync();

    public async Task ComeBackAsync()
    {
        _server = await LocalKafkaServer.StartAsync(new LocalKafkaOptions { DataFolder = _folder, Port = _port, AutoCreateTopics = false, Log = TextWriter.Null });
        _port = int.Parse(_server.BootstrapServers.Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Committed values of a topic by key, each key's in the order of the topic.</summary>
    public SortedDictionary<string, List<string>> Committed(string topic, Action<byte[], int>? record = null)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(Client)
        {
            GroupId = "reader",
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnablePartitionEof = true,
        }).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var partitions = admin.GetMetadata(topic, Patience).Topics[0].Partitions;
        consumer.Assign(partitions.Select(p => new TopicPartitionOffset(topic, p.PartitionId, Offset.Beginning)));
        var open = partitions.Count;
        var records = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (open > 0)
        {
            Assert.True(waited.Elapsed < Patience, $"{topic} did not end within {Patience}");
            var result = consumer.Consume(TimeSpan.FromMilliseconds(200));
            if (result is null) continue;
            if (result.IsPartitionEOF)
            {
                open--;
                continue;
            }
            record?.Invoke(result.Message.Key, result.Partition.Value);
            var key = System.Text.Encoding.UTF8.GetString(result.Message.Key);
            if (!records.TryGetValue(key, out var values)) records.Add(key, values = []);
            values.Add(Convert.ToHexString(result.Message.Value));
        }
        return records;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
