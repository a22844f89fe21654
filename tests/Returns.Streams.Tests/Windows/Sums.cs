using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Returns.Streams.State;
using Returns.Streams.Testing;
using Returns.Streams.Windows;

namespace Returns.Streams.Tests.Windows;

/// <summary>Sums ticks by key and window, and sends every figure as a line: kind, key, start, revision, sum.</summary>
internal static class Sums
{
    public const string Input = "ticks";
    public const string Output = "sums";
    public const string Missed = "missed";

    public static (Topology Topology, StoreSpec Store) Topology(WindowSpec spec, string? deadLetters = Missed, string prefix = "")
    {
        var builder = new TopologyBuilder(prefix + "app", deadLetters is null ? null : prefix + deadLetters);
        var store = builder.Store("windows");
        var sink = builder.Sink(prefix + Output, () => new LineEncoder());
        builder.SubTopology("sums", [store], context => new Processor(context, spec, store, sink)).Source(prefix + Input, () => new TickDecoder());
        return (builder.Build(), store);
    }

    public static IReadOnlyList<string> ReadSums(this TopologyTestDriver driver) => [.. driver.Read(Output).Select(r => Encoding.UTF8.GetString(r.Value!))];

    public static string Format(in WindowResult<long> result) =>
        string.Create(CultureInfo.InvariantCulture, $"{result.Kind} {Encoding.UTF8.GetString(result.Key)} {result.Start} {result.Revision} {result.State}");

    public sealed class Aggregate : IAggregate<long, int>
    {
        public void Read(ReadOnlySpan<byte> bytes, ref long state) => state = bytes.IsEmpty ? 0 : BinaryPrimitives.ReadInt64LittleEndian(bytes);

        public void Add(ref long state, in int input) => state += input;

        public int SizeOf(in long state) => sizeof(long);

        public int Write(in long state, Span<byte> into)
        {
            BinaryPrimitives.WriteInt64LittleEndian(into, state);
            return sizeof(long);
        }
    }

    private sealed class Processor : Returns.Streams.Processor, IProcessor<Tick>
    {
        private readonly WindowedStore<long, int> _windows;

        public Processor(ProcessorContext context, WindowSpec spec, StoreSpec store, Sink<Line> sink) : base(context)
        {
            var output = context.Output(sink);
            _windows = new WindowedStore<long, int>(spec, context.Store(store), context, new Aggregate(), (in WindowResult<long> result) => output.Send(result.Key, new Line(Format(result))));
        }

        public void Process(Tick message) => _windows.Add(Context.Key, message.At, message.Amount);

        public override void Wake(KeyValueStore store, ReadOnlySpan<byte> key, long due) => _windows.Wake(key, due);

        public override void Committing() => _windows.Committing();
    }
}
