using Returns.Chaos.Windows;
using Returns.Contracts;
using Returns.Streams;
using Returns.Streams.Windows;

namespace Returns.Chaos.Oracle;

/// <summary>
/// What the windows must say. Final figures and corrections follow from the records alone: they are those of an undisturbed
/// run, in its order. Early figures come at commits, so which there are does not follow; but each is one that the
/// undisturbed run passed through, they rise, none comes after the final one, and the last one of a window that is still
/// open is its figure now.
/// </summary>
internal sealed class WindowsOracle
{
    private readonly Topology _topology = ScanWindows.Build();
    private readonly ExpectedTopics _expected;

    public WindowsOracle(int partitions) => _expected = new ExpectedTopics(_topology, partitions);

    /// <summary>The topics that it reads.</summary>
    public IEnumerable<string> AllTopics => [Topics.Scans, ScanWindows.Figures, ScanWindows.Missed, .. _topology.SubTopologies[0].Stores.Select(_topology.ChangelogOf)];

    /// <summary>Takes in a round's input, once all of it is in the topics.</summary>
    public void Take(CommittedLog log) => _expected.Take(log[Topics.Scans]);

    public void Compare(CommittedLog log, Differences differences)
    {
        var expected = Figures(_expected.Of(ScanWindows.Figures).SelectMany(k => k.Value.Select(v => (k.Key, v))));
        var found = Figures(log[ScanWindows.Figures].Select(r => (ExpectedTopics.Text(r.Key), r.Value)));
        foreach (var window in expected.Keys.Union(found.Keys))
        {
            Compare(window, expected.GetValueOrDefault(window, []), found.GetValueOrDefault(window, []), differences);
        }
        _expected.CompareDeadLetters(log, differences);
        _expected.CompareStore(log, _topology.SubTopologies[0].Stores[0], _ => false, differences);
    }

    private static void Compare(string window, List<Figure> expected, List<Figure> found, Differences differences)
    {
        ExpectedTopics.Sequence(ScanWindows.Figures, window, [.. expected.Where(IsLate)], [.. found.Where(IsLate)], f => f.ToString(), differences);
        var passed = 0;
        foreach (var early in found.Where(f => !IsLate(f)))
        {
            var at = expected.FindIndex(passed, f => f == early);
            if (at < 0)
            {
                differences.Add(ScanWindows.Figures, window, "an early figure that it passed through, and each once", early.ToString());
                return;
            }
            passed = at + 1;
        }
        if (found.FindIndex(IsLate) is >= 0 and var final && found.FindLastIndex(f => !IsLate(f)) > final)
        {
            differences.Add(ScanWindows.Figures, window, "no early figure behind the final one", string.Join("; ", found));
        }
        if (expected.Count > 0 && !expected.Exists(IsLate) && (found.Count == 0 || found[^1] != expected[^1]))
        {
            differences.Add(ScanWindows.Figures, window, expected[^1].ToString(), found.Count == 0 ? "nothing" : found[^1].ToString());
        }
    }

    private static bool IsLate(Figure figure) => figure.Kind != ResultKind.Early;

    private static Dictionary<string, List<Figure>> Figures(IEnumerable<(string Key, byte[]? Value)> records)
    {
        var byWindow = new Dictionary<string, List<Figure>>();
        foreach (var (key, value) in records)
        {
            var figure = Figure.Parse(value);
            ExpectedTopics.Append(byWindow, $"{key} {figure.Start}", figure);
        }
        return byWindow;
    }
}
