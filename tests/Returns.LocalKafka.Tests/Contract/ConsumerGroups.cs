using Confluent.Kafka;

namespace Returns.LocalKafka.Tests.Contract;

public sealed class ConsumerGroups(KafkaUnderTest kafka)
{
    private string Servers => kafka.BootstrapServers;

    [Theory]
    [InlineData(PartitionAssignmentStrategy.Range)]
    [InlineData(PartitionAssignmentStrategy.RoundRobin)]
    [InlineData(PartitionAssignmentStrategy.CooperativeSticky)]
    public async Task Members_share_all_partitions_and_take_over_from_one_that_leaves(PartitionAssignmentStrategy strategy)
    {
        var topic = await ConfluentClients.CreateTopic(Servers, 6);
        var group = ConfluentClients.NewName("g");
        var members = Enumerable.Range(0, 3).Select(_ => ConfluentClients.Consumer(Servers, config =>
        {
            config.GroupId = group;
            config.PartitionAssignmentStrategy = strategy;
        })).ToList();
        try
        {
            for (var count = 1; count <= 3; count++)
            {
                members[count - 1].Subscribe(topic);
                AwaitBalance(members[..count], 6);
            }

            members[0].Close();
            members[0].Dispose();
            members.RemoveAt(0);
            AwaitBalance(members, 6);
        }
        finally
        {
            members.ForEach(member => member.Dispose());
        }
    }

