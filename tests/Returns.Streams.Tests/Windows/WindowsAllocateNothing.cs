using System.Buffers.Binary;
using Returns.Streams.State;
using Returns.Streams.Tasks;
using Returns.Streams.Windows;

namespace Returns.Streams.Tests.Windows;

/// <summary>A million records a second leave no time for garbage: neither adding to windows, nor closing, nor committing makes any.</summary>
public sealed class WindowsAllocateNothing : ITaskOutput
{
    private long _changes;
    private long _figures;

    [Fact]
    public void From_record_to_changelog()
    {
        var builder = new TopologyBuilder("app", "dead");
        var store = builder.Store("windows");
        builder.SubTopology("counts", [store], context => new Counter(this, context, store)).Source("ticks", () => new BinaryDecoder());
        var topology = builder.Build();
        var task = new StreamTask(topology, topology.SubTopologies[0], 0, this, [], long.MinValue);
        task.Ready();
        Process(task, 0, 60_000);
        // The least of some rounds: a collection that falls into a round makes its figure less exact.
        var least = long.MaxValue;
        for (var round = 1; round < 10 && least != 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Process(task, round * 60_000, 60_000);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
        Assert.True(_figures > 100_000 && _changes > 20_000, $"{_figures} figures, {_changes} changes");
        Assert.True(task.Late > 1_000, $"{task.Late} late");
    }

    void ITaskOutput.Send(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => throw new NotSupportedException();

    void ITaskOutput.SendTombstone(string topic, ReadOnlySpan<byte> key) => throw new NotSupportedException();

    void ITaskOutput.SendChange(string topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue) => _changes++;

    void ITaskOutput.SendDeadLetter(string topic, in InputRecord record, in Rejection rejection) => throw new NotSupportedException(rejection.Message);

    // 500 keys, ten records a millisecond, each tenth one late.
    private static void Process(StreamTask task, int first, int count)
    {
        Span<byte> key = stackalloc byte[4];
        Span<byte> value = stackalloc byte[8];
        for (var i = first; i < first + count; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(key, i * 7919 % 500);
            BinaryPrimitives.WriteInt64LittleEndian(value, i / 10 - (i % 10 == 0 ? 1_200 : 0));
            task.Process(0, new InputRecord("ticks", 0, i, key, true, value, true));
            if (i % 1_000 == 999)
            {
                task.Flush();
                task.Committed();
            }
        }
    }

    private sealed class BinaryDecoder : IDecoder<Tick>
    {
        public bool TryDecode(in InputRecord record, Tick into, out long eventTime, out Rejection rejection)
        {
            into.At = eventTime = BinaryPrimitives.ReadInt64LittleEndian(record.Value);
            rejection = default;
            return true;
        }
    }

    private sealed class Counter : Processor, IProcessor<Tick>
    {
        private readonly WindowedStore<long, int> _windows;

        public Counter(WindowsAllocateNothing test, ProcessorContext context, StoreSpec store) : base(context)
        {
            var spec = WindowSpec.Hopping(TimeSpan.FromMilliseconds(1_000), TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(2_000));
            _windows = new WindowedStore<long, int>(spec, context.Store(store), context, new Sums.Aggregate(), (in WindowResult<long> _) => test._figures++);
        }

        public void Process(Tick message) => _windows.Add(Context.Key, message.At, 1);

        public override void Wake(KeyValueStore store, ReadOnlySpan<byte> key, long due) => _windows.Wake(key, due);

        public override void Committing() => _windows.Committing();
    }
}
