using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Returns.Chaos.Processes;

/// <summary>A process of the run: started, signalled, and gone with it.</summary>
/// <remarks>Its standard input is a pipe from here, so it ends with this process, however that comes about.</remarks>
internal sealed partial class ChildProcess : IDisposable
{
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;
    private const string Promise = "listening on ";
    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Lock _logging = new();
    private readonly TaskCompletionSource<string> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _lastLine = "";

    /// <summary>Starts an assembly that lies beside this one.</summary>
    /// <param name="name">For messages; and the name of its log file, which is appended to.</param>
    /// <param name="logFolder">Where its log goes.</param>
    /// <param name="assembly">The assembly, without extension.</param>
    /// <param name="arguments">Its arguments; <c>--exit-with-stdin</c> is added.</param>
    public ChildProcess(string name, string logFolder, string assembly, IEnumerable<string> arguments)
    {
        Name = name;
        _log = new StreamWriter(new FileStream(Path.Combine(logFolder, name + ".log"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        _process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, assembly + ".dll"), .. arguments, "--exit-with-stdin"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Id = _process.Id;
        _process.OutputDataReceived += (_, said) => Hear(said.Data);
        _process.ErrorDataReceived += (_, said) => Hear(said.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Ended = WaitAsync();
    }

    public string Name { get; }

    public int Id { get; }

    /// <summary>Ends with the process.</summary>
    public Task Ended { get; }

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>What it said last.</summary>
    public string LastLine
    {
        get
        {
            lock (_logging)
            {
                return _lastLine;
            }
        }
    }

    /// <summary>Where it listens, once it has said so.</summary>
    /// <exception cref="InvalidOperationException">It ended before.</exception>
    public Task<string> Address => _address.Task;

    /// <summary>As kill -9 does.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Asks it to end.</summary>
    public void Terminate() => Signal(SigTerm);

    /// <summary>Freezes it.</summary>
    public void Freeze() => Signal(SigStop);

    /// <summary>Lets it go on.</summary>
    public void Thaw() => Signal(SigCont);

    public override string ToString() => $"{Name} ({Id})";

    /// <summary>Kills it, if it still runs, and waits until it is gone.</summary>
    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        lock (_logging)
        {
            _log.Dispose();
        }
    }

    private async Task WaitAsync()
    {
        await _process.WaitForExitAsync();
        _address.TrySetException(new InvalidOperationException($"{Name} ended with exit code {_process.ExitCode}: {LastLine}"));
        _ = _address.Task.Exception;
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }
        lock (_logging)
        {
            _lastLine = line;
            if (_log.BaseStream is { CanWrite: true })
            {
                _log.WriteLine(line);
            }
        }
        if (line.StartsWith(Promise, StringComparison.Ordinal))
        {
            _address.TrySetResult(line[Promise.Length..].Trim());
        }
    }

    private void Signal(int signal)
    {
        // Of a process that is reaped by now nobody else can have the id yet: it is reaped where this class waits for it.
        if (!_process.HasExited)
        {
            _ = SendSignal(Id, signal);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
