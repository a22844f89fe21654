using System.Buffers.Binary;
using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;
using Returns.Streams;
using Returns.Streams.Kafka;
using Returns.Streams.Tasks;

namespace Returns.Benchmarks;

/// <summary>
/// What it costs to fill stores from a changelog over merely reading it: the restorer of a stream thread, and the bare loop that
/// consumes only, read the same topic in turn, in one run. Every record is another key.
/// </summary>
internal sealed class RestoreBench : IBenchmark
{
    private const int Partitions = BareLoop.Partitions;
    private const int KeyBytes = 20;
    private const int ValueBytes = 128;
    private const int WakeTimes = 100_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public string Name => "restore";

    public string Usage => "filling stores from a changelog against bare consume of it";

    public bool IsBudget => true;

    public async Task RunAsync(BenchmarkRun run)
    {
        var (servers, keys) = (run.Kafka.BootstrapServers, run.Sized(1_500_000));
        var builder = new TopologyBuilder($"restore-{Guid.NewGuid():N}");
        var store = builder.Store("open");
        builder.SubTopology("keeps", [store], context => new Keeps(context)).Source($"restore-source-{Guid.NewGuid():N}", () => new NoDecoder());
        var topology = builder.Build();
        var (source, changelog) = (topology.SubTopologies[0].Sources[0].Topic, topology.ChangelogOf(store));
        await CreateAsync(servers, source);
        await CreateAsync(servers, changelog);
        Fill(servers, changelog, keys);
        // Once uncounted, as the code is compiled for what it was seen to do.
        Restore(servers, topology, keys);
        var (ours, bare) = await run.InTurnsAsync(
            () => Task.FromResult(keys / Restore(servers, topology, keys)),
            () => Task.FromResult(keys / BareLoop.Measure(servers, changelog, target: null, keys, inputsPerOutput: 0)));
        run.Add(new Row { Work = "restore of a changelog, each record another key", Unit = "records/s", Ours = ours, Against = "bare consume", Reference = bare, Target = 0.7 });
        await BareLoop.DeleteTopicAsync(servers, source);
        await BareLoop.DeleteTopicAsync(servers, changelog);
    }

    /// <summary>Seconds from the first record to the last task's end.</summary>
    private static double Restore(string servers, Topology topology, int records)
    {
        var settings = new ClientSettings(topology.Application, new StreamsOptions { Client = new ClientConfig { BootstrapServers = servers } }, NullLogger.Instance);
        using var restorer = new ChangelogRestorer(topology, settings, 0, new Patience(Patience, "restore", NullLogger.Instance), NullLogger.Instance);
        var tasks = Enumerable.Range(0, Partitions)
            .Select(p => new AssignedTask(topology.SubTopologies[0], p, new StreamTask(topology, topology.SubTopologies[0], p, new Nowhere(), [], long.MinValue))).ToList();
        var deadline = Stopwatch.GetTimestamp() + (long)(Patience.TotalSeconds * Stopwatch.Frequency);
        tasks.ForEach(restorer.Restore);
        long started = 0;
        for (var restored = 0; restored < tasks.Count;)
        {
            if (started == 0 && tasks.Exists(t => t.Restored > 0)) started = Stopwatch.GetTimestamp();
            if (restorer.TryTakeRestored(out _)) restored++;
            else if (restorer.Failure is { } failure) throw failure;
            else if (Stopwatch.GetTimestamp() > deadline) throw new TimeoutException($"{tasks.Sum(t => t.Restored)} of {records} records were restored in {Patience}");
            else Thread.Sleep(1);
        }
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var keys = tasks.Sum(t => t.Task.Stores[0].Count);
        return keys == records ? seconds : throw new InvalidOperationException($"{keys} keys were restored of {records}");
    }

    private static void Fill(string servers, string topic, int records)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig
        {
            BootstrapServers = servers,
            LingerMs = 20,
            BatchSize = 1_000_000,
            BatchNumMessages = 100_000,
            EnableDeliveryReports = false,
            QueueBufferingMaxMessages = 1_000_000,
            QueueBufferingMaxKbytes = 256 * 1024,
        }).Build();
        var (key, value) = (new byte[KeyBytes], new byte[sizeof(long) + ValueBytes]);
        new Random(1).NextBytes(value);
        for (long i = 0; i < records; i++)
        {
            BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(KeyBytes - sizeof(long)), i);
            // What the bare loop counts by, and a store takes for the wake time.
            BinaryPrimitives.WriteInt64LittleEndian(value, i % WakeTimes);
            while (true)
            {
                try
                {
                    producer.Produce(new TopicPartition(topic, (int)(i % Partitions)), new Message<byte[], byte[]> { Key = key, Value = value });
                    break;
                }
                catch (ProduceException<byte[], byte[]> error) when (error.Error.Code == ErrorCode.Local_QueueFull)
                {
                    producer.Poll(TimeSpan.FromMilliseconds(10));
                }
            }
        }
        producer.Flush(Patience);
    }

    private static async Task CreateAsync(string servers, string topic)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = Partitions, ReplicationFactor = 1 }]);
    }

    private sealed class Nothing;

    private sealed class NoDecoder : IDecoder<Nothing>
    {
        public bool TryDecode(in InputRecord record, Nothing into, out long eventTime, out Rejection rejection) => throw new NotSupportedException();
    }

    private sealed class Keeps(ProcessorContext context) : Processor(context), IProcessor<Nothing>
    {
        public void Process(Nothing message)
        {
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
