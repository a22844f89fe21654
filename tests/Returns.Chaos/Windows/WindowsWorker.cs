using System.Globalization;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Prometheus;
using Returns.Streams.Kafka;

namespace Returns.Chaos.Windows;

/// <summary>Hosts <see cref="ScanWindows"/> in a process of its own: <c>Returns.Chaos windows …</c>, with Returns.Worker's options.</summary>
internal static class WindowsWorker
{
    public static async Task<int> RunAsync(string[] arguments, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var given = new Dictionary<string, string>();
        for (var i = 0; i < arguments.Length && arguments[i] != "--exit-with-stdin"; i += 2)
        {
            given[arguments[i]] = arguments[i + 1];
        }
        if (arguments.Contains("--exit-with-stdin"))
        {
            new Thread(() => EndWithStandardInput(ending)) { IsBackground = true, Name = "stdin" }.Start();
        }
        using var logs = LoggerFactory.Create(builder => builder.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat, console.UseUtcTimestamp) = (true, "HH:mm:ss.fff ", true)));
        var options = new StreamsOptions
        {
            Client = new ClientConfig { BootstrapServers = given["--kafka"], MetadataRecoveryStrategy = MetadataRecoveryStrategy.None },
            GroupInstanceId = given.GetValueOrDefault("--instance-id"),
            SessionTimeout = Seconds(given["--session-timeout"]),
            TransactionTimeout = Seconds(given["--transaction-timeout"]),
        };
        var application = new StreamsApplication(ScanWindows.Build(), options, Metrics.DefaultFactory, logs.CreateLogger<StreamsApplication>());
        try
        {
            await application.RunAsync(ending.Token);
            return 0;
        }
        catch (StreamsException error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 1;
        }
    }

    private static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(int.Parse(text, CultureInfo.InvariantCulture));

    private static void EndWithStandardInput(CancellationTokenSource ending)
    {
        using var input = Console.OpenStandardInput();
        Span<byte> ignored = stackalloc byte[256];
        while (input.Read(ignored) > 0)
        {
        }
        ending.Cancel();
    }
}
