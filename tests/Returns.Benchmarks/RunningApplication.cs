using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.Streams;
using Returns.Streams.Kafka;

namespace Returns.Benchmarks;

/// <summary>A topology that runs until it is disposed.</summary>
internal sealed class RunningApplication : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    /// <summary>Starts it.</summary>
    public RunningApplication(Topology topology, string servers, IMetricFactory metrics)
    {
        Application = new StreamsApplication(topology, new StreamsOptions { Client = new ClientConfig { BootstrapServers = servers } }, metrics, NullLogger.Instance);
        _running = Application.RunAsync(_stop.Token);
    }

    /// <summary>What runs.</summary>
    public StreamsApplication Application { get; }

    /// <exception cref="StreamsException">It has ended by itself; the message says why.</exception>
    public void ThrowIfFailed()
    {
        if (_running.IsCompleted)
        {
            _running.GetAwaiter().GetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }
}
