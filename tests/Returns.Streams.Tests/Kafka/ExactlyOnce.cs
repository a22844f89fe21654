using Confluent.Kafka;
using Returns.Streams.Kafka;

namespace Returns.Streams.Tests.Kafka;

/// <summary>Whatever goes wrong, each key's counts are 1, 2, 3 and so on in what is committed, and none is missing.</summary>
public sealed class ExactlyOnce
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_record_is_counted_once_and_the_counts_survive_a_restart()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await test.CreateTopicsAsync(kafka);
        kafka.Produce(test.In, Counting.Ticks(2000, 50));
        await using (var first = new RunningApplication(test, kafka))
        {
            test.Check(kafka, 2000, 50);
            await first.StopAsync();
        }
        kafka.Produce(test.In, Counting.Ticks(1000, 50, 2000));
        await using var second = new RunningApplication(test, kafka);
        test.Check(kafka, 3000, 50);
        await second.UntilAsync(h => h.State == StreamsState.Running && h.Partitions.Count == 4);
        await second.StopAsync();
        Assert.Empty(second.Log.Warnings);
    }

    [Fact]
    public async Task Instances_that_come_and_go_share_the_partitions_and_lose_nothing()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await test.CreateTopicsAsync(kafka, 6);
        await using var first = new RunningApplication(test, kafka, o => o with { Threads = 2 });
        kafka.Produce(test.In, Counting.Ticks(1000, 50));
        await first.UntilAsync(h => h.State == StreamsState.Running && h.Partitions.Count == 6);
        await using (var second = new RunningApplication(test, kafka))
        {
            for (var round = 0; round < 10; round++)
            {
                kafka.Produce(test.In, Counting.Ticks(200, 50, 1000 + round * 200));
                await Task.Delay(50, Cancelled);
            }
            await second.UntilAsync(h => h.State == StreamsState.Running && h.Partitions.Count == 2);
            await first.UntilAsync(h => h.State == StreamsState.Running && h.Partitions.Count == 4);
            kafka.Produce(test.In, Counting.Ticks(1000, 50, 3000));
            await second.StopAsync();
        }
        await first.UntilAsync(h => h.State == StreamsState.Running && h.Partitions.Count == 6);
        kafka.Produce(test.In, Counting.Ticks(1000, 50, 4000));
        test.Check(kafka, 5000, 50);
        Assert.Empty(first.Log.Warnings);
    }

    [Fact]
    public async Task An_instance_that_hangs_loses_its_partitions_and_commits_nothing_when_it_wakes()
    {
        await using var kafka = await Kafka.StartAsync();
        using var hang = new ManualResetEventSlim();
        using var hanging = new ManualResetEventSlim();
        var test = new Counting
        {
            OnCounted = (_, at) =>
            {
                if (at == 500 && !hanging.IsSet)
                {
                    hanging.Set();
                    hang.Wait(Kafka.Bound);
                }
            },
        };
        await test.CreateTopicsAsync(kafka, 1);
        await using var first = new RunningApplication(test, kafka, o => o with
        {
            Client = new ClientConfig(o.Client.Append(new("max.poll.interval.ms", "6000")).ToDictionary()),
        });
        kafka.Produce(test.In, Counting.Ticks(1000, 10));
        await first.UntilAsync(_ => hanging.IsSet);
        await using var second = new RunningApplication(test, kafka);
        // What the first one has sent stays open until its timeout, and whoever reads committed waits as long.
        test.Check(kafka, 1000, 10);
        hang.Set();
        await first.UntilAsync(h => h.State is StreamsState.Rebalancing or StreamsState.Fenced && h.Partitions.Count == 0);
        kafka.Produce(test.In, Counting.Ticks(100, 10, 1000));
        test.Check(kafka, 1100, 10);
    }

    [Fact]
    public async Task A_producer_that_is_fenced_is_replaced_and_its_tasks_are_rebuilt_from_what_is_committed()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await test.CreateTopicsAsync(kafka);
        await using var application = new RunningApplication(test, kafka, o => o with { GroupInstanceId = "one" });
        kafka.Produce(test.In, Counting.Ticks(1000, 50));
        test.Check(kafka, 1000, 50);
        using (var other = new ProducerBuilder<Null, Null>(new ProducerConfig { BootstrapServers = kafka.Servers, TransactionalId = $"{test.Name}-one-0" }).Build())
        {
            other.InitTransactions(Kafka.Bound);
        }
        kafka.Produce(test.In, Counting.Ticks(1000, 50, 1000));
        test.Check(kafka, 2000, 50);
        Assert.Contains(application.Log.Warnings, w => w.Contains("tasks are restored", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_instances_of_one_name_do_not_fence_each_other_for_ever()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await test.CreateTopicsAsync(kafka);
        await using var first = new RunningApplication(test, kafka, o => o with { GroupInstanceId = "one" });
        await first.UntilAsync(h => h.State == StreamsState.Running);
        await using var second = new RunningApplication(test, kafka, o => o with { GroupInstanceId = "one" });
        var error = await Assert.ThrowsAsync<StreamsException>(() => first.Ended.WaitAsync(Kafka.Bound, Cancelled));
        Assert.Contains("'one'", error.Message, StringComparison.Ordinal);
        await second.UntilAsync(h => h.State == StreamsState.Running && h.Partitions.Count == 4);
        kafka.Produce(test.In, Counting.Ticks(1000, 50));
        test.Check(kafka, 1000, 50);
    }

    [Fact]
    public async Task A_broker_that_restarts_costs_a_pause_and_no_record()
    {
        await using var kafka = await Kafka.StartAsync();
        Assert.SkipUnless(kafka.IsLocal, "the broker of RETURNS_TEST_KAFKA is not ours to restart");
        var test = new Counting();
        await test.CreateTopicsAsync(kafka);
        await using var application = new RunningApplication(test, kafka);
        kafka.Produce(test.In, Counting.Ticks(3000, 50));
        for (var round = 0; round < 3; round++)
        {
            await kafka.StopAsync();
            await Task.Delay(300, Cancelled);
            await kafka.StartAgainAsync();
            kafka.Produce(test.In, Counting.Ticks(1000, 50, 3000 + round * 1000));
        }
        test.Check(kafka, 6000, 50);
        await application.StopAsync();
    }

    [Fact]
    public async Task A_broker_that_stays_away_ends_the_application_with_a_clear_message_and_loses_nothing()
    {
        await using var kafka = await Kafka.StartAsync();
        Assert.SkipUnless(kafka.IsLocal, "the broker of RETURNS_TEST_KAFKA is not ours to stop");
        var test = new Counting();
        await test.CreateTopicsAsync(kafka);
        kafka.Produce(test.In, Counting.Ticks(1000, 50));
        await using (var first = new RunningApplication(test, kafka, o => o with { Patience = TimeSpan.FromSeconds(2), StopTimeout = TimeSpan.FromSeconds(1) }))
        {
            test.Check(kafka, 1000, 50);
            await kafka.StopAsync();
            var error = await Assert.ThrowsAsync<StreamsException>(() => first.Ended.WaitAsync(Kafka.Bound, Cancelled));
            Assert.Contains("Nothing is lost", error.Message, StringComparison.Ordinal);
            Assert.Equal(StreamsState.Stopped, first.Application.Health.State);
            Assert.Single(first.Log.Warnings, w => w.Contains("trying again", StringComparison.Ordinal));
        }
        await kafka.StartAgainAsync();
        kafka.Produce(test.In, Counting.Ticks(1000, 50, 1000));
        await using var second = new RunningApplication(test, kafka);
        test.Check(kafka, 2000, 50);
    }

    [Fact]
    public async Task A_changelog_that_was_compacted_restores_the_same_counts()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await test.CreateTopicsAsync(kafka, 1);
        await kafka.CreateAsync(test.Changelog, 1, ("cleanup.policy", "compact"), ("segment.bytes", "20000"), ("min.cleanable.dirty.ratio", "0.01"));
        await using (var first = new RunningApplication(test, kafka))
        {
            for (var round = 0; round < 20; round++)
            {
                kafka.Produce(test.In, Counting.Ticks(1000, 100, round * 1000));
                test.Check(kafka, (round + 1) * 1000, 100);
            }
            await first.StopAsync();
            // Two thousand records and more of a hundred keys; the segment being written holds some six hundred.
            Assert.SkipUnless(kafka.IsLocal, "a real Kafka compacts when it likes");
            await first.UntilRecordsAsync(kafka, test.Changelog, records => records.Count < 1000);
        }
        await using var second = new RunningApplication(test, kafka);
        kafka.Produce(test.In, Counting.Ticks(1000, 100, 20_000));
        test.Check(kafka, 21_000, 100);
    }
}
