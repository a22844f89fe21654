using System.Globalization;
using System.Text;
using CsCheck;
using Returns.Streams.Testing;
using Returns.Streams.Windows;

namespace Returns.Streams.Tests.Windows;

/// <summary>Ticks out of order, late, and past retention, with commits, aborts and restarts between them.</summary>
public sealed class WindowsAgainstOracle
{
    private static readonly Gen<Scenario> Scenarios = Gen.Select(
        Gen.Int[1, 4], Gen.Int[1, 50], Gen.Int[0, 20], Gen.Int[0, 80],
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 12], Gen.Frequency((6, Gen.Int[0, 10]), (3, Gen.Int[0, 60]), (1, Gen.Int[0, 400])), Gen.Int[1, 9],
            Gen.Frequency((12, Gen.Const(Then.GoesOn)), (2, Gen.Const(Then.Commit)), (1, Gen.Const(Then.Abort)), (1, Gen.Const(Then.Restart))),
            (key, passes, behind, amount, then) => new Step(key, passes, behind, amount, then)).Array[1, 80],
        (overlap, advance, grace, retention, steps) => new Scenario(overlap, advance, grace, retention, steps));

    private enum Then
    {
        GoesOn,
        Commit,
        Abort,
        Restart,
    }

    [Fact]
    public void Final_figures_and_corrections_are_what_a_plain_fold_says() => Scenarios.Sample(AssertFold, iter: 1_000);

    [Fact]
    public void Aborts_and_restarts_change_no_figure() => Scenarios.Sample(
        scenario => Assert.Equal(Figures(scenario, undisturbed: true), Figures(scenario, undisturbed: false)), iter: 1_000);

    [Fact]
    public void Final_figures_and_corrections_do_not_depend_on_commits() => Scenarios.Sample(
        scenario => Assert.Equal(
            Figures(scenario with { Steps = [.. scenario.Steps.Select(s => s with { Then = Then.GoesOn })] }, undisturbed: true).Where(f => !f.StartsWith("Early", StringComparison.Ordinal)),
            Figures(scenario, undisturbed: false).Where(f => !f.StartsWith("Early", StringComparison.Ordinal))), iter: 500);

    private static void AssertFold(Scenario scenario)
    {
        var spec = scenario.Spec;
        long now = long.MinValue;
        var inTime = new Dictionary<(int Key, long Start), long>();
        var all = new Dictionary<(int Key, long Start), long>();
        var corrected = new HashSet<(int Key, long Start)>();
        foreach (var (key, at, amount) in scenario.Ticks())
        {
            now = Math.Max(now, at);
            for (var start = -2_000L * spec.Advance; start <= at; start += spec.Advance)
            {
                var close = start + spec.Size + spec.Grace;
                if (at >= start + spec.Size || now >= close + spec.Retention)
                {
                    continue;
                }
                all[(key, start)] = all.GetValueOrDefault((key, start)) + amount;
                if (now < close)
                {
                    inTime[(key, start)] = inTime.GetValueOrDefault((key, start)) + amount;
                }
                else
                {
                    corrected.Add((key, start));
                }
            }
        }
        var figures = Figures(scenario, undisturbed: true).Select(f => f.Split(' ')).ToList();
        var finals = figures.Where(f => f[0] == "Final").ToDictionary(WindowOf, SumOf);
        Assert.Equal(inTime.Where(w => w.Key.Start + spec.Size + spec.Grace <= now).OrderBy(w => w.Key), finals.OrderBy(w => w.Key));
        // The last figure of a window is all that ever came for it, but for a correction that is still being gathered.
        foreach (var window in figures.GroupBy(WindowOf))
        {
            var gathering = corrected.Contains(window.Key) && now < window.Key.Start + spec.Size + spec.Grace + spec.Retention;
            Assert.True(SumOf(window.Last()) == all[window.Key] || (gathering && SumOf(window.Last()) < all[window.Key]), string.Join(' ', window.Last()));
            Assert.Equal(Enumerable.Range(1, window.Count(f => f[0] == "Correction")), window.Where(f => f[0] == "Correction").Select(f => int.Parse(f[3], CultureInfo.InvariantCulture)));
            Assert.True(!window.Any(f => f[0] == "Correction") || corrected.Contains(window.Key), "a correction of what was not late");
        }
        AssertDeadLetters(scenario);
        var gone = all.Keys.Where(w => w.Start + spec.Size + spec.Grace + spec.Retention <= now);
        Assert.All(gone, w => Assert.Contains(figures, f => WindowOf(f) == w && f[0] != "Early"));
    }

    /// <summary>Each record that a window missed is a dead letter once, by whether another window took it, and no other is.</summary>
    private static void AssertDeadLetters(Scenario scenario)
    {
        var spec = scenario.Spec;
        var now = long.MinValue;
        var expected = new List<(byte[] Value, string Class)>();
        foreach (var (_, at, amount) in scenario.Ticks())
        {
            now = Math.Max(now, at);
            var starts = Enumerable.Range(-2_000, 6_000).Select(i => (long)i * spec.Advance).Where(start => start <= at && at < start + spec.Size).ToList();
            var missed = starts.Count(start => now >= start + spec.Size + spec.Grace + spec.Retention);
            if (missed > 0)
            {
                expected.Add((Tick.Bytes(at, amount), missed == starts.Count ? Rejection.TooLate : Rejection.PartlyTooLate));
            }
        }
        var driver = new TopologyTestDriver(Sums.Topology(spec).Topology);
        foreach (var (key, at, amount) in scenario.Ticks())
        {
            driver.Pipe(Sums.Input, Encoding.UTF8.GetBytes(key.ToString(CultureInfo.InvariantCulture)), Tick.Bytes(at, amount));
        }
        driver.Commit();
        Assert.Equal(expected, driver.Read(Sums.Missed).Select(r => (r.Value!, r.Rejection!.Value.ErrorClass)));
    }

    private static (int Key, long Start) WindowOf(string[] figure) => (int.Parse(figure[1], CultureInfo.InvariantCulture), long.Parse(figure[2], CultureInfo.InvariantCulture));

    private static long SumOf(string[] figure) => long.Parse(figure[4], CultureInfo.InvariantCulture);

    private static List<string> Figures(Scenario scenario, bool undisturbed)
    {
        var driver = new TopologyTestDriver(Sums.Topology(scenario.Spec).Topology);
        var figures = new List<string>();
        foreach (var (step, (key, at, amount)) in scenario.Steps.Zip(scenario.Ticks()))
        {
            driver.Pipe(Sums.Input, Encoding.UTF8.GetBytes(key.ToString(CultureInfo.InvariantCulture)), Tick.Bytes(at, amount));
            if (step.Then == Then.Commit)
            {
                driver.Commit();
                figures.AddRange(driver.ReadSums());
            }
            else if (!undisturbed && step.Then == Then.Abort)
            {
                driver.Abort();
            }
            else if (!undisturbed && step.Then == Then.Restart)
            {
                driver.Restart();
            }
        }
        driver.Commit();
        figures.AddRange(driver.ReadSums());
        return figures;
    }

    private sealed record Step(int Key, int Passes, int Behind, int Amount, Then Then);

    private sealed record Scenario(int Overlap, int Advance, int Grace, int Retention, Step[] Steps)
    {
        public WindowSpec Spec => WindowSpec.Hopping(
            TimeSpan.FromMilliseconds(Overlap * Advance), TimeSpan.FromMilliseconds(Advance), TimeSpan.FromMilliseconds(Grace), TimeSpan.FromMilliseconds(Retention));

        public IEnumerable<(int Key, long At, int Amount)> Ticks()
        {
            var clock = 0L;
            foreach (var step in Steps)
            {
                clock += step.Passes;
                yield return (step.Key, clock - step.Behind, step.Amount);
            }
        }

        public override string ToString() => $"{Overlap}×{Advance} grace {Grace} retention {Retention}: {string.Join("; ", Steps.AsEnumerable())}";
    }
}
