using Microsoft.Extensions.Logging;
using Prometheus;
using Returns.Streams.Tasks;

namespace Returns.Streams.Kafka;

/// <summary>
/// Runs a topology against Kafka, exactly once: outputs, changelogs and places in one transaction per commit interval.
/// Instances with the same application name share the partitions.
/// </summary>
/// <remarks><see cref="RunAsync"/> is called once. <see cref="Health"/> may be read by any thread at any time.</remarks>
public sealed class StreamsApplication
{
    private readonly Topology _topology;
    private readonly StreamsOptions _options;
    private readonly StreamsMetrics _metrics;
    private readonly ILogger _log;
    private volatile ThreadFigures[] _threads = [];
    private volatile StreamsHealth? _whole = new(StreamsState.Starting, "not started", []);
    private volatile ClientSettings? _settings;
    private int _started;

    /// <summary>An application that is not running yet.</summary>
    /// <param name="topology">What it does.</param>
    /// <param name="options">How it runs.</param>
    /// <param name="metrics">Where its metrics are registered; several applications may share one.</param>
    /// <param name="log">Where it tells what a person should know; in normal operation, nothing.</param>
    /// <exception cref="ArgumentException">An option makes no sense; the message names it and its bound.</exception>
    public StreamsApplication(Topology topology, StreamsOptions options, IMetricFactory metrics, ILogger log)
    {
        ArgumentNullException.ThrowIfNull(topology);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentNullException.ThrowIfNull(log);
        options.Validate();
        (_topology, _options, _metrics, _log) = (topology, options, new StreamsMetrics(metrics), log);
    }

    /// <summary>What it is doing now. While it does not run, what Kafka refuses it for is the reason.</summary>
    public StreamsHealth Health => Now is { State: not (StreamsState.Running or StreamsState.Stopped) } health && _settings?.Refused is { } refused ? health with { Reason = refused } : Now;

    private StreamsHealth Now
    {
        get
        {
            if (_whole is { } whole)
            {
                return whole;
            }
            var threads = _threads;
            var now = Environment.TickCount64;
            var worst = threads.Select(t => t.Health(now)).MaxBy(h => Severity(h.State));
            return new StreamsHealth(worst.State, worst.Reason, [.. threads.SelectMany(t => t.Partitions(now))]);
        }
    }

    /// <summary>Runs until <paramref name="stop"/> is cancelled: what was read is then finished and committed, within
    /// <see cref="StreamsOptions.StopTimeout"/>, and the group is left.</summary>
    /// <exception cref="StreamsException">It cannot go on; the message says why and what to do. What was read since the last
    /// commit is read again by whoever is next.</exception>
    /// <exception cref="InvalidOperationException">It was run before.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        if (Interlocked.Exchange(ref _started, 1) != 0)
        {
            throw new InvalidOperationException($"the application '{_topology.Application}' was run before: make a new one");
        }
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var givingUp = new CancellationTokenSource();
        using var bound = ending.Token.Register(() => givingUp.CancelAfter(_options.StopTimeout));
        var reason = "stopped";
        try
        {
            MakeProcessorsOnce();
            _whole = new StreamsHealth(StreamsState.Starting, "checking topics", []);
            var settings = _settings = new ClientSettings(_topology.Application, _options, _log);
            var partitions = await Task.Run(() => CheckTopics(settings, ending.Token), CancellationToken.None).ConfigureAwait(false);
            var figures = Enumerable.Range(0, _options.Threads).Select(n => new ThreadFigures(_metrics, _topology, n)).ToArray();
            (_threads, _whole) = (figures, null);
            var running = figures.Select((f, n) => RunThread(n, () =>
            {
                using var thread = new StreamThread(_topology, _options, settings, n, partitions, f, _log, ending.Token, givingUp.Token);
                thread.Run();
            })).ToList();
            await WaitAsync(running, ending, givingUp.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped before anything had begun.
        }
        catch (Exception error)
        {
            reason = error.Message;
            throw;
        }
        finally
        {
            _whole = new StreamsHealth(StreamsState.Stopped, reason, []);
        }
    }

    /// <summary>A processor that asks for a store, a sink or a type that does not fit says so now, and not once a partition comes.</summary>
    private void MakeProcessorsOnce()
    {
        var tables = _topology.Tables.Select(MakeOnce).ToList();
        foreach (var sub in _topology.SubTopologies)
        {
            try
            {
                _ = new StreamTask(_topology, sub, 0, new NoOutput(sub), tables, long.MinValue);
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                throw new StreamsException($"sub-topology '{sub.Name}' of the application '{_topology.Application}' cannot be made: {error.Message}", error);
            }
        }
    }

    private GlobalTable MakeOnce(TableSource table)
    {
        try
        {
            return table.Create();
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new StreamsException($"the table of '{table.Topic}' of the application '{_topology.Application}' cannot be made: {error.Message}", error);
        }
    }

    private Dictionary<string, int> CheckTopics(ClientSettings settings, CancellationToken stop)
    {
        using var admin = settings.Admin();
        return new TopicCheck(_topology, _options, admin, new Patience(_options.Patience, _topology.Application, _log), _log).Run(stop);
    }

    /// <summary>The first thread that fails stops the others: half an application is one that nobody watches.</summary>
    private async Task WaitAsync(List<Task> running, CancellationTokenSource ending, CancellationToken giveUp)
    {
        var waiting = new List<Task>(running);
        var givenUp = Task.Delay(Timeout.Infinite, giveUp);
        while (waiting.Count > 0)
        {
            var done = await Task.WhenAny([.. waiting, givenUp]).ConfigureAwait(false);
            if (done == givenUp)
            {
                _log.LogWarning("{Application}: did not stop within {Bound}: what is not committed is processed again by whoever is next", _topology.Application, _options.StopTimeout);
                // One that does not end must not hide why the others did.
                await Task.WhenAll(running.Where(t => t.IsFaulted)).ConfigureAwait(false);
                return;
            }
            waiting.Remove(done);
            await ending.CancelAsync().ConfigureAwait(false);
        }
        await Task.WhenAll(running).ConfigureAwait(false);
    }

    private Task RunThread(int number, Action run)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                run();
                ended.SetResult();
            }
            catch (Exception error)
            {
                ended.SetException(error as StreamsException ?? new StreamsException($"{_topology.Application}, thread {number}: {error.Message}", error));
            }
        })
        { IsBackground = true, Name = $"stream {_topology.Application} {number}" }.Start();
        return ended.Task;
    }

    private static int Severity(StreamsState state) => state switch
    {
        StreamsState.Stuck => 6,
        StreamsState.Fenced => 5,
        StreamsState.Stopped => 4,
        StreamsState.Starting => 3,
        StreamsState.Restoring => 2,
        StreamsState.Rebalancing => 1,
        _ => 0,
    };

    /// <summary>There is no transaction yet.</summary>
    private sealed class NoOutput(SubTopology sub) : ITaskOutput
    {
        public void Send(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => throw Refused();

        public void SendTombstone(string topic, ReadOnlySpan<byte> key) => throw Refused();

        public void SendChange(string topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue) => throw Refused();

        public void SendDeadLetter(string topic, in InputRecord record, in Rejection rejection) => throw Refused();

        private InvalidOperationException Refused() => new($"the processor of '{sub.Name}' sends in its constructor: it may from Ready on");
    }
}
