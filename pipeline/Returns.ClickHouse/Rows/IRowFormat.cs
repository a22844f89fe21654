namespace Returns.ClickHouse.Rows;

/// <summary>How an event becomes a row of its table.</summary>
internal interface IRowFormat<T>
{
    /// <summary>The table.</summary>
    static abstract string Table { get; }

    /// <summary>A table with the same columns that keeps the row of the greatest offset for each key, or null for none.</summary>
    static virtual string? LatestTable => null;

    /// <summary>The columns behind the lineage columns, in the order <see cref="Append"/> writes them.</summary>
    static abstract IReadOnlyList<string> Columns { get; }

    /// <summary>A time of the record that its column cannot hold, or null.</summary>
    static abstract string? Problem(T record);

    /// <summary>Appends the columns behind the lineage columns.</summary>
    static abstract void Append(T record, RowBuffer row);
}

/// <summary>What DateTime64(3) holds: 1900-01-01 to 2299-12-31, in milliseconds since 1970.</summary>
internal static class ColumnTime
{
    public const long Min = -2_208_988_800_000;
    public const long Max = 10_413_791_999_999;

    /// <summary>Null when <paramref name="millis"/> fits, else what is wrong with <paramref name="field"/>.</summary>
    public static string? Problem(long millis, string field) => millis is >= Min and <= Max
        ? null
        : FormattableString.Invariant($"{field} is {millis} ms since 1970: event times must lie in the years 1900 to 2299");
}
