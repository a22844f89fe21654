using System.CommandLine;
using System.Globalization;

namespace Returns.Cli;

/// <summary>Times as they are shown, and as they are given on the command line. UTC.</summary>
internal static class Times
{
    /// <summary>ISO 8601 to the millisecond.</summary>
    public static string Iso(long millis) => DateTimeOffset.FromUnixTimeMilliseconds(millis).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>For people, to the minute.</summary>
    public static string Minute(long millis) => DateTimeOffset.FromUnixTimeMilliseconds(millis).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    /// <summary>An option whose value is a time, or how long ago: <c>2026-01-31</c>, <c>2026-01-31T08:00</c>, <c>90m</c>, <c>12h</c>, <c>3d</c>.</summary>
    public static Option<DateTimeOffset?> Option(string name, string description) => new(name)
    {
        Description = $"{description} A time, UTC where it names no zone, or how long ago: 2026-01-31T08:00, 90m, 12h, 3d.",
        HelpName = "TIME",
        CustomParser = result =>
        {
            var text = result.Tokens[^1].Value;
            if (TryParse(text, DateTimeOffset.UtcNow, out var time))
            {
                return time;
            }
            result.AddError($"{name}: '{text}' is no time: give one such as 2026-01-31T08:00, or how long ago, as 90m, 12h or 3d");
            return null;
        },
    };

    /// <summary>Reads a time, or how long before <paramref name="now"/> it is.</summary>
    public static bool TryParse(string text, DateTimeOffset now, out DateTimeOffset time)
    {
        time = now;
        if (text.Length > 1 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < 1_000_000)
        {
            TimeSpan? ago = text[^1] switch
            {
                's' => TimeSpan.FromSeconds(number),
                'm' => TimeSpan.FromMinutes(number),
                'h' => TimeSpan.FromHours(number),
                'd' when number < 100_000 => TimeSpan.FromDays(number),
                _ => null,
            };
            if (ago is { } span)
            {
                time = now - span;
                return true;
            }
        }
        return DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.fff", "yyyy-MM-dd'T'HH:mmzzz", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.fffzzz", "yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.fff'Z'"],
            CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }
}
