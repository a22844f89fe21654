using System.Buffers;
using System.Globalization;
using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Storage;

/// <summary>The log of one partition: its segments, producers and open transactions. Thread safe.</summary>
/// <remarks>
/// One lock orders appends, markers, truncation at the start and the swap of compacted segments; reads take it only for a
/// glance at the ends and then read the files without it. README.md describes the files and the recovery.
/// </remarks>
internal sealed class PartitionLog : IDisposable
{
    private const long ProducerExpiry = 24L * 3600 * 1000;
    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly BrokerLog _log;
    private readonly List<FetchWaiter> _waitAny = [];
    private readonly List<FetchWaiter> _waitStable = [];
    private LogSegment[] _segments;
    private readonly ProducerState _producers;
    private TopicConfig _config;
    private long _start;
    private long _end;
    private bool _closed;

    private PartitionLog(TopicPartition id, string folder, long start, TopicConfig config, TimeProvider time, BrokerLog log)
    {
        Id = id;
        _folder = folder;
        _config = config;
        _time = time;
        _log = log;
        Directory.CreateDirectory(folder);
        var recovery = new LogRecovery(folder, config, log);
        _segments = recovery.Run(start);
        _producers = recovery.Producers;
        _start = Math.Max(start, _segments[0].BaseOffset);
        _end = Math.Max(_start, _segments[^1].NextOffset);
    }

    public TopicPartition Id { get; }

    public string Folder => _folder;

    public TopicConfig Config
    {
        get => Volatile.Read(ref _config);
        set => Volatile.Write(ref _config, value);
    }

    /// <summary>The first offset that can be read.</summary>
    public long Start => Volatile.Read(ref _start);

    /// <summary>The offset the next record gets, which is also the high watermark: there are no replicas to wait for.</summary>
    public long End => Volatile.Read(ref _end);

    /// <summary>Where a read_committed reader has to stop: the first record of the oldest open transaction, or <see cref="End"/>.</summary>
    public long LastStable
    {
        get
        {
            lock (_lock) return StableUnderLock;
        }
    }

    /// <summary>The segments as of now, the one being written last.</summary>
    public LogSegment[] Segments => Volatile.Read(ref _segments);

    private long StableUnderLock => _producers.FirstOpenOffset ?? _end;

    private LogSegment Active => _segments[^1];

    /// <summary>Opens the partition, creating it when it is new and recovering it when the broker did not stop cleanly.</summary>
    /// <exception cref="IOException">The folder cannot be read or written.</exception>
    public static PartitionLog Open(TopicPartition id, string folder, long start, TopicConfig config, TimeProvider time, BrokerLog log) =>
        new(id, folder, start, config, time, log);

