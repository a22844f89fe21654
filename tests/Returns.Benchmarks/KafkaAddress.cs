using System.Diagnostics;

namespace Returns.Benchmarks;

/// <summary>
/// The Kafka a benchmark runs against: the one RETURNS_TEST_KAFKA names as host:port, or a local broker in a process of its
/// own, with a temporary folder, gone when disposed or when this process is.
/// </summary>
internal sealed class KafkaAddress : IDisposable
{
    private readonly string? _folder;
    private readonly Process? _broker;

    private KafkaAddress(string bootstrapServers, string? folder, Process? broker) => (BootstrapServers, _folder, _broker) = (bootstrapServers, folder, broker);

    /// <summary>Host and port, as clients take them for bootstrap.servers.</summary>
    public string BootstrapServers { get; }

    /// <summary>True where it is a local broker of this process.</summary>
    public bool IsLocal => _broker is not null;

    /// <summary>The processor time the local broker has used; null where the broker is not ours.</summary>
    public TimeSpan? BrokerTime
    {
        get
        {
            _broker?.Refresh();
            return _broker?.TotalProcessorTime;
        }
    }

    /// <summary>The processor time that this process and the local broker have used.</summary>
    public TimeSpan ProcessorTime => Environment.CpuUsage.TotalTime + (BrokerTime ?? TimeSpan.Zero);

    /// <summary>Finds or starts it.</summary>
    /// <exception cref="InvalidOperationException">The local broker did not start; the message carries what it said.</exception>
    public static KafkaAddress FindOrStart()
    {
        if (Environment.GetEnvironmentVariable("RETURNS_TEST_KAFKA") is { Length: > 0 } address) return new KafkaAddress(address, null, null);
        return StartLocal();
    }

    /// <summary>Starts a local broker, whatever RETURNS_TEST_KAFKA says.</summary>
    /// <exception cref="InvalidOperationException">The local broker did not start; the message carries what it said.</exception>
    public static KafkaAddress StartLocal()
    {
        var folder = Directory.CreateTempSubdirectory("returns-benchmark-").FullName;
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Returns.LocalKafka.dll"), "--data", folder, "--port", "0", "--exit-with-stdin"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var broker = Process.Start(start)!;
        const string promise = "listening on ";
        var line = broker.StandardOutput.ReadLine();
        if (line?.StartsWith(promise, StringComparison.Ordinal) == true) return new KafkaAddress(line[promise.Length..], folder, broker);
        broker.Kill();
        broker.Dispose();
        Directory.Delete(folder, recursive: true);
        throw new InvalidOperationException($"the local broker did not start: it said '{line}'");
    }

    public void Dispose()
    {
        if (_broker is null) return;
        _broker.Kill();
        _broker.WaitForExit(TimeSpan.FromSeconds(10));
        _broker.Dispose();
        Directory.Delete(_folder!, recursive: true);
    }
}
