using System.Globalization;

namespace Returns.Cli.Chargebacks;

/// <summary>Times of documents, UTC.</summary>
internal static class Times
{
    /// <summary>ISO 8601 to the millisecond.</summary>
    public static string Iso(long millis) => DateTimeOffset.FromUnixTimeMilliseconds(millis).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>For people, to the minute.</summary>
    public static string Minute(long millis) => DateTimeOffset.FromUnixTimeMilliseconds(millis).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
