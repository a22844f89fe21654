using System.Collections.Concurrent;
using System.Reflection;
using Returns.LocalKafka.Tests;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(HangGuard))]
[assembly: WatchedByHangGuard]

namespace Returns.LocalKafka.Tests;

/// <summary>
/// Ends the test process, naming the tests that were running, when all of them together take far too long. Every wait in
/// these tests has its own timeout, except those inside the native client: disposing one waits for its threads, and
/// nothing but the end of the process interrupts that. The brokers of the tests then see their standard input close.
/// </summary>
public sealed class HangGuard : IDisposable
{
    // The whole suite takes half a minute, and on one busy core two.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly ConcurrentDictionary<string, DateTime> Running = new(StringComparer.Ordinal);
    private readonly Timer _timer = new(_ => Environment.FailFast(Describe()), null, Patience, Timeout.InfiniteTimeSpan);

    public static void Began(string test) => Running[test] = DateTime.UtcNow;

    public static void Ended(string test) => Running.TryRemove(test, out _);

    public void Dispose() => _timer.Dispose();

    private static string Describe() => $"The tests hang. Running after {Patience}: "
        + string.Join("; ", Running.Select(test => $"{test.Key} since {(DateTime.UtcNow - test.Value).TotalSeconds:0} s"));
}

/// <summary>Tells the <see cref="HangGuard"/> which tests are running.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class WatchedByHangGuardAttribute : BeforeAfterTestAttribute
{
    public override void Before(MethodInfo methodUnderTest, IXunitTest test) => HangGuard.Began(test.TestDisplayName);

    public override void After(MethodInfo methodUnderTest, IXunitTest test) => HangGuard.Ended(test.TestDisplayName);
}
