using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams;
using Returns.Streams.State;
using Returns.Streams.Windows;

namespace Returns.Chaos.Windows;

/// <summary>A windowed aggregation over returns.scans: how many scans a facility had, and a sum that tells which.</summary>
internal static class ScanWindows
{
    public const string Application = "returns.chaos-windows";

    /// <summary>A line for each figure, by facility and partition of the scans: kind, start, revision, scans, sum.</summary>
    public const string Figures = "returns.chaos-figures";

    /// <summary>Scans that no window took, and what is no scan.</summary>
    public const string Missed = "returns.chaos-missed";

    /// <summary>The windows overlap by three, and scans come late for some, and too late for others.</summary>
    private static readonly WindowSpec Spec = WindowSpec.Hopping(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(4));

    public static Topology Build()
    {
        var builder = new TopologyBuilder(Application, Missed);
        var store = builder.Store("windows");
        var figures = builder.Sink(Figures, () => new FigureEncoder());
        builder.SubTopology("windows", [store], context => new WindowProcessor(context, store, figures)).Source(Topics.Scans, () => new ScanTimeDecoder());
        return builder.Build();
    }

    private sealed class WindowProcessor : Processor, IProcessor<ItemScan>
    {
        private readonly WindowedStore<Sum, ulong> _windows;

        public WindowProcessor(ProcessorContext context, StoreSpec store, Sink<Figure> figures) : base(context)
        {
            var output = context.Output(figures);
            _windows = new WindowedStore<Sum, ulong>(Spec, context.Store(store), context, new Summing(),
                (in WindowResult<Sum> result) => output.Send(result.Key, new Figure(result.Kind, result.Start, result.Revision, result.State)));
        }

        public void Process(ItemScan message)
        {
            // One key in several partitions would be several tasks' windows.
            var key = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{message.Facility}|{Context.Partition}"));
            var scan = XxHash3.HashToUInt64(message.Lpn.Span, message.Sequence);
            if (_windows.Add(key, message.ScannedAt, scan) is { InTime: 0, AsCorrection: 0 })
            {
                Context.Reject("Missed", string.Create(CultureInfo.InvariantCulture, $"{message.ScannedAt} is past the retention of its windows"));
            }
        }

        public override void Wake(KeyValueStore store, ReadOnlySpan<byte> key, long due) => _windows.Wake(key, due);

        public override void Committing() => _windows.Committing();
    }

    private sealed class ScanTimeDecoder : IDecoder<ItemScan>
    {
        private readonly WireDecoder<ItemScan> _wire = new();

        public bool TryDecode(in InputRecord record, ItemScan into, out long eventTime, out Rejection rejection)
        {
            eventTime = 0;
            if (!record.HasValue || !_wire.TryDecode(record.Value, into, out var error))
            {
                rejection = new Rejection("NoScan", "its value is no scan");
                return false;
            }
            (eventTime, rejection) = (into.ScannedAt, default);
            return true;
        }
    }

    private sealed class FigureEncoder : IEncoder<Figure>
    {
        public ReadOnlySpan<byte> Encode(Figure message) => Encoding.UTF8.GetBytes(message.ToString());
    }

    private sealed class Summing : IAggregate<Sum, ulong>
    {
        public void Read(ReadOnlySpan<byte> bytes, ref Sum state) => state = bytes.IsEmpty
            ? default
            : new Sum(BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[sizeof(long)..]));

        public void Add(ref Sum state, in ulong input) => state = new Sum(state.Scans + 1, unchecked(state.Hash + input));

        public int SizeOf(in Sum state) => 2 * sizeof(long);

        public int Write(in Sum state, Span<byte> into)
        {
            BinaryPrimitives.WriteInt64LittleEndian(into, state.Scans);
            BinaryPrimitives.WriteUInt64LittleEndian(into[sizeof(long)..], state.Hash);
            return 2 * sizeof(long);
        }
    }
}

/// <summary>What a window gathers.</summary>
/// <param name="Scans">Scans, repeated ones included.</param>
/// <param name="Hash">Sum of the scans' hashes, which tells one set of scans from another.</param>
internal readonly record struct Sum(long Scans, ulong Hash);

/// <summary>A window's figure as it is published.</summary>
internal sealed record Figure(ResultKind Kind, long Start, int Revision, Sum Sum)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind} {Start} {Revision} {Sum.Scans} {Sum.Hash:x16}");

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static Figure Parse(ReadOnlySpan<byte> value)
    {
        var fields = Encoding.UTF8.GetString(value).Split(' ');
        return new Figure(Enum.Parse<ResultKind>(fields[0]), long.Parse(fields[1], CultureInfo.InvariantCulture), int.Parse(fields[2], CultureInfo.InvariantCulture),
            new Sum(long.Parse(fields[3], CultureInfo.InvariantCulture), ulong.Parse(fields[4], NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
    }
}
