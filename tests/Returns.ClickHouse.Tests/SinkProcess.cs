using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.ClickHouse;
using Returns.ClickHouse.Sink;
using Returns.Contracts.Wire;

/// <summary>Turns a process of this assembly into a sink before the test runner starts, where a test has asked for one.</summary>
/// <remarks>The runtime looks for exactly this name, in no namespace, in the assembly that DOTNET_STARTUP_HOOKS names.</remarks>
internal sealed class StartupHook
{
    public const string Request = "RETURNS_TEST_SINK";

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Request)?.Split(' ') is not [var kafka, var clickHouse, var instance]) return;
        // It ends with its parent, whatever happens to that.
        new Thread(() =>
        {
            while (Console.In.Read() >= 0)
            {
            }
            Environment.Exit(0);
        })
        { IsBackground = true }.Start();
        ClientConfig client = new() { BootstrapServers = kafka };
        client.Set("max.poll.interval.ms", "100000");
        var options = new SinkOptions { MaxDelay = TimeSpan.FromMilliseconds(5), MaxRows = 20, SessionTimeout = TimeSpan.FromSeconds(1.5) };
        if (instance.Length > 0) options = options with { GroupInstanceId = instance, SessionTimeout = TimeSpan.FromSeconds(100) };
        using var sink = new SinkService(
            client, ClickHouseAddress.Parse(clickHouse), LocalSchemaIds.BuiltIn, options,
            Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()), NullLogger<SinkService>.Instance);
        sink.RunAsync(CancellationToken.None).GetAwaiter().GetResult();
        Environment.Exit(1);
    }
}

namespace Returns.ClickHouse.Tests
{
    /// <summary>A sink in a process of its own, to be killed and frozen.</summary>
    internal sealed class SinkProcess : IDisposable
    {
        private readonly Process _process;

        public SinkProcess(string kafka, ClickHouseAddress clickHouse, string? instance = null)
        {
            ProcessStartInfo start = new("dotnet", [typeof(SinkProcess).Assembly.Location])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(SinkProcess).Assembly.Location;
            start.Environment[StartupHook.Request] = $"{kafka} {clickHouse.Endpoint}?database={clickHouse.Database} {instance}";
            _process = Process.Start(start)!;
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        public bool IsRunning => !_process.HasExited;

        /// <summary>As kill -STOP and kill -CONT do.</summary>
        public void Signal(string signal)
        {
            using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
            Assert.True(kill.WaitForExit(TimeSpan.FromSeconds(5)));
        }

        /// <summary>As kill -9 does.</summary>
        public void Kill()
        {
            _process.Kill();
            Assert.True(_process.WaitForExit(TimeSpan.FromSeconds(10)));
        }

        public void Dispose()
        {
            if (IsRunning) Kill();
            _process.Dispose();
        }
    }
}
