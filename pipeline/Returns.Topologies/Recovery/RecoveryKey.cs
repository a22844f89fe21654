using System.Buffers.Text;
using System.Text;
using Returns.Contracts;

namespace Returns.Topologies.Recovery;

/// <summary>Keys of returns.recovery-changes and returns.recovery, built in a buffer that is used again. For one thread.</summary>
internal sealed class RecoveryKey
{
    private static readonly byte[][] Origins = Ascii(OriginSymbols.All);
    private static readonly byte[][] Dimensions = Ascii(RecoveryDimensionSymbols.All);
    private static readonly byte[][] Spans = Ascii(WindowSpanSymbols.All);

    // Separators, the longest symbols, and a time.
    private const int Fixed = 80;

    private byte[] _key = new byte[256];

    /// <summary>program|origin|dimension|value; holds until the next call.</summary>
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> program, Origin origin, RecoveryDimension dimension, ReadOnlySpan<byte> value)
    {
        if (program.Length + value.Length + Fixed > _key.Length)
        {
            _key = new byte[(program.Length + value.Length + Fixed) * 2];
        }
        var length = Append(0, program);
        length = Append(Bar(length), Origins[(int)origin]);
        length = Append(Bar(length), Dimensions[(int)dimension]);
        return _key.AsSpan(0, Append(Bar(length), value));
    }

    /// <summary>The same and |span|start.</summary>
    public ReadOnlySpan<byte> Of(RecoveryWindow window)
    {
        var length = Bar(Of(window.Program.Span, window.Origin, window.Dimension, window.Value.Span).Length);
        length = Bar(Append(length, Spans[(int)window.Span]));
        Utf8Formatter.TryFormat(window.Start, _key.AsSpan(length), out var digits);
        return _key.AsSpan(0, length + digits);
    }

    private int Bar(int at)
    {
        _key[at] = (byte)'|';
        return at + 1;
    }

    private int Append(int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(_key.AsSpan(at));
        return at + text.Length;
    }

    private static byte[][] Ascii(IReadOnlyList<string> symbols) => [.. symbols.Select(Encoding.ASCII.GetBytes)];
}
