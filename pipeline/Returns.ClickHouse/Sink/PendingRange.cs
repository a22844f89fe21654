using System.Globalization;

namespace Returns.ClickHouse.Sink;

/// <summary>Offsets of one partition that may have been inserted and have not been passed yet, both ends included.</summary>
internal readonly record struct PendingRange(long First, long Last)
{
    private const string Prefix = "pending ";

    /// <summary>The range as a committed offset's metadata, such as <c>pending 100-199</c>.</summary>
    public string ToMetadata() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{First}-{Last}");

    /// <summary>Reads metadata; null when it is empty or somebody else's.</summary>
    public static PendingRange? Parse(string? metadata)
    {
        if (metadata is null || !metadata.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var range = metadata.AsSpan(Prefix.Length);
        var dash = range.IndexOf('-');
        return dash > 0
            && long.TryParse(range[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && long.TryParse(range[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            && last >= first
            ? new PendingRange(first, last)
            : null;
    }
}
