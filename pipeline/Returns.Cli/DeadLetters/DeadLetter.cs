using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Returns.Contracts;
using Returns.Streams.Kafka;

namespace Returns.Cli.DeadLetters;

/// <summary>A place in a topic: of a dead letter where the topic is returns.dlq, of the record that it was where it is another.</summary>
internal readonly record struct Place(string Topic, int Partition, long Offset)
{
    /// <summary>Reads <c>PARTITION:OFFSET</c>, of returns.dlq, or <c>TOPIC:PARTITION:OFFSET</c>.</summary>
    public static bool TryParse(string text, out Place place)
    {
        var parts = text.Split(':');
        place = default;
        if (parts.Length is not (2 or 3) || !int.TryParse(parts[^2], NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            || !long.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
        {
            return false;
        }
        place = new Place(parts.Length == 3 ? parts[0] : Topics.DeadLetters, partition, offset);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Topic == Topics.DeadLetters
        ? string.Create(CultureInfo.InvariantCulture, $"{Partition}:{Offset}")
        : string.Create(CultureInfo.InvariantCulture, $"{Topic}:{Partition}:{Offset}");
}

/// <summary>A record of returns.dlq: bytes that could not be processed, and why; or the mark that one was redriven.</summary>
/// <remarks>
/// A mark lies behind its letter in the same partition, so that who reads the one reads the other, and neither outlives the other for
/// long. It has the letter's key and no value, and its headers are a dead letter's: the source is the letter, the class
/// <see cref="RedrivenClass"/>.
/// </remarks>
internal sealed class DeadLetter
{
    /// <summary>The error class of a mark.</summary>
    public const string RedrivenClass = "Redriven";

    /// <summary>Header of a redriven record: the place of the dead letter that it was.</summary>
    public const string LetterHeader = "redrive.letter";

    /// <summary>Header of a redriven record: how many times it was redriven, this time included.</summary>
    public const string CountHeader = "redrive.count";

    private static readonly string[] Ours = ["source.", "error.", "returns.source.", "returns.error.", "redrive."];

    private readonly ConsumeResult<byte[]?, byte[]?> _record;

    /// <summary>Reads a record of returns.dlq. A header that is missing or cannot be read leaves its default: none is refused.</summary>
    public DeadLetter(ConsumeResult<byte[]?, byte[]?> record)
    {
        _record = record;
        Place = new Place(Topics.DeadLetters, record.Partition.Value, record.Offset.Value);
        Source = new Place(Text(DeadLetterHeaders.SourceTopic), (int)Math.Min(int.MaxValue, Number(DeadLetterHeaders.SourcePartition)), Number(DeadLetterHeaders.SourceOffset));
        ErrorClass = Text(DeadLetterHeaders.ErrorClass);
        Message = Text(DeadLetterHeaders.ErrorMessage);
        Redrives = Math.Max(0, Number(CountHeader));
    }

    /// <summary>Where it lies.</summary>
    public Place Place { get; }

    /// <summary>When it was put there.</summary>
    public DateTimeOffset At => new(_record.Message.Timestamp.UtcDateTime, TimeSpan.Zero);

    /// <summary>Where the record was read that it holds; an empty topic and -1 where it does not say.</summary>
    public Place Source { get; }

    /// <summary>The timestamp of that record, milliseconds since the epoch; the letter's own where it does not say.</summary>
    public long SourceTimestamp => Number(DeadLetterHeaders.SourceTimestamp) is >= 0 and var time ? time : _record.Message.Timestamp.UnixTimestampMs;

    /// <summary>What was wrong, in a word.</summary>
    public string ErrorClass { get; }

    /// <summary>What was wrong, in a sentence.</summary>
    public string Message { get; }

    /// <summary>How many times its record had been redriven before.</summary>
    public long Redrives { get; }

    public byte[]? Key => _record.Message.Key;

    public byte[]? Value => _record.Message.Value;

    /// <summary>Whether it is no letter, but the mark of one, which <see cref="Source"/> names.</summary>
    public bool IsMark => ErrorClass == RedrivenClass && Source.Topic == Topics.DeadLetters;

    /// <summary>The headers that its record had.</summary>
    public Headers OwnHeaders()
    {
        var own = new Headers();
        foreach (var header in _record.Message.Headers ?? [])
        {
            if (!Array.Exists(Ours, prefix => header.Key.StartsWith(prefix, StringComparison.Ordinal)))
            {
                own.Add(header.Key, header.GetValueBytes());
            }
        }
        return own;
    }

    /// <summary>The key for a person: text, or hexadecimal where it is none.</summary>
    public static string Show(byte[]? key)
    {
        if (key is null)
        {
            return "(none)";
        }
        var text = Encoding.UTF8.GetString(key);
        return text.Any(c => char.IsControl(c) || c == '\uFFFD') ? "0x" + Convert.ToHexString(key) : text;
    }

    private string Text(string name) =>
        _record.Message.Headers is { } headers && (headers.TryGetLastBytes(name, out var bytes) || headers.TryGetLastBytes("returns." + name, out bytes)) && bytes is not null
            ? Encoding.UTF8.GetString(bytes) : "";

    private long Number(string name) => long.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
}
