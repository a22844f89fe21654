using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Returns.Cli;

/// <summary>How far long work is: a bar on a terminal, a line every few seconds elsewhere, both on standard error, so that standard
/// output holds results alone. For one thread.</summary>
internal sealed class Progress
{
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(5);
    private const int LookEvery = 256;
    private readonly ProgressTask? _bar;
    private readonly IAnsiConsole? _aboveBar;
    private readonly string _what;
    private readonly Stopwatch _since = Stopwatch.StartNew();
    private TimeSpan _lastLine;
    private long _total;
    private long _done;
    private long _shown;

    private Progress(string what, ProgressTask? bar, IAnsiConsole? console) => (_what, _bar, _aboveBar) = (what, bar, Console.IsOutputRedirected ? null : console);

    /// <summary>Runs <paramref name="work"/> on a thread of its own, and shows how far it is.</summary>
    /// <param name="what">The work, in a word or two.</param>
    /// <param name="work">Says how far it is.</param>
    public static Task<T> DuringAsync<T>(string what, Func<Progress, T> work)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (!console.Profile.Out.IsTerminal || !console.Profile.Capabilities.Interactive)
        {
            return Task.Run(() => work(new Progress(what, null, null)));
        }
        return console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new SpinnerColumn())
            .StartAsync(context => Task.Run(() => work(new Progress(what, context.AddTask(Markup.Escape(what), maxValue: 1), console))));
    }

    /// <summary>Writes a line of the result to standard output, above the bar where there is one.</summary>
    public void Say(string line)
    {
        if (_aboveBar is { } console)
        {
            console.WriteLine(line);
        }
        else
        {
            Console.WriteLine(line);
        }
    }

    /// <summary>Adds to what there is to do.</summary>
    public void Expect(long records)
    {
        _total += records;
        if (_bar is not null)
        {
            _bar.MaxValue = Math.Max(1, _total);
        }
    }

    /// <summary>Says that so much is done.</summary>
    public void Advance(long records = 1)
    {
        _done += records;
        if (_done - _shown < LookEvery && _done < _total)
        {
            return;
        }
        _shown = _done;
        if (_bar is not null)
        {
            _bar.Value = _done;
        }
        else if (_since.Elapsed - _lastLine >= LineEvery)
        {
            _lastLine = _since.Elapsed;
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_what}: {_done:N0} of {_total:N0} records"));
        }
    }
}
