using System.Collections.Concurrent;
using Confluent.Kafka;

namespace Returns.LocalKafka.Tests;

/// <summary>kill -9 of a real broker process, under load.</summary>
public sealed class KilledBrokers
{
    /// <summary>
    /// Longer than the timeout of any one call to the client. librdkafka 2.16 now and then never returns from
    /// rd_kafka_send_offsets_to_transaction, whatever timeout it is given, when the broker dies after AddOffsetsToTxn: its
    /// TxnOffsetCommit waits for a coordinator whose return nobody tells it of.
    /// </summary>
    private static readonly TimeSpan ClientStuck = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task Every_acknowledged_record_is_there_once_and_in_order()
    {
        using var folder = new TemporaryFolder();
        using var broker = new BrokerProcess(folder.Path);
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers, 3, ("segment.bytes", "200000"));
        var acknowledged = new ConcurrentDictionary<string, bool>();
        var failures = new ConcurrentQueue<string>();
        var sent = 0;
        using (var producer = ConfluentClients.Producer(broker.BootstrapServers, config =>
        {
            config.EnableIdempotence = true;
            config.MessageTimeoutMs = 60_000;
            config.ReconnectBackoffMs = 20;
            config.ReconnectBackoffMaxMs = 100;
            config.RetryBackoffMs = 20;
        }))
        {
            for (var kill = 0; kill < 4; kill++)
            {
                // The producer keeps batches in flight at all times, and the broker dies among them.
                var target = acknowledged.Count + 3000;
                var deadline = DateTime.UtcNow + TimeSpan.FromSeconds(60);
                while (acknowledged.Count < target)
                {
                    Assert.True(failures.IsEmpty, string.Join("; ", failures));
                    Assert.True(DateTime.UtcNow < deadline, $"{acknowledged.Count} of {sent} records are acknowledged after 60 s");
                    if (sent - acknowledged.Count > 5000)
                    {
                        Thread.Yield();
                        continue;
                    }

                    var value = $"{sent}";
                    producer.Produce(new TopicPartition(topic, sent++ % 3), new() { Value = value }, report =>
                    {
                        if (report.Error.IsError) failures.Enqueue(report.Error.Reason);
                        else acknowledged[value] = true;
                    });
                }

                broker.Kill();
                broker.Start();
            }

            Assert.Equal(0, producer.Flush(TimeSpan.FromSeconds(40)));
        }

