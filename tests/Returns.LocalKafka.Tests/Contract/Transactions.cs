using Confluent.Kafka;

namespace Returns.LocalKafka.Tests.Contract;

public sealed class Transactions(KafkaUnderTest kafka)
{
    private string Servers => kafka.BootstrapServers;

    [Fact]
    public async Task Committed_records_are_read_and_aborted_ones_only_uncommitted()
    {
        var topic = await ConfluentClients.CreateTopic(Servers, 2);
        using var producer = ConfluentClients.Transactional(Servers, ConfluentClients.NewName("tx"));
        for (var round = 0; round < 10; round++)
        {
            producer.BeginTransaction();
            for (var i = 0; i < 20; i++) producer.Produce(new TopicPartition(topic, i % 2), new() { Value = $"{round}:{i}" });
            if (round % 2 == 0)
            {
                producer.CommitTransaction(ConfluentClients.Patience);
            }
            else
            {
                producer.Flush(ConfluentClients.Patience);
                producer.AbortTransaction(ConfluentClients.Patience);
            }
        }

        var committed = ConfluentClients.ReadAll(Servers, topic);
        var all = ConfluentClients.ReadAll(Servers, topic, IsolationLevel.ReadUncommitted);

        Assert.Equal(100, committed.Count);
        Assert.All(committed, record => Assert.Equal(0, (record.Message.Value![0] - '0') % 2));
        Assert.Equal(200, all.Count);
    }

    [Fact]
    public async Task An_open_transaction_holds_read_committed_back_and_only_that()
    {
        var topic = await ConfluentClients.CreateTopic(Servers);
        using var open = ConfluentClients.Transactional(Servers, ConfluentClients.NewName("tx"));
        using var plain = ConfluentClients.Producer(Servers);
        await plain.ProduceAsync(topic, new() { Value = "before" });
        open.BeginTransaction();
        await open.ProduceAsync(topic, new() { Value = "inside" });
        await plain.ProduceAsync(topic, new() { Value = "behind" });

        Assert.Equal(["before"], ConfluentClients.ReadAll(Servers, topic).Values());
        Assert.Equal(["before", "inside", "behind"], ConfluentClients.ReadAll(Servers, topic, IsolationLevel.ReadUncommitted).Values());

        open.CommitTransaction(ConfluentClients.Patience);
        Assert.Equal(["before", "inside", "behind"], ConfluentClients.ReadAll(Servers, topic).Values());
    }

