using Confluent.Kafka;
using Returns.Contracts;
using Returns.Contracts.Wire;

namespace Returns.Chaos.Oracle;

/// <summary>A record as a consumer finds it that reads committed.</summary>
internal sealed record CommittedRecord(string Topic, int Partition, long Offset, long Timestamp, byte[]? Key, byte[]? Value, Headers Headers);

/// <summary>What topics hold, read committed.</summary>
internal sealed class CommittedLog
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Dictionary<string, List<CommittedRecord>> _topics;

    private CommittedLog(Dictionary<string, List<CommittedRecord>> topics) => _topics = topics;

    /// <summary>A topic's records, partition after partition, each in the order of its offsets.</summary>
    public IReadOnlyList<CommittedRecord> this[string topic] => _topics[topic];

    /// <summary>Records of all topics.</summary>
    public long Count => _topics.Values.Sum(t => (long)t.Count);

    /// <summary>The records of several topics in the order in which they came to the broker, each partition in that of its offsets.</summary>
    public IReadOnlyList<CommittedRecord> AsItCame(params string[] topics) =>
        [.. topics.SelectMany(topic => _topics[topic]).OrderBy(r => (r.Timestamp, Array.IndexOf(topics, r.Topic), r.Partition, r.Offset))];

    /// <summary>Reads topics from their beginnings to their ends.</summary>
    /// <exception cref="TimeoutException">Nothing was read for half a minute.</exception>
    public static CommittedLog Read(ClientConfig client, params IEnumerable<string> topics)
    {
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig(client.ToDictionary(p => p.Key, p => p.Value))
        {
            GroupId = "returns.chaos",
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            FetchWaitMaxMs = 50,
        }).SetKeyDeserializer(NullableBytes.Instance).SetValueDeserializer(NullableBytes.Instance).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var read = topics.ToDictionary(topic => topic, _ => new List<CommittedRecord>());
        var partitions = admin.GetMetadata(Patience).Topics.Where(t => read.ContainsKey(t.Topic))
            .SelectMany(t => t.Partitions.Select(p => new TopicPartitionOffset(t.Topic, p.PartitionId, Offset.Beginning))).ToList();
        consumer.Assign(partitions);
        for (var open = partitions.Count; open > 0;)
        {
            var record = consumer.Consume(Patience) ?? throw new TimeoutException($"nothing came for {Patience} while reading topics back, of which {open} partitions are not at their ends");
            if (record.IsPartitionEOF)
            {
                open--;
                continue;
            }
            read[record.Topic].Add(new CommittedRecord(record.Topic, record.Partition.Value, record.Offset.Value, record.Message.Timestamp.UnixTimestampMs,
                record.Message.Key, record.Message.Value, record.Message.Headers));
        }
        foreach (var records in read.Values)
        {
            records.Sort((a, b) => (a.Partition, a.Offset).CompareTo((b.Partition, b.Offset)));
        }
        return new CommittedLog(read);
    }

    /// <summary>A topic's records that can be read and stand under their own key.</summary>
    public IEnumerable<T> Decoded<T>(string topic) where T : class, IAvroRecord<T>, new()
    {
        var decoder = new WireDecoder<T>();
        foreach (var record in _topics[topic])
        {
            var decoded = new T();
            if (record.Value is not null && decoder.TryDecode(record.Value, decoded, out _) && (KeyOf(decoded) is not { } key || key == ExpectedTopics.Text(record.Key)))
            {
                yield return decoded;
            }
        }
    }

    /// <summary>The key of what others than the pipeline write; null for what it writes itself.</summary>
    private static string? KeyOf<T>(T record) => record switch
    {
        ItemScan scan => scan.Lpn.ToString(),
        OperatorOverride decision => decision.Lpn.ToString(),
        CatalogItem item => $"{item.Program}|{item.Sku}",
        _ => null,
    };

    private sealed class NullableBytes : IDeserializer<byte[]?>
    {
        public static readonly NullableBytes Instance = new();

        public byte[]? Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => isNull ? null : data.ToArray();
    }
}