    [Fact]
    public async Task A_member_that_falls_silent_loses_its_partitions()
    {
        var topic = await ConfluentClients.CreateTopic(Servers, 2);
        var group = ConfluentClients.NewName("g");
        using var alive = ConfluentClients.Consumer(Servers, config => config.GroupId = group);
        // A real Kafka takes no session shorter than six seconds, and a client no poll interval shorter than its session.
        using var stuck = ConfluentClients.Consumer(Servers, config =>
        {
            config.GroupId = group;
            config.SessionTimeoutMs = config.MaxPollIntervalMs = kafka.IsLocal ? 1500 : 6000;
        });
        alive.Subscribe(topic);
        stuck.Subscribe(topic);
        AwaitBalance([alive, stuck], 2);

        // It polls no more: its client leaves the group when the poll interval is over.
        ConfluentClients.Until(() => alive.Consume(TimeSpan.FromMilliseconds(50)) is null && alive.Assignment.Count == 2, "both partitions at the member that polls", TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Records_are_consumed_once_across_a_rebalance_with_commits_on_revocation()
    {
        var topic = await ConfluentClients.CreateTopic(Servers, 4);
        var group = ConfluentClients.NewName("g");
        using (var producer = ConfluentClients.Producer(Servers))
        {
            for (var i = 0; i < 2000; i++) producer.Produce(new TopicPartition(topic, i % 4), new() { Value = $"{i}" });
            producer.Flush(ConfluentClients.Patience);
        }

        var seen = new List<string>();
        IConsumer<string?, string?> Member() => ConfluentClients.Consumer(
            Servers,
            config =>
            {
                config.GroupId = group;
                config.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky;
                config.EnableAutoOffsetStore = false;
            },
            builder => builder.SetPartitionsRevokedHandler((consumer, _) =>
            {
                try
                {
                    consumer.Commit();
                }
                catch (KafkaException e) when (e.Error.Code == ErrorCode.Local_NoOffset)
                {
                    // Nothing read since the last commit.
                }
            }));
        using var first = Member();
        using var second = Member();
        first.Subscribe(topic);
        var readBySecond = 0;
        var deadline = DateTime.UtcNow + TimeSpan.FromSeconds(40);
        while (seen.Count < 2000 && DateTime.UtcNow < deadline)
        {
            if (seen.Count >= 500 && second.Subscription.Count == 0) second.Subscribe(topic);
            Take(first);
            if (second.Subscription.Count > 0) Take(second);
        }

        Assert.Equal(2000, seen.Count);
        Assert.Equal(2000, seen.Distinct().Count());
        Assert.True(readBySecond > 0, "all was read before the second member had a partition");

        void Take(IConsumer<string?, string?> from)
        {
            // Few at a time, so that both are in the middle of a partition when it changes hands.
            for (var i = 0; i < 5 && from.Consume(TimeSpan.FromMilliseconds(5)) is { } record; i++)
            {
                seen.Add(record.Message.Value!);
                from.StoreOffset(record);
                if (from == second) readBySecond++;
            }
        }
    }

    [Fact]
    public async Task Committed_offsets_keep_their_metadata()
    {
        var topic = await ConfluentClients.CreateTopic(Servers, 2);
        var group = ConfluentClients.NewName("g");
        using (var wire = new WireClient(Servers)) wire.CommitOffset(group, topic, 1, 42, "pending 42-99 ü");

        using var reader = ConfluentClients.Consumer(Servers, config => config.GroupId = group);
        var committed = reader.Committed([new TopicPartition(topic, 0), new TopicPartition(topic, 1)], ConfluentClients.Patience);

        Assert.Equal(Offset.Unset, committed[0].Offset);
        Assert.Equal(42, committed[1].Offset.Value);
        Assert.Equal("pending 42-99 ü", ReadMetadata(group, topic, 1));
    }

    [Fact]
    public async Task A_static_member_that_restarts_keeps_its_partitions_without_a_rebalance()
    {
        var topic = await ConfluentClients.CreateTopic(Servers, 4);
        var group = ConfluentClients.NewName("g");
        var rebalances = 0;
        IConsumer<string?, string?> Member(string instance) => ConfluentClients.Consumer(
            Servers,
            config =>
            {
                config.GroupId = group;
                config.GroupInstanceId = instance;
            },
            builder => builder.SetPartitionsAssignedHandler((_, _) => rebalances += instance == "one" ? 1 : 0));
        using var stays = Member("one");
        var restarts = Member("two");
        stays.Subscribe(topic);
        restarts.Subscribe(topic);
        AwaitBalance([stays, restarts], 4);
        var had = restarts.Assignment.Select(p => p.Partition.Value).Order().ToList();
        var before = rebalances;
        restarts.Dispose();

        using var again = Member("two");
        again.Subscribe(topic);
        AwaitBalance([stays, again], 4);

        Assert.Equal(had, again.Assignment.Select(p => p.Partition.Value).Order());
        Assert.Equal(before, rebalances);
    }

    [Fact]
    public async Task Two_members_with_the_same_instance_id_cannot_both_stay()
    {
        var topic = await ConfluentClients.CreateTopic(Servers);
        var group = ConfluentClients.NewName("g");
        Error? fatal = null;
        using var first = ConfluentClients.Consumer(
            Servers,
            config =>
            {
                config.GroupId = group;
                config.GroupInstanceId = "same";
            },
            onError: error => fatal = error.IsFatal ? error : fatal);
        first.Subscribe(topic);
        AwaitBalance([first], 1);
        using var second = ConfluentClients.Consumer(Servers, config =>
        {
            config.GroupId = group;
            config.GroupInstanceId = "same";
        });
        second.Subscribe(topic);

        ConfluentClients.Until(
            () =>
            {
                try
                {
                    first.Consume(TimeSpan.FromMilliseconds(50));
                }
                catch (ConsumeException e)
                {
                    fatal ??= e.Error.IsFatal ? e.Error : null;
                }

                second.Consume(TimeSpan.FromMilliseconds(50));
                return fatal is not null;
            },
            "the first to be fenced");
        Assert.NotNull(fatal);
    }

    [Fact]
    public void Naming_an_unknown_topic_creates_none_for_a_consumer()
    {
        var topic = ConfluentClients.NewName("unknown");
        using var consumer = ConfluentClients.Consumer(Servers);
        consumer.Subscribe(topic);

        ConfluentClients.Until(
            () =>
            {
                try
                {
                    return consumer.Consume(TimeSpan.FromMilliseconds(50)) is not null;
                }
                catch (ConsumeException e)
                {
                    return e.Error.Code == ErrorCode.UnknownTopicOrPart;
                }
            },
            "the topic to be called unknown");

        using var admin = ConfluentClients.Admin(Servers);
        Assert.DoesNotContain(admin.GetMetadata(ConfluentClients.Patience).Topics, known => known.Topic == topic);
    }

    [Fact]
    public async Task Groups_can_be_listed_described_and_deleted()
    {
        var topic = await ConfluentClients.CreateTopic(Servers);
        var group = ConfluentClients.NewName("g");
        using var admin = ConfluentClients.Admin(Servers);
        using (var consumer = ConfluentClients.Consumer(Servers, config => config.GroupId = group))
        {
            consumer.Subscribe(topic);
            AwaitBalance([consumer], 1);
            var described = (await admin.DescribeConsumerGroupsAsync([group])).ConsumerGroupDescriptions[0];
            Assert.Equal(ConsumerGroupState.Stable, described.State);
            Assert.Equal(topic, Assert.Single(Assert.Single(described.Members).Assignment.TopicPartitions).Topic);
            await Assert.ThrowsAnyAsync<KafkaException>(() => admin.DeleteGroupsAsync([group]));
            consumer.Commit([new TopicPartitionOffset(topic, 0, 1)]);
            consumer.Close();
        }

        Assert.Contains((await admin.ListConsumerGroupsAsync()).Valid, listed => listed.GroupId == group);
        await admin.DeleteGroupsAsync([group]);
        Assert.DoesNotContain((await admin.ListConsumerGroupsAsync()).Valid, listed => listed.GroupId == group);
    }

    private static void AwaitBalance(List<IConsumer<string?, string?>> members, int partitions) => ConfluentClients.Until(
        () =>
        {
            foreach (var member in members) member.Consume(TimeSpan.FromMilliseconds(20));
            var held = members.Select(member => member.Assignment.Select(p => p.Partition.Value).ToList()).ToList();
            return held.All(own => own.Count == partitions / members.Count) && held.SelectMany(own => own).Distinct().Count() == partitions;
        },
        $"{partitions} partitions shared by {members.Count} members");

    // Confluent.Kafka neither sends nor shows the metadata, so this goes by the wire.
    private string ReadMetadata(string group, string topic, int partition)
    {
        using var wire = new WireClient(Servers);
        return wire.FetchOffsetMetadata(group, topic, partition);
    }
}
