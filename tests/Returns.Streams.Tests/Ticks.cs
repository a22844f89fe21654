using System.Globalization;
using System.Text;

namespace Returns.Streams.Tests;

/// <summary>What the tests' records are: a time and an amount, as text.</summary>
internal sealed class Tick
{
    public long At { get; set; }

    public int Amount { get; set; }

    public static byte[] Bytes(long at, int amount) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{at} {amount}"));
}

/// <summary>The same bytes as another type, for a second source.</summary>
internal sealed class Tock
{
    public long At { get; set; }

    public int Amount { get; set; }
}

internal sealed class TickDecoder : IDecoder<Tick>
{
    public bool TryDecode(in InputRecord record, Tick into, out long eventTime, out Rejection rejection)
    {
        var decoded = TryRead(record.Value, out eventTime, out var amount);
        (into.At, into.Amount) = (eventTime, amount);
        rejection = decoded ? default : new Rejection("NoTick", $"'{Encoding.UTF8.GetString(record.Value)}' is no time and amount");
        return decoded;
    }

    internal static bool TryRead(ReadOnlySpan<byte> value, out long at, out int amount)
    {
        (at, amount) = (0, 0);
        var text = Encoding.UTF8.GetString(value).Split(' ');
        return text.Length == 2 && long.TryParse(text[0], CultureInfo.InvariantCulture, out at) && int.TryParse(text[1], CultureInfo.InvariantCulture, out amount);
    }
}

internal sealed class TockDecoder : IDecoder<Tock>
{
    public bool TryDecode(in InputRecord record, Tock into, out long eventTime, out Rejection rejection)
    {
        var decoded = TickDecoder.TryRead(record.Value, out eventTime, out var amount);
        (into.At, into.Amount) = (eventTime, amount);
        rejection = decoded ? default : new Rejection("NoTock", "no time and amount");
        return decoded;
    }
}

/// <summary>A line of text, which tests compare.</summary>
internal sealed record Line(string Text);

internal sealed class LineEncoder : IEncoder<Line>
{
    public ReadOnlySpan<byte> Encode(Line message) => Encoding.UTF8.GetBytes(message.Text);
}
