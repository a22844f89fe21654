using System.Buffers.Binary;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Prometheus;
using Returns.Streams;
using Returns.Streams.State;
using Returns.Streams.Windows;

namespace Returns.Benchmarks;

/// <summary>
/// Records counted by key in windows of a minute of event time, in memory, exactly once, beside Streamiz.Kafka.Net doing the
/// same to the same topic. The README says how to run the work on another engine.
/// </summary>
internal sealed class WindowCountBench : IBenchmark
{
    private const int Keys = 10_000;
    private const int RecordsPerMilli = 10;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(8);
    private static readonly long Start = new DateTimeOffset(2026, 1, 5, 6, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    public string Name => "window-count";

    public string Usage => "one-minute counts by key in memory, exactly once, against Streamiz.Kafka.Net";

    public bool IsBudget => true;

    public async Task RunAsync(BenchmarkRun run)
    {
        var (servers, records) = (run.Kafka.BootstrapServers, run.Sized(2_000_000));
        var source = $"window-count-{Guid.NewGuid():N}";
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = source, NumPartitions = BareLoop.Partitions, ReplicationFactor = 1, Configs = new() { ["retention.ms"] = "-1" } }]);
        Fill(servers, source, records);
        // Once uncounted, as the code is compiled for what it was seen to do.
        await OursAsync(run.Kafka, source);
        await TheirsAsync(run.Kafka, source);
        var bare = new List<double>();
        var (ours, theirs) = await run.InTurnsAsync(
            async () => (await OursAsync(run.Kafka, source)).PerSecond,
            async () =>
            {
                bare.Add(records / await BareLoop.MeasureOnceAsync(servers, source, records, inputsPerOutput: 4));
                return (await TheirsAsync(run.Kafka, source)).PerSecond;
            });
        run.Add(new Row { Work = "one-minute counts by key, in memory, exactly once", Unit = "records/s", Ours = ours, Against = "Streamiz.Kafka.Net", Reference = theirs, Target = 5 });
        run.Add(new Row { Work = "one-minute counts by key, in memory, exactly once", Unit = "records/s", Ours = ours, Against = "bare loop over the same records", Reference = bare });
        await BareLoop.DeleteTopicAsync(servers, source);
    }

    private static void Fill(string servers, string topic, int records)
    {
        using var producer = new ProducerBuilder<long, byte[]>(new ProducerConfig
        {
            BootstrapServers = servers,
            Partitioner = Partitioner.Murmur2Random,
            EnableIdempotence = true,
            EnableDeliveryReports = false,
            LingerMs = 20,
            BatchSize = 1_000_000,
            BatchNumMessages = 100_000,
            CompressionType = CompressionType.Lz4,
            QueueBufferingMaxMessages = 1_000_000,
        }).Build();
        var value = new byte[BareLoop.ValueSize];
        new Random(1).NextBytes(value);
        for (long i = 0; i < records; i++)
        {
            var (key, at) = (Scattered(i), Start + i / RecordsPerMilli);
            BinaryPrimitives.WriteInt64LittleEndian(value, key);
            BinaryPrimitives.WriteInt64LittleEndian(value.AsSpan(sizeof(long)), at);
            while (true)
            {
                try
                {
                    producer.Produce(topic, new Message<long, byte[]> { Key = key, Value = value, Timestamp = new Timestamp(at, TimestampType.CreateTime) });
                    break;
                }
                catch (ProduceException<long, byte[]> error) when (error.Error.Code == ErrorCode.Local_QueueFull)
                {
                    producer.Poll(TimeSpan.FromMilliseconds(10));
                }
            }
        }
        producer.Flush(TimeSpan.FromSeconds(60));
    }

    /// <summary>A key of <see cref="Keys"/>, in no order, each as often as the others.</summary>
    private static long Scattered(long number) => number * 7919 % Keys;

    private static async Task<Progress> OursAsync(KafkaAddress kafka, string source)
    {
        var servers = kafka.BootstrapServers;
        var (target, missed) = (await BareLoop.CreateTopicAsync(servers), await BareLoop.CreateTopicAsync(servers));
        var builder = new TopologyBuilder($"window-count-{Guid.NewGuid():N}", missed);
        var store = builder.Store("counts");
        var sink = builder.Sink(target, () => new CountEncoder());
        builder.SubTopology("count", [store], context => new Counting(context, store, sink)).Source(source, () => new EventDecoder());
        var topology = builder.Build();
        Progress progress;
        await using (var running = new RunningApplication(topology, servers, Metrics.WithCustomRegistry(Metrics.NewCustomRegistry())))
        {
            progress = await Progress.OfAsync(kafka, topology.Application, source, Bound, running.ThrowIfFailed);
        }
        foreach (var topic in new[] { target, missed, topology.ChangelogOf(store) })
        {
            await BareLoop.DeleteTopicAsync(servers, topic);
        }
        return progress;
    }

    private static async Task<Progress> TheirsAsync(KafkaAddress kafka, string source)
    {
        var servers = kafka.BootstrapServers;
        var target = await BareLoop.CreateTopicAsync(servers);
        Progress progress;
        using (var theirs = new StreamizWindowCount(servers, source, target, Window, Grace))
        {
            await theirs.StartAsync();
            progress = await Progress.OfAsync(kafka, theirs.Application, source, Bound, theirs.ThrowIfFailed);
        }
        await BareLoop.DeleteTopicAsync(servers, target);
        return progress;
    }

    private sealed class Event
    {
        public long At { get; set; }
    }

    private sealed class EventDecoder : IDecoder<Event>
    {
        public bool TryDecode(in InputRecord record, Event into, out long eventTime, out Rejection rejection)
        {
            eventTime = into.At = BinaryPrimitives.ReadInt64LittleEndian(record.Value[sizeof(long)..]);
            rejection = default;
            return true;
        }
    }

    private sealed class Figure
    {
        public byte[] Bytes { get; } = new byte[sizeof(long)];
    }

    private sealed class CountEncoder : IEncoder<Figure>
    {
        public ReadOnlySpan<byte> Encode(Figure message) => message.Bytes;
    }

    private sealed class Count : IAggregate<long, long>
    {
        public void Read(ReadOnlySpan<byte> bytes, ref long state) => state = bytes.IsEmpty ? 0 : BinaryPrimitives.ReadInt64LittleEndian(bytes);

        public void Add(ref long state, in long input) => state += input;

        public int SizeOf(in long state) => sizeof(long);

        public int Write(in long state, Span<byte> into)
        {
            BinaryPrimitives.WriteInt64LittleEndian(into, state);
            return sizeof(long);
        }
    }

    /// <summary>Sends each figure under the user's key and the window's start, as a windowed key is written elsewhere.</summary>
    private sealed class Counting : Processor, IProcessor<Event>
    {
        private readonly WindowedStore<long, long> _windows;
        private readonly byte[] _key = new byte[2 * sizeof(long)];
        private readonly Figure _figure = new();

        public Counting(ProcessorContext context, StoreSpec store, Sink<Figure> sink) : base(context)
        {
            var output = context.Output(sink);
            _windows = new WindowedStore<long, long>(WindowSpec.Tumbling(Window, Grace, TimeSpan.Zero), context.Store(store), context, new Count(), (in WindowResult<long> result) =>
            {
                result.Key.CopyTo(_key);
                BinaryPrimitives.WriteInt64BigEndian(_key.AsSpan(sizeof(long)), result.Start);
                BinaryPrimitives.WriteInt64BigEndian(_figure.Bytes, result.State);
                output.Send(_key, _figure);
            });
        }

        public void Process(Event message) => _windows.Add(Context.Key, message.At, 1);

        public override void Wake(KeyValueStore store, ReadOnlySpan<byte> key, long due) => _windows.Wake(key, due);

        public override void Committing() => _windows.Committing();
    }
}
