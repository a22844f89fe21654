using System.Buffers;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Rules;
using Returns.LocalKafka;
using Returns.Streams.Kafka;
using Returns.Topologies.Triage;

namespace Returns.Cli.Tests;

/// <summary>A broker with the pipeline's topics, rules and a catalogue, on which triage runs when it is told to.</summary>
internal sealed class Stage : IAsyncDisposable
{
    public const int Partitions = 2;

    /// <summary>2026-03-02T08:00:00Z.</summary>
    public const long Start = 1_772_438_400_000;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly string _folder;
    private readonly LocalKafkaServer _server;
    private readonly IProducer<byte[]?, byte[]?> _producer;

    private readonly ClientConfig _client;

    private Stage(LocalKafkaServer server, string folder, IReadOnlyDictionary<string, string>? users)
    {
        (_server, _folder, _client) = (server, folder, new ClientConfig { BootstrapServers = server.BootstrapServers });
        if (users?.First() is { } user)
        {
            (_client.SecurityProtocol, _client.SaslMechanism, _client.SaslUsername, _client.SaslPassword) = (SecurityProtocol.SaslPlaintext, SaslMechanism.Plain, user.Key, user.Value);
        }
        _producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig(Copy()) { LingerMs = 1, EnableIdempotence = true, Partitioner = Partitioner.Murmur2Random }).Build();
    }

    public string Servers => _server.BootstrapServers;

    public static IReadOnlyList<RuleDocument> Rules(string? folder = null)
    {
        var files = Directory.EnumerateFiles(folder ?? Path.Combine(AppContext.BaseDirectory, "rules"), "*.yaml").Select(path => new RuleFile(path, File.ReadAllBytes(path)));
        Assert.True(RuleFile.TryCompile(files, out var documents, out _, out _));
        return documents;
    }

    public static async Task<Stage> StartAsync(IReadOnlyDictionary<string, string>? users = null)
    {
        var folder = Directory.CreateTempSubdirectory("returns-cli-stage-").FullName;
        var server = await LocalKafkaServer.StartAsync(new LocalKafkaOptions { DataFolder = folder, Log = TextWriter.Null, AutoCreateTopics = false, Users = users });
        var stage = new Stage(server, folder, users);
        using var admin = new AdminClientBuilder(stage.Copy()).Build();
        await admin.CreateTopicsAsync(new[]
        {
            Topics.Scans, Topics.Overrides, Topics.Heartbeats, Topics.Catalog, Topics.Rules, Topics.Grades, Topics.Dispositions, Topics.Exceptions,
            Topics.DeadLetters, Topics.VendorUnits, Topics.VendorWindows, Topics.VendorAlerts, Topics.Chargebacks,
        }.Select(topic => new TopicSpecification
        {
            Name = topic,
            NumPartitions = topic == Topics.Rules ? 1 : Partitions,
            ReplicationFactor = 1,
            Configs = new Dictionary<string, string> { ["message.timestamp.type"] = topic == Topics.Scans ? "CreateTime" : "LogAppendTime", ["retention.ms"] = "-1" },
        }));
        var record = new RuleSet();
        foreach (var document in Rules())
        {
            document.Fill(Start, record);
            stage.Send(Topics.Rules, document.Key.ToString(), Encoded(record));
        }
        stage.Flush();
        return stage;
    }

    public async ValueTask DisposeAsync()
    {
        _producer.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public void Publish(string sku, string category = "electronics") => Send(Topics.Catalog, $"north|{sku}", Encoded(new CatalogItem
    {
        Program = "north",
        Sku = sku,
        Description = sku,
        Category = category,
        Vendor = "V-1001",
        Cost = new Money(60m, Currency.Parse("GBP")),
        ReferencePrice = new Money(120m, Currency.Parse("GBP")),
        WeightGrams = 700,
        UpdatedAt = Start,
    }));

    public static ItemScan Intake(string lpn, long sequence, long at, string sku = "SKU-1") => new()
    {
        Lpn = lpn,
        Program = "north",
        Facility = "DC-LEEDS",
        Station = "S-1",
        Sequence = sequence,
        Kind = ScanKind.Intake,
        ScannedAt = at,
        Sku = Utf8.From(sku),
        ReturnReason = ReturnReason.ChangedMind,
        PricePaid = new Money(129.99m, Currency.Parse("GBP")),
    };

    public static ItemScan Inspection(string lpn, long sequence, long at, params (string Criterion, double Value)[] findings)
    {
        var scan = Intake(lpn, sequence, at);
        (scan.Kind, scan.Station, scan.Sku, scan.ReturnReason, scan.PricePaid) = (ScanKind.Inspection, "I-1", null, null, null);
        foreach (var (criterion, value) in findings)
        {
            var finding = scan.Findings.Add();
            (finding.Criterion, finding.Value) = (criterion, value);
        }
        return scan;
    }

    public static byte[] Encoded<T>(T record, int? schemaId = null) where T : class, IAvroRecord<T>, new()
    {
        var output = new ArrayBufferWriter<byte>();
        ConfluentWire.Write(output, record, schemaId ?? T.SchemaId);
        return output.WrittenSpan.ToArray();
    }

    public void Send(ItemScan scan) => Send(Topics.Scans, scan.Lpn.ToString(), Encoded(scan));

    public void Send(string topic, string? key, byte[]? value, Headers? headers = null, long? timestamp = null, int? partition = null) => _producer.Produce(
        new TopicPartition(topic, partition ?? Partition.Any),
        new Message<byte[]?, byte[]?>
        {
            Key = key is null ? null : Encoding.UTF8.GetBytes(key),
            Value = value,
            Headers = headers,
            Timestamp = timestamp is { } at ? new Timestamp(at, TimestampType.CreateTime) : Timestamp.Default,
        });

    /// <summary>A dead letter as the stream runtime writes it.</summary>
    public void Letter(string key, byte[]? value, string errorClass, string source = Topics.Scans, int sourcePartition = 0, long sourceOffset = 0) => Send(Topics.DeadLetters, key, value, new Headers
    {
        { DeadLetterHeaders.SourceTopic, Encoding.UTF8.GetBytes(source) },
        { DeadLetterHeaders.SourcePartition, Encoding.UTF8.GetBytes($"{sourcePartition}") },
        { DeadLetterHeaders.SourceOffset, Encoding.UTF8.GetBytes($"{sourceOffset}") },
        { DeadLetterHeaders.SourceTimestamp, Encoding.UTF8.GetBytes($"{Start}") },
        { DeadLetterHeaders.ErrorClass, Encoding.UTF8.GetBytes(errorClass) },
        { DeadLetterHeaders.ErrorMessage, Encoding.UTF8.GetBytes($"it was {errorClass}") },
    });

    private Dictionary<string, string> Copy() => new(_client);

    public void Flush() => Assert.Equal(0, _producer.Flush(Bound));

    /// <summary>Runs triage until something is true of its topics.</summary>
    public async Task TriageUntilAsync(Func<bool> isDone)
    {
        var metrics = Metrics.WithCustomRegistry(Metrics.NewCustomRegistry());
        var application = new StreamsApplication(TriageTopology.Build(LocalSchemaIds.BuiltIn, metrics, NullLogger.Instance),
            new StreamsOptions { Client = _client }, metrics, NullLogger.Instance);
        using var stop = new CancellationTokenSource();
        var running = Task.Run(() => application.RunAsync(stop.Token));
        try
        {
            var deadline = Environment.TickCount64 + (long)Bound.TotalMilliseconds;
            while (!isDone())
            {
                Assert.True(Environment.TickCount64 < deadline, "triage did not come so far");
                Assert.False(running.IsCompleted, running.Exception?.Message);
                await Task.Delay(100);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await running.WaitAsync(Bound);
        }
    }

    /// <summary>The committed records of a topic.</summary>
    public List<ConsumeResult<byte[]?, byte[]?>> Read(string topic)
    {
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig(Copy()) { GroupId = "check", IsolationLevel = IsolationLevel.ReadCommitted, EnablePartitionEof = true, EnableAutoCommit = false }).Build();
        var partitions = topic == Topics.Rules ? 1 : Partitions;
        consumer.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        var (records, ends) = (new List<ConsumeResult<byte[]?, byte[]?>>(), 0);
        var deadline = Environment.TickCount64 + (long)Bound.TotalMilliseconds;
        while (ends < partitions)
        {
            Assert.True(Environment.TickCount64 < deadline, $"{topic} has no end");
            switch (consumer.Consume(100))
            {
                case { IsPartitionEOF: true }:
                    ends++;
                    break;
                case { } record:
                    records.Add(record);
                    break;
            }
        }
        consumer.Close();
        return records;
    }

    /// <summary>Every partition's end, of every topic, so that what was written shows.</summary>
    public Dictionary<string, long> Ends()
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig(Copy()) { GroupId = "check" }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        return admin.GetMetadata(Bound).Topics.SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Topic, p.PartitionId)))
            .ToDictionary(p => p.ToString(), p => consumer.QueryWatermarkOffsets(p, Bound).High.Value);
    }

    public static List<T> Decoded<T>(IEnumerable<ConsumeResult<byte[]?, byte[]?>> records) where T : class, IAvroRecord<T>, new() => [.. records.Select(record =>
    {
        var message = new T();
        Assert.True(new WireDecoder<T>().TryDecode(record.Message.Value, message, out var error), error.ToString());
        return message;
    })];
}
