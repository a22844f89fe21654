using Confluent.Kafka;

namespace Returns.LocalKafka.Tests.Contract;

public sealed class ProducingAndConsuming(KafkaUnderTest kafka)
{
    [Theory]
    [InlineData(CompressionType.None)]
    [InlineData(CompressionType.Gzip)]
    [InlineData(CompressionType.Snappy)]
    [InlineData(CompressionType.Lz4)]
    [InlineData(CompressionType.Zstd)]
    public async Task Records_come_back_in_order_with_key_value_headers_and_time(CompressionType compression)
    {
        // Their times lie in the past, and retention goes by them.
        var topic = await ConfluentClients.CreateTopic(kafka.BootstrapServers, 3, ("retention.ms", "-1"));
        using (var producer = ConfluentClients.Producer(kafka.BootstrapServers, config => config.CompressionType = compression))
        {
            for (var i = 0; i < 3000; i++)
            {
                producer.Produce(new TopicPartition(topic, i % 3), new Message<string?, string?>
                {
                    Key = $"k{i}",
                    Value = $"value {i} of many that compress well together",
                    Timestamp = new Timestamp(1_700_000_000_000 + i, TimestampType.CreateTime),
                    Headers = new Headers { { "n", BitConverter.GetBytes(i) }, { "empty", [] }, { "none", null } },
                });
            }

            Assert.Equal(0, producer.Flush(ConfluentClients.Patience));
        }

        var read = ConfluentClients.ReadAll(kafka.BootstrapServers, topic);

        Assert.Equal(3000, read.Count);
        foreach (var partition in read.GroupBy(r => r.Partition.Value))
        {
            var expected = partition.Key;
            long offset = 0;
            foreach (var record in partition)
            {
                Assert.Equal(offset++, record.Offset.Value);
                Assert.Equal($"k{expected}", record.Message.Key);
                Assert.StartsWith($"value {expected} ", record.Message.Value, StringComparison.Ordinal);
                Assert.Equal(1_700_000_000_000 + expected, record.Message.Timestamp.UnixTimestampMs);
                Assert.Equal(expected, BitConverter.ToInt32(record.Message.Headers[0].GetValueBytes()));
                Assert.Empty(record.Message.Headers[1].GetValueBytes());
                Assert.Null(record.Message.Headers[2].GetValueBytes());
                expected += 3;
            }
        }
    }

    [Fact]
    public async Task Null_keys_and_values_stay_null_and_empty_ones_empty()
    {
        var topic = await ConfluentClients.CreateTopic(kafka.BootstrapServers);
        using var producer = ConfluentClients.Producer(kafka.BootstrapServers);
        await producer.ProduceAsync(topic, new() { Key = null, Value = null });
        await producer.ProduceAsync(topic, new() { Key = "", Value = "" });

        var read = ConfluentClients.ReadAll(kafka.BootstrapServers, topic);

        Assert.Equal([null, ""], read.Select(r => r.Message.Key));
        Assert.Equal([null, ""], read.Values());
    }

    [Fact]
    public async Task A_record_of_nearly_a_megabyte_fits_and_one_above_the_topics_limit_is_refused()
    {
        var topic = await ConfluentClients.CreateTopic(kafka.BootstrapServers);
        using var producer = ConfluentClients.Producer(kafka.BootstrapServers, config => config.MessageMaxBytes = 4_000_000);
        var large = new string('x', 1_000_000);
        await producer.ProduceAsync(topic, new() { Value = large });

        var refused = await Assert.ThrowsAsync<ProduceException<string?, string?>>(() => producer.ProduceAsync(topic, new() { Value = new string('y', 2_000_000) }));

        Assert.Equal(ErrorCode.MsgSizeTooLarge, refused.Error.Code);
        Assert.Equal([large], ConfluentClients.ReadAll(kafka.BootstrapServers, topic).Values());
    }