    /// <summary>Appends a batch whose form and CRC were checked. The offset is stamped into <paramref name="batch"/>.</summary>
    public AppendResult Append(Span<byte> batch, in BatchHeader header, ITransactionGuard guard)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        lock (_lock)
        {
            if (_closed) return new AppendResult(ErrorCode.UnknownTopicOrPartition, -1, -1);
            var error = _producers.Check(header, out var duplicateOf);
            if (error != ErrorCode.None) return new AppendResult(error, -1, -1);
            if (duplicateOf >= 0) return new AppendResult(ErrorCode.None, duplicateOf, -1);
            // Under the lock, so that no batch slips in between the end of its transaction and the marker in this log.
            if (header.IsTransactional)
            {
                error = guard.Check(header.ProducerId, header.ProducerEpoch, Id);
                if (error != ErrorCode.None) return new AppendResult(error, -1, -1);
            }
            else if (header.ProducerId >= 0 && _producers.HasOpenTransaction(header.ProducerId))
            {
                return new AppendResult(ErrorCode.InvalidTransactionState, -1, -1);
            }

            var appendTime = _config.LogAppendTime ? now : -1;
            try
            {
                RollWhenDue(batch.Length, now);
                if (appendTime >= 0) BatchHeader.StampAppendTime(batch, appendTime);
                BatchHeader.StampOffset(batch, _end);
                Active.Append(batch, header, _end, appendTime >= 0 ? appendTime : header.MaxTimestamp, now);
            }
            catch (IOException e)
            {
                _log.WriteLimited("storage", $"{Id}: {e.Message}; the producer is told KAFKA_STORAGE_ERROR, reads go on");
                return new AppendResult(ErrorCode.StorageError, -1, -1);
            }

            var offset = _end;
            _producers.Appended(header, offset);
            Volatile.Write(ref _end, Active.NextOffset);
            Wake(_waitAny);
            if (StableUnderLock == _end) Wake(_waitStable);
            return new AppendResult(ErrorCode.None, offset, appendTime);
        }
    }

    /// <summary>Ends a producer's transaction here with a marker, when it has one open. Doing it twice does no harm.</summary>
    /// <exception cref="IOException">The disk refused the marker.</exception>
    public void EndTransaction(long producerId, short epoch, bool commit)
    {
        lock (_lock)
        {
            if (_closed || !_producers.HasOpenTransaction(producerId)) return;
            var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
            var marker = TransactionMarker.Build(producerId, epoch, commit, now);
            RollWhenDue(marker.Length, now);
            BatchHeader.StampOffset(marker, _end);
            BatchHeader.TryRead(marker, out var header);
            Active.Append(marker, header, _end, now, now);
            _producers.Ended(producerId, epoch, commit, _end, now);
            Volatile.Write(ref _end, Active.NextOffset);
            Wake(_waitAny);
            Wake(_waitStable);
        }
    }

    /// <summary>Finds what a fetch may read from an offset; the caller then reads it from the segment's file.</summary>
    /// <param name="offset">The offset wanted.</param>
    /// <param name="committed">Stop at the last stable offset, and list the aborted transactions.</param>
    /// <param name="maxBytes">The most to read, in bytes.</param>
    /// <param name="atLeastOne">Give the first batch whole even when it is larger than that.</param>
    /// <param name="aborted">Filled with the aborted transactions in the range.</param>
    public LogRead PrepareRead(long offset, bool committed, int maxBytes, bool atLeastOne, List<AbortedTransaction> aborted)
    {
        LogSegment[] segments;
        long start, end, stable, activeSize;
        lock (_lock)
        {
            segments = _segments;
            start = _start;
            end = _end;
            stable = StableUnderLock;
            activeSize = Active.Size;
        }

        var read = new LogRead { Start = start, End = end, Stable = stable };
        if (offset < start || offset > end) return read with { Error = ErrorCode.OffsetOutOfRange };
        var limit = committed ? stable : end;
        if (offset >= limit || (maxBytes <= 0 && !atLeastOne)) return read;

        for (var i = IndexOf(segments, offset); i < segments.Length; i++)
        {
            var segment = segments[i];
            var last = i == segments.Length - 1;
            var position = segment.Locate(offset);
            var stop = limit < end && (last || limit < segment.NextOffset) ? segment.Locate(limit) : last ? activeSize : segment.Size;
            if (position >= stop)
            {
                if (limit <= segment.NextOffset && !last && limit < end) return read;
                continue;
            }

            var size = Math.Min(maxBytes, stop - position);
            if (atLeastOne && segment.TryReadHeader(position, out var first)) size = Math.Min(stop - position, Math.Max(size, first.TotalSize));
            if (size <= 0) return read;
            if (committed)
            {
                var bound = Math.Min(limit, segment.OffsetBound(position + size));
                lock (_lock) _producers.CollectAborted(offset, bound, aborted);
            }

            return read with { Segment = segment, Position = position, Size = (int)size };
        }

        return read;
    }

    /// <summary>Finds the first record with a timestamp of at least the one given; null when there is none below the limit.</summary>
    public RecordPosition? FindByTime(long timestamp, bool committed)
    {
        var limit = committed ? LastStable : End;
        var start = Start;
        foreach (var segment in Segments)
        {
            if (segment.MaxTimestamp < timestamp) continue;
            for (var position = segment.LocateTime(timestamp); segment.TryReadHeader(position, out var header); position += header.TotalSize)
            {
                if (header.BaseOffset >= limit) return null;
                if (header.MaxTimestamp < timestamp || header.LastOffset < start || header.IsControl) continue;
                if (FindInBatch(segment, position, header, record => record.Offset >= start && record.Timestamp >= timestamp) is { } found)
                    return found;
            }
        }

        return null;
    }

    /// <summary>Finds the record with the largest timestamp; null in an empty log.</summary>
    public RecordPosition? FindMaxTimestamp(bool committed)
    {
        var limit = committed ? LastStable : End;
        var max = -1L;
        LogSegment? holder = null;
        long at = 0;
        BatchHeader batch = default;
        foreach (var segment in Segments)
        {
            if (segment.MaxTimestamp <= max) continue;
            for (long position = segment.LocateTime(segment.MaxTimestamp); segment.TryReadHeader(position, out var header); position += header.TotalSize)
            {
                if (header.BaseOffset >= limit) break;
                if (header.IsControl || header.MaxTimestamp <= max) continue;
                (max, holder, at, batch) = (header.MaxTimestamp, segment, position, header);
            }
        }

        return holder is null ? null : FindInBatch(holder, at, batch, record => record.Timestamp == max);
    }

    public void AddWaiter(FetchWaiter waiter, bool committed)
    {
        lock (_lock) (committed ? _waitStable : _waitAny).Add(waiter);
    }

    public void RemoveWaiter(FetchWaiter waiter, bool committed)
    {
        lock (_lock) (committed ? _waitStable : _waitAny).Remove(waiter);
    }

    /// <summary>The producers of this partition, for DescribeProducers.</summary>
    public List<ActiveProducer> DescribeProducers()
    {
        lock (_lock)
        {
            return [.. _producers.Producers.Select(p => new ActiveProducer(p.Id, p.Epoch, p.LastSequence, p.LastTimestamp, p.TransactionStart))];
        }
    }

    /// <summary>The aborted transactions that are still in the log.</summary>
    public List<AbortedTransaction> AbortedTransactions()
    {
        lock (_lock) return [.. _producers.Aborted];
    }

    /// <summary>Makes everything below an offset unreadable, and deletes the segments that lie wholly below it.</summary>
    public void AdvanceStart(long offset)
    {
        List<LogSegment> gone = [];
        lock (_lock)
        {
            if (_closed || offset <= _start) return;
            Volatile.Write(ref _start, Math.Min(offset, _end));
            while (_segments.Length > 1 && _segments[1].BaseOffset <= _start)
            {
                gone.Add(_segments[0]);
                Volatile.Write(ref _segments, _segments[1..]);
            }

            _producers.Expire(_start, long.MinValue);
        }

        foreach (var segment in gone) DeleteQuietly(segment);
    }

    /// <summary>Deletes segments that retention.ms and retention.bytes no longer keep, and forgets silent producers.</summary>
    public void Retain(long now)
    {
        var config = Config;
        lock (_lock)
        {
            if (_closed) return;
            _producers.Expire(_start, now - ProducerExpiry);
            try
            {
                var active = Active;
                var expired = config.Delete && config.RetentionMs >= 0 && active.MaxTimestamp >= 0 && active.MaxTimestamp < now - config.RetentionMs;
                var old = active.FirstAppendTime >= 0 && now - active.FirstAppendTime >= config.SegmentMs;
                if (active.Size > 0 && (expired || old)) Roll();
            }
            catch (IOException e)
            {
                _log.WriteLimited("storage", $"{Id}: cannot start a new segment: {e.Message}");
                return;
            }
        }

        if (!config.Delete) return;
        var keepFrom = Start;
        var segments = Segments;
        var stable = LastStable;
        var total = segments.Sum(segment => segment.Size);
        foreach (var segment in segments[..^1])
        {
            var byTime = config.RetentionMs >= 0 && segment.MaxTimestamp < now - config.RetentionMs;
            var bySize = config.RetentionBytes >= 0 && total - segment.Size >= config.RetentionBytes;
            if ((!byTime && !bySize) || segment.NextOffset > stable) break;
            total -= segment.Size;
            keepFrom = segment.NextOffset;
        }

        AdvanceStart(keepFrom);
    }

    /// <summary>Puts a compacted segment in the place of those it was made from; it is null when nothing was left of them.</summary>
    /// <param name="old">Neighbours, without the one being written.</param>
    /// <param name="replacement">What was made of them.</param>
    /// <param name="goneMarkers">The offsets of abort markers that are no longer there.</param>
    /// <param name="exchangeFiles">Renames the files; runs under the log's lock.</param>
    /// <returns>False when the log was truncated or closed meanwhile, and nothing was done.</returns>
    public bool ReplaceSegments(IReadOnlyList<LogSegment> old, LogSegment? replacement, HashSet<long> goneMarkers, Action exchangeFiles)
    {
        lock (_lock)
        {
            if (_closed) return false;
            var first = Array.IndexOf(_segments, old[0]);
            if (first < 0 || first + old.Count >= _segments.Length) return false;
            for (var i = 0; i < old.Count; i++)
            {
                if (_segments[first + i] != old[i]) return false;
            }

            exchangeFiles();
            _producers.ForgetAborted(goneMarkers.Contains);
            var next = new List<LogSegment>(_segments[..first]);
            if (replacement is not null) next.Add(replacement);
            next.AddRange(_segments[(first + old.Count)..]);
            Volatile.Write(ref _segments, [.. next]);
            return true;
        }
    }

    /// <summary>Closes the files for good and deletes them; readers and producers are told the partition is unknown.</summary>
    public void Delete()
    {
        lock (_lock)
        {
            if (!_closed)
            {
                _closed = true;
                foreach (var segment in _segments) segment.Dispose();
            }

            Wake(_waitAny);
            Wake(_waitStable);
        }

        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.Write($"{_folder}: cannot delete the folder of the deleted partition {Id}: {e.Message}; the next start tries again");
        }
    }

    /// <summary>Flushes, and leaves index and producer snapshot behind so that the next start needs no scan.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_closed) return;
            _closed = true;
            try
            {
                RandomAccess.FlushToDisk(Active.File);
                Active.SaveIndex();
                SaveSnapshot();
            }
            catch (IOException e)
            {
                _log.Write($"{Id}: cannot save the index: {e.Message}; the next start scans the last segment instead");
            }

            foreach (var segment in _segments) segment.Dispose();
            Wake(_waitAny);
            Wake(_waitStable);
        }
    }

    private static int IndexOf(LogSegment[] segments, long offset)
    {
        int low = 0, high = segments.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (segments[middle].BaseOffset <= offset) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    private static void Wake(List<FetchWaiter> waiters)
    {
        foreach (var waiter in waiters) waiter.Signal();
    }

    private RecordPosition? FindInBatch(LogSegment segment, long position, in BatchHeader header, Func<RecordPosition, bool> wanted)
    {
        if (header.TotalSize > int.MaxValue) return null;
        var bytes = ArrayPool<byte>.Shared.Rent((int)header.TotalSize);
        try
        {
            var batch = bytes.AsSpan(0, RandomAccess.Read(segment.File, bytes.AsSpan(0, (int)header.TotalSize), position));
            foreach (var record in RecordBatch.Decode(batch))
            {
                var found = new RecordPosition(record.Offset, record.Timestamp);
                if (wanted(found)) return found;
            }

            return null;
        }
        catch (InvalidDataException e)
        {
            _log.WriteLimited("decode", $"{Id}: the batch at offset {header.BaseOffset} cannot be decoded ({e.Message}); its first offset stands for the timestamp");
            return new RecordPosition(header.BaseOffset, header.MaxTimestamp);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private void RollWhenDue(int incoming, long now)
    {
        var active = Active;
        if (active.Size == 0) return;
        if (active.Size + incoming > _config.SegmentBytes || now - active.FirstAppendTime >= _config.SegmentMs
            || _end - active.BaseOffset > int.MaxValue / 2)
        {
            Roll();
        }
    }

    private void Roll()
    {
        Active.SaveIndex();
        SaveSnapshot();
        var next = LogSegment.Create(_folder, _end);
        Volatile.Write(ref _segments, [.. _segments, next]);
    }

    private void SaveSnapshot()
    {
        var path = Path.Combine(_folder, _end.ToString("D20", CultureInfo.InvariantCulture) + LogRecovery.SnapshotSuffix);
        File.WriteAllBytes(path + ".new", _producers.ToSnapshot());
        File.Move(path + ".new", path, overwrite: true);
        foreach (var old in Directory.GetFiles(_folder, "*" + LogRecovery.SnapshotSuffix).Order(StringComparer.Ordinal).SkipLast(2)) File.Delete(old);
    }

    private void DeleteQuietly(LogSegment segment)
    {
        try
        {
            segment.Delete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.Write($"{segment.Path}: cannot delete: {e.Message}; the next start tries again");
        }
    }
}

/// <summary>What became of an append: the offset of the first record, and the broker's time where the topic asks for it (else -1).</summary>
internal readonly record struct AppendResult(ErrorCode Error, long BaseOffset, long AppendTime);

/// <summary>What a fetch may read; <see cref="Segment"/> is null when there is nothing now.</summary>
internal readonly record struct LogRead
{
    public ErrorCode Error { get; init; }

    public long Start { get; init; }

    public long End { get; init; }

    public long Stable { get; init; }

    public LogSegment? Segment { get; init; }

    public long Position { get; init; }

    public int Size { get; init; }
}

/// <summary>A record's offset and timestamp (milliseconds since 1970).</summary>
internal readonly record struct RecordPosition(long Offset, long Timestamp);

/// <summary>A producer as DescribeProducers shows it; -1 where there is no sequence or no open transaction.</summary>
internal readonly record struct ActiveProducer(long Id, short Epoch, int LastSequence, long LastTimestamp, long TransactionStart);

/// <summary>Asks the transaction coordinator whether a producer may write to a partition now. Must not take locks.</summary>
internal interface ITransactionGuard
{
    ErrorCode Check(long producerId, short epoch, TopicPartition partition);
}
