namespace Returns.Contracts.Tests;

internal static class Allocated
{
    /// <summary>
    /// What <paramref name="run"/> allocates once warm, in bytes: the least of ten runs, as what a thread has allocated is told
    /// less exactly when a collection, which other tests may cause, falls into a run.
    /// </summary>
    public static long By(Action run)
    {
        var least = long.MaxValue;
        for (var i = 0; i < 10 && least != 0; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
