using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Returns.LocalKafka.Tests.Contract;

public sealed class TopicAdministration(KafkaUnderTest kafka)
{
    private string Servers => kafka.BootstrapServers;

    [Fact]
    public async Task Topics_are_created_grown_described_and_deleted()
    {
        using var admin = ConfluentClients.Admin(Servers);
        var topic = await ConfluentClients.CreateTopic(Servers, 2);
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = topic, IncreaseTo = 5 }]);
        ConfluentClients.Until(() => admin.GetMetadata(topic, ConfluentClients.Patience).Topics[0].Partitions.Count == 5, "five partitions");
        using (var producer = ConfluentClients.Producer(Servers)) await producer.ProduceAsync(new TopicPartition(topic, 4), new() { Value = "x" });
        Assert.Equal(["x"], ConfluentClients.ReadAll(Servers, topic).Values());

        await admin.DeleteTopicsAsync([topic]);

        ConfluentClients.Until(() => admin.GetMetadata(ConfluentClients.Patience).Topics.All(t => t.Topic != topic), "the topic to be gone");
    }

    [Fact]
    public async Task A_topic_made_again_under_its_name_is_empty_and_without_offsets()
    {
        using var admin = ConfluentClients.Admin(Servers);
        using var producer = ConfluentClients.Producer(Servers);
        var topic = await ConfluentClients.CreateTopic(Servers);
        await producer.ProduceAsync(topic, new() { Value = "old" });
        await admin.DeleteTopicsAsync([topic]);
        ConfluentClients.Until(
            () =>
            {
                try
                {
                    admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = 1, ReplicationFactor = 1 }]).GetAwaiter().GetResult();
                    return true;
                }
                catch (CreateTopicsException)
                {
                    return false;
                }
            },
            "the name to be free");
        using var later = ConfluentClients.Producer(Servers);
        await later.ProduceAsync(topic, new() { Value = "new" });

        Assert.Equal(["new"], ConfluentClients.ReadAll(Servers, topic).Values());
    }

    [Theory]
    [InlineData("no.such.config", "1", ErrorCode.InvalidConfig)]
    [InlineData("retention.ms", "soon", ErrorCode.InvalidConfig)]
    [InlineData("cleanup.policy", "burn", ErrorCode.InvalidConfig)]
    public async Task A_wrong_configuration_is_refused_by_name(string name, string value, ErrorCode expected)
    {
        var refused = await Assert.ThrowsAsync<CreateTopicsException>(() => ConfluentClients.CreateTopic(Servers, 1, (name, value)));

        Assert.Equal(expected, refused.Results[0].Error.Code);
        Assert.Contains(name, refused.Results[0].Error.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("has space", 1, 1, ErrorCode.TopicException)]
    [InlineData("zero-partitions", 0, 1, ErrorCode.InvalidPartitions)]
    [InlineData("three-replicas", 1, 30, ErrorCode.InvalidReplicationFactor)]
    public async Task An_impossible_topic_is_refused(string name, int partitions, short replicas, ErrorCode expected)
    {
        using var admin = ConfluentClients.Admin(Servers);
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => admin.CreateTopicsAsync([new TopicSpecification { Name = name, NumPartitions = partitions, ReplicationFactor = replicas }]));

        // librdkafka refuses some of them itself.
        if (refused is CreateTopicsException answered) Assert.Equal(expected, answered.Results[0].Error.Code);
    }

    [Fact]
    public async Task A_topic_cannot_be_created_twice()
    {
        var topic = await ConfluentClients.CreateTopic(Servers);
        using var admin = ConfluentClients.Admin(Servers);

        var refused = await Assert.ThrowsAsync<CreateTopicsException>(() => admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = 1, ReplicationFactor = 1 }]));

        Assert.Equal(ErrorCode.TopicAlreadyExists, refused.Results[0].Error.Code);
    }

    [Fact]
    public async Task Configurations_are_described_and_changed()
    {
        var topic = await ConfluentClients.CreateTopic(Servers, 1, ("retention.ms", "1000000"));
        using var admin = ConfluentClients.Admin(Servers);
        var resource = new ConfigResource { Type = ResourceType.Topic, Name = topic };
        var before = (await admin.DescribeConfigsAsync([resource]))[0].Entries;
        Assert.Equal("1000000", before["retention.ms"].Value);
        Assert.Equal("delete", before["cleanup.policy"].Value);

        await admin.IncrementalAlterConfigsAsync(new()
        {
            [resource] =
            [
                new ConfigEntry { Name = "cleanup.policy", Value = "compact", IncrementalOperation = AlterConfigOpType.Append },
                new ConfigEntry { Name = "retention.ms", IncrementalOperation = AlterConfigOpType.Delete, Value = "" },
            ],
        });

        ConfluentClients.Until(
            () =>
            {
                var after = admin.DescribeConfigsAsync([resource]).GetAwaiter().GetResult()[0].Entries;
                return after["cleanup.policy"].Value == "delete,compact" && after["retention.ms"].Value == "604800000";
            },
            "the changed configuration");
    }

    [Fact]
    public async Task Compaction_keeps_the_last_value_of_each_key_at_its_offset_and_drops_aborted_records()
    {
        var topic = await ConfluentClients.CreateTopic(Servers, 1, ("cleanup.policy", "compact"), ("segment.bytes", kafka.IsLocal ? "20000" : "1048576"), ("min.cleanable.dirty.ratio", "0.01"), ("segment.ms", "500"));
        Assert.SkipUnless(kafka.IsLocal, "a real Kafka compacts when it likes; the local broker's compaction is what this checks");
        var last = new Dictionary<string, (string? Value, long Offset)>();
        using var producer = ConfluentClients.Transactional(Servers, ConfluentClients.NewName("tx"));
        var random = new Random(7);
        for (var round = 0; round < 60; round++)
        {
            producer.BeginTransaction();
            var written = new List<Task<DeliveryResult<string?, string?>>>();
            for (var i = 0; i < 100; i++)
            {
                var key = $"k{random.Next(50)}";
                written.Add(producer.ProduceAsync(topic, new() { Key = key, Value = random.Next(10) == 0 ? null : $"{round}:{i}:{new string('x', 30)}" }));
            }

            var done = await Task.WhenAll(written);
            if (round % 4 == 3)
            {
                producer.AbortTransaction(ConfluentClients.Patience);
                continue;
            }

            producer.CommitTransaction(ConfluentClients.Patience);
            foreach (var result in done) last[result.Message.Key!] = (result.Message.Value, result.Offset.Value);
        }

        ConfluentClients.Until(() => ConfluentClients.ReadAll(Servers, topic, IsolationLevel.ReadUncommitted).Count < 1200, "compaction");

        var read = ConfluentClients.ReadAll(Servers, topic);
        var found = new Dictionary<string, (string? Value, long Offset)>();
        long offset = -1;
        foreach (var record in read)
        {
            Assert.True(record.Offset.Value > offset, "offsets go up");
            offset = record.Offset.Value;
            found[record.Message.Key!] = (record.Message.Value, offset);
        }

        Assert.Equal(last.OrderBy(p => p.Key, StringComparer.Ordinal), found.OrderBy(p => p.Key, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Old_segments_go_by_size()
    {
        Assert.SkipUnless(kafka.IsLocal, "a real Kafka looks for old segments every five minutes");
        var topic = await ConfluentClients.CreateTopic(Servers, 1, ("segment.bytes", "10000"), ("retention.bytes", "30000"));
        using var producer = ConfluentClients.Producer(Servers, config => config.BatchNumMessages = 10);
        for (var i = 0; i < 2000; i++) producer.Produce(topic, new() { Value = $"{i}:{new string('x', 90)}" });
        producer.Flush(ConfluentClients.Patience);
        using var consumer = ConfluentClients.Consumer(Servers);

        // Some may have gone while the others were being written: it is the last look for old segments that leaves so few.
        ConfluentClients.Until(() => consumer.QueryWatermarkOffsets(new TopicPartition(topic, 0), ConfluentClients.Patience).Low >= 1400, "old segments to go");

        var read = ConfluentClients.ReadAll(Servers, topic).Values();
        Assert.Equal(Enumerable.Range(2000 - read.Count, read.Count).Select(i => $"{i}:{new string('x', 90)}"), read);
        Assert.InRange(read.Count, 200, 600);
    }

    [Fact]
    public async Task Old_segments_go_by_time()
    {
        Assert.SkipUnless(kafka.IsLocal, "a real Kafka looks for old segments every five minutes");
        var topic = await ConfluentClients.CreateTopic(Servers, 1, ("retention.ms", "3600000"));
        using var producer = ConfluentClients.Producer(Servers);
        await producer.ProduceAsync(topic, new() { Value = "old", Timestamp = new Timestamp(DateTime.UtcNow.AddHours(-2)) });
        ConfluentClients.Until(() => ConfluentClients.ReadAll(Servers, topic).Count == 0, "the old record to go");
        await producer.ProduceAsync(topic, new() { Value = "new" });

        Assert.Equal(1, Assert.Single(ConfluentClients.ReadAll(Servers, topic)).Offset.Value);
    }
}
