using Returns.Streams.State;
using Returns.Streams.Tasks;
using Returns.Streams.Windows;

namespace Returns.Streams;

/// <summary>What a processor has of its task: the current record, stores, outputs, tables and time. For the task's thread alone.</summary>
public sealed class ProcessorContext
{
    private readonly StreamTask _task;

    internal ProcessorContext(StreamTask task) => _task = task;

    /// <summary>The task's partition.</summary>
    public int Partition => _task.Partition;

    /// <summary>
    /// The greatest event time that any record of this task has had, milliseconds since the epoch; <see cref="long.MinValue"/>
    /// before the first. It survives a restart.
    /// </summary>
    public long StreamTime => _task.StreamTime;

    /// <summary>Event time of the current record. Outside <see cref="IProcessor{T}.Process"/>: stream time.</summary>
    public long EventTime => _task.EventTime;

    /// <summary>Offset of the current record; -1 outside <see cref="IProcessor{T}.Process"/>.</summary>
    public long Offset => _task.Offset;

    /// <summary>Topic of the current record; empty outside <see cref="IProcessor{T}.Process"/>.</summary>
    public string Topic => _task.Topic;

    /// <summary>Key of the current record; empty outside <see cref="IProcessor{T}.Process"/>, and where it has none.</summary>
    public ReadOnlySpan<byte> Key => _task.Key;

    /// <summary>A store of this task.</summary>
    /// <exception cref="TopologyException">The sub-topology does not use it.</exception>
    public KeyValueStore Store(StoreSpec store) => _task.StoreOf(store);

    /// <summary>A way to send to <paramref name="sink"/>: asked for once, in the processor's constructor.</summary>
    /// <exception cref="TopologyException">The sink is another topology's.</exception>
    public Output<T> Output<T>(Sink<T> sink) where T : class
    {
        ArgumentNullException.ThrowIfNull(sink);
        _task.CheckSink(sink);
        return new Output<T>(_task, sink.Topic, sink.Encoder());
    }

    /// <summary>The thread's instance of a global table: asked for once, in the processor's constructor.</summary>
    public TTable Table<TTable>(TableSource<TTable> table) where TTable : GlobalTable => (TTable)_task.TableOf(table);

    /// <summary>
    /// Sends the current record to the dead letters, with its bytes and the reason, in the same transaction. To be called
    /// before anything was changed on its behalf.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no current record.</exception>
    public void Reject(string errorClass, string message) => _task.Reject(new Rejection(errorClass, message));

    /// <summary>Sends a record that was kept to the dead letters, as it was when it came, with the reason, in the same transaction: for
    /// one that was set aside when it was processed, and that nothing can be done with.</summary>
    /// <param name="record">The record: its topic, partition, offset, key and value.</param>
    /// <param name="errorClass">See <see cref="Rejection.ErrorClass"/>.</param>
    /// <param name="message">See <see cref="Rejection.Message"/>.</param>
    public void DeadLetter(in InputRecord record, string errorClass, string message) => _task.DeadLetter(record, new Rejection(errorClass, message));

    /// <summary>Takes what became of an input in a store's windows, which the task counts by record, and keeps where it was missed.</summary>
    internal void Placed(in Placement placement, long time, KeyValueStore store, WindowSpec spec) => _task.Placed(placement, time, store, spec);

    /// <summary>Says whether records that come too late can be kept.</summary>
    internal bool HasDeadLetters => _task.HasDeadLetters;

    /// <summary>Calls <paramref name="callback"/> with stream time each time it has advanced by <paramref name="interval"/>,
    /// once however far it jumped; or with the wall clock, in milliseconds since the epoch, each time that much has passed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The interval is under a millisecond.</exception>
    public void Schedule(TimeSpan interval, PunctuationClock clock, Action<long> callback) => _task.Schedule(interval, clock, callback);

    /// <summary>The same by the wall clock, at moments alone at which the task has processed all there is in its leader's
    /// partition: what has not been heard of then has not been written.</summary>
    internal void ScheduleAtEnd(TimeSpan interval, Action<long> callback) => _task.Schedule(interval, PunctuationClock.WallClock, callback, atEnd: true);
}

/// <summary>What a punctuation goes by.</summary>
public enum PunctuationClock
{
    /// <summary>Event time, as far as the task has come: the same again in every replay.</summary>
    StreamTime,

    /// <summary>The wall clock: for what must happen although nothing comes, and need not be repeatable.</summary>
    WallClock,
}

/// <summary>Sends messages of one type to one topic, within the task's transaction.</summary>
public sealed class Output<T> where T : class
{
    private readonly StreamTask _task;
    private readonly string _topic;
    private readonly IEncoder<T> _encoder;

    internal Output(StreamTask task, string topic, IEncoder<T> encoder) => (_task, _topic, _encoder) = (task, topic, encoder);

    /// <summary>Sends <paramref name="message"/>, which is encoded before this returns.</summary>
    public void Send(ReadOnlySpan<byte> key, T message) => _task.Output.Send(_topic, key, _encoder.Encode(message));

    /// <summary>Sends a tombstone.</summary>
    public void SendTombstone(ReadOnlySpan<byte> key) => _task.Output.SendTombstone(_topic, key);
}
