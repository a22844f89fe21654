using System.Collections.Concurrent;
using System.Text.Json;
using Returns.LocalKafka.Groups;
using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Storage;
using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Transactions;

/// <summary>Producer ids and transactions. Thread safe. README.md has the table of states and what a crash in each does.</summary>
internal sealed class TransactionCoordinator : ITransactionGuard
{
    private const string TransactionKey = "transaction\0";
    private const string ProducerIdKey = "producer-id";
    private const int ProducerIdBlock = 1000;
    private const int MaxTimeoutMs = 15 * 60 * 1000;
    private const long ExpiryMs = 7L * 24 * 3600 * 1000;
    private readonly ConcurrentDictionary<string, Transaction> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, Transaction> _byProducer = new();
    private readonly Lock _idLock = new();
    private readonly StateStore _state;
    private readonly TopicCatalog _topics;
    private readonly GroupCoordinator _groups;
    private readonly TimeProvider _time;
    private readonly BrokerLog _log;
    private long _nextProducerId;
    private long _reservedProducerIds;

    public TransactionCoordinator(StateStore state, TopicCatalog topics, GroupCoordinator groups, TimeProvider time, BrokerLog log)
    {
        (_state, _topics, _groups, _time, _log) = (state, topics, groups, time, log);
        foreach (var (_, value) in state.Read(ProducerIdKey)) _nextProducerId = _reservedProducerIds = BitConverter.ToInt64(value);
        foreach (var (key, value) in state.Read(TransactionKey))
        {
            var transaction = new Transaction(key[TransactionKey.Length..], Decode(value));
            _byId[transaction.Id] = transaction;
            _byProducer[transaction.Current.ProducerId] = transaction;
        }
    }

    public IEnumerable<Transaction> All => _byId.Values;

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    public Transaction? Find(string id) => _byId.GetValueOrDefault(id);

    public ErrorCode Check(long producerId, short epoch, TopicPartition partition)
    {
        if (!_byProducer.TryGetValue(producerId, out var transaction)) return ErrorCode.InvalidProducerIdMapping;
        var current = transaction.Current;
        if (current.ProducerId != producerId || current.Epoch != epoch) return ErrorCode.InvalidProducerEpoch;
        return current.State == TransactionState.Ongoing && current.Partitions.Contains(partition) ? ErrorCode.None : ErrorCode.InvalidTransactionState;
    }

    /// <summary>Registers a producer: ends what its predecessor left open, and fences it.</summary>
    /// <param name="id">The transactional id; null for a producer that is only idempotent.</param>
    /// <param name="timeoutMs">How long its transactions may stay open, in milliseconds.</param>
    /// <param name="producerId">The producer id it has, or -1.</param>
    /// <param name="epoch">The epoch it has, or -1.</param>
    /// <exception cref="IOException">The disk refused.</exception>
    public (ErrorCode Error, long ProducerId, short Epoch) Register(string? id, int timeoutMs, long producerId, short epoch)
    {
        if (id is null) return (ErrorCode.None, NewProducerId(), 0);
        if (id.Length == 0) return (ErrorCode.InvalidRequest, -1, -1);
        if (timeoutMs is <= 0 or > MaxTimeoutMs) return (ErrorCode.InvalidTransactionTimeout, -1, -1);
        if (!_byId.TryGetValue(id, out var transaction))
        {
            if (producerId >= 0) return (ErrorCode.InvalidProducerIdMapping, -1, -1);
            var first = new TransactionSnapshot(NewProducerId(), -1, -1, timeoutMs, TransactionState.Empty, [], [], 0, Now);
            transaction = _byId.GetOrAdd(id, static (key, snapshot) => new Transaction(key, snapshot), first);
        }

        lock (transaction.Lock)
        {
            var current = transaction.Current;
            if (producerId >= 0 && (producerId != current.ProducerId || (epoch != current.Epoch && epoch != current.LastEpoch)))
                return (ErrorCode.ProducerFenced, -1, -1);
            if (current.State == TransactionState.Ongoing)
            {
                // The markers carry the next epoch, so that every partition refuses the predecessor from there on.
                Save(transaction, current with { State = TransactionState.PrepareAbort, Epoch = Bump(current.Epoch), LastEpoch = current.Epoch });
                current = transaction.Current;
            }

            if (current.State is TransactionState.PrepareCommit or TransactionState.PrepareAbort)
            {
                if (!Complete(transaction)) return (ErrorCode.ConcurrentTransactions, -1, -1);
                current = transaction.Current;
            }

            // The producer knows an epoch that the broker, or a registration whose answer was lost, has bumped already.
            if (producerId >= 0 && epoch == current.LastEpoch && epoch != current.Epoch)
            {
                Save(transaction, current with { State = TransactionState.Empty, TimeoutMs = timeoutMs });
                return (ErrorCode.None, current.ProducerId, current.Epoch);
            }

            var exhausted = current.Epoch >= short.MaxValue - 1;
            var next = current with
            {
                ProducerId = exhausted ? NewProducerId() : current.ProducerId,
                Epoch = exhausted ? (short)0 : (short)(current.Epoch + 1),
                LastEpoch = producerId >= 0 && !exhausted ? current.Epoch : (short)-1,
                TimeoutMs = timeoutMs,
                State = TransactionState.Empty,
                Partitions = [],
                Groups = [],
            };
            Save(transaction, next);
            _byProducer[next.ProducerId] = transaction;
            if (exhausted) _byProducer.TryRemove(current.ProducerId, out _);
            return (ErrorCode.None, next.ProducerId, next.Epoch);
        }
    }

