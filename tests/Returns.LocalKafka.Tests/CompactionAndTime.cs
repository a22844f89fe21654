using Confluent.Kafka;
using Microsoft.Extensions.Time.Testing;

namespace Returns.LocalKafka.Tests;

/// <summary>What compaction may take away, and when.</summary>
public sealed class CompactionAndTime
{
    private static readonly string Filler = new('x', 400);

    [Fact]
    public async Task A_tombstone_stays_for_delete_retention_and_then_goes()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var broker = await LocalBroker.StartAsync(time: time);
        var topic = await CompactedTopic(broker, ("delete.retention.ms", "3600000"));
        using var producer = ConfluentClients.Producer(broker.BootstrapServers);
        await producer.ProduceAsync(topic, new() { Key = "gone", Value = "value" });
        await producer.ProduceAsync(topic, new() { Key = "stays", Value = "value" });
        await producer.ProduceAsync(topic, new() { Key = "gone", Value = null });
        await Roll(producer, topic);

        Until(() => Records(broker, topic, "gone").Count == 1, "the value to go");
        Assert.Null(Records(broker, topic, "gone")[0].Message.Value);

        // Another run within the retention leaves it, one behind it does not.
        time.Advance(TimeSpan.FromMinutes(50));
        await producer.ProduceAsync(topic, new() { Key = "stays", Value = "second" });
        await Roll(producer, topic);
        Until(() => Records(broker, topic, "stays").Count == 1, "another run");
        Assert.Single(Records(broker, topic, "gone"));
        time.Advance(TimeSpan.FromMinutes(20));
        await Roll(producer, topic);

        Until(() => Records(broker, topic, "gone").Count == 0, "the tombstone to go");
        Assert.Equal("second", Assert.Single(Records(broker, topic, "stays")).Message.Value);

        // The broker's clock has to move for it to look for work.
        void Until(Func<bool> condition, string what) => ConfluentClients.Until(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(150));
                return condition();
            },
            what);
    }

    [Fact]
    public async Task Nothing_behind_the_start_of_an_open_transaction_is_compacted()
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await CompactedTopic(broker);
        using var plain = ConfluentClients.Producer(broker.BootstrapServers);
        await Twice("before");
        using var open = ConfluentClients.Transactional(broker.BootstrapServers, "open");
        open.BeginTransaction();
        await open.ProduceAsync(topic, new() { Key = "inside", Value = Filler });
        await Twice("behind");

        ConfluentClients.Until(() => Records(broker, topic, "before").Count == 1, "what lies before it to be compacted");
        Assert.Equal(2, Records(broker, topic, "behind").Count);
        open.CommitTransaction(ConfluentClients.Patience);

        ConfluentClients.Until(() => Records(broker, topic, "behind").Count == 1, "the rest to be compacted once it has ended");
        Assert.Single(Records(broker, topic, "inside"));

        async Task Twice(string key)
        {
            for (var i = 0; i < 2; i++) await plain.ProduceAsync(topic, new() { Key = key, Value = $"{i}" });
            await Roll(plain, topic);
        }
    }

    [Fact]
    public async Task A_batch_that_cannot_be_unpacked_stays_and_the_rest_is_compacted()
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await CompactedTopic(broker);
        // Its CRC is right, and what its header calls zstd is none.
        var broken = TestBatch.Build(["not zstd"]);
        broken[22] |= 4;
        TestBatch.Seal(broken);
        using var wire = new WireClient(broker.BootstrapServers);
        Assert.Equal(Protocol.ErrorCode.None, wire.Produce(topic, broken).Error);
        using var plain = ConfluentClients.Producer(broker.BootstrapServers);
        for (var i = 0; i < 2; i++) await plain.ProduceAsync(topic, new() { Key = "key", Value = $"{i}" });
        await Roll(plain, topic);

        ConfluentClients.Until(() => broker.Log.Contains("cannot be decoded", StringComparison.Ordinal), "a line in the log");
        ConfluentClients.Until(() => Records(broker, topic, "key", from: 1).Count == 1, "compaction");
        Assert.Equal("1", Records(broker, topic, "key", from: 1)[0].Message.Value);
    }

    private static Task<string> CompactedTopic(LocalBroker broker, params (string, string)[] config) => ConfluentClients.CreateTopic(
        broker.BootstrapServers, 1, [("cleanup.policy", "compact"), ("segment.bytes", "1024"), ("min.cleanable.dirty.ratio", "0.01"), .. config]);

    // Enough behind what was written that it is no longer in the segment being written, which is never compacted.
    private static async Task Roll(IProducer<string?, string?> producer, string topic)
    {
        for (var i = 0; i < 4; i++) await producer.ProduceAsync(topic, new() { Key = $"filler-{i}", Value = Filler });
    }

    private static List<ConsumeResult<string?, string?>> Records(LocalBroker broker, string topic, string key, long from = 0) =>
        [.. ConfluentClients.ReadAll(broker.BootstrapServers, topic, IsolationLevel.ReadUncommitted, from).Where(record => record.Message.Key == key)];
}