    [Fact]
    public async Task A_waiting_consumer_gets_a_record_soon_after_it_is_produced()
    {
        var topic = await ConfluentClients.CreateTopic(kafka.BootstrapServers);
        using var producer = ConfluentClients.Producer(kafka.BootstrapServers, config => config.LingerMs = 0);
        await producer.ProduceAsync(topic, new() { Value = "first" });
        using var consumer = ConfluentClients.Consumer(kafka.BootstrapServers, config => config.FetchWaitMaxMs = 10_000);
        consumer.Assign(new TopicPartitionOffset(topic, 0, 0));
        Assert.Equal("first", consumer.Consume(ConfluentClients.Patience).Message.Value);
        // The consumer's next fetch waits at the broker now, for up to ten seconds.
        var waiting = Task.Run(() => consumer.Consume(ConfluentClients.Patience));
        await Task.Delay(300, TestContext.Current.CancellationToken);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await producer.ProduceAsync(topic, new() { Value = "second" });

        Assert.Equal("second", (await waiting).Message.Value);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(3), $"it took {clock.Elapsed}");
    }

    [Fact]
    public async Task An_idempotent_producer_delivers_everything_once_and_in_order()
    {
        var topic = await ConfluentClients.CreateTopic(kafka.BootstrapServers, 2);
        using (var producer = ConfluentClients.Producer(kafka.BootstrapServers, config =>
        {
            config.EnableIdempotence = true;
            config.BatchNumMessages = 50;
        }))
        {
            for (var i = 0; i < 5000; i++) producer.Produce(new TopicPartition(topic, i % 2), new() { Value = i.ToString() });
            Assert.Equal(0, producer.Flush(ConfluentClients.Patience));
        }

        var read = ConfluentClients.ReadAll(kafka.BootstrapServers, topic);

        foreach (var partition in read.GroupBy(r => r.Partition.Value))
            Assert.Equal(Enumerable.Range(0, 2500).Select(i => (2 * i + partition.Key).ToString()), partition.Select(r => r.Message.Value));
    }

    [Fact]
    public async Task A_time_is_found_as_the_first_record_not_before_it()
    {
        var topic = await ConfluentClients.CreateTopic(kafka.BootstrapServers, 1, ("retention.ms", "-1"));
        using var producer = ConfluentClients.Producer(kafka.BootstrapServers, config => config.CompressionType = CompressionType.Lz4);
        for (var i = 0; i < 1000; i++) producer.Produce(topic, new() { Value = $"{i}", Timestamp = new Timestamp(1_000_000 + i * 10, TimestampType.CreateTime) });
        producer.Flush(ConfluentClients.Patience);
        using var consumer = ConfluentClients.Consumer(kafka.BootstrapServers);

        long Find(long time) => consumer.OffsetsForTimes([new TopicPartitionTimestamp(topic, 0, new Timestamp(time, TimestampType.CreateTime))], ConfluentClients.Patience)[0].Offset.Value;

        Assert.Equal(0, Find(5));
        Assert.Equal(500, Find(1_005_000));
        Assert.Equal(501, Find(1_005_001));
        Assert.Equal(999, Find(1_009_990));
        Assert.Equal(Offset.End.Value, Find(1_009_991));
    }

    [Fact]
    public async Task The_watermarks_are_the_first_and_the_next_offset()
    {
        var topic = await ConfluentClients.CreateTopic(kafka.BootstrapServers);
        using var producer = ConfluentClients.Producer(kafka.BootstrapServers);
        for (var i = 0; i < 10; i++) await producer.ProduceAsync(topic, new() { Value = "x" });
        using var admin = ConfluentClients.Admin(kafka.BootstrapServers);
        await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, 0, 4)]);
        using var consumer = ConfluentClients.Consumer(kafka.BootstrapServers);

        var marks = consumer.QueryWatermarkOffsets(new TopicPartition(topic, 0), ConfluentClients.Patience);

        Assert.Equal((4, 10), (marks.Low.Value, marks.High.Value));
        Assert.Equal(6, ConfluentClients.ReadAll(kafka.BootstrapServers, topic).Count);
    }

    [Fact]
    public void Naming_an_unknown_topic_creates_it_for_a_producer()
    {
        var topic = ConfluentClients.NewName("auto");
        using var producer = ConfluentClients.Producer(kafka.BootstrapServers);
        producer.Produce(topic, new() { Value = "x" });
        Assert.Equal(0, producer.Flush(ConfluentClients.Patience));

        Assert.Equal(["x"], ConfluentClients.ReadAll(kafka.BootstrapServers, topic).Values());
    }

    [Fact]
    public async Task Append_time_topics_carry_the_brokers_time()
    {
        var topic = await ConfluentClients.CreateTopic(kafka.BootstrapServers, 1, ("message.timestamp.type", "LogAppendTime"));
        using var producer = ConfluentClients.Producer(kafka.BootstrapServers, config => config.CompressionType = CompressionType.Zstd);
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await producer.ProduceAsync(topic, new() { Value = "x", Timestamp = new Timestamp(5, TimestampType.CreateTime) });

        var record = Assert.Single(ConfluentClients.ReadAll(kafka.BootstrapServers, topic));

        Assert.Equal(TimestampType.LogAppendTime, record.Message.Timestamp.Type);
        Assert.InRange(record.Message.Timestamp.UnixTimestampMs, before - 1000, before + 20_000);
    }

    [Fact]
    public async Task A_consumer_that_asks_beyond_the_end_is_reset()
    {
        var topic = await ConfluentClients.CreateTopic(kafka.BootstrapServers);
        using var producer = ConfluentClients.Producer(kafka.BootstrapServers);
        await producer.ProduceAsync(topic, new() { Value = "only" });
        using var consumer = ConfluentClients.Consumer(kafka.BootstrapServers);
        consumer.Assign(new TopicPartitionOffset(topic, 0, 1000));

        Assert.Equal("only", consumer.Consume(ConfluentClients.Patience)?.Message.Value);
    }

    [Fact]
    public async Task Without_acknowledgements_records_arrive_all_the_same()
    {
        var topic = await ConfluentClients.CreateTopic(kafka.BootstrapServers);
        using (var producer = ConfluentClients.Producer(kafka.BootstrapServers, config => config.Acks = Acks.None))
        {
            for (var i = 0; i < 100; i++) producer.Produce(topic, new() { Value = $"{i}" });
            producer.Flush(ConfluentClients.Patience);
        }

        ConfluentClients.Until(() => ConfluentClients.ReadAll(kafka.BootstrapServers, topic).Count == 100, "100 records");
    }
}
