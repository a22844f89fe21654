using System.Text;

namespace Returns.ClickHouse.Rows;

/// <summary>A record that could not be processed, as <c>dead_letters</c> holds it.</summary>
/// <remarks>The spans are read while the row is written and not kept.</remarks>
internal readonly ref struct DeadLetter
{
    /// <summary>The record's key; <see cref="HasKey"/> tells an empty key from none.</summary>
    public ReadOnlySpan<byte> Key { get; init; }

    public bool HasKey { get; init; }

    /// <summary>The record's bytes; <see cref="HasValue"/> tells an empty value from a tombstone.</summary>
    public ReadOnlySpan<byte> Value { get; init; }

    public bool HasValue { get; init; }

    /// <summary>Where the bytes first stood; an empty topic and -1 where the record does not say.</summary>
    public required string SourceTopic { get; init; }

    public required int SourcePartition { get; init; }

    public required long SourceOffset { get; init; }

    public required string ErrorClass { get; init; }

    public required string ErrorMessage { get; init; }

    /// <summary>The Kafka record's timestamp, in milliseconds since 1970; out of the column's range it becomes 1970.</summary>
    public required long RecordedAt { get; init; }
}

/// <summary><see cref="DeadLetter"/> into <c>dead_letters</c>.</summary>
internal static class DeadLetterRows
{
    public const string Table = "dead_letters";

    public static IReadOnlyList<string> Columns { get; } =
    [
        "key", "value", "source_topic", "source_partition", "source_offset", "error_class", "error_message", "recorded_at",
    ];

    public static void Append(in DeadLetter letter, RowBuffer row)
    {
        Nullable(letter.HasKey, letter.Key, row);
        Nullable(letter.HasValue, letter.Value, row);
        Text(letter.SourceTopic, row);
        row.Int32(letter.SourcePartition);
        row.Int64(letter.SourceOffset);
        Text(letter.ErrorClass, row);
        Text(letter.ErrorMessage, row);
        row.Int64(letter.RecordedAt is >= ColumnTime.Min and <= ColumnTime.Max ? letter.RecordedAt : 0);
    }

    private static void Nullable(bool present, ReadOnlySpan<byte> bytes, RowBuffer row)
    {
        row.Byte((byte)(present ? 0 : 1));
        if (present) row.Bytes(bytes);
    }

    private static void Text(string text, RowBuffer row) => row.Bytes(Encoding.UTF8.GetBytes(text));
}
