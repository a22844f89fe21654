using System.Text;
using Confluent.Kafka;
using Returns.Streams.Kafka;

namespace Returns.Streams.Tests.Kafka;

public sealed class TablesAndFollowers
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_is_read_before_the_first_record_and_every_task_hears_of_later_changes()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting { WithTable = true };
        await test.CreateTopicsAsync(kafka, 2);
        kafka.Produce(test.Table, [("a", "x"), ("b", "x"), ("b", null), ("refused", "")]);
        kafka.Produce(test.In, [("a", Counting.TickAt(1)), ("b", Counting.TickAt(1))]);
        await using var application = new RunningApplication(test, kafka);
        Assert.Equal(["a=named 1", "b=1"], Lines(kafka, test, 2));
        kafka.Produce(test.Table, [("c", "x")]);
        Assert.Equal(["a=named 1", "b=1", "c=changed c in 0", "c=changed c in 1"], Lines(kafka, test, 4));
        Assert.Single(application.Log.Warnings, w => w.Contains("a name has a value", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_change_of_a_table_that_a_rollback_undid_is_told_again()
    {
        await using var kafka = await Kafka.StartAsync();
        var thrown = 0;
        var test = new Counting
        {
            WithTable = true,
            OnTick = (_, at) =>
            {
                if (at == 2 && Interlocked.Exchange(ref thrown, 1) == 0)
                {
                    throw new InvalidOperationException("once");
                }
            },
        };
        await test.CreateTopicsAsync(kafka, 1);
        await using var application = new RunningApplication(test, kafka, o => o with { CommitInterval = TimeSpan.FromSeconds(2) });
        await application.UntilAsync(h => h.State == StreamsState.Running);
        kafka.Produce(test.In, [("a", Counting.TickAt(1))]);
        kafka.Produce(test.Table, [("t", "x")]);
        await Task.Delay(500, Cancelled);
        kafka.Produce(test.In, [("a", Counting.TickAt(2))]);
        Assert.Equal(["a=1", "t=changed t in 0"], Lines(kafka, test, 2));
        Assert.Equal(1, thrown);
        Assert.Single(kafka.Read(test.Dead, 1));
    }

    [Fact]
    public async Task A_followers_record_waits_for_the_leader_to_reach_its_time_or_its_end()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting { WithFollower = true };
        await test.CreateTopicsAsync(kafka, 1);
        kafka.Produce(test.Follows, [("f", Counting.TickAt(100)), ("f", Counting.TickAt(1500)), ("f", Counting.TickAt(5000))]);
        kafka.Produce(test.In, Counting.Ticks(3000, 10));
        await using var application = new RunningApplication(test, kafka);
        var lines = kafka.Read(test.Out, 3003).Where(r => Encoding.UTF8.GetString(r.Message.Key) == "f").Select(r => Encoding.UTF8.GetString(r.Message.Value)).ToList();
        Assert.Equal(3, lines.Count);
        Assert.InRange(TimeOf(lines[0]), 100, 3000);
        Assert.InRange(TimeOf(lines[1]), 1500, 3000);
        Assert.Equal("tock 5000 at 5000", lines[2]);
        // Its place is committed: a restart does not read it again.
        await application.StopAsync();
        kafka.Produce(test.Follows, Enumerable.Range(6000, 3000).Select(t => ("f", (string?)Counting.TickAt(t))));
        await using var again = new RunningApplication(test, kafka);
        Assert.Equal(6003, kafka.Read(test.Out, 6003).Count);
    }

    [Fact]
    public async Task A_followers_record_does_not_overtake_what_lies_fetched_behind_another_partitions_backlog()
    {
        await using var kafka = await Kafka.StartAsync();
        using var blocked = new ManualResetEventSlim();
        using var goesOn = new ManualResetEventSlim();
        var test = new Counting
        {
            WithFollower = true,
            OnTick = (_, at) =>
            {
                if (at == 1)
                {
                    blocked.Set();
                    goesOn.Wait(Kafka.Bound);
                }
            },
        };
        await test.CreateTopicsAsync(kafka, 2);
        await using var application = new RunningApplication(test, kafka);
        // Both partitions have been read to their ends.
        kafka.Produce(test.In, [("before", Counting.TickAt(0))], partition: 0);
        kafka.Produce(test.In, [("before", Counting.TickAt(0))], partition: 1);
        await application.UntilRecordsAsync(kafka, test.Out, records => records.Count == 2);
        kafka.Produce(test.In, Counting.Ticks(20_000, 10, from: 1), partition: 0);
        await application.UntilAsync(_ => blocked.IsSet);
        kafka.Produce(test.In, [("f", Counting.TickAt(30_000))], partition: 1);
        kafka.Produce(test.Follows, [("f", Counting.TickAt(50_000))], partition: 1);
        // The clients' own threads fetch both while the stream thread stands still.
        await Task.Delay(1_000, Cancelled);
        goesOn.Set();
        await application.UntilRecordsAsync(kafka, test.Out, records => records.Count == 20_004);
        Assert.Equal(["1", "tock 50000 at 50000"], kafka.Read(test.Out, 20_004).Where(r => Encoding.UTF8.GetString(r.Message.Key) == "f").Select(r => Encoding.UTF8.GetString(r.Message.Value)));
    }

    [Fact]
    public async Task A_follower_that_waited_ends_without_a_lag_behind_its_last_transactions_marker()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting { WithFollower = true };
        await test.CreateTopicsAsync(kafka, 1);
        using (var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = kafka.Servers, TransactionalId = $"{test.Name}-upstream" }).Build())
        {
            producer.InitTransactions(Kafka.Bound);
            producer.BeginTransaction();
            producer.Produce(test.Follows, new Message<byte[], byte[]> { Key = "f"u8.ToArray(), Value = Encoding.UTF8.GetBytes(Counting.TickAt(20_000)) });
            producer.CommitTransaction(Kafka.Bound);
        }
        kafka.Produce(test.In, Counting.Ticks(20_000, 10));
        await using var application = new RunningApplication(test, kafka);
        await application.UntilRecordsAsync(kafka, test.Out, records => records.Count == 20_001);
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.Servers }).Build();
        var partition = new TopicPartition(test.Follows, 0);
        var deadline = Environment.TickCount64 + (long)Kafka.Bound.TotalMilliseconds;
        long committed;
        while ((committed = (await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(test.Name, [partition])]))[0].Partitions[0].Offset.Value) != 2)
        {
            Assert.True(Environment.TickCount64 < deadline, $"{committed} is committed, and the record and its marker end at 2");
            await Task.Delay(50, Cancelled);
        }
    }

    private static long TimeOf(string line) => long.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<string> Lines(Kafka kafka, Counting test, int count) =>
        kafka.Read(test.Out, count).Select(r => $"{Encoding.UTF8.GetString(r.Message.Key)}={Encoding.UTF8.GetString(r.Message.Value)}").Order(StringComparer.Ordinal);
}
