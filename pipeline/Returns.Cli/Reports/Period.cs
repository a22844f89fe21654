using System.Globalization;

namespace Returns.Cli.Reports;

/// <summary>A time in whole days of UTC.</summary>
/// <param name="From">First day.</param>
/// <param name="To">The day after the last.</param>
internal readonly record struct Period(DateOnly From, DateOnly To)
{
    /// <summary>Parses a month such as 2011-05.</summary>
    public static bool TryParseMonth(string text, out Period month)
    {
        month = default;
        if (!DateOnly.TryParseExact(text + "-01", "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var first) || first.Year is < 2000 or > 2199)
        {
            return false;
        }
        month = new Period(first, first.AddMonths(1));
        return true;
    }

    /// <summary>Parses a day such as 2011-05-01.</summary>
    public static bool TryParseDay(string text, out DateOnly day) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day) && day.Year is >= 2000 and <= 2199;

    /// <summary>A month's name, or the first and the last day.</summary>
    public override string ToString() => From.Day == 1 && From.AddMonths(1) == To
        ? From.ToString("MMMM yyyy", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{From:yyyy-MM-dd} to {To.AddDays(-1):yyyy-MM-dd}");
}
