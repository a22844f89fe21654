using System.Globalization;
using System.Text;
using Returns.Streams.State;
using Returns.Streams.Windows;

namespace Returns.Streams.Tasks;

/// <summary>
/// One partition of one sub-topology: its processor, stores and stream time, and nothing of a broker. A stream thread or a
/// test driver feeds it and ends its transactions:
/// <list type="table">
/// <item><term><see cref="Restore"/></term><description>any number of changelog records, before anything else</description></item>
/// <item><term><see cref="Ready"/></term><description>once restored, and again after <see cref="RollBack"/></description></item>
/// <item><term><see cref="Process"/>, <see cref="Punctuate"/>, <see cref="TableChanged"/></term><description>within a transaction</description></item>
/// <item><term><see cref="Flush"/></term><description>writes the changes of the stores; then either of:</description></item>
/// <item><term><see cref="Committed"/></term><description>the transaction is committed: the state is as it is</description></item>
/// <item><term><see cref="RollBack"/></term><description>it is not: the state is as at the last commit</description></item>
/// <item><term><see cref="Close"/></term><description>at the end, unless the process has crashed</description></item>
/// </list>
/// One thread at a time.
/// </summary>
internal sealed class StreamTask
{
    private readonly Topology _topology;
    private readonly SubTopology _sub;
    private readonly IReadOnlyList<GlobalTable> _tables;
    private readonly KeyValueStore[] _stores;
    private readonly string[] _changelogs;
    private readonly SourceInput[] _inputs;
    private readonly Processor _processor;
    private readonly List<Punctuation> _punctuations = [];
    private byte[] _key = new byte[64];
    private int _keyLength;
    private byte[] _wakeKey = new byte[64];
    private long _committedStreamTime;
    private Rejection? _rejection;
    private Placement _placement;
    private string _tooLate = "";
    private bool _processing;

    /// <summary>Makes the task's stores, empty, and its processor.</summary>
    /// <param name="topology">The topology.</param>
    /// <param name="sub">The sub-topology this is a task of.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="output">Where records go.</param>
    /// <param name="tables">The thread's global tables, in the topology's order.</param>
    /// <param name="streamTime">Stream time as committed; <see cref="long.MinValue"/> where nothing was.</param>
    public StreamTask(Topology topology, SubTopology sub, int partition, ITaskOutput output, IReadOnlyList<GlobalTable> tables, long streamTime)
    {
        _topology = topology;
        _sub = sub;
        _tables = tables;
        Partition = partition;
        Output = output;
        StreamTime = _committedStreamTime = streamTime;
        _stores = [.. sub.Stores.Select(s => new KeyValueStore(s.Name))];
        _changelogs = [.. sub.Stores.Select(topology.ChangelogOf)];
        _processor = sub.Processor(new ProcessorContext(this));
        _inputs = [.. sub.Sources.Select(s => s.Open(_processor))];
    }

    public SubTopology SubTopology => _sub;

    public int Partition { get; }

    public ITaskOutput Output { get; }

    public IReadOnlyList<KeyValueStore> Stores => _stores;

    public long StreamTime { get; private set; }

    public string Topic { get; private set; } = "";

    public long Offset { get; private set; } = -1;

    public long EventTime => _processing ? _eventTime : StreamTime;

    private long _eventTime;

    public ReadOnlySpan<byte> Key => _key.AsSpan(0, _keyLength);

    /// <summary>Records that went to the dead letters, since the task was made.</summary>
    public long DeadLettered { get; private set; }

    /// <summary>Records that came after a window they belong to had closed, since the task was made, repetitions included.</summary>
    public long Late { get; private set; }

    /// <summary>Records that came after the retention of a window they belong to, and went to the dead letters.</summary>
    public long Missed { get; private set; }

    /// <summary>Applies a changelog record to a store, by its index in the sub-topology.</summary>
    public void Restore(int store, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue) => _stores[store].Restore(key, value, hasValue);

    /// <summary>Sets stream time as committed, where it was not known when the task was made.</summary>
    public void RestoreStreamTime(long streamTime)
    {
        _committedStreamTime = streamTime;
        RollBack();
    }

    /// <summary>Lets the processor derive what it keeps beside its stores.</summary>
    public void Ready() => _processor.Ready();

    /// <summary>Tells the processor that the task ends here.</summary>
    public void Close() => _processor.Closed();

    /// <summary>Event time of a record of a source, by its index; false where it cannot be decoded, and so waits for nothing.</summary>
    public bool TryEventTime(int source, in InputRecord record, out long eventTime)
    {
        var decoded = _inputs[source].TryDecode(record, out _);
        eventTime = _inputs[source].EventTime;
        return decoded;
    }

