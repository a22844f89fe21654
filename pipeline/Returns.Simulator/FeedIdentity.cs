using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Returns.Contracts;
using Returns.Domain.Grading;

namespace Returns.Simulator;

/// <summary>Hashes everything a feed's scans depend on into the label of its LPNs and the seed of its draws.</summary>
internal readonly struct FeedIdentity
{
    // Raised when the simulation itself changes: the scans of an older version are other scans.
    private const int Version = 1;

    private FeedIdentity(char mode, ulong hash) =>
        (Hash, Label) = (hash, string.Create(CultureInfo.InvariantCulture, $"{mode}{hash >> 16:x12}-"));

    /// <summary>Seed of everything that is drawn.</summary>
    public ulong Hash { get; }

    /// <summary>First characters of every LPN.</summary>
    public Utf8 Label { get; }

    /// <param name="mode">First character of the label.</param>
    /// <param name="input">Everything that tells one feed of the mode from another.</param>
    /// <param name="checklists">The checklists that are inspected by.</param>
    public static FeedIdentity Of(char mode, string input, IEnumerable<Checklist> checklists)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Version}|{mode}|{input}");
        foreach (var checklist in checklists)
        {
            text.Append('\n').Append(checklist.Category).Append(checklist.Scale);
            foreach (var criterion in checklist.Criteria)
            {
                text.Append(CultureInfo.InvariantCulture, $"|{criterion.Name}:{criterion.Kind}:{criterion.Mandatory}")
                    .Append(CultureInfo.InvariantCulture, $":{criterion.Minimum:R}:{criterion.Maximum:R}:{criterion.Levels.Count}");
            }
        }
        return new FeedIdentity(mode, XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
