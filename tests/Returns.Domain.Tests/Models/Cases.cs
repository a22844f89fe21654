namespace Returns.Domain.Tests.Models;

/// <summary>Runs a property over many random cases, each made from a number of its own, so that a failing one can be run alone.</summary>
internal static class Cases
{
    public static void Each(int count, Action<Random> holds)
    {
        for (var number = 1; number <= count; number++)
        {
            try
            {
                holds(new Random(number));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"case {number} of {count}: {e.Message}", e);
            }
        }
    }

    public static T Any<T>(this Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];

    public static bool OneIn(this Random random, int n) => random.Next(n) == 0;

    /// <summary>Some of the items, at least one, in any order.</summary>
    public static T[] Some<T>(this Random random, IEnumerable<T> items, int most = int.MaxValue)
    {
        var shuffled = items.ToArray();
        random.Shuffle(shuffled);
        return shuffled[..random.Next(1, Math.Min(shuffled.Length, most) + 1)];
    }

    public static decimal Amount(this Random random, int upTo) => random.Next(upTo * 10_000 + 1) / 10_000m;
}
