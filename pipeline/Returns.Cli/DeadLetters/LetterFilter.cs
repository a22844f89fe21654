using System.Globalization;

namespace Returns.Cli.DeadLetters;

/// <summary>Which dead letters are meant. What is not given is not asked for.</summary>
internal sealed record LetterFilter
{
    /// <summary>Error classes, any of which.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Topic that the records were read from.</summary>
    public string? Topic { get; init; }

    /// <summary>Its partition.</summary>
    public int? Partition { get; init; }

    /// <summary>Put there then or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Put there before.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Places of letters or of their records, any of which.</summary>
    public IReadOnlySet<Place> Places { get; init; } = new HashSet<Place>();

    /// <summary>Whether every letter is meant.</summary>
    public bool IsEmpty => Classes.Count == 0 && Topic is null && Since is null && Until is null && Places.Count == 0;

    /// <summary>Reads <c>TOPIC</c> or <c>TOPIC:PARTITION</c>.</summary>
    public static bool TryParseSource(string text, out string topic, out int? partition)
    {
        var colon = text.LastIndexOf(':');
        topic = colon < 0 ? text : text[..colon];
        partition = null;
        if (colon >= 0)
        {
            if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }
            partition = number;
        }
        return topic.Length > 0;
    }

    /// <summary>Whether a letter is meant.</summary>
    public bool Takes(DeadLetter letter) =>
        (Classes.Count == 0 || Classes.Contains(letter.ErrorClass, StringComparer.OrdinalIgnoreCase))
        && (Topic is null || letter.Source.Topic == Topic) && (Partition is null || letter.Source.Partition == Partition)
        && (Since is null || letter.At >= Since) && (Until is null || letter.At < Until)
        && (Places.Count == 0 || Places.Contains(letter.Place) || Places.Contains(letter.Source));
}
