using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Recovery;
using Returns.Streams.Windows;

namespace Returns.Topologies.Recovery.Windows;

/// <summary>What a window gathers: whose figures they are, and their sums. Used for every window by turns.</summary>
internal sealed class WindowFigures
{
    /// <summary>The record of the window; its figures are filled when it is written.</summary>
    public RecoveryWindow Record { get; } = new();

    /// <summary>The sums.</summary>
    public RecoveryTotals Totals { get; } = new();
}

/// <summary>Sums changes up; kept as a <see cref="RecoveryWindow"/>, so that it may evolve as that does.</summary>
internal sealed class WindowAggregate(ISchemaIds schemas) : IAggregate<WindowFigures, RecoveryChange>
{
    private readonly WireDecoder<RecoveryWindow> _decoder = new(schemas, Topics.Recovery);
    private readonly WireEncoder<RecoveryWindow> _encoder = new(schemas, Topics.Recovery);

    public void Read(ReadOnlySpan<byte> bytes, ref WindowFigures state)
    {
        state.Totals.Clear();
        if (bytes.IsEmpty)
        {
            state.Record.Clear();
            return;
        }
        if (!_decoder.TryDecode(bytes, state.Record, out var error))
        {
            throw new InvalidDataException($"a window's state cannot be read: {error}");
        }
        state.Totals.Add(state.Record.Figures);
    }

    public void Add(ref WindowFigures state, in RecoveryChange input)
    {
        state.Record.Program = input.Program;
        state.Record.Origin = input.Origin;
        state.Record.Dimension = input.Dimension;
        state.Record.Value = input.Value;
        state.Totals.Add(input.Figures);
    }

    // What is measured is encoded once and copied.
    public int SizeOf(in WindowFigures state) => Encode(state).Length;

    public int Write(in WindowFigures state, Span<byte> into)
    {
        var bytes = Encode(state);
        bytes.CopyTo(into);
        return bytes.Length;
    }

    private ReadOnlySpan<byte> Encode(WindowFigures state)
    {
        state.Totals.Fill(state.Record.Figures);
        return _encoder.Encode(state.Record);
    }
}