    [Fact]
    public async Task A_waiting_read_committed_consumer_is_woken_by_the_commit()
    {
        var topic = await ConfluentClients.CreateTopic(Servers);
        using var producer = ConfluentClients.Transactional(Servers, ConfluentClients.NewName("tx"));
        using var consumer = ConfluentClients.Consumer(Servers, config => config.FetchWaitMaxMs = 15_000);
        consumer.Assign(new TopicPartitionOffset(topic, 0, 0));
        var waiting = Task.Run(() => consumer.Consume(ConfluentClients.Patience));
        producer.BeginTransaction();
        await producer.ProduceAsync(topic, new() { Value = "x" });
        await Task.Delay(300, TestContext.Current.CancellationToken);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        producer.CommitTransaction(ConfluentClients.Patience);

        Assert.Equal("x", (await waiting).Message.Value);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(4), $"it took {clock.Elapsed}");
    }

    [Fact]
    public async Task Interleaved_transactions_commit_and_abort_independently()
    {
        var topic = await ConfluentClients.CreateTopic(Servers);
        using var a = ConfluentClients.Transactional(Servers, ConfluentClients.NewName("tx"));
        using var b = ConfluentClients.Transactional(Servers, ConfluentClients.NewName("tx"));
        var expected = new List<string?>();
        for (var round = 0; round < 6; round++)
        {
            a.BeginTransaction();
            b.BeginTransaction();
            await a.ProduceAsync(topic, new() { Value = $"a{round}" });
            await b.ProduceAsync(topic, new() { Value = $"b{round}" });
            await a.ProduceAsync(topic, new() { Value = $"A{round}" });
            if (round % 2 == 0) a.CommitTransaction(ConfluentClients.Patience);
            else a.AbortTransaction(ConfluentClients.Patience);
            if (round % 3 == 0) b.CommitTransaction(ConfluentClients.Patience);
            else b.AbortTransaction(ConfluentClients.Patience);
            if (round % 2 == 0) expected.Add($"a{round}");
            if (round % 3 == 0) expected.Add($"b{round}");
            if (round % 2 == 0) expected.Add($"A{round}");
        }

        Assert.Equal(expected, ConfluentClients.ReadAll(Servers, topic).Values());
    }

    [Fact]
    public async Task A_new_producer_with_the_id_fences_the_old_one_and_aborts_what_it_left_open()
    {
        var topic = await ConfluentClients.CreateTopic(Servers);
        var id = ConfluentClients.NewName("tx");
        using var zombie = ConfluentClients.Transactional(Servers, id);
        zombie.BeginTransaction();
        await zombie.ProduceAsync(topic, new() { Value = "zombie" });

        using var successor = ConfluentClients.Transactional(Servers, id);
        successor.BeginTransaction();
        await successor.ProduceAsync(topic, new() { Value = "successor" });
        successor.CommitTransaction(ConfluentClients.Patience);

        var fenced = Assert.ThrowsAny<KafkaException>(() => zombie.CommitTransaction(ConfluentClients.Patience));
        Assert.True(fenced.Error.IsFatal || fenced.Error.Code is ErrorCode.ProducerFenced or ErrorCode.Local_Fenced, fenced.Error.ToString());
        Assert.Equal(["successor"], ConfluentClients.ReadAll(Servers, topic).Values());
    }

    [Fact]
    public async Task A_zombies_late_batch_is_refused()
    {
        var topic = await ConfluentClients.CreateTopic(Servers);
        var id = ConfluentClients.NewName("tx");
        using var zombie = ConfluentClients.Transactional(Servers, id);
        zombie.BeginTransaction();
        await zombie.ProduceAsync(topic, new() { Value = "zombie" });
        using var successor = ConfluentClients.Transactional(Servers, id);

        await Assert.ThrowsAnyAsync<KafkaException>(() => zombie.ProduceAsync(topic, new() { Value = "late" }));

        Assert.Empty(ConfluentClients.ReadAll(Servers, topic));
        Assert.Equal(["zombie"], ConfluentClients.ReadAll(Servers, topic, IsolationLevel.ReadUncommitted).Values());
    }

    [Fact]
    public async Task A_transaction_left_open_is_aborted_when_its_time_is_up()
    {
        var topic = await ConfluentClients.CreateTopic(Servers);
        using var slow = ConfluentClients.Transactional(Servers, ConfluentClients.NewName("tx"), timeoutMs: 1000);
        using var plain = ConfluentClients.Producer(Servers);
        slow.BeginTransaction();
        await slow.ProduceAsync(topic, new() { Value = "slow" });
        await plain.ProduceAsync(topic, new() { Value = "plain" });

        // A real Kafka looks for expired transactions every ten seconds.
        ConfluentClients.Until(() => ConfluentClients.ReadAll(Servers, topic).Count == 1, "the transaction to be aborted", TimeSpan.FromSeconds(30));
        Assert.Equal(["plain"], ConfluentClients.ReadAll(Servers, topic).Values());
        Assert.ThrowsAny<KafkaException>(() => slow.CommitTransaction(ConfluentClients.Patience));
    }

    [Fact]
    public async Task Offsets_of_a_transaction_are_committed_with_it_and_dropped_with_it()
    {
        var input = await ConfluentClients.CreateTopic(Servers);
        var output = await ConfluentClients.CreateTopic(Servers);
        using (var feed = ConfluentClients.Producer(Servers))
        {
            for (var i = 0; i < 30; i++) feed.Produce(input, new() { Value = $"{i}" });
            feed.Flush(ConfluentClients.Patience);
        }

        var group = ConfluentClients.NewName("g");
        using var consumer = ConfluentClients.Consumer(Servers, config => config.GroupId = group);
        consumer.Subscribe(input);
        using var producer = ConfluentClients.Transactional(Servers, ConfluentClients.NewName("tx"));
        for (var round = 0; round < 3; round++)
        {
            producer.BeginTransaction();
            for (var i = 0; i < 10; i++)
            {
                var record = consumer.Consume(ConfluentClients.Patience);
                await producer.ProduceAsync(output, new() { Value = record.Message.Value });
            }

            var position = consumer.Assignment.Select(p => new TopicPartitionOffset(p, consumer.Position(p))).ToList();
            producer.SendOffsetsToTransaction(position, consumer.ConsumerGroupMetadata, ConfluentClients.Patience);
            if (round < 2) producer.CommitTransaction(ConfluentClients.Patience);
            else producer.AbortTransaction(ConfluentClients.Patience);
        }

        var committed = consumer.Committed([new TopicPartition(input, 0)], ConfluentClients.Patience);
        Assert.Equal(20, committed[0].Offset.Value);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}"), ConfluentClients.ReadAll(Servers, output).Values());
    }

    [Fact]
    public async Task A_member_of_an_old_generation_cannot_commit_offsets_in_a_transaction()
    {
        var input = await ConfluentClients.CreateTopic(Servers, 2);
        var output = await ConfluentClients.CreateTopic(Servers);
        var group = ConfluentClients.NewName("g");
        using var feed = ConfluentClients.Producer(Servers);
        await feed.ProduceAsync(input, new() { Value = "x" });
        using var first = ConfluentClients.Consumer(Servers, config => config.GroupId = group);
        first.Subscribe(input);
        ConfluentClients.Until(() => first.Consume(TimeSpan.FromMilliseconds(100)) is not null || first.Assignment.Count == 2, "the first member's assignment");
        var old = first.ConsumerGroupMetadata;
        using var second = ConfluentClients.Consumer(Servers, config => config.GroupId = group);
        second.Subscribe(input);
        ConfluentClients.Until(
            () =>
            {
                first.Consume(TimeSpan.FromMilliseconds(50));
                second.Consume(TimeSpan.FromMilliseconds(50));
                return first.Assignment.Count == 1 && second.Assignment.Count == 1;
            },
            "two members with a partition each");

        using var producer = ConfluentClients.Transactional(Servers, ConfluentClients.NewName("tx"));
        producer.BeginTransaction();
        await producer.ProduceAsync(output, new() { Value = "zombie" });
        var refused = Assert.ThrowsAny<KafkaException>(() => producer.SendOffsetsToTransaction([new TopicPartitionOffset(input, 0, 1)], old, ConfluentClients.Patience));
        producer.AbortTransaction(ConfluentClients.Patience);

        Assert.Equal(ErrorCode.IllegalGeneration, refused.Error.Code);
        Assert.Empty(ConfluentClients.ReadAll(Servers, output));
        Assert.Equal(Offset.Unset, first.Committed([new TopicPartition(input, 0)], ConfluentClients.Patience)[0].Offset);
    }

    [Fact]
    public async Task A_member_that_has_left_cannot_commit_offsets_in_a_transaction()
    {
        var input = await ConfluentClients.CreateTopic(Servers, 2);
        var group = ConfluentClients.NewName("g");
        using var stays = ConfluentClients.Consumer(Servers, config => config.GroupId = group);
        stays.Subscribe(input);
        var leaves = ConfluentClients.Consumer(Servers, config => config.GroupId = group);
        leaves.Subscribe(input);
        ConfluentClients.Until(
            () =>
            {
                stays.Consume(TimeSpan.FromMilliseconds(20));
                leaves.Consume(TimeSpan.FromMilliseconds(20));
                return stays.Assignment.Count == 1 && leaves.Assignment.Count == 1;
            },
            "two members with a partition each");
        var old = leaves.ConsumerGroupMetadata;
        leaves.Close();
        leaves.Dispose();

        var refused = Refusal(input, old);

        Assert.Contains(refused.Code, new[] { ErrorCode.UnknownMemberId, ErrorCode.IllegalGeneration });
        Assert.Equal(Offset.Unset, stays.Committed([new TopicPartition(input, 0)], ConfluentClients.Patience)[0].Offset);
    }

    [Fact]
    public async Task A_static_member_whose_instance_has_been_taken_over_cannot_commit_offsets_in_a_transaction()
    {
        var input = await ConfluentClients.CreateTopic(Servers);
        var group = ConfluentClients.NewName("g");
        IConsumer<string?, string?> Member() => ConfluentClients.Consumer(Servers, config =>
        {
            config.GroupId = group;
            config.GroupInstanceId = "one";
        });
        using var zombie = Member();
        zombie.Subscribe(input);
        ConfluentClients.Until(() => zombie.Consume(TimeSpan.FromMilliseconds(50)) is null && zombie.Assignment.Count == 1, "the assignment");
        var old = zombie.ConsumerGroupMetadata;
        using var successor = Member();
        successor.Subscribe(input);
        ConfluentClients.Until(() => successor.Consume(TimeSpan.FromMilliseconds(50)) is null && successor.Assignment.Count == 1, "the successor's assignment");

        Assert.Equal(ErrorCode.FencedInstanceId, Refusal(input, old).Code);
        Assert.Equal(Offset.Unset, successor.Committed([new TopicPartition(input, 0)], ConfluentClients.Patience)[0].Offset);
    }

    [Fact]
    public async Task A_pending_transactional_offset_makes_a_new_owner_wait_for_its_end()
    {
        var input = await ConfluentClients.CreateTopic(Servers);
        var group = ConfluentClients.NewName("g");
        using var producer = ConfluentClients.Transactional(Servers, ConfluentClients.NewName("tx"));
        using var consumer = ConfluentClients.Consumer(Servers, config => config.GroupId = group);
        consumer.Subscribe(input);
        ConfluentClients.Until(() => consumer.Consume(TimeSpan.FromMilliseconds(50)) is null && consumer.Assignment.Count == 1, "the assignment");
        producer.BeginTransaction();
        producer.SendOffsetsToTransaction([new TopicPartitionOffset(input, 0, 7)], consumer.ConsumerGroupMetadata, ConfluentClients.Patience);
        using var other = ConfluentClients.Consumer(Servers, config => config.GroupId = group);

        var asking = Task.Run(() => other.Committed([new TopicPartition(input, 0)], ConfluentClients.Patience)[0].Offset.Value);
        await Task.WhenAny(asking, Task.Delay(500, TestContext.Current.CancellationToken));
        Assert.False(asking.IsCompleted, "the offset was told before the transaction ended");
        producer.CommitTransaction(ConfluentClients.Patience);

        Assert.Equal(7, await asking);
    }

    // What a transaction is told that commits an offset in the name of a group member.
    private Error Refusal(string topic, IConsumerGroupMetadata member)
    {
        using var producer = ConfluentClients.Transactional(Servers, ConfluentClients.NewName("tx"));
        producer.BeginTransaction();
        var refused = Assert.ThrowsAny<KafkaException>(() => producer.SendOffsetsToTransaction([new TopicPartitionOffset(topic, 0, 1)], member, ConfluentClients.Patience));
        producer.AbortTransaction(ConfluentClients.Patience);
        return refused.Error;
    }

    [Fact]
    public async Task Many_small_transactions_over_many_partitions_lose_and_double_nothing()
    {
        var topic = await ConfluentClients.CreateTopic(Servers, 12);
        using var producer = ConfluentClients.Transactional(Servers, ConfluentClients.NewName("tx"));
        for (var round = 0; round < 100; round++)
        {
            producer.BeginTransaction();
            for (var i = 0; i < 60; i++) producer.Produce(new TopicPartition(topic, i % 12), new() { Value = $"{round}:{i}" });
            producer.CommitTransaction(ConfluentClients.Patience);
        }

        var read = ConfluentClients.ReadAll(Servers, topic);
        Assert.Equal(6000, read.Select(r => r.Message.Value).Distinct().Count());
        Assert.Equal(6000, read.Count);
    }
}
