using System.Globalization;

namespace Returns.Benchmarks;

/// <summary>One line of the table: ours beside a reference, measured in turns.</summary>
internal sealed record Row
{
    /// <summary>What was done.</summary>
    public required string Work { get; init; }

    /// <summary>What the figures are in, such as scans/s.</summary>
    public required string Unit { get; init; }

    /// <summary>Our figure of each round; empty where nothing was measured.</summary>
    public IReadOnlyList<double> Ours { get; init; } = [];

    /// <summary>What it is compared with; empty where a figure stands for itself.</summary>
    public string Against { get; init; } = "";

    /// <summary>The reference's figure of each round; empty where a figure stands for itself.</summary>
    public IReadOnlyList<double> Reference { get; init; } = [];

    /// <summary>What the ratio, or else our figure, has to reach; null where the row is for information.</summary>
    public double? Target { get; init; }

    /// <summary>True where less is better: the target is the most, not the least.</summary>
    public bool AtMost { get; init; }

    /// <summary>Why there is no figure, and how to get one; null where there is one.</summary>
    public string? NotMeasured { get; init; }

    /// <summary>Ours over the reference, round by round; ours, where a figure stands for itself.</summary>
    public IReadOnlyList<double> Judged => Reference.Count == 0 ? Ours : [.. Ours.Zip(Reference, (ours, reference) => ours / reference)];

    /// <summary>Whether the median of <see cref="Judged"/> reaches the target; null where there is none, or nothing was measured.</summary>
    public bool? Met => Target is not { } target || Ours.Count == 0 ? null : AtMost ? Median(Judged) <= target : Median(Judged) >= target;

    /// <summary>The middle one, or the mean of the two in the middle.</summary>
    public static double Median(IReadOnlyList<double> figures)
    {
        var sorted = figures.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    /// <summary>The row's cells as the table has them: work, ours, reference, ratio, spread, target, met.</summary>
    /// <param name="isJudged">Whether the run was long enough to say that a target is met or missed.</param>
    public string[] Cells(bool isJudged)
    {
        var target = Target is { } bound ? $"{(AtMost ? "≤" : "≥")} {Text(bound)}" : "";
        var against = Against.Length == 0 ? "–" : Against;
        if (Ours.Count == 0)
        {
            return [Work, "not measured", against, "", "", target, ""];
        }
        var spread = Judged.Count == 1 ? "" : $"{Text(Judged.Min())} to {Text(Judged.Max())}";
        return
        [
            Work, $"{Text(Median(Ours))} {Unit}",
            Reference.Count == 0 ? against : $"{Text(Median(Reference))} {Against}",
            Reference.Count == 0 ? "" : Text(Median(Judged)),
            spread, target, !isJudged ? "" : Met switch { true => "met", false => "missed", null => "" },
        ];
    }

    private static string Text(double figure) => figure.ToString(figure is 0 or >= 100 ? "N0" : figure >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