    /// <summary>Processes a record of a source, by its index in the sub-topology.</summary>
    /// <exception cref="ProcessorException">The processor threw on the record. The state is then half changed: <see cref="RollBack"/>.</exception>
    /// <exception cref="InvalidOperationException">It threw on a key that was woken, or in a punctuation: not the record's fault.</exception>
    public void Process(int source, in InputRecord record)
    {
        var input = _inputs[source];
        if (!input.TryDecode(record, out var rejection))
        {
            DeadLetter(record, rejection);
            return;
        }
        _eventTime = input.EventTime;
        _placement = default;
        AdvanceStreamTime(_eventTime);
        try
        {
            if (record.Key.Length > _key.Length)
            {
                _key = new byte[record.Key.Length * 2];
            }
            record.Key.CopyTo(_key);
            (_keyLength, Topic, Offset, _processing) = (record.Key.Length, record.Topic, record.Offset, true);
            input.Process();
        }
        catch (Exception error) when (error is not (OutOfMemoryException or ProcessorException))
        {
            throw new ProcessorException(record.Topic, record.Partition, record.Offset, _processing, error);
        }
        finally
        {
            (_keyLength, Topic, Offset, _processing) = (0, "", -1, false);
        }
        var (taken, late, missed) = (_placement.InTime + _placement.AsCorrection, _placement.AsCorrection, _placement.Missed);
        if ((late | missed) != 0)
        {
            Count(_placement);
        }
        if (_rejection is { } refused)
        {
            _rejection = null;
            DeadLetter(record, refused);
        }
        else if (missed != 0)
        {
            DeadLetter(record, new Rejection(taken == 0 ? Rejection.TooLate : Rejection.PartlyTooLate, _tooLate));
        }
    }

    /// <summary>Sends a record to the dead letters without processing it.</summary>
    /// <exception cref="TopologyException">The topology has no topic for dead letters.</exception>
    public void DeadLetter(in InputRecord record, in Rejection rejection)
    {
        if (_topology.DeadLetters is not { } topic)
        {
            throw new TopologyException($"{record.Topic} [{record.Partition}] @{record.Offset}: {rejection.ErrorClass}: {rejection.Message}; the topology '{_topology.Application}' has no topic for dead letters");
        }
        Output.SendDeadLetter(topic, record, rejection);
        DeadLettered++;
    }

    /// <summary>Tells the processor of a changed key of a global table.</summary>
    public void TableChanged(GlobalTable table, ReadOnlySpan<byte> key) => _processor.TableChanged(table, key);

    /// <summary>Calls the punctuations that the wall clock, in milliseconds since the epoch, makes due; false where none was.</summary>
    /// <param name="wallClock">Milliseconds since the epoch.</param>
    /// <param name="atEnd">Whether all there is in the leader's partition has been processed: some are due only then.</param>
    public bool Punctuate(long wallClock, bool atEnd)
    {
        var called = false;
        foreach (var punctuation in _punctuations)
        {
            if (punctuation.Clock == PunctuationClock.WallClock && (atEnd || !punctuation.AtEnd))
            {
                called |= punctuation.Advance(wallClock);
            }
        }
        if (called)
        {
            // A callback may have let go of what held wakes back.
            WakeDue();
        }
        return called;
    }

    /// <summary>Lets the processor send what it combined, and sends every changed key of the stores, once each.</summary>
    public void Flush()
    {
        _processor.Committing();
        for (var i = 0; i < _stores.Length; i++)
        {
            foreach (var change in _stores[i].Changes)
            {
                Output.SendChange(_changelogs[i], Partition, change.Key, change.Value, change.HasValue);
            }
        }
    }

    /// <summary>Keeps what the transaction did.</summary>
    public void Committed()
    {
        foreach (var store in _stores)
        {
            store.Committed();
        }
        _committedStreamTime = StreamTime;
    }

    /// <summary>Takes back what the transaction did to stores and stream time. <see cref="Ready"/> comes next.</summary>
    public void RollBack()
    {
        foreach (var store in _stores)
        {
            store.RollBack();
        }
        StreamTime = _committedStreamTime;
        _rejection = null;
        foreach (var punctuation in _punctuations)
        {
            if (punctuation.Clock == PunctuationClock.StreamTime)
            {
                punctuation.Align(StreamTime);
            }
        }
    }

    internal KeyValueStore StoreOf(StoreSpec spec)
    {
        for (var i = 0; i < _stores.Length; i++)
        {
            if (ReferenceEquals(_sub.Stores[i], spec))
            {
                return _stores[i];
            }
        }
        throw new TopologyException($"sub-topology '{_sub.Name}' does not use the store '{spec.Name}': name it where the sub-topology is added");
    }

    internal GlobalTable TableOf(TableSource spec)
    {
        for (var i = 0; i < _topology.Tables.Count; i++)
        {
            if (ReferenceEquals(_topology.Tables[i], spec))
            {
                return _tables[i];
            }
        }
        throw new TopologyException($"topic '{spec.Topic}' is no global table of the topology '{_topology.Application}'");
    }

    internal void CheckSink(Sink sink)
    {
        if (!_topology.Sinks.Contains(sink))
        {
            throw new TopologyException($"topic '{sink.Topic}' is no sink of the topology '{_topology.Application}': add it by Sink()");
        }
    }

