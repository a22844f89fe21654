using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Transactions;

/// <summary>The states of a transactional id, by their names in the protocol.</summary>
internal enum TransactionState
{
    /// <summary>Nothing begun since the producer registered.</summary>
    Empty,

    /// <summary>Partitions or groups take part.</summary>
    Ongoing,

    /// <summary>Decided to commit: markers are being written, and written again after a crash.</summary>
    PrepareCommit,

    /// <summary>Decided to abort: likewise.</summary>
    PrepareAbort,

    /// <summary>Committed everywhere.</summary>
    CompleteCommit,

    /// <summary>Aborted everywhere.</summary>
    CompleteAbort,
}

/// <summary>A transactional id. Writes are guarded by <see cref="Lock"/>; <see cref="Current"/> is read without it.</summary>
internal sealed class Transaction(string id, TransactionSnapshot current)
{
    private TransactionSnapshot _current = current;

    public Lock Lock { get; } = new();

    public string Id { get; } = id;

    public TransactionSnapshot Current
    {
        get => Volatile.Read(ref _current);
        set => Volatile.Write(ref _current, value);
    }
}

/// <summary>Everything durable about a transactional id. Immutable, so that a partition's log can look at it without a lock.</summary>
/// <param name="LastEpoch">The epoch before the broker bumped it on its own account; -1 for none. A producer with it may register again (KIP-588).</param>
/// <param name="TimeoutMs">How long a transaction may stay open, in milliseconds.</param>
/// <param name="StartMs">When the open one began, in milliseconds since 1970.</param>
/// <param name="UpdatedMs">When this was last changed, in milliseconds since 1970.</param>
internal sealed record TransactionSnapshot(
    long ProducerId, short Epoch, short LastEpoch, int TimeoutMs, TransactionState State,
    HashSet<TopicPartition> Partitions, HashSet<string> Groups, long StartMs, long UpdatedMs);
