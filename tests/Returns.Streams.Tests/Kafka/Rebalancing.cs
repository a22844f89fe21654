using System.Collections.Concurrent;
using System.Globalization;
using Confluent.Kafka;
using Returns.Streams.Kafka;

namespace Returns.Streams.Tests.Kafka;

/// <summary>What a member that comes or goes costs the others: nothing.</summary>
public sealed class Rebalancing
{
    [Fact]
    public async Task Members_that_come_and_go_move_only_what_must_move_and_what_stays_is_not_restored()
    {
        await using var kafka = await Kafka.StartAsync();
        var name = $"app-{Guid.NewGuid():N}";
        var made = new ConcurrentQueue<(int Member, int Partition)>();
        var closed = new ConcurrentQueue<(int Member, int Partition)>();
        Counting Member(int member) => new() { Name = name, OnMade = partition => made.Enqueue((member, partition)), OnClosed = partition => closed.Enqueue((member, partition)) };
        var test = Member(0);
        await test.CreateTopicsAsync(kafka, 6);
        var ticks = 0;
        using var stop = new CancellationTokenSource();
        // Something goes on all the time.
        var feeding = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                kafka.Produce(test.In, Counting.Ticks(60, 60, ticks));
                ticks += 60;
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }, TestContext.Current.CancellationToken);

        await using var first = new RunningApplication(Member(1), kafka);
        await Shares(first, 6);
        Assert.Equal([1, 1, 1, 1, 1, 1], Restored(started: 1));
        Assert.Empty(closed);
        await using var second = new RunningApplication(Member(2), kafka);
        await Shares(first, 3);
        await Shares(second, 3);
        Assert.Equal([2, 2, 2], Restored(started: 2));
        Assert.Equal([1, 1, 1], Closed());
        await using (var third = new RunningApplication(Member(3), kafka))
        {
            await Shares(first, 2);
            await Shares(second, 2);
            await Shares(third, 2);
            Assert.Equal([3, 3], Restored(started: 3));
            Assert.Equal([1, 2], Closed());
            await third.StopAsync();
            Assert.Equal([3, 3], Closed());
        }
        await Shares(first, 3);
        await Shares(second, 3);
        Assert.Equal([1, 2], Restored(started: 0));
        await stop.CancelAsync();
        await feeding;
        test.Check(kafka, ticks, 60);

        Task Shares(RunningApplication member, int partitions) => member.UntilAsync(h => h.State == StreamsState.Running && h.Partitions.Count == partitions);

        // Whose tasks ended since the last look.
        List<int> Closed()
        {
            var members = closed.Distinct().Select(m => m.Member).Order().ToList();
            closed.Clear();
            return members;
        }

        // Whose tasks were made since the last look, but for the one that a member makes on trial when it starts.
        List<int> Restored(int started)
        {
            var members = made.Select(m => m.Member).Order().ToList();
            Assert.Equal(started != 0, members.Remove(started));
            made.Clear();
            return members;
        }
    }

    [Fact]
    public async Task While_a_new_member_restores_its_share_the_tasks_that_stay_go_on()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await test.CreateTopicsAsync(kafka, 2);
        await using var first = new RunningApplication(test, kafka);
        kafka.Produce(test.In, Ticks(0), partition: 0);
        kafka.Produce(test.In, Ticks(1), partition: 1);
        test.Check(kafka, 200, 20);

        // What holds a restore of either partition: a transaction in the changelog that nobody has decided yet.
        using var open = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = kafka.Servers, TransactionalId = test.Name, TransactionTimeoutMs = 60_000 }).Build();
        open.InitTransactions(Kafka.Bound);
        open.BeginTransaction();
        foreach (var partition in new[] { 0, 1 })
        {
            open.Produce(new TopicPartition(test.Changelog, partition), new Message<byte[], byte[]> { Key = "nobody's"u8.ToArray(), Value = null! });
        }
        Assert.Equal(0, open.Flush(Kafka.Bound));
        await using var second = new RunningApplication(test, kafka);
        await second.UntilAsync(h => h.State == StreamsState.Restoring && h.Partitions.Count == 1);
        await first.UntilAsync(h => h.State == StreamsState.Running && h.Partitions.Count == 1);
        var stays = first.Application.Health.Partitions[0].Partition;
        for (var round = 0; round < 3; round++)
        {
            kafka.Produce(test.In, Ticks(stays), partition: stays);
            var outputs = 200 + (round + 1) * 100;
            await first.UntilRecordsAsync(kafka, test.Out, records => records.Count == outputs);
        }
        Assert.Equal(StreamsState.Restoring, second.Application.Health.State);

        open.CommitTransaction(Kafka.Bound);
        kafka.Produce(test.In, Ticks(1 - stays), partition: 1 - stays);
        test.Check(kafka, 600, 20);
    }

    /// <summary>A hundred ticks of ten keys of a partition's own.</summary>
    private static IEnumerable<(string Key, string? Value)> Ticks(int partition) =>
        Enumerable.Range(0, 100).Select(i => (string.Create(CultureInfo.InvariantCulture, $"{partition}-{i % 10}"), (string?)Counting.TickAt(i)));
}
