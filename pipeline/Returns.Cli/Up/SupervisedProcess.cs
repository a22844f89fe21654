using System.Diagnostics;

namespace Returns.Cli.Up;

/// <summary>One of the pipeline's processes: started, started again with backoff when it dies, and stopped.</summary>
/// <remarks>
/// The child's standard input stays open as long as this process lives. Each child ends itself when that pipe closes, so
/// that a supervisor that was killed leaves nothing behind that would hold a port or a data folder.
/// </remarks>
internal sealed class SupervisedProcess : IAsyncDisposable
{
    private const int MaximumQuickRestarts = 5;
    private static readonly TimeSpan QuickLife = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(20);

    private readonly string _name;
    private readonly string _assembly;
    private readonly bool _isBackground;
    private readonly IReadOnlyList<string> _arguments;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly string _logFile;
    private readonly Action<string> _say;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _supervision;
    private Process? _process;

    /// <summary>Starts <paramref name="assembly"/>, which lies beside this program.</summary>
    /// <param name="name">For messages, such as <c>triage</c>.</param>
    /// <param name="assembly">File name of the assembly, without extension.</param>
    /// <param name="arguments">Its arguments; <c>--exit-with-stdin</c> is added.</param>
    /// <param name="logFile">Where its standard error goes, appended.</param>
    /// <param name="say">Tells the person in front of the terminal.</param>
    /// <param name="environment">What is added to its environment: every user of the machine can read arguments.</param>
    /// <param name="isBackground">Whether it gives way to the others where the machine is busy.</param>
    public SupervisedProcess(
        string name, string assembly, IReadOnlyList<string> arguments, string logFile, Action<string> say, IReadOnlyDictionary<string, string> environment, bool isBackground)
    {
        (_name, _assembly, _logFile, _say, _environment, _isBackground) = (name, assembly, logFile, say, environment, isBackground);
        _arguments = [.. arguments, "--exit-with-stdin"];
        _supervision = Task.Run(SuperviseAsync);
    }

    /// <summary>What it is called in messages.</summary>
    public string Name => _name;

    /// <summary>The process's address, once it said <c>listening on ADDRESS</c>.</summary>
    /// <exception cref="UpException">The process ended again and again before it was ready.</exception>
    public Task<string> Ready => _ready.Task;

    /// <summary>Ends when the process will not be started again; faulted when it gave up.</summary>
    public Task Completion => _supervision;

    /// <summary>How often the process died and was started again.</summary>
    public int Restarts { get; private set; }

    private async Task SuperviseAsync()
    {
        var quick = 0;
        while (!_stopping.IsCancellationRequested)
        {
            var started = Stopwatch.GetTimestamp();
            var code = await RunOnceAsync();
            if (_stopping.IsCancellationRequested)
            {
                return;
            }
            quick = Stopwatch.GetElapsedTime(started) < QuickLife ? quick + 1 : 1;
            if (quick > MaximumQuickRestarts)
            {
                var error = new UpException($"{_name} ended {quick} times in a row, the last time with exit code {code}: see {_logFile}\n{Tail()}");
                _ready.TrySetException(error);
                throw error;
            }
            Restarts++;
            var wait = TimeSpan.FromMilliseconds(250 * Math.Pow(2, quick - 1));
            _say($"{_name} ended with exit code {code}; starting it again in {wait.TotalSeconds:0.##} s (its log: {_logFile})");
            try
            {
                await Task.Delay(wait, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    // Set at once: threads take over the priority of the one that makes them.
    private static void LowerPriority(Process process)
    {
        try
        {
            process.PriorityClass = ProcessPriorityClass.BelowNormal;
        }
        catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended already, or the system does not allow it: it runs like the others.
        }
    }

    private async Task<int> RunOnceAsync()
    {
        var start = new ProcessStartInfo
        {
            FileName = Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, _assembly + ".dll"));
        foreach (var argument in _arguments)
        {
            start.ArgumentList.Add(argument);
        }
        foreach (var (name, value) in _environment)
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start) ?? throw new UpException($"{_name} could not be started");
        _process = process;
        if (_isBackground)
        {
            LowerPriority(process);
        }
        await using var log = new StreamWriter(new FileStream(_logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        var gate = new Lock();
        void Log(string? line)
        {
            if (line is not null)
            {
                lock (gate)
                {
                    log.WriteLine(line);
                }
            }
        }
        process.ErrorDataReceived += (_, e) => Log(e.Data);
        process.OutputDataReceived += (_, e) =>
        {
            Log(e.Data);
            const string marker = "listening on ";
            if (e.Data is { } line && line.StartsWith(marker, StringComparison.Ordinal))
            {
                _ready.TrySetResult(line[marker.Length..].Trim());
            }
        };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        await process.WaitForExitAsync();
        _process = null;
        return process.ExitCode;
    }

    private string Tail()
    {
        try
        {
            return string.Join('\n', File.ReadLines(_logFile).TakeLast(5).Select(line => "  " + line));
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>Asks the process to stop by closing its standard input, and waits; kills it past the bound.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        var process = _process;
        try
        {
            process?.StandardInput.Close();
        }
        catch (Exception error) when (error is IOException or InvalidOperationException)
        {
            // It ended meanwhile.
        }
        var ended = await Task.WhenAny(_supervision, Task.Delay(StopBound));
        if (ended != _supervision)
        {
            _say($"{_name} did not stop within {StopBound.TotalSeconds:0} s and is killed; its data recovers at the next start");
            try
            {
                process?.Kill(entireProcessTree: true);
            }
            catch (InvalidOperationException)
            {
                // It ended meanwhile.
            }
        }
        await _supervision.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }
}

/// <summary>Something that a person must see to before <c>returns up</c> can go on; the message says what.</summary>
internal sealed class UpException(string message) : Exception(message);
