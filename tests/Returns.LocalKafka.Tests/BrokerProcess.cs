using System.Diagnostics;
using System.Globalization;

namespace Returns.LocalKafka.Tests;

/// <summary>The broker as a process of its own, to be killed.</summary>
internal sealed class BrokerProcess : IDisposable
{
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
        _process = Launch("--data", _data, "--port", Port.ToString(CultureInfo.InvariantCulture), "--exit-with-stdin");
        var line = _process.StandardOutput.ReadLine();
        Assert.True(line?.StartsWith("listening on 127.0.0.1:", StringComparison.Ordinal), $"the broker said '{line}' and: {(line is null ? _process.StandardError.ReadToEnd() : "")}");
        Port = int.Parse(line!.Split(':')[^1], CultureInfo.InvariantCulture);
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
    }

    public static Process Launch(params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Returns.LocalKafka.dll"), .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
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
}
