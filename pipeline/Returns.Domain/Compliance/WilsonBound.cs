namespace Returns.Domain.Compliance;

/// <summary>The lower end of a share's 95 % confidence interval.</summary>
/// <remarks>E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927: the score interval, which
/// stays within 0 and 1 and holds for few trials and for shares near the ends.</remarks>
public static class WilsonBound
{
    /// <summary>The 97.5th percentile of the standard normal distribution.</summary>
    private const double Z = 1.959963984540054;

    /// <summary>The bound.</summary>
    /// <param name="share">The share observed, 0 to 1.</param>
    /// <param name="trials">How many trials it was observed in; may be a fraction, where trials weigh unequally.</param>
    /// <returns>From 0 to <paramref name="share"/>; 0 where there are no trials.</returns>
    public static double Lower(double share, double trials)
    {
        if (!(trials > 0)) return 0;
        var square = Z * Z / trials;
        var centre = share + square / 2;
        var half = Z * Math.Sqrt(share * (1 - share) / trials + square / trials / 4);
        return Math.Clamp((centre - half) / (1 + square), 0, share);
    }
}
