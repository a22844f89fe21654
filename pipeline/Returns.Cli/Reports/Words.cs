using System.Globalization;
using System.Net;

namespace Returns.Cli.Reports;

/// <summary>Figures as people read them. What there is none of is a dash.</summary>
internal static class Words
{
    public const string None = "–";

    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Money(decimal? amount) => amount is { } known ? known.ToString("#,##0.00", CultureInfo.InvariantCulture).Replace('-', '−') : None;

    public static string Percent(double? share) => share is { } known ? (known * 100).ToString("0.0", CultureInfo.InvariantCulture).Replace('-', '−') + " %" : None;

    /// <summary>A time in the two units that tell it.</summary>
    public static string Duration(long? millis)
    {
        if (millis is not { } known)
        {
            return None;
        }
        var time = TimeSpan.FromMilliseconds(known);
        return time.TotalDays >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Days} d {time.Hours} h")
            : time.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Hours} h {time.Minutes:00} min")
            : time.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds:00} s")
            : string.Create(CultureInfo.InvariantCulture, $"{time.Seconds} s");
    }

    /// <summary>A symbol of the contracts as words, or what stands for none.</summary>
    public static string Name(string symbol) => symbol.Length == 0 ? "(none)" : symbol.Replace('_', ' ');

    /// <summary>Whatever came from events, as text of a page.</summary>
    public static string Html(string text) => WebUtility.HtmlEncode(text);
}
