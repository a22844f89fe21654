using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.Streams;
using Returns.Streams.Kafka;
using Returns.Streams.State;

namespace Returns.Benchmarks;

/// <summary>
/// What the stream runtime costs over the bare loop: both read the same topic exactly-once and send one record for four, in
/// turn, in one run. The runtime is measured without a store, and counting each key in a store with its changelog.
/// </summary>
internal sealed class StreamsLoopBench : IBenchmark
{
    private const int InputsPerOutput = 4;

    public string Name => "streams-loop";

    public string Usage => "[MESSAGES=2000000] [ROUNDS=3]: the stream runtime beside the bare loop, 1 output per 4 inputs, in messages/s and as a ratio";

    public async Task<int> RunAsync(string[] args)
    {
        var messages = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 2_000_000;
        var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 3;
        using var kafka = KafkaAddress.FindOrStart();
        var source = await BareLoop.CreateTopicAsync(kafka.BootstrapServers).ConfigureAwait(false);
        BareLoop.Fill(kafka.BootstrapServers, source, messages);
        for (var round = 0; round < rounds; round++)
        {
            var bare = BareLoop.Measure(kafka.BootstrapServers, source, await BareLoop.CreateTopicAsync(kafka.BootstrapServers).ConfigureAwait(false), messages, InputsPerOutput);
            Report("bare loop", messages, bare, bare);
            Report("runtime, no store", messages, await MeasureAsync(kafka.BootstrapServers, source, messages, withStore: false).ConfigureAwait(false), bare);
            Report("runtime, store", messages, await MeasureAsync(kafka.BootstrapServers, source, messages, withStore: true).ConfigureAwait(false), bare);
        }
        return 0;
    }

    private static async Task<double> MeasureAsync(string servers, string source, int messages, bool withStore)
    {
        var target = await BareLoop.CreateTopicAsync(servers).ConfigureAwait(false);
        var run = new Run(messages);
        var builder = new TopologyBuilder($"streams-loop-{Guid.NewGuid():N}");
        var store = withStore ? builder.Store("counts") : null;
        var sink = builder.Sink(target, () => new BytesEncoder());
        builder.SubTopology("count", store is null ? [] : [store], context => new CountEach(context, run, store, sink)).Source(source, () => new BytesDecoder());
        var options = new StreamsOptions { Client = new ClientConfig { BootstrapServers = servers } };
        using var stop = new CancellationTokenSource();
        var application = new StreamsApplication(builder.Build(), options, Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()), NullLogger.Instance);
        var running = application.RunAsync(stop.Token);
        await Task.WhenAny(run.Done.Task, running, Task.Delay(TimeSpan.FromSeconds(120))).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(false);
        return run.Done.Task.IsCompleted ? run.Seconds : throw new TimeoutException($"{source}: {run.Read} of {messages} messages came in 120 s");
    }

    private static void Report(string what, int messages, double seconds, double bare) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-17} {messages / seconds,9:N0} msg/s   {bare / seconds:0.00} of the bare loop"));

    private sealed class Run(int messages)
    {
        private long _started;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Read { get; private set; }

        public double Seconds { get; private set; }

        public void Count()
        {
            if (Read++ == 0)
            {
                _started = Stopwatch.GetTimestamp();
            }
        }

        /// <summary>The flush before the last commit; the commit's own time is a hundredth of the run.</summary>
        public void Committing()
        {
            if (Read >= messages && Seconds == 0)
            {
                Seconds = Stopwatch.GetElapsedTime(_started).TotalSeconds;
                Done.TrySetResult();
            }
        }
    }

    private sealed class Bytes
    {
        public byte[] Value { get; } = new byte[BareLoop.ValueSize];
    }

    private sealed class BytesDecoder : IDecoder<Bytes>
    {
        public bool TryDecode(in InputRecord record, Bytes into, out long eventTime, out Rejection rejection)
        {
            record.Value[..16].CopyTo(into.Value);
            eventTime = BinaryPrimitives.ReadInt64LittleEndian(record.Value[8..]);
            rejection = default;
            return true;
        }
    }

    private sealed class BytesEncoder : IEncoder<Bytes>
    {
        public ReadOnlySpan<byte> Encode(Bytes message) => message.Value;
    }

    private sealed class CountEach(ProcessorContext context, Run run, StoreSpec? store, Sink<Bytes> sink) : Processor(context), IProcessor<Bytes>
    {
        private readonly KeyValueStore? _counts = store is null ? null : context.Store(store);
        private readonly Output<Bytes> _out = context.Output(sink);
        private readonly byte[] _count = new byte[8];

        public void Process(Bytes message)
        {
            run.Count();
            if (_counts is not null)
            {
                var count = 1 + (_counts.TryGet(message.Value.AsSpan(0, 8), out var value) ? BinaryPrimitives.ReadInt64LittleEndian(value) : 0);
                BinaryPrimitives.WriteInt64LittleEndian(_count, count);
                _counts.Put(message.Value.AsSpan(0, 8), _count);
            }
            if (run.Read % InputsPerOutput == 0)
            {
                _out.Send(message.Value.AsSpan(0, 8), message);
            }
        }

        public override void Committing() => run.Committing();
    }
}