    /// <summary>Makes partitions take part, beginning the transaction when none is open.</summary>
    /// <exception cref="IOException">The disk refused; nothing has changed.</exception>
    public ErrorCode AddPartitions(string id, long producerId, short epoch, IReadOnlyCollection<TopicPartition> partitions) =>
        Join(id, producerId, epoch, current => partitions.All(current.Partitions.Contains)
            ? current
            : current with { Partitions = [.. current.Partitions, .. partitions] });

    /// <summary>Makes a group's offsets take part.</summary>
    /// <exception cref="IOException">The disk refused; nothing has changed.</exception>
    public ErrorCode AddGroup(string id, long producerId, short epoch, string groupId)
    {
        if (!GroupCoordinator.IsValid(groupId)) return ErrorCode.InvalidGroupId;
        return Join(id, producerId, epoch, current => current.Groups.Contains(groupId) ? current : current with { Groups = [.. current.Groups, groupId] });
    }

    /// <summary>Commits offsets with the transaction; the group's generation fences zombies.</summary>
    /// <exception cref="IOException">The disk refused; nothing has changed.</exception>
    public ErrorCode CommitOffsets(string id, long producerId, short epoch, string groupId, MemberIdentity who, IReadOnlyList<OffsetToCommit> offsets)
    {
        if (!_byId.TryGetValue(id, out var transaction)) return ErrorCode.InvalidProducerIdMapping;
        lock (transaction.Lock)
        {
            var current = transaction.Current;
            if (Fence(current, producerId, epoch) is var error && error != ErrorCode.None) return error == ErrorCode.ProducerFenced ? ErrorCode.InvalidProducerEpoch : error;
            if (current.State != TransactionState.Ongoing || !current.Groups.Contains(groupId)) return ErrorCode.InvalidTransactionState;
            return _groups.CommitPending(groupId, who, producerId, offsets);
        }
    }

    /// <summary>Commits or aborts. Once this returns without error the outcome is decided for good.</summary>
    /// <exception cref="IOException">The disk refused the decision; the transaction is still open.</exception>
    public ErrorCode End(string id, long producerId, short epoch, bool commit)
    {
        if (!_byId.TryGetValue(id, out var transaction)) return ErrorCode.InvalidProducerIdMapping;
        lock (transaction.Lock)
        {
            var current = transaction.Current;
            if (Fence(current, producerId, epoch) is var error && error != ErrorCode.None) return error;
            switch (current.State)
            {
                case TransactionState.Ongoing:
                    Save(transaction, current with { State = commit ? TransactionState.PrepareCommit : TransactionState.PrepareAbort });
                    Complete(transaction);
                    return ErrorCode.None;
                case TransactionState.CompleteCommit when commit:
                case TransactionState.CompleteAbort when !commit:
                    return ErrorCode.None;
                case TransactionState.PrepareCommit when commit:
                case TransactionState.PrepareAbort when !commit:
                    return ErrorCode.ConcurrentTransactions;
                default:
                    return ErrorCode.InvalidTransactionState;
            }
        }
    }

