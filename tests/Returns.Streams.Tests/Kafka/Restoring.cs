using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Returns.Streams.Kafka;
using Returns.Streams.Tasks;

namespace Returns.Streams.Tests.Kafka;

/// <summary>A restore that something comes between. A transaction left open in the changelog holds it where a test wants it.</summary>
public sealed class Restoring
{
    private const int Before = 1_000;
    private const int Behind = 500;
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_task_that_is_dropped_half_restored_and_comes_back_goes_on_where_it_was()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        var topology = await CreateAsync(kafka, test);
        Write(kafka, test.Changelog, 0, Before);
        using var open = Open(kafka, test.Changelog);
        Write(kafka, test.Changelog, Before, Behind);
        using var restorer = Restorer(kafka, topology);
        var first = Task(topology);
        restorer.Restore(first);
        await UntilAsync(restorer, () => first.Restored == Before);

        // As when the group has lost the member, and then gives it the same partition.
        first.Phase = TaskPhase.Dropped;
        var second = Task(topology);
        restorer.Restore(second);
        open.CommitTransaction(Kafka.Bound);
        await UntilAsync(restorer, () => restorer.TryTakeRestored(out var restored) && restored == second);

        Assert.Equal(Counts(Before + 1 + Behind), Counts(second));
        // What was behind it, the transaction's record, and its end if that was there when it began.
        Assert.InRange(second.ToRestore, Behind + 1, Behind + 2);
        Assert.Equal(second.ToRestore, second.Restored);
    }

    [Fact]
    public async Task A_changelog_that_was_made_anew_meanwhile_is_read_from_its_beginning()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        var topology = await CreateAsync(kafka, test);
        Write(kafka, test.Changelog, 0, Before);
        using var open = Open(kafka, test.Changelog);
        using var restorer = Restorer(kafka, topology);
        var first = Task(topology);
        restorer.Restore(first);
        await UntilAsync(restorer, () => first.Restored == Before);
        first.Phase = TaskPhase.Dropped;
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.Servers }).Build())
        {
            await admin.DeleteTopicsAsync([test.Changelog]);
            await kafka.CreateAsync(test.Changelog, 1, ("cleanup.policy", "compact"));
        }
        Write(kafka, test.Changelog, 5, 3);
        var second = Task(topology);
        restorer.Restore(second);
        await UntilAsync(restorer, () => restorer.TryTakeRestored(out var restored) && restored == second);
        Assert.Equal(Enumerable.Range(5, 3).Select(i => $"k{i}"), Counts(second));
    }

    [Fact]
    public async Task A_broker_that_restarts_and_tasks_that_come_meanwhile_do_not_make_it_begin_again()
    {
        await using var kafka = await Kafka.StartAsync();
        Assert.SkipUnless(kafka.IsLocal, "the broker of RETURNS_TEST_KAFKA is not ours to restart");
        var test = new Counting();
        var topology = await CreateAsync(kafka, test, partitions: 2);
        Write(kafka, test.Changelog, 0, Before);
        using var open = Open(kafka, test.Changelog);
        Write(kafka, test.Changelog, Before, Behind);
        using var restorer = Restorer(kafka, topology);
        var (first, other) = (Task(topology), Task(topology, partition: 1));
        restorer.Restore(first);
        await UntilAsync(restorer, () => first.Restored == Before);
        await kafka.StopAsync();
        await kafka.StartAgainAsync();
        restorer.Restore(other);
        await UntilAsync(restorer, () => restorer.TryTakeRestored(out var restored) && restored == other);
        Assert.Equal((TaskPhase.Restoring, Before), (first.Phase, first.Restored));
        open.CommitTransaction(Kafka.Bound);
        await UntilAsync(restorer, () => restorer.TryTakeRestored(out var restored) && restored == first);
        Assert.Equal(Counts(Before + 1 + Behind), Counts(first));
        Assert.Equal(first.ToRestore, first.Restored);
    }

    private static async Task<Topology> CreateAsync(Kafka kafka, Counting test, int partitions = 1)
    {
        await test.CreateTopicsAsync(kafka, partitions);
        await kafka.CreateAsync(test.Changelog, partitions, ("cleanup.policy", "compact"));
        return test.Build();
    }

    private static ChangelogRestorer Restorer(Kafka kafka, Topology topology)
    {
        var log = new CollectedLog();
        var settings = new ClientSettings(topology.Application, new StreamsOptions { Client = new ClientConfig { BootstrapServers = kafka.Servers } }, log);
        return new ChangelogRestorer(topology, settings, 0, new Patience(Kafka.Bound, "restore", log), log);
    }

    private static AssignedTask Task(Topology topology, int partition = 0) =>
        new(topology.SubTopologies[0], partition, new StreamTask(topology, topology.SubTopologies[0], partition, new Nowhere(), [], long.MinValue));

    private static IEnumerable<string> Counts(int count) => Enumerable.Range(0, count - 1).Select(i => $"k{i}").Append("open").Order(StringComparer.Ordinal);

    private static IEnumerable<string> Counts(AssignedTask task)
    {
        var keys = new List<string>();
        task.Task.Stores[0].ForEach((key, _) => keys.Add(Encoding.UTF8.GetString(key)));
        return keys.Order(StringComparer.Ordinal);
    }

    private static void Write(Kafka kafka, string changelog, int from, int count)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = kafka.Servers, LingerMs = 5 }).Build();
        for (var i = from; i < from + count; i++)
        {
            producer.Produce(new TopicPartition(changelog, 0), Record(string.Create(CultureInfo.InvariantCulture, $"k{i}")));
        }
        Assert.Equal(0, producer.Flush(Kafka.Bound));
    }

    /// <summary>A transaction with a record in the changelog.</summary>
    private static IProducer<byte[], byte[]> Open(Kafka kafka, string changelog)
    {
        var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = kafka.Servers, TransactionalId = changelog, TransactionTimeoutMs = 60_000 })
            .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        producer.InitTransactions(Kafka.Bound);
        producer.BeginTransaction();
        producer.Produce(new TopicPartition(changelog, 0), Record("open"));
        Assert.Equal(0, producer.Flush(Kafka.Bound));
        return producer;
    }

    /// <summary>Never woken, with the count 1.</summary>
    private static Message<byte[], byte[]> Record(string key)
    {
        var value = new byte[9];
        BinaryPrimitives.WriteInt64LittleEndian(value, Returns.Streams.State.KeyValueStore.Never);
        value[8] = (byte)'1';
        return new() { Key = Encoding.UTF8.GetBytes(key), Value = value };
    }

    private static async Task UntilAsync(ChangelogRestorer restorer, Func<bool> condition)
    {
        var deadline = Environment.TickCount64 + (long)Kafka.Bound.TotalMilliseconds;
        while (!condition())
        {
            Assert.Null(restorer.Failure);
            Assert.True(Environment.TickCount64 < deadline, "waited too long");
            await System.Threading.Tasks.Task.Delay(10, Cancelled);
        }
    }

    private sealed class Nowhere : ITaskOutput
    {
        public void Send(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => throw new NotSupportedException();

        public void SendTombstone(string topic, ReadOnlySpan<byte> key) => throw new NotSupportedException();

        public void SendChange(string topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue) => throw new NotSupportedException();

        public void SendDeadLetter(string topic, in InputRecord record, in Rejection rejection) => throw new NotSupportedException();
    }
}
