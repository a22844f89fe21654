namespace Returns.ClickHouse;

/// <summary>Values and names as ClickHouse SQL spells them.</summary>
internal static class SqlText
{
    /// <summary>A string literal.</summary>
    public static string Quote(string value) =>
        "'" + value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "'";

    /// <summary>A name of a database, table or column.</summary>
    public static string QuoteName(string name) =>
        "`" + name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("`", "\\`", StringComparison.Ordinal) + "`";
}