    /// <summary>Aborts what stayed open too long, and finishes what a crash or a full disk left half done.</summary>
    public void Tick()
    {
        var now = Now;
        foreach (var (id, transaction) in _byId)
        {
            var current = transaction.Current;
            var timedOut = current.State == TransactionState.Ongoing && now - current.StartMs > current.TimeoutMs;
            var unfinished = current.State is TransactionState.PrepareCommit or TransactionState.PrepareAbort;
            var idle = !unfinished && current.State != TransactionState.Ongoing && now - current.UpdatedMs > ExpiryMs;
            if (!timedOut && !unfinished && !idle) continue;
            lock (transaction.Lock)
            {
                if (transaction.Current != current) continue;
                try
                {
                    if (idle)
                    {
                        _state.Apply(new StateChange(TransactionKey + id, null));
                        _byId.TryRemove(id, out _);
                        _byProducer.TryRemove(current.ProducerId, out _);
                        continue;
                    }

                    if (timedOut) Save(transaction, current with { State = TransactionState.PrepareAbort, Epoch = Bump(current.Epoch), LastEpoch = current.Epoch });
                    Complete(transaction);
                }
                catch (IOException e)
                {
                    _log.WriteLimited("storage", $"transactional id '{id}': {e.Message}; tried again shortly");
                }
            }
        }
    }

    private static ErrorCode Fence(TransactionSnapshot current, long producerId, short epoch)
    {
        if (current.ProducerId != producerId) return ErrorCode.InvalidProducerIdMapping;
        return current.Epoch == epoch ? ErrorCode.None : ErrorCode.ProducerFenced;
    }

    // An exhausted epoch is replaced, with the producer id, when the next producer registers.
    private static short Bump(short epoch) => epoch == short.MaxValue ? epoch : (short)(epoch + 1);

    private static TransactionSnapshot Decode(byte[] value) => JsonSerializer.Deserialize<TransactionSnapshot>(value)!;

    private ErrorCode Join(string id, long producerId, short epoch, Func<TransactionSnapshot, TransactionSnapshot> with)
    {
        if (!_byId.TryGetValue(id, out var transaction)) return ErrorCode.InvalidProducerIdMapping;
        lock (transaction.Lock)
        {
            var current = transaction.Current;
            if (Fence(current, producerId, epoch) is var error && error != ErrorCode.None) return error;
            if (current.State is TransactionState.PrepareCommit or TransactionState.PrepareAbort) return ErrorCode.ConcurrentTransactions;
            if (current.State != TransactionState.Ongoing)
                current = current with { State = TransactionState.Ongoing, Partitions = [], Groups = [], StartMs = Now };
            var next = with(current);
            if (next != transaction.Current) Save(transaction, next);
            return ErrorCode.None;
        }
    }

    private void Save(Transaction transaction, TransactionSnapshot next)
    {
        next = next with { UpdatedMs = Now };
        _state.Apply(new StateChange(TransactionKey + transaction.Id, JsonSerializer.SerializeToUtf8Bytes(next)));
        transaction.Current = next;
    }

    // Every step can be repeated, so a crash or a full disk between any two is made good by starting over.
    private bool Complete(Transaction transaction)
    {
        var current = transaction.Current;
        var commit = current.State == TransactionState.PrepareCommit;
        try
        {
            foreach (var partition in current.Partitions) _topics.Find(partition)?.EndTransaction(current.ProducerId, current.Epoch, commit);
            foreach (var group in current.Groups) _groups.Find(group)?.EndTransaction(current.ProducerId, commit);
            Save(transaction, current with { State = commit ? TransactionState.CompleteCommit : TransactionState.CompleteAbort, Partitions = [], Groups = [] });
            return true;
        }
        catch (IOException e)
        {
            _log.WriteLimited("storage", $"transactional id '{transaction.Id}' is decided ({current.State}) but its markers cannot be written: {e.Message}; tried again shortly");
            return false;
        }
    }

    private long NewProducerId()
    {
        lock (_idLock)
        {
            if (_nextProducerId == _reservedProducerIds)
            {
                _state.Apply(new StateChange(ProducerIdKey, BitConverter.GetBytes(_reservedProducerIds + ProducerIdBlock)));
                _reservedProducerIds += ProducerIdBlock;
            }

            return _nextProducerId++;
        }
    }
}
