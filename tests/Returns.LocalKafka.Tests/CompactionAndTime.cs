using Confluent.Kafka;
using Microsoft.Extensions.Time.Testing;
using Returns.LocalKafka.Storage;

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

    [Fact]
    public async Task A_log_whose_keys_are_written_over_and_over_stays_in_proportion_to_them_with_tombstones_and_markers()
    {
        const int keys = 100, writtenAtOnce = 50, transactions = 240, segment = 20_000;
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var broker = await LocalBroker.StartAsync(time: time);
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers, 1,
            ("cleanup.policy", "compact"), ("segment.bytes", $"{segment}"), ("min.cleanable.dirty.ratio", "0.5"), ("delete.retention.ms", "60000"));
        using var producer = ConfluentClients.Transactional(broker.BootstrapServers, "over");
        var last = new Dictionary<string, string>();
        for (var i = 0; i < transactions; i++)
        {
            Transaction(i, key => $"{i}:{Filler}");
            time.Advance(TimeSpan.FromMilliseconds(150));
        }

        // 5 MB were written. At most half of what is not being written may be superseded when compaction looks, and a run sees
        // what came while the last one was under way.
        var live = keys * (Filler.Length + 20L);
        Until(() => Size() < 3 * live + 2 * segment, "compaction to be through");

        // All keys but ten are deleted; what says so goes after the retention, and so do the ends of transactions with nothing left.
        for (var i = 0; i < 2 * keys / writtenAtOnce; i++) Transaction(i, key => key < 10 ? "stays" : null);
        var more = 0;
        Until(
            () =>
            {
                for (var i = 0; i < 20; i++) Transaction(more++, key => key < 10 ? $"stays {Filler}" : null, keysAtOnce: 10, from: 0);
                time.Advance(TimeSpan.FromSeconds(40));
                // More than could be left of them.
                return more > 60 && Size() < 3 * 10 * (Filler.Length + 200L) + 2 * segment && Batches().Count(batch => batch.IsControl) < 60
                    && ConfluentClients.ReadAll(broker.BootstrapServers, topic).TrueForAll(record => record.Message.Value is not null);
            },
            "tombstones and markers to go");
        var read = new Dictionary<string, string?>();
        foreach (var record in ConfluentClients.ReadAll(broker.BootstrapServers, topic)) read[record.Message.Key!] = record.Message.Value;
        Assert.Equal(last.OrderBy(p => p.Key, StringComparer.Ordinal), read.OrderBy(p => p.Key, StringComparer.Ordinal)!);

        void Transaction(int number, Func<int, string?> value, int keysAtOnce = writtenAtOnce, int? from = null)
        {
            producer.BeginTransaction();
            for (var i = 0; i < keysAtOnce; i++)
            {
                var key = ((from ?? number * writtenAtOnce) + i) % keys;
                producer.Produce(topic, new() { Key = $"k{key}", Value = value(key) });
                if (value(key) is { } now) last[$"k{key}"] = now;
                else last.Remove($"k{key}");
            }

            producer.CommitTransaction(ConfluentClients.Patience);
        }

        long Size() => Directory.GetFiles(broker.PartitionFolder(topic), "*.log").Sum(file => new FileInfo(file) is { Exists: true } found ? found.Length : 0);

        List<BatchHeader> Batches()
        {
            var batches = new List<BatchHeader>();
            foreach (var file in Directory.GetFiles(broker.PartitionFolder(topic), "*.log"))
            {
                using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                var bytes = new byte[stream.Length];
                stream.ReadExactly(bytes);
                for (var at = 0L; BatchHeader.TryRead(bytes.AsSpan((int)Math.Min(at, bytes.Length)), out var header); at += header.TotalSize) batches.Add(header);
            }

            return batches;
        }

        void Until(Func<bool> condition, string what) => ConfluentClients.Until(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(150));
                try
                {
                    return condition();
                }
                catch (FileNotFoundException)
                {
                    // Compaction was exchanging files: look again.
                    return false;
                }
            },
            what);
    }

    [Fact]
    public async Task The_segment_being_written_ends_by_time_and_is_compacted_though_nothing_more_comes()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var broker = await LocalBroker.StartAsync(time: time);
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers, 1, ("cleanup.policy", "compact"), ("segment.ms", "600000"));
        using var producer = ConfluentClients.Producer(broker.BootstrapServers);
        for (var i = 0; i < 3; i++) await producer.ProduceAsync(topic, new() { Key = "key", Value = $"{i}" });
        Assert.Equal(3, Records(broker, topic, "key").Count);

        ConfluentClients.Until(
            () =>
            {
                time.Advance(TimeSpan.FromMinutes(1));
                return Records(broker, topic, "key").Count == 1;
            },
            "the segment to end and to be compacted");
        Assert.Equal("2", Records(broker, topic, "key")[0].Message.Value);
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
