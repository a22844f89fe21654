using System.Text;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams;

namespace Returns.Topologies.Wire;

/// <summary>
/// Decodes an event of schemas/ and refuses what no decision may rest on, before its event time can move stream time. Each
/// task has its own; one thread uses it at a time.
/// </summary>
internal abstract class WireEventDecoder<T>(ISchemaIds schemas, string topic) : IDecoder<T> where T : class, IAvroRecord<T>, new()
{
    /// <summary>The longest name, number or code of an event, in bytes.</summary>
    protected const int MaxName = 128;

    // No clock is read here: what lies outside cannot be the time of a return, whenever it is processed.
    private static readonly long Earliest = new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
    private static readonly long Latest = new DateTimeOffset(2200, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private readonly WireDecoder<T> _wire = new(schemas, topic);

    public bool TryDecode(in InputRecord record, T into, out long eventTime, out Rejection rejection)
    {
        eventTime = 0;
        if (!record.HasValue)
        {
            rejection = new Rejection("Tombstone", $"a record without a value says nothing of '{Text(record.Key)}': publish a {T.SchemaName}");
            return false;
        }
        if (!_wire.TryDecode(record.Value, into, out var error))
        {
            rejection = new Rejection(error.Class.ToString(), error.ToString());
            return false;
        }
        if (Check(record, into) is { } refused)
        {
            rejection = refused;
            return false;
        }
        eventTime = EventTimeOf(into);
        rejection = CheckTime("event time", eventTime) ?? default;
        return rejection == default;
    }

    protected abstract long EventTimeOf(T message);

    /// <summary>Why the event cannot be used, or null.</summary>
    protected abstract Rejection? Check(in InputRecord record, T message);

    /// <summary>Null where the record's key is the LPN it speaks of: a unit's events must share a partition.</summary>
    protected static Rejection? CheckKey(in InputRecord record, Utf8 lpn)
    {
        if (record.HasKey && record.Key.SequenceEqual(lpn.Span))
        {
            return null;
        }
        var key = record.HasKey ? $"'{Text(record.Key)}'" : "none";
        return new Rejection("KeyMismatch", $"the key is {key} and the LPN '{Text(lpn.Span)}': publish with the LPN as the key");
    }

    /// <summary>Null where a time is one that a return can have.</summary>
    protected static Rejection? CheckTime(string field, long millis) => millis >= Earliest && millis < Latest
        ? null
        : new Rejection("TimeOutOfRange", $"{field} {millis} ms since the epoch lies outside the years 2000 to 2199: set the clock of the station, and publish again");

    protected static Rejection? CheckName(string field, Utf8 value)
    {
        if (value.Length is > 0 and <= MaxName)
        {
            return null;
        }
        return value.IsEmpty
            ? new Rejection("EmptyField", $"{field} is empty: every {T.SchemaName} names it")
            : TooLong(field, value.Length, MaxName);
    }

    protected static Rejection? CheckLength(string field, Utf8? value, int limit = MaxName) =>
        value is { } text && text.Length > limit ? TooLong(field, text.Length, limit) : null;

    private static Rejection TooLong(string field, int length, int limit) =>
        new("TooLong", $"{field} has {length} bytes, and at most {limit} are taken: shorten it");

    /// <summary>For messages: what may be hostile is cut.</summary>
    private static string Text(ReadOnlySpan<byte> bytes) =>
        bytes.Length <= MaxName ? Encoding.UTF8.GetString(bytes) : $"{Encoding.UTF8.GetString(bytes[..MaxName])}… ({bytes.Length} bytes)";
}
