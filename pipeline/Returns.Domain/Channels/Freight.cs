namespace Returns.Domain.Channels;

/// <summary>What it costs to send a unit on.</summary>
internal static class Freight
{
    /// <summary>Ten tonnes: more than a conveyor carries.</summary>
    public const int MaxGrams = 10_000_000;

    /// <summary>Rate per kilogram × grams ÷ 1000, in the rate's unit.</summary>
    public static long Of(long ratePerKilogram, int grams) => FixedAmount.Share(ratePerKilogram, grams, 1000);
}
