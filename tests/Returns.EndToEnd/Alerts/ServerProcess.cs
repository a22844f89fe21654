using System.Diagnostics;
using System.Text;

namespace Returns.EndToEnd.Alerts;

/// <summary>A Prometheus or an Alertmanager in a process of its own, on loopback.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ServerProcess(Process process, int port)
    {
        (_process, Address) = (process, new Uri($"http://127.0.0.1:{port}/"));
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Starts it, and waits until it says that it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(string program, int port, params string[] arguments)
    {
        var server = new ServerProcess(Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!, port);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        for (var until = DateTimeOffset.UtcNow + Bound; ; await Task.Delay(50))
        {
            try
            {
                using var answer = await http.GetAsync(new Uri(server.Address, "-/ready"));
                if (answer.IsSuccessStatusCode)
                {
                    return server;
                }
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
            {
                // It does not listen yet.
            }
            if (server._process.HasExited || DateTimeOffset.UtcNow > until)
            {
                await server.DisposeAsync();
                Assert.Fail($"{program} did not start: {server._output}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
