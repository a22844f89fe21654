using Returns.LocalKafka.Protocol;

namespace Returns.LocalKafka.Tests;

public sealed class ProducerSequences
{
    [Fact]
    public async Task A_batch_sent_again_gets_its_first_offset_and_is_not_stored_again()
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers);
        using var wire = new WireClient(broker.BootstrapServers);
        var (_, id, epoch) = wire.InitProducerId(null);
        for (var i = 0; i < 5; i++) Assert.Equal((ErrorCode.None, i * 2L), wire.Produce(topic, TestBatch.Build(["a", "b"], id, epoch, i * 2)));

        for (var i = 0; i < 5; i++) Assert.Equal((ErrorCode.None, i * 2L), wire.Produce(topic, TestBatch.Build(["a", "b"], id, epoch, i * 2)));

        Assert.Equal((ErrorCode.None, 10), wire.Produce(topic, TestBatch.Build(["c"], id, epoch, 10)));
        Assert.Equal(ErrorCode.OutOfOrderSequence, wire.Produce(topic, TestBatch.Build(["a", "b"], id, epoch, 0)).Error);
        Assert.Equal(11, ConfluentClients.ReadAll(broker.BootstrapServers, topic).Count);
    }

    [Fact]
    public async Task A_gap_is_refused_and_a_new_epoch_starts_at_zero_and_fences_the_old()
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers);
        using var wire = new WireClient(broker.BootstrapServers);
        var (_, id, _) = wire.InitProducerId(null);
        Assert.Equal(ErrorCode.None, wire.Produce(topic, TestBatch.Build(["a"], id, 0, 0)).Error);

        Assert.Equal(ErrorCode.OutOfOrderSequence, wire.Produce(topic, TestBatch.Build(["b"], id, 0, 2)).Error);
        Assert.Equal(ErrorCode.OutOfOrderSequence, wire.Produce(topic, TestBatch.Build(["b"], id, 1, 1)).Error);
        Assert.Equal(ErrorCode.None, wire.Produce(topic, TestBatch.Build(["b"], id, 1, 0)).Error);
        Assert.Equal(ErrorCode.InvalidProducerEpoch, wire.Produce(topic, TestBatch.Build(["c"], id, 0, 1)).Error);
    }

    [Fact]
    public async Task Sequences_wrap_to_zero()
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers);
        using var wire = new WireClient(broker.BootstrapServers);
        var (_, id, epoch) = wire.InitProducerId(null);
        Assert.Equal((ErrorCode.None, 0), wire.Produce(topic, TestBatch.Build(["a", "b"], id, epoch, int.MaxValue - 1)));
        Assert.Equal((ErrorCode.None, 2), wire.Produce(topic, TestBatch.Build(["c"], id, epoch, 0)));
        Assert.Equal((ErrorCode.None, 0), wire.Produce(topic, TestBatch.Build(["a", "b"], id, epoch, int.MaxValue - 1)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_known_of_producers_survives_a_restart(bool killed)
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers);
        long id;
        using (var wire = new WireClient(broker.BootstrapServers))
        {
            (_, id, _) = wire.InitProducerId(null);
            for (var i = 0; i < 7; i++) wire.Produce(topic, TestBatch.Build([$"{i}"], id, 0, i));
        }

        await broker.StopAsync();
        // Without the snapshot and the index, as after a kill, the log itself has to tell.
        if (killed) foreach (var file in Directory.GetFiles(broker.PartitionFolder(topic)).Where(f => !f.EndsWith(".log", StringComparison.Ordinal))) File.Delete(file);
        await broker.StartAsync();

        using var after = new WireClient(broker.BootstrapServers);
        Assert.Equal((ErrorCode.None, 6), after.Produce(topic, TestBatch.Build(["6"], id, 0, 6)));
        Assert.Equal((ErrorCode.None, 2), after.Produce(topic, TestBatch.Build(["2"], id, 0, 2)));
        Assert.Equal(ErrorCode.OutOfOrderSequence, after.Produce(topic, TestBatch.Build(["1"], id, 0, 1)).Error);
        Assert.Equal((ErrorCode.None, 7), after.Produce(topic, TestBatch.Build(["7"], id, 0, 7)));
        Assert.NotEqual(id, after.InitProducerId(null).ProducerId);
    }

    [Fact]
    public async Task Batches_that_are_not_what_they_say_are_refused_each_with_its_code()
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers);
        using var wire = new WireClient(broker.BootstrapServers);

        ErrorCode Refused(Action<byte[]> spoil, bool seal = true)
        {
            var batch = TestBatch.Build(["value"]);
            spoil(batch);
            if (seal) TestBatch.Seal(batch);
            return wire.Produce(topic, batch).Error;
        }

        Assert.Equal(ErrorCode.CorruptMessage, Refused(batch => batch[^2] ^= 1, seal: false));
        Assert.Equal(ErrorCode.CorruptMessage, Refused(batch => batch[16] = 3));
        Assert.Equal(ErrorCode.UnsupportedForMessageFormat, Refused(batch => batch[16] = 1));
        Assert.Equal(ErrorCode.CorruptMessage, Refused(batch => batch[9] = 1));
        Assert.Equal(ErrorCode.InvalidRecord, Refused(batch => batch[11]--));
        Assert.Equal(ErrorCode.UnsupportedCompressionType, Refused(batch => batch[22] = 5));
        Assert.Equal(ErrorCode.InvalidRecord, Refused(batch => batch[22] = 0x20));
        Assert.Equal(ErrorCode.InvalidRecord, Refused(batch => batch[60] = 2));
        Assert.Equal(ErrorCode.InvalidRecord, Refused(batch => batch[22] = 0x10));
        Assert.Equal(ErrorCode.CorruptMessage, wire.Produce(topic, [1, 2, 3]).Error);
        Assert.Equal(ErrorCode.InvalidRequiredAcks, wire.Produce(topic, TestBatch.Build(["x"]), acks: 2).Error);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, wire.Produce("no-such-topic", TestBatch.Build(["x"])).Error);
        Assert.Equal((ErrorCode.None, 0), wire.Produce(topic, TestBatch.Build(["x"])));
    }

    [Fact]
    public async Task A_transactional_batch_needs_its_partition_in_an_open_transaction()
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers);
        using var wire = new WireClient(broker.BootstrapServers);
        var (_, id, epoch) = wire.InitProducerId("tx");
        Assert.Equal(ErrorCode.InvalidTransactionState, wire.Produce(topic, TestBatch.Build(["x"], id, epoch, 0, transactional: true)).Error);
        Assert.Equal(ErrorCode.None, wire.AddPartition("tx", id, epoch, topic));
        Assert.Equal(ErrorCode.None, wire.Produce(topic, TestBatch.Build(["x"], id, epoch, 0, transactional: true)).Error);
        Assert.Equal(ErrorCode.None, wire.EndTransaction("tx", id, epoch, true));
        Assert.Equal(ErrorCode.None, wire.EndTransaction("tx", id, epoch, true));
        Assert.Equal(ErrorCode.InvalidTransactionState, wire.EndTransaction("tx", id, epoch, false));

        // Late, after the end: it would open a transaction that nothing closes.
        Assert.Equal(ErrorCode.InvalidTransactionState, wire.Produce(topic, TestBatch.Build(["y"], id, epoch, 1, transactional: true)).Error);
        Assert.Equal(ErrorCode.InvalidProducerIdMapping, wire.Produce(topic, TestBatch.Build(["y"], id + 1, 0, 0, transactional: true)).Error);
    }
}
