using System.Globalization;
using Spectre.Console;

namespace Returns.Cli.Up;

/// <summary>Shows a run's progress: a table that is drawn anew on a terminal, a line every few seconds elsewhere.</summary>
internal sealed class RunView(IAnsiConsole console)
{
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(5);
    private LiveDisplayContext? _live;
    private TimeSpan _lastLine = TimeSpan.MinValue;
    private string _lastPhase = "";

    /// <summary>Whether a person watches.</summary>
    public bool IsLive => console.Profile.Capabilities.Interactive && console.Profile.Out.IsTerminal;

    /// <summary>Runs <paramref name="work"/>, during which <see cref="Show"/> draws.</summary>
    public Task<T> DuringAsync<T>(Func<Task<T>> work)
    {
        if (!IsLive)
        {
            return work();
        }
        return console.Live(new Text("")).AutoClear(false).StartAsync(async context =>
        {
            _live = context;
            try
            {
                return await work();
            }
            finally
            {
                _live = null;
            }
        });
    }

    /// <summary>Says something that stays.</summary>
    public void Say(string text) => console.WriteLine(text);

    /// <summary>Shows how far the run is.</summary>
    public void Show(RunStatus status)
    {
        if (_live is { } live)
        {
            live.UpdateTarget(Draw(status));
            return;
        }
        if (status.Phase == _lastPhase && status.Elapsed - _lastLine < LineEvery)
        {
            return;
        }
        (_lastLine, _lastPhase) = (status.Elapsed, status.Phase);
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{status.Elapsed:hh\\:mm\\:ss} {status.Phase}: {status.Units:N0} units, {status.Scans:N0} scans, {status.ScansPerSecond:N0} scans/s, lag {status.TriageLag:N0} scans and {status.SinkLag:N0} rows, {status.Tables.Dispositions.Values.Sum():N0} dispositions, {status.Tables.DeadLetters:N0} dead letters"));
    }

    private static Panel Draw(RunStatus status)
    {
        var figures = new Grid().AddColumn().AddColumn(new GridColumn().RightAligned());
        Row(figures, "units", status.UnitsExpected is { } all ? $"{Number(status.Units)} of {Number(all)}" : Number(status.Units));
        Row(figures, "scans", Number(status.Scans));
        Row(figures, "scans/s", Number((long)status.ScansPerSecond));
        Row(figures, "scans waiting for triage", Number(status.TriageLag));
        Row(figures, "records waiting for compliance", Number(status.ComplianceLag));
        Row(figures, "records waiting for recovery", Number(status.RecoveryLag));
        Row(figures, "rows waiting for ClickHouse", Number(status.SinkLag));
        Row(figures, "graded", Number(status.Tables.Graded));
        Row(figures, "exceptions", Number(status.Tables.Exceptions));
        Row(figures, "dead letters", status.Tables.DeadLetters == 0 ? "0" : $"[red]{Number(status.Tables.DeadLetters)}[/]");

        var most = Math.Max(1, status.Tables.Dispositions.Values.DefaultIfEmpty().Max());
        var dispositions = new Grid().AddColumn().AddColumn(new GridColumn().RightAligned()).AddColumn();
        foreach (var (name, count) in status.Tables.Dispositions.OrderByDescending(d => d.Value))
        {
            dispositions.AddRow(Markup.Escape(name.Replace('_', ' ')), Number(count), $"[green]{new string('█', (int)(24 * count / most))}[/]");
        }
        return new Panel(new Columns(figures, dispositions))
            .Header(string.Create(CultureInfo.InvariantCulture, $" {status.Phase}, {status.Elapsed:hh\\:mm\\:ss} "))
            .Border(BoxBorder.Rounded);
    }

    private static void Row(Grid grid, string name, string value) => grid.AddRow(name, value);

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
