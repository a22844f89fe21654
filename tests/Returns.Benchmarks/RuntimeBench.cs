using System.Buffers.Binary;
using System.Diagnostics;
using Prometheus;
using Returns.Streams;
using Returns.Streams.State;

namespace Returns.Benchmarks;

/// <summary>
/// What the stream runtime costs over the bare loop: both read the same topic exactly-once and send one record for four, in
/// turn, in one run. The runtime is measured without a store, and counting each key in a store with its changelog.
/// </summary>
internal sealed class RuntimeBench : IBenchmark
{
    private const int InputsPerOutput = 4;

    public string Name => "runtime";

    public string Usage => "the stream runtime against the bare loop, 4 inputs to 1 output, without a store and with one";

    public bool IsBudget => false;

    public async Task RunAsync(BenchmarkRun run)
    {
        var (servers, messages) = (run.Kafka.BootstrapServers, run.Sized(2_000_000));
        var source = await BareLoop.CreateTopicAsync(servers);
        BareLoop.Fill(servers, source, messages);
        foreach (var withStore in new[] { false, true })
        {
            // Once uncounted, as the code is compiled for what it was seen to do.
            await MeasureAsync(servers, source, messages, withStore);
            var (ours, bare) = await run.InTurnsAsync(
                async () => messages / await MeasureAsync(servers, source, messages, withStore),
                async () => messages / await BareLoop.MeasureOnceAsync(servers, source, messages, InputsPerOutput));
            run.Add(new Row
            {
                Work = withStore ? "runtime, each record counted in a store of 100,000 keys" : "runtime without a store",
                Unit = "records/s",
                Ours = ours,
                Against = "bare loop, 4 in 1 out",
                Reference = bare,
            });
        }
        await BareLoop.DeleteTopicAsync(servers, source);
    }

    private static async Task<double> MeasureAsync(string servers, string source, int messages, bool withStore)
    {
        var target = await BareLoop.CreateTopicAsync(servers);
        var run = new Run(messages);
        var builder = new TopologyBuilder($"runtime-{Guid.NewGuid():N}");
        var store = withStore ? builder.Store("counts") : null;
        var sink = builder.Sink(target, () => new BytesEncoder());
        builder.SubTopology("count", store is null ? [] : [store], context => new CountEach(context, run, store, sink)).Source(source, () => new BytesDecoder());
        var topology = builder.Build();
        await using (new RunningApplication(topology, servers, Metrics.WithCustomRegistry(Metrics.NewCustomRegistry())))
        {
            await run.Done.Task.WaitAsync(TimeSpan.FromSeconds(120));
        }
        await BareLoop.DeleteTopicAsync(servers, target);
        if (store is not null)
        {
            await BareLoop.DeleteTopicAsync(servers, topology.ChangelogOf(store));
        }
        return run.Seconds;
    }

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
