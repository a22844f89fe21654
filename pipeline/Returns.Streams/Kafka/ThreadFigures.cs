using Confluent.Kafka;

namespace Returns.Streams.Kafka;

/// <summary>
/// What a stream thread shows of itself: metrics, and what its health is judged by. The thread writes; health may be read by
/// any thread.
/// </summary>
internal sealed class ThreadFigures(StreamsMetrics metrics, Topology topology, int thread)
{
    private const int StuckAfterMs = 30_000;
    private const int TroubleAfterMs = 10_000;
    private readonly string _thread = thread.ToString(System.Globalization.CultureInfo.InvariantCulture);
    private readonly Dictionary<string, (long Records, double Seconds)> _lag = [];
    private volatile AssignedTask[] _tasks = [];
    private volatile AssignedTask? _working;
    private volatile StreamsState _phase = StreamsState.Starting;
    private volatile bool _fenced;
    private volatile bool _lost;
    private readonly ThreadTime _time = new(metrics.Time, topology.Application, thread.ToString(System.Globalization.CultureInfo.InvariantCulture));
    private long _ticked = Environment.TickCount64;
    private long _published;

    /// <summary>Waits of the thread's producer and consumer.</summary>
    public Patience? Patience { get; set; }

    /// <summary>Waits of its processing.</summary>
    public Patience? Processing { get; set; }

    /// <summary>Waits of its restorer.</summary>
    public Patience? Restore { get; set; }

    /// <summary>Where the thread's time goes.</summary>
    public ThreadTime Time => _time;

    /// <summary>Records processed.</summary>
    public long Processed { get; set; }

    /// <summary>Records since the last tick.</summary>
    public int SinceTick { get; set; }

    /// <summary>The task that code of the application is running for.</summary>
    public AssignedTask? Working
    {
        get => _working;
        set => _working = value;
    }

    public StreamsState Phase
    {
        set => _phase = value;
    }

    public bool Fenced
    {
        set => _fenced = value;
    }

    public bool Lost
    {
        set => _lost = value;
    }

    public void Ticked(long now)
    {
        SinceTick = 0;
        Volatile.Write(ref _ticked, now);
    }

    /// <summary>Shows the tasks as they are now.</summary>
    public void Show(List<AssignedTask> tasks)
    {
        _tasks = [.. tasks];
        if (tasks.TrueForAll(t => t.Phase == TaskPhase.Running))
        {
            _phase = tasks.Count > 0 ? StreamsState.Running : StreamsState.Rebalancing;
            (_fenced, _lost) = (false, _lost && tasks.Count == 0);
        }
        else
        {
            _phase = StreamsState.Restoring;
        }
    }

    public void Committed(TimeSpan took)
    {
        metrics.CommitSeconds.WithLabels(topology.Application).Observe(took.TotalSeconds);
        _time.Committed(took);
    }

    public void Aborted(string cause) => metrics.Aborts.WithLabels(topology.Application, cause).Inc();

    public void TableRejected(string topic, string errorClass) => metrics.TableRejections.WithLabels(topology.Application, topic, errorClass).Inc();

    public void DeadLettered(string errorClass) => metrics.DeadLetters.WithLabels(topology.Application, errorClass).Inc();

    public void Took(TimeSpan decode, TimeSpan process, TimeSpan produce)
    {
        _time.Sampled(decode, process, produce);
        metrics.DecodeSeconds.WithLabels(topology.Application).Observe(decode.TotalSeconds);
        metrics.ProcessSeconds.WithLabels(topology.Application).Observe(process.TotalSeconds);
    }

    /// <summary>Takes a running task's lag.</summary>
    public void Measure(AssignedTask task, IConsumer<Ignore, Ignore> consumer)
    {
        var (records, seconds) = _lag.GetValueOrDefault(task.Lead.Topic);
        if (!task.AtEnd)
        {
            var high = consumer.GetWatermarkOffsets(new TopicPartition(task.Lead.Topic, task.Partition)).High;
            task.Lag = high == Offset.Unset ? 0 : Math.Max(0, high.Value - task.Lead.Next);
            records += task.Lag;
            seconds = task.RecordTime == 0 ? seconds : Math.Max(seconds, (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - task.RecordTime) / 1000.0);
        }
        else
        {
            task.Lag = 0;
        }
        _lag[task.Lead.Topic] = (records, seconds);
    }

    /// <summary>Notes which tasks have moved on.</summary>
    public static void Watch(List<AssignedTask> tasks, long now)
    {
        foreach (var task in tasks)
        {
            var (at, has) = task.Phase == TaskPhase.Running ? (task.Lead.Next, task.Lag > 0) : (task.Restored, task.Restored < task.ToRestore);
            if (!has || at != task.MovedTo)
            {
                (task.MovedTo, task.MovedAt) = (at, now);
            }
        }
    }