    internal void Reject(in Rejection rejection)
    {
        if (!_processing)
        {
            throw new InvalidOperationException($"sub-topology '{_sub.Name}': there is no current record to reject");
        }
        _rejection = rejection;
    }

    internal void Schedule(TimeSpan interval, PunctuationClock clock, Action<long> callback, bool atEnd = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, TimeSpan.FromMilliseconds(1));
        var punctuation = new Punctuation((long)interval.TotalMilliseconds, clock, callback, atEnd);
        if (clock == PunctuationClock.StreamTime)
        {
            punctuation.Align(StreamTime);
        }
        _punctuations.Add(punctuation);
    }

    internal bool HasDeadLetters => _topology.DeadLetters is not null;

    internal void Placed(in Placement placement, long time, KeyValueStore store, WindowSpec spec)
    {
        if (!_processing)
        {
            // Of what is added at a wake or a commit there is no record to keep.
            Count(placement);
            return;
        }
        _placement = new Placement(_placement.InTime + placement.InTime, _placement.AsCorrection + placement.AsCorrection, _placement.Missed + placement.Missed);
        if (placement.Missed != 0)
        {
            _tooLate = $"store '{store.Name}': {placement.Missed} of the {placement.InTime + placement.AsCorrection + placement.Missed} windows of the time {Text(time)} were past their retention of "
                + $"{TimeSpan.FromMilliseconds(spec.Retention)} after their close, as time had come to {Text(store.WakesUntil(StreamTime))}: a longer retention takes such records as corrections";
        }
    }

    private void Count(in Placement placement)
    {
        Late += placement.AsCorrection != 0 ? 1 : 0;
        Missed += placement.Missed != 0 ? 1 : 0;
    }

    /// <summary>A time for a person, or its milliseconds where no calendar has it.</summary>
    private static string Text(long time) => time is > -62_135_596_800_000 and < 253_402_300_800_000
        ? DateTimeOffset.FromUnixTimeMilliseconds(time).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
        : time.ToString(CultureInfo.InvariantCulture);

    private void AdvanceStreamTime(long time)
    {
        var advanced = time > StreamTime;
        if (advanced)
        {
            StreamTime = time;
        }
        WakeDue();
        if (!advanced)
        {
            return;
        }
        foreach (var punctuation in _punctuations)
        {
            if (punctuation.Clock == PunctuationClock.StreamTime)
            {
                punctuation.Advance(StreamTime);
            }
        }
    }

    /// <summary>Store by store, in the sub-topology's order; what a wake makes due in turn comes in the same go.</summary>
    private void WakeDue()
    {
        foreach (var store in _stores)
        {
            while (store.NextWake <= store.WakesUntil(StreamTime) && store.TryTakeDue(store.WakesUntil(StreamTime), ref _wakeKey, out var length, out var due))
            {
                try
                {
                    _processor.Wake(store, _wakeKey.AsSpan(0, length), due);
                }
                catch (Exception error) when (error is not OutOfMemoryException)
                {
                    // No record is to blame, so none goes to the dead letters: the same key would throw on the next.
                    throw new InvalidOperationException($"sub-topology '{_sub.Name}' [{Partition}]: store '{store.Name}': waking the key '{Encoding.UTF8.GetString(_wakeKey, 0, length)}' at {due}: {error.GetType().Name}: {error.Message}", error);
                }
            }
        }
    }

    /// <summary>Due at every multiple of its interval, so that a replay calls it at the same times.</summary>
    private sealed class Punctuation(long interval, PunctuationClock clock, Action<long> callback, bool atEnd)
    {
        private long _next = long.MinValue;

        public PunctuationClock Clock => clock;

        /// <summary>Whether it waits until all there is has been processed.</summary>
        public bool AtEnd => atEnd;

        /// <summary>Sets the next call after <paramref name="now"/>; at the first time seen where there is none yet.</summary>
        public void Align(long now) => _next = now == long.MinValue ? long.MinValue : After(now);

        /// <summary>Calls back where it is due; false where it is not.</summary>
        public bool Advance(long now)
        {
            if (now < _next)
            {
                return false;
            }
            var first = _next == long.MinValue;
            _next = After(now);
            if (!first)
            {
                callback(now);
            }
            return !first;
        }

        private long After(long now) => ((Math.DivRem(now, interval, out var rest) - (rest < 0 ? 1 : 0)) + 1) * interval;
    }
}

/// <summary>A processor threw on a record; the message names the record.</summary>
/// <param name="topic">The record's topic.</param>
/// <param name="partition">Its partition.</param>
/// <param name="offset">Its offset.</param>
/// <param name="onRecord">False where it threw on what the record's time made due, which is not the record's fault.</param>
/// <param name="inner">What was thrown.</param>
internal sealed class ProcessorException(string topic, int partition, long offset, bool onRecord, Exception inner)
    : Exception($"{topic} [{partition}] @{offset}: {inner.GetType().Name}: {inner.Message}", inner)
{
    public string Topic { get; } = topic;

    public int Partition { get; } = partition;

    public long Offset { get; } = offset;

    public bool OnRecord { get; } = onRecord;
}
