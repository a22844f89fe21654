namespace Returns.ClickHouse.Sink;

/// <summary>The batches that fill for the next round, and when they are due.</summary>
/// <remarks>For the polling thread. Batches are used again, and so are their buffers.</remarks>
internal sealed class BatchGathering(SinkOptions options, TimeProvider time)
{
    private const int BatchesOverAll = 4;

    /// <summary>Rows of a range from which on ClickHouse spends clearly more on the rows (5 µs each) than on the insert itself (some 12 ms).</summary>
    private const int WorthwhileRows = 4_000;

    /// <summary>Rows of all ranges together that do not rest: many partitions have small ranges, and are a backlog all the same.</summary>
    private const int BacklogRows = 20_000;

    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(1);
    private readonly Stack<RangeBatch> _free = [];
    private long _oldest;
    private long _restUntil;
    private long _bytes;
    private long _rows;
    private int _batches;
    private bool _anyFull;

    /// <summary>Whether nothing gathers, a range to be recovered included.</summary>
    public bool IsEmpty => _batches == 0;

    /// <summary>Whether a batch is large enough, or all together are.</summary>
    public bool IsFull => _anyFull || _bytes >= (long)options.MaxBytes * BatchesOverAll;

    /// <summary>A batch for a partition; <paramref name="required"/> is the range it must come to, or null.</summary>
    public RangeBatch NewBatch(SinkPartition partition, PendingRange? required)
    {
        var batch = _free.TryPop(out var used) ? used : new RangeBatch();
        batch.Begin(partition, required);
        if (_batches++ == 0) _oldest = time.GetTimestamp();
        return batch;
    }

    /// <summary>Adds a record to the batch of its partition.</summary>
    /// <exception cref="Contracts.Wire.SchemaRegistryException">The registry could not be asked; nothing was added.</exception>
    public void Take(SinkPartition partition, in OutcomeRecord record)
    {
        var batch = partition.Recovering is { IsComplete: false } recovering ? recovering : partition.Gathering ??= NewBatch(partition, null);
        var before = batch.Length;
        partition.Topic.Append(record, batch);
        _bytes += batch.Length - before;
        _rows++;
        _anyFull |= batch.Count >= options.MaxRows || batch.Length >= options.MaxBytes;
    }

    /// <summary>
    /// Whether a round should begin: something is complete, and what gathers is full, or large enough to be worth its inserts, or
    /// has waited long enough and had its rest.
    /// </summary>
    public bool IsDue(IEnumerable<SinkPartition> partitions) =>
        _batches > 0
        && (IsFull || _rows >= (long)WorthwhileRows * _batches
            || (time.GetElapsedTime(_oldest) >= options.MaxDelay && (_rows >= BacklogRows || time.GetTimestamp() >= _restUntil)))
        && partitions.Any(p => Ready(p) is not null);

    /// <summary>
    /// A round has landed. A round of small ranges does not begin for eight times as long as that took, at most 2 s, so that at
    /// a steady rate ClickHouse spends its time on rows rather than on inserts, however slow it is.
    /// </summary>
    public void Rest(TimeSpan landing)
    {
        var rest = landing * 8 < LongestRest ? landing * 8 : LongestRest;
        _restUntil = time.GetTimestamp() + (long)(rest.TotalSeconds * time.TimestampFrequency);
    }

    /// <summary>Takes what is ready of every partition: one range each, a recovered one first.</summary>
    public List<RangeBatch> TakeRanges(IEnumerable<SinkPartition> partitions)
    {
        var ranges = new List<RangeBatch>();
        var (left, leftRows, leftBytes) = (0, 0L, 0L);
        _anyFull = false;
        foreach (var partition in partitions)
        {
            if (Ready(partition) is { } ready)
            {
                if (ready == partition.Recovering) partition.Recovering = null;
                else partition.Gathering = null;
                ranges.Add(ready);
            }
            foreach (var stays in (ReadOnlySpan<RangeBatch?>)[partition.Recovering, partition.Gathering])
            {
                if (stays is null) continue;
                left++;
                leftRows += stays.Count;
                leftBytes += stays.Length;
            }
        }
        (_batches, _rows, _bytes, _oldest) = (left, leftRows, leftBytes, time.GetTimestamp());
        return ranges;
    }

    /// <summary>Forgets what gathers for a partition that is taken away.</summary>
    public void Drop(SinkPartition partition)
    {
        foreach (var batch in (ReadOnlySpan<RangeBatch?>)[partition.Recovering, partition.Gathering])
        {
            if (batch is null) continue;
            _batches--;
            _rows -= batch.Count;
            _bytes -= batch.Length;
            Reuse(batch);
        }
        (partition.Recovering, partition.Gathering) = (null, null);
    }

    /// <summary>Takes a batch back when it has landed or its partition is not ours any more; whether it did.</summary>
    public bool ReuseWhenDone(RangeBatch batch)
    {
        if (!batch.HasLanded && batch.Partition.IsOurs) return false;
        Reuse(batch);
        return true;
    }

    private static RangeBatch? Ready(SinkPartition partition) =>
        partition.Recovering is { } recovering ? recovering.IsComplete ? recovering : null : partition.Gathering is { Count: > 0 } gathering ? gathering : null;

    private void Reuse(RangeBatch batch)
    {
        // One enormous record must not keep its memory for good.
        if (batch.Rows.Capacity <= options.MaxBytes * 2 && batch.DeadLetters.Capacity <= options.MaxBytes) _free.Push(batch);
    }
}
