using Returns.Streams.State;

namespace Returns.Streams;

/// <summary>Processes messages of one type; see <see cref="Processor"/>.</summary>
public interface IProcessor<in T> where T : class
{
    /// <summary>Processes the current record, of which <see cref="ProcessorContext"/> knows the rest.</summary>
    /// <remarks>An exception is a bug: what the transaction did is taken back, everything since the last commit is processed
    /// again, and the record that threw goes to the dead letters. To refuse a record, call <see cref="ProcessorContext.Reject"/>
    /// before anything is changed.</remarks>
    void Process(T message);
}

/// <summary>
/// What a task runs: made once per partition, called by one thread at a time. It implements <see cref="IProcessor{T}"/> for
/// each type that its sources hand on, and keeps in stores whatever must outlive a crash.
/// </summary>
/// <param name="context">The task's context, for this processor alone.</param>
public abstract class Processor(ProcessorContext context)
{
    /// <summary>The task's context.</summary>
    protected ProcessorContext Context { get; } = context;

    /// <summary>Called once the stores are restored and the tables caught up, before the first record; and again whenever a
    /// rolled back transaction made them older, because what a processor derived from its stores must be derived again.
    /// May read and write stores, and send.</summary>
    public virtual void Ready()
    {
    }

    /// <summary>A key's time has come: stream time has reached <paramref name="due"/>. Its wake time is off by now, and stays
    /// off unless it is put again.</summary>
    /// <param name="store">The store that holds the key.</param>
    /// <param name="key">The key; holds until the call returns.</param>
    /// <param name="due">The wake time that was set, milliseconds since the epoch.</param>
    public virtual void Wake(KeyValueStore store, ReadOnlySpan<byte> key, long due)
    {
    }

    /// <summary>A global table has applied a record with this key, after the tables had been caught up. A rolled back
    /// transaction takes back what was done here and the table keeps the record, so that <see cref="Ready"/>, as after a
    /// restart, has to look for what the tables say by then.</summary>
    /// <param name="table">The table.</param>
    /// <param name="key">The key; holds until the call returns.</param>
    public virtual void TableChanged(GlobalTable table, ReadOnlySpan<byte> key)
    {
    }

    /// <summary>The transaction is about to be committed: the last chance to send what was combined since the commit before.</summary>
    public virtual void Committing()
    {
    }

    /// <summary>The task is another instance's from now on, or nobody's: the moment to take back what was shown of it outside of
    /// its stores and outputs, such as a gauge that several tasks add to. May be called more than once, and after a transaction
    /// that was not committed; nothing may be sent. A crash does without it.</summary>
    public virtual void Closed()
    {
    }
}

/// <summary>
/// A small topic that every task may read as a whole, such as rules. A stream thread has an instance of its own, and applies
/// every record of every partition to it before the first record of a source is processed, and as they come from then on.
/// </summary>
public abstract class GlobalTable
{
    /// <summary>Applies a record; a tombstone removes its key.</summary>
    /// <param name="record">The record; its spans hold until this call returns.</param>
    /// <param name="rejection">Why it was not applied.</param>
    /// <returns>False leaves the table as it was and counts and logs the record; it goes to no dead letters, as each
    /// thread of each worker reads it.</returns>
    public abstract bool TryApply(in InputRecord record, out Rejection rejection);
}
