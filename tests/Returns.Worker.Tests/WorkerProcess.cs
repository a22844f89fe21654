using System.Diagnostics;
using System.Text;

namespace Returns.Worker.Tests;

/// <summary>A worker in a process of its own, ended with the test.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("returns-worker-");
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<string> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WorkerProcess(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.FullName,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Returns.Worker.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) =>
        {
            Keep(line.Data);
            if (line.Data is null)
            {
                _listening.TrySetException(new InvalidOperationException($"the worker ended before it was listening: {Output}"));
            }
            else if (line.Data.StartsWith("listening on ", StringComparison.Ordinal))
            {
                _listening.TrySetResult(line.Data["listening on ".Length..]);
            }
        };
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it has printed so far, errors included.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public Task<string> Listening => _listening.Task.WaitAsync(Bound);

    /// <summary>Asks it to end, as kill does.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit(Bound);
    }

    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Asks it to stop, as what supervises it would.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits until it has printed <paramref name="text"/>.</summary>
    public async Task SaysAsync(string text)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            Assert.False(bound.IsCancellationRequested || _process.HasExited, $"it never said '{text}': {Output}");
            await Task.Delay(20);
        }
    }

    public async Task<int> ExitCode()
    {
        using var bound = new CancellationTokenSource(Bound);
        await _process.WaitForExitAsync(bound.Token);
        return _process.ExitCode;
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await ExitCode();
        }
        _process.Dispose();
        _folder.Delete(recursive: true);
    }
}
