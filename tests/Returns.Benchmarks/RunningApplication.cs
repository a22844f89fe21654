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
    /// <param name="topology">What it runs.</param>
    /// <param name="servers">Bootstrap servers.</param>
    /// <param name="metrics">Takes its metrics.</param>
    /// <param name="threads">Stream threads.</param>
    public RunningApplication(Topology topology, string servers, IMetricFactory metrics, int threads = 1)
    {
        Application = new StreamsApplication(topology, new StreamsOptions { Client = new ClientConfig { BootstrapServers = servers }, Threads = threads }, metrics, NullLogger.Instance);
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
