using System.Collections.Concurrent;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace Returns.Streams.Kafka;

/// <summary>
/// Fills the stores of new tasks from their changelogs, on a thread of its own, so that a long restore costs the stream
/// thread neither its other tasks nor its membership.
/// </summary>
/// <remarks>
/// A former owner may have a transaction under way. The group's offsets are read first, and only as stable ones: the broker
/// withholds them while a transaction that moves them is undecided. Then the changelogs are read up to the high watermarks
/// as of after that, which are reached only once every transaction below them is decided. So offsets and state are of the
/// same commit.
/// <para>What is read stays read: when more tasks come, or a broker has been away, reading goes on at the next offset. So it
/// does for a task that was dropped half restored, as when the group lost the member with the broker, and that comes back
/// soon: a changelog only grows at its end, and what compaction took from the part that was read is not missed, as long as
/// no tombstone can have come and gone meanwhile.</para>
/// </remarks>
internal sealed class ChangelogRestorer : IDisposable
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);
    private const int PollMs = 50;

    // Far less than tombstones are kept, and enough for a broker to come back and the group to be formed again.
    private static readonly TimeSpan HalfRestoredKept = TimeSpan.FromMinutes(2);
    private readonly Topology _topology;
    private readonly IAdminClient _admin;
    private readonly IConsumer<Ignore, Ignore> _consumer;
    private readonly RecordReader _reader;
    private readonly Patience _patience;
    private readonly ILogger _log;
    private readonly Thread _thread;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly ConcurrentQueue<AssignedTask> _asked = new();
    private readonly ConcurrentQueue<AssignedTask> _restored = new();
    private readonly Dictionary<(string Topic, int Partition), Changelog> _changelogs = [];
    private readonly List<Restoration> _restorations = [];
    private readonly List<(Restoration Restoration, long Since)> _halfRestored = [];
    private volatile Exception? _failure;

    public ChangelogRestorer(Topology topology, ClientSettings settings, int thread, Patience patience, ILogger log)
    {
        (_topology, _patience, _log) = (topology, patience, log);
        _admin = settings.Admin();
        _consumer = settings.Reader($"thread-{thread}-restore");
        _reader = new RecordReader(_consumer);
        _thread = new Thread(Run) { IsBackground = true, Name = $"restore {topology.Application} {thread}" };
        _thread.Start();
    }

    /// <summary>Why it has given up; null while it has not.</summary>
    public Exception? Failure => _failure;

    /// <summary>Fills a task's stores, and sets its places and stream time, until it is taken as restored, or dropped.</summary>
    public void Restore(AssignedTask task)
    {
        _asked.Enqueue(task);
        _work.Release();
    }

    /// <summary>A task whose restore is over, and which is the caller's again.</summary>
    public bool TryTakeRestored(out AssignedTask task) => _restored.TryDequeue(out task!);

    public void Dispose()
    {
        _stop.Cancel();
        // Its calls are bounded; where one takes its whole time, the process need not.
        if (_thread.Join(TimeSpan.FromSeconds(10)))
        {
            _reader.Dispose();
            _consumer.Dispose();
            _admin.Dispose();
            _work.Dispose();
            _stop.Dispose();
        }
    }

    private void Run()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                if (_changelogs.Count == 0)
                {
                    _work.Wait(_halfRestored.Count == 0 ? Timeout.InfiniteTimeSpan : HalfRestoredKept, _stop.Token);
                }
                Begin();
                Read();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
        catch (Exception error)
        {
            _failure = error;
        }
    }

    private void Begin()
    {
        var tasks = new List<AssignedTask>();
        while (_asked.TryDequeue(out var task))
        {
            if (task.Phase != TaskPhase.Dropped)
            {
                tasks.Add(task);
            }
        }
        // After what was asked for is taken: what it follows has been dropped by then.
        KeepDropped();
        if (tasks.Count == 0)
        {
            return;
        }
        FindPlaces(tasks);
        var begun = tasks.Select(t => new Restoration(t, [.. t.Sub.Stores.Select((store, i) => new Changelog(t, i, _topology.ChangelogOf(store)))])).ToList();
        var ends = List(begun.SelectMany(b => b.Changelogs).Select(c => c.At), OffsetSpec.Latest());
        var starts = List(begun.SelectMany(b => b.Changelogs).Select(c => c.At), OffsetSpec.Earliest());
        foreach (var restoration in begun)
        {
            var former = TakeHalfRestored(restoration.Task);
            // Unless a topic was emptied or made anew.
            var goesOn = former is not null && Array.TrueForAll(former.Changelogs, c => c.Next >= starts[c.At] && c.Next <= ends[c.At]);
            if (goesOn)
            {
                restoration.Task.TakeOver(former!.Task);
            }
            for (var i = 0; i < restoration.Changelogs.Length; i++)
            {
                var changelog = restoration.Changelogs[i];
                (changelog.Next, changelog.End) = (goesOn ? former!.Changelogs[i].Next : starts[changelog.At], ends[changelog.At]);
                if (changelog.Next < changelog.End)
                {
                    restoration.Task.ToRestore += changelog.End - changelog.Next;
                    _changelogs[(changelog.At.Topic, changelog.At.Partition.Value)] = changelog;
                }
            }
            _restorations.Add(restoration);
            FinishIfRead(restoration.Task);
        }
        Assign();
    }

    /// <summary>Keeps what dropped tasks have of their stores, and lets go of what nobody came back for.</summary>
    private void KeepDropped()
    {
        var now = Environment.TickCount64;
        _halfRestored.RemoveAll(h => now - h.Since >= HalfRestoredKept.TotalMilliseconds);
        foreach (var dropped in _restorations.FindAll(r => r.Task.Phase == TaskPhase.Dropped))
        {
            _restorations.Remove(dropped);
            _halfRestored.Add((dropped, now));
            foreach (var changelog in dropped.Changelogs)
            {
                _changelogs.Remove((changelog.At.Topic, changelog.At.Partition.Value));
            }
        }
    }

    private Restoration? TakeHalfRestored(AssignedTask task)
    {
        var at = _halfRestored.FindLastIndex(h => h.Restoration.Task.Sub == task.Sub && h.Restoration.Task.Partition == task.Partition);
        if (at < 0)
        {
            return null;
        }
        var found = _halfRestored[at].Restoration;
        _halfRestored.RemoveAt(at);
        return found;
    }

    private void FindPlaces(List<AssignedTask> tasks)
    {
        var places = tasks.SelectMany(t => t.Sources.Select(s => (Task: t, Source: s, At: new TopicPartition(s.Topic, t.Partition)))).ToList();
        var committed = Retrying("cannot read the group's offsets (a former owner's transaction may be undecided)",
            () => GroupOffsets.Read(_consumer, [.. places.Select(p => p.At)], CallTimeout));
        var starts = List(places.Select(p => p.At), OffsetSpec.Earliest());
        for (var i = 0; i < committed.Length; i++)
        {
            var (task, source, at) = places[i];
            if (committed[i].Offset >= 0 && committed[i].Offset < starts[at])
            {
                _log.LogWarning("{Partition}: the records from {From} up to {To} were deleted by the topic's retention before they were processed: keep them longer than the application may be away",
                    at, committed[i].Offset, starts[at]);
            }
            source.Next = source.Committed = Math.Max(committed[i].Offset, starts[at]);
            if (source == task.Lead)
            {
                task.Task.RestoreStreamTime(committed[i].StreamTime);
            }
        }
    }

    private void Read()
    {
        Changelog? changelog = null;
        var topic = "";
        for (var records = 0; _changelogs.Count > 0 && records < 10_000 && _asked.IsEmpty; records++)
        {
            // A poll that may wait reads the clock twice, which costs an eighth of a restore.
            var polled = _reader.Poll(0, out var record);
            if (polled == Polled.Nothing)
            {
                polled = _reader.Poll(PollMs, out record);
            }
            if (polled == Polled.Error)
            {
                _patience.Failed($"cannot read changelogs: {_reader.Error.Reason} ({_reader.Error.Code})", null, _stop.Token);
                Assign();
                return;
            }
            if (polled == Polled.Nothing)
            {
                return;
            }
            // Records of one partition come in runs, and the reader names a topic by the same string each time.
            if (changelog is null || !ReferenceEquals(topic, record.Topic) || changelog.At.Partition.Value != record.Partition)
            {
                topic = record.Topic;
                changelog = _changelogs.GetValueOrDefault((topic, record.Partition));
            }
            if (changelog is null || record.Offset < changelog.Next)
            {
                continue;
            }
            var task = changelog.Task;
            if (polled == Polled.Record)
            {
                // A store is larger than the cache: where the next key belongs is fetched while this one is put.
                task.Task.Stores[changelog.Store].Prefetch(_reader.PeekKey());
                task.Task.Restore(changelog.Store, record.Key, record.Value, record.HasValue);
            }
            var next = polled == Polled.Record ? record.Offset + 1 : record.Offset;
            task.Restored += next - changelog.Next;
            changelog.Next = next;
            // The records behind may be markers of transactions alone, which only an end gets past.
            if (changelog.Next >= changelog.End)
            {
                _patience.Succeeded();
                _changelogs.Remove((record.Topic, record.Partition));
                changelog = null;
                FinishIfRead(task);
                if (_changelogs.Count == 0)
                {
                    Assign();
                }
            }
        }
    }

    private void FinishIfRead(AssignedTask task)
    {
        if (!_changelogs.Values.Any(c => c.Task == task))
        {
            _restorations.RemoveAll(r => r.Task == task);
            _restored.Enqueue(task);
        }
    }

    private void Assign()
    {
        _consumer.Assign(_changelogs.Values.Select(c => new TopicPartitionOffset(c.At, c.Next)));
        _reader.ForgetNext();
    }

    private Dictionary<TopicPartition, long> List(IEnumerable<TopicPartition> partitions, OffsetSpec spec)
    {
        var asked = partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = p, OffsetSpec = spec }).ToList();
        return asked.Count == 0 ? [] : Retrying("cannot read the ends of partitions", () =>
            _admin.ListOffsetsAsync(asked, new ListOffsetsOptions { IsolationLevel = IsolationLevel.ReadUncommitted, RequestTimeout = CallTimeout })
                .GetAwaiter().GetResult().ResultInfos.ToDictionary(r => r.TopicPartitionOffsetError.TopicPartition, r => r.TopicPartitionOffsetError.Offset.Value));
    }

    private T Retrying<T>(string what, Func<T> call)
    {
        while (true)
        {
            try
            {
                var result = call();
                _patience.Succeeded();
                return result;
            }
            catch (KafkaException error)
            {
                _patience.Failed($"{what}: {error.Error.Reason} ({error.Error.Code})", error, _stop.Token);
            }
        }
    }

    /// <summary>A task whose stores are being filled, with a changelog for each store.</summary>
    private sealed record Restoration(AssignedTask Task, Changelog[] Changelogs);

    private sealed class Changelog(AssignedTask task, int store, string topic)
    {
        public AssignedTask Task => task;

        /// <summary>Index of the store in the sub-topology.</summary>
        public int Store => store;

        public TopicPartition At { get; } = new(topic, task.Partition);

        public long Next { get; set; }

        public long End { get; set; }
    }
}