        Assert.Empty(failures);
        Assert.Equal(sent, acknowledged.Count);
        var read = ConfluentClients.ReadAll(broker.BootstrapServers, topic);
        for (var partition = 0; partition < 3; partition++)
        {
            var values = read.Where(r => r.Partition.Value == partition).Select(r => int.Parse(r.Message.Value!)).ToList();
            Assert.Equal(Enumerable.Range(0, sent).Where(i => i % 3 == partition), values);
        }
    }

    [Fact]
    public async Task A_transaction_is_never_half_there()
    {
        using var folder = new TemporaryFolder();
        using var broker = new BrokerProcess(folder.Path);
        var servers = broker.BootstrapServers;
        var topic = await ConfluentClients.CreateTopic(servers, 4);
        var id = ConfluentClients.NewName("tx");
        var groupId = ConfluentClients.NewName("g");
        using var group = ConfluentClients.Consumer(servers, config => config.GroupId = groupId);
        var metadata = group.ConsumerGroupMetadata;
        var committed = new List<int>();
        var lastOffset = -1L;
        var number = 0;
        var commits = 0;
        var stop = false;
        var killer = Task.Run(async () =>
        {
            var random = new Random(3);
            try
            {
                for (var kill = 0; kill < 4; kill++)
                {
                    // A client that is stuck must first be given up: a broker without load proves nothing.
                    var goal = Volatile.Read(ref commits) + 5;
                    ConfluentClients.Until(() => Volatile.Read(ref commits) >= goal, $"commits before kill {kill}", TimeSpan.FromSeconds(60));
                    await Task.Delay(random.Next(0, 300));
                    broker.Kill();
                    broker.Start();
                }
            }
            finally
            {
                // Also when the broker does not come back: the producer below must not go on for ever.
                Volatile.Write(ref stop, true);
            }
        });
        var producer = await Open();
        while (!Volatile.Read(ref stop))
        {
            number++;
            var attempt = Task.Run(() => Transact(producer, number));
            if (await Task.WhenAny(attempt, Task.Delay(ClientStuck)) != attempt)
            {
                // Nothing ends that call; its producer is left behind, and fenced by the next one.
                producer = await Open();
                continue;
            }

            try
            {
                await attempt;
                committed.Add(number);
                lastOffset = number;
                Interlocked.Increment(ref commits);
            }
            catch (KafkaException)
            {
                // The outcome is not known to us, so the number is not used again.
                await Leave(producer);
                producer = await Open();
            }
        }

        await killer;
        await Leave(producer);
        // Registering once more ends whatever was open.
        await Leave(await Open());

        var counts = ConfluentClients.ReadAll(servers, topic).GroupBy(r => int.Parse(r.Message.Value!)).ToDictionary(g => g.Key, g => g.Count());
        Assert.All(counts, pair => Assert.True(pair.Value == 8, $"transaction {pair.Key} has {pair.Value} of 8 records"));
        Assert.NotEmpty(committed);
        Assert.All(committed, acknowledged => Assert.True(counts.ContainsKey(acknowledged), $"transaction {acknowledged} was acknowledged and is not there"));
        using var reader = ConfluentClients.Consumer(servers, config => config.GroupId = groupId);
        var offset = reader.Committed([new TopicPartition(topic, 0)], ConfluentClients.Patience)[0].Offset.Value;
        Assert.True(offset >= lastOffset && counts.ContainsKey((int)offset), $"offset {offset} was committed, but its transaction was not");
        Assert.Equal(counts.Keys.Max(), offset);

        void Transact(IProducer<string?, string?> with, int value)
        {
            with.BeginTransaction();
            for (var i = 0; i < 8; i++) with.Produce(new TopicPartition(topic, i % 4), new() { Value = $"{value}" });
            with.SendOffsetsToTransaction([new TopicPartitionOffset(topic, 0, value)], metadata, TimeSpan.FromMilliseconds(1500));
            with.CommitTransaction(TimeSpan.FromMilliseconds(1500));
        }

        async Task<IProducer<string?, string?>> Open()
        {
            for (var left = 12; ; left--)
            {
                var opened = ConfluentClients.Producer(servers, config =>
                {
                    config.TransactionalId = id;
                    config.ReconnectBackoffMs = 20;
                    config.ReconnectBackoffMaxMs = 100;
                });
                try
                {
                    await Task.Run(() => opened.InitTransactions(TimeSpan.FromSeconds(3))).WaitAsync(ClientStuck);
                    return opened;
                }
                catch (Exception e) when (left > 0 && (e is KafkaException or TimeoutException))
                {
                    await Leave(opened);
                }
            }
        }

        static Task Leave(IProducer<string?, string?> left) => Task.WhenAny(Task.Run(left.Dispose), Task.Delay(ClientStuck));
    }

    [Fact]
    public async Task Offsets_topics_and_configurations_survive()
    {
        using var folder = new TemporaryFolder();
        using var broker = new BrokerProcess(folder.Path);
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers, 3, ("retention.ms", "777777"));
        using (var wire = new WireClient(broker.BootstrapServers))
        {
            wire.CommitOffset("g", topic, 2, 99, "note");
            wire.Produce(topic, TestBatch.Build(["a", "b", "c"]));
        }

        using (var before = ConfluentClients.Admin(broker.BootstrapServers)) await before.DeleteRecordsAsync([new TopicPartitionOffset(topic, 0, 2)]);
        broker.Kill();
        broker.Start();

        using var after = new WireClient(broker.BootstrapServers);
        Assert.Equal("note", after.FetchOffsetMetadata("g", topic, 2));
        using var admin = ConfluentClients.Admin(broker.BootstrapServers);
        Assert.Equal(3, admin.GetMetadata(topic, ConfluentClients.Patience).Topics[0].Partitions.Count);
        var configs = await admin.DescribeConfigsAsync([new() { Type = Confluent.Kafka.Admin.ResourceType.Topic, Name = topic }]);
        Assert.Equal("777777", configs[0].Entries["retention.ms"].Value);
        Assert.Equal(["c"], ConfluentClients.ReadAll(broker.BootstrapServers, topic).Values());
    }

    [Fact]
    public void It_stops_cleanly_when_its_standard_input_closes()
    {
        using var folder = new TemporaryFolder();
        using var broker = new BrokerProcess(folder.Path);
        Assert.Equal($"{broker.BootstrapServers}\n", File.ReadAllText(Path.Combine(folder.Path, "endpoint")));

        Assert.Equal(0, broker.CloseStandardInput());
        Assert.False(File.Exists(Path.Combine(folder.Path, "endpoint")));
    }

    [Theory]
    [InlineData("--port", "0")]
    [InlineData("--data", "x", "--port", "70000")]
    [InlineData("--data", "x", "--port", "0", "--no-such-option", "1")]
    [InlineData("--data", "x", "--port", "0", "--advertised", "nowhere")]
    [InlineData("--data", "x", "--port", "0", "--advertised", "127.0.0.1:0")]
    public void A_wrong_command_line_is_explained(params string[] arguments)
    {
        var (exitCode, errors) = BrokerProcess.RunToItsEnd(arguments);

        Assert.Equal(2, exitCode);
        Assert.Contains("usage:", errors, StringComparison.Ordinal);
    }
}