    /// <summary>Publishes what is measured once a second.</summary>
    public void Publish(List<AssignedTask> tasks)
    {
        _time.Publish();
        metrics.Records.WithLabels(topology.Application, _thread).Inc(Processed - _published);
        _published = Processed;
        foreach (var (topic, (records, seconds)) in _lag)
        {
            metrics.LagRecords.WithLabels(topology.Application, _thread, topic).Set(records);
            metrics.LagSeconds.WithLabels(topology.Application, _thread, topic).Set(seconds);
        }
        foreach (var topic in _lag.Keys)
        {
            _lag[topic] = default;
        }
        foreach (var task in tasks)
        {
            if (task.Phase == TaskPhase.Running)
            {
                metrics.Late.WithLabels(topology.Application).Inc(task.Task.Late - task.Counted.Late);
                metrics.Dropped.WithLabels(topology.Application).Inc(task.Task.Missed - task.Counted.Missed);
                task.Counted = (task.Task.Late, task.Task.Missed);
            }
        }
        var running = tasks.Count(t => t.Phase == TaskPhase.Running);
        metrics.Tasks.WithLabels(topology.Application, _thread, "running").Set(running);
        metrics.Tasks.WithLabels(topology.Application, _thread, "restoring").Set(tasks.Count - running);
        metrics.RestoreLeft.WithLabels(topology.Application, _thread).Set(tasks.Where(t => t.Phase == TaskPhase.Restoring).Sum(t => t.ToRestore - t.Restored));
        foreach (var sub in topology.SubTopologies)
        {
            for (var store = 0; store < sub.Stores.Count; store++)
            {
                var (keys, bytes) = (0L, 0L);
                foreach (var task in tasks)
                {
                    if (task.Sub == sub && task.Phase == TaskPhase.Running)
                    {
                        keys += task.Task.Stores[store].Count;
                        bytes += task.Task.Stores[store].Bytes;
                    }
                }
                metrics.StoreKeys.WithLabels(topology.Application, _thread, sub.Stores[store].Name).Set(keys);
                metrics.StoreBytes.WithLabels(topology.Application, _thread, sub.Stores[store].Name).Set(bytes);
            }
        }
    }

    /// <summary>The thread's state at a time of <see cref="Environment.TickCount64"/>, and why.</summary>
    public (StreamsState State, string Reason) Health(long now)
    {
        var phase = _phase;
        if (phase == StreamsState.Stopped)
        {
            return (phase, "");
        }
        if (Hangs(now) is { } hangs)
        {
            return (StreamsState.Stuck, hangs);
        }
        if (Trouble(now) is { } trouble)
        {
            return (StreamsState.Stuck, trouble);
        }
        foreach (var task in _tasks)
        {
            if (StillBecause(task, now) is { } still)
            {
                return (StreamsState.Stuck, $"{task}: {still}");
            }
        }
        return phase switch
        {
            _ when _fenced => (StreamsState.Fenced, "another producer has taken over the transactional id; tasks are being restored"),
            StreamsState.Rebalancing when _lost => (StreamsState.Fenced, "the group has given the partitions to others"),
            StreamsState.Restoring => (phase, "stores are being filled from their changelogs"),
            StreamsState.Rebalancing => (phase, "the group gives this thread no partition"),
            _ => (phase, ""),
        };
    }

    /// <summary>Its partitions at a time of <see cref="Environment.TickCount64"/>.</summary>
    public IEnumerable<PartitionHealth> Partitions(long now)
    {
        var (working, hangs, trouble) = (_working, Hangs(now), Trouble(now));
        foreach (var task in _tasks)
        {
            var reason = (task == working ? hangs : null) ?? trouble ?? StillBecause(task, now) ?? "";
            var state = reason.Length > 0 ? StreamsState.Stuck : task.Phase == TaskPhase.Running ? StreamsState.Running : StreamsState.Restoring;
            yield return new PartitionHealth(task.Lead.Topic, task.Partition, state, task.Lag, task.Restored, task.ToRestore, TimeSpan.FromMilliseconds(Math.Max(0, now - task.MovedAt)), reason);
        }
    }

    private string? Hangs(long now) =>
        now - Volatile.Read(ref _ticked) is var silence and > StuckAfterMs && _working is { } working ? $"{working} has been processing for {silence / 1000} s" : null;

    private string? Trouble(long now)
    {
        foreach (var patience in new[] { Patience, Processing, Restore })
        {
            if (patience?.Trouble is { } trouble && now - patience.Since > TroubleAfterMs)
            {
                return trouble;
            }
        }
        return null;
    }

    private static string? StillBecause(AssignedTask task, long now) => now - task.MovedAt is var still && still <= StuckAfterMs ? null
        : task.Phase != TaskPhase.Running ? $"nothing came of its changelogs for {still / 1000} s, with {task.ToRestore - task.Restored} offsets to be read: see the broker that leads them"
        : task.Lag > 0 ? $"nothing was read for {still / 1000} s, with {task.Lag} records behind its place: see the broker that leads it"
        : null;
}
