using System.Buffers.Binary;
using Confluent.Kafka;
using Returns.LocalKafka.Storage;

namespace Returns.LocalKafka.Tests;

public sealed class Recovery
{
    [Fact]
    public async Task A_torn_tail_is_cut_at_every_length_and_everything_before_it_stays()
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers);
        using (var wire = new WireClient(broker.BootstrapServers))
        {
            for (var i = 0; i < 5; i++) wire.Produce(topic, TestBatch.Build([$"{i}a", $"{i}b"]));
        }

        await broker.StopAsync();
        var file = Directory.GetFiles(broker.PartitionFolder(topic), "*.log").Single();
        var whole = await File.ReadAllBytesAsync(file);
        var size = whole.Length / 5;
        foreach (var cut in new[] { 1, 8, 13, 60, 61, 62, size - 1 })
        {
            foreach (var old in Directory.GetFiles(broker.PartitionFolder(topic))) File.Delete(old);
            await File.WriteAllBytesAsync(file, whole[..(4 * size + cut)]);
            await broker.StartAsync();

            Assert.Equal(["0a", "0b", "1a", "1b", "2a", "2b", "3a", "3b"], ConfluentClients.ReadAll(broker.BootstrapServers, topic).Values());
            using (var wire = new WireClient(broker.BootstrapServers)) Assert.Equal(8, wire.Produce(topic, TestBatch.Build(["next"])).Offset);
            Assert.Contains($"cut {cut} bytes", broker.Log, StringComparison.Ordinal);
            await broker.StopAsync();
        }
    }

    [Fact]
    public async Task A_batch_whose_bytes_changed_ends_the_log_before_it()
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers);
        using (var wire = new WireClient(broker.BootstrapServers))
        {
            for (var i = 0; i < 3; i++) wire.Produce(topic, TestBatch.Build([$"{i}"]));
        }

        await broker.StopAsync();
        var file = Directory.GetFiles(broker.PartitionFolder(topic), "*.log").Single();
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^3] ^= 0x40;
        foreach (var old in Directory.GetFiles(broker.PartitionFolder(topic))) File.Delete(old);
        await File.WriteAllBytesAsync(file, bytes);
        await broker.StartAsync();

        Assert.Equal(["0", "1"], ConfluentClients.ReadAll(broker.BootstrapServers, topic).Values());
    }

    [Fact]
    public async Task A_damaged_older_segment_is_kept_aside_and_the_later_ones_are_served()
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers, 1, ("segment.bytes", "1024"));
        using (var wire = new WireClient(broker.BootstrapServers))
        {
            for (var i = 0; i < 60; i++) wire.Produce(topic, TestBatch.Build([$"{i}"]));
        }

        await broker.StopAsync();
        var first = Directory.GetFiles(broker.PartitionFolder(topic), "*.log").Order().First();
        var bytes = await File.ReadAllBytesAsync(first);
        bytes[^3] ^= 0x40;
        await File.WriteAllBytesAsync(first, bytes);
        File.Delete(LogSegment.IndexPath(first));
        await broker.StartAsync();

        var read = ConfluentClients.ReadAll(broker.BootstrapServers, topic).Values();
        Assert.Equal(59, read.Count);
        Assert.True(File.Exists(first + ".corrupt"));
        Assert.Contains("damaged", broker.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_segments_read_the_same_after_a_clean_stop_and_after_losing_every_index()
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers, 1, ("segment.bytes", "4096"));
        using (var producer = ConfluentClients.Producer(broker.BootstrapServers, config => config.BatchNumMessages = 7))
        {
            for (var i = 0; i < 1000; i++) producer.Produce(topic, new() { Value = $"{i}" });
            producer.Flush(ConfluentClients.Patience);
        }

        var before = ConfluentClients.ReadAll(broker.BootstrapServers, topic).Select(r => (r.Offset.Value, r.Message.Value)).ToList();
        await broker.StopAsync();
        await broker.StartAsync();
        Assert.Equal(before, ConfluentClients.ReadAll(broker.BootstrapServers, topic).Select(r => (r.Offset.Value, r.Message.Value)));
        await broker.StopAsync();
        foreach (var file in Directory.GetFiles(broker.PartitionFolder(topic)).Where(f => !f.EndsWith(".log", StringComparison.Ordinal))) File.Delete(file);
        await broker.StartAsync();

        Assert.Equal(before, ConfluentClients.ReadAll(broker.BootstrapServers, topic).Select(r => (r.Offset.Value, r.Message.Value)));
        Assert.Equal(1000, before.Count);
        Assert.Empty(broker.Log);
    }

    [Fact]
    public async Task A_commit_cut_off_after_any_of_its_steps_is_whole_or_not_there()
    {
        // The state log of a finished commit, cut behind each of its entries, beside the partitions as they were before:
        // what a crash between any two writes leaves, with every marker missing.
        await using var broker = await LocalBroker.StartAsync();
        var servers = broker.BootstrapServers;
        var topic = await ConfluentClients.CreateTopic(servers, 3);
        using var group = ConfluentClients.Consumer(servers, config => config.GroupId = "cut");
        var snapshot = Path.Combine(broker.Data, "..", Path.GetFileName(broker.Data) + "-before");
        var stateFile = Path.Combine(broker.Data, "state", "state.log");
        long openLength;
        using (var producer = ConfluentClients.Transactional(servers, "tx"))
        {
            producer.BeginTransaction();
            for (var i = 0; i < 9; i++) await producer.ProduceAsync(new TopicPartition(topic, i % 3), new() { Value = $"{i}" });
            producer.SendOffsetsToTransaction([new TopicPartitionOffset(topic, 1, 5)], group.ConsumerGroupMetadata, ConfluentClients.Patience);
            Copy(Path.Combine(broker.Data, "topics"), Path.Combine(snapshot, "topics"));
            openLength = new FileInfo(stateFile).Length;
            producer.CommitTransaction(ConfluentClients.Patience);
        }

        await broker.StopAsync();
        var state = await File.ReadAllBytesAsync(stateFile);
        var cuts = new List<long> { openLength };
        while (cuts[^1] < state.Length) cuts.Add(cuts[^1] + 8 + BinaryPrimitives.ReadInt32LittleEndian(state.AsSpan((int)cuts[^1])));
        Assert.True(cuts.Count >= 4, "prepared, offsets, completed");
        try
        {
            // The last entry says that every marker is written; with the old partitions beside it, that state cannot be.
            for (var i = 0; i < cuts.Count - 1; i++)
            {
                var data = Path.Combine(snapshot, $"case{i}");
                Copy(Path.Combine(snapshot, "topics"), Path.Combine(data, "topics"));
                Directory.CreateDirectory(Path.Combine(data, "state"));
                await File.WriteAllBytesAsync(Path.Combine(data, "state", "state.log"), state[..(int)cuts[i]]);
                await using var restarted = await LocalBroker.StartAsync(data);
                using (ConfluentClients.Transactional(restarted.BootstrapServers, "tx"))
                {
                    // The next producer of the id ends what is open.
                }

                var decided = i > 0;
                var read = ConfluentClients.ReadAll(restarted.BootstrapServers, topic).Count;
                using var reader = ConfluentClients.Consumer(restarted.BootstrapServers, config => config.GroupId = "cut");
                var offset = reader.Committed([new TopicPartition(topic, 1)], ConfluentClients.Patience)[0].Offset;
                Assert.Equal(decided ? 9 : 0, read);
                Assert.Equal(decided ? new Offset(5) : Offset.Unset, offset);
            }
        }
        finally
        {
            Directory.Delete(snapshot, recursive: true);
        }
    }

    [Fact]
    public async Task An_open_transaction_survives_a_restart_and_can_be_committed()
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers);
        long id;
        short epoch;
        using (var wire = new WireClient(broker.BootstrapServers))
        {
            (_, id, epoch) = wire.InitProducerId("tx");
            wire.AddPartition("tx", id, epoch, topic);
            wire.Produce(topic, TestBatch.Build(["x"], id, epoch, 0, transactional: true));
        }

        await broker.StopAsync();
        await broker.StartAsync();
        Assert.Empty(ConfluentClients.ReadAll(broker.BootstrapServers, topic));
        using var after = new WireClient(broker.BootstrapServers);
        Assert.Equal(Protocol.ErrorCode.None, after.Produce(topic, TestBatch.Build(["y"], id, epoch, 1, transactional: true)).Error);
        Assert.Equal(Protocol.ErrorCode.None, after.EndTransaction("tx", id, epoch, true));

        Assert.Equal(["x", "y"], ConfluentClients.ReadAll(broker.BootstrapServers, topic).Values());
    }

    [Fact]
    public async Task A_compaction_cut_off_at_the_exchange_is_finished_and_before_it_dropped()
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers, 1, ("segment.bytes", "1024"));
        using (var wire = new WireClient(broker.BootstrapServers))
        {
            for (var i = 0; i < 60; i++) wire.Produce(topic, TestBatch.Build([$"{i}"]));
        }

        await broker.StopAsync();
        var folder = broker.PartitionFolder(topic);
        var files = Directory.GetFiles(folder, "*.log").Order().ToList();
        var second = long.Parse(Path.GetFileNameWithoutExtension(files[1]));
        var third = long.Parse(Path.GetFileNameWithoutExtension(files[2]));
        // A swap of the first two segments, of which only the first's records are left; and an unfinished one of the third.
        File.Copy(files[0], Path.Combine(folder, $"{0:D20}-{third}.swap"));
        await File.WriteAllTextAsync(Path.Combine(folder, $"{third:D20}-99.cleaned"), "unfinished");
        await broker.StartAsync();

        var read = ConfluentClients.ReadAll(broker.BootstrapServers, topic).Select(r => r.Offset.Value).ToList();
        Assert.Equal(Enumerable.Range(0, 60).Select(i => (long)i).Where(i => i < second || i >= third), read);
        Assert.Empty(Directory.GetFiles(folder, "*.cleaned"));
    }

    private static void Copy(string from, string to)
    {
        foreach (var folder in Directory.GetDirectories(from, "*", SearchOption.AllDirectories).Prepend(from)) Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories)) File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }
}
