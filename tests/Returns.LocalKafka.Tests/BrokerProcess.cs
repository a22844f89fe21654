using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Returns.LocalKafka.Tests;

/// <summary>The broker as a process of its own, to be killed.</summary>
internal sealed class BrokerProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _data;
    private Process? _process;

    public BrokerProcess(string data)
    {
        _data = data;
        Start();
    }

    public int Port { get; private set; }

    public string BootstrapServers => $"127.0.0.1:{Port}";

    /// <summary>Starts it, on the port it had before.</summary>
    public void Start()
    {
        _process = Launch("--data", _data, "--port", Port.ToString(CultureInfo.InvariantCulture));
        var complaints = new ConcurrentQueue<string?>();
        _process.ErrorDataReceived += (_, said) => complaints.Enqueue(said.Data);
        _process.BeginErrorReadLine();
        var reading = _process.StandardOutput.ReadLineAsync();
        var line = reading.Wait(Patience) ? reading.Result : $"nothing within {Patience}";
        Assert.True(line?.StartsWith("listening on 127.0.0.1:", StringComparison.Ordinal), $"the broker said '{line}' and: {string.Join(" / ", complaints)}");
        Port = int.Parse(line!.Split(':')[^1], CultureInfo.InvariantCulture);
    }

    /// <summary>Runs it with arguments it is expected to refuse.</summary>
    public static (int ExitCode, string Errors) RunToItsEnd(params string[] arguments)
    {
        using var process = Launch(arguments);
        try
        {
            var errors = process.StandardError.ReadToEndAsync();
            Assert.True(errors.Wait(Patience) && process.WaitForExit(Patience), $"{string.Join(' ', arguments)}: it still runs after {Patience}");
            return (process.ExitCode, errors.Result);
        }
        finally
        {
            process.Kill();
        }
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        _process!.Kill();
        Assert.True(_process.WaitForExit(Patience), $"a killed broker is still there after {Patience}");
        _process.Dispose();
        _process = null;
    }

    /// <summary>Closes its standard input, as the death of a parent does, and returns its exit code.</summary>
    public int CloseStandardInput()
    {
        _process!.StandardInput.Close();
        Assert.True(_process.WaitForExit(5000), "the broker outlives its standard input");
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (_process is null) return;
        if (!_process.HasExited) Kill();
        else _process.Dispose();
    }

    // Its standard input is a pipe from here, so it ends when this process does, however that comes about.
    private static Process Launch(params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Returns.LocalKafka.dll"), "--exit-with-stdin", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
