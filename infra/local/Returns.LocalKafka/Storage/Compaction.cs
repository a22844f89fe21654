using System.Buffers;
using System.Globalization;
using System.IO.Hashing;

namespace Returns.LocalKafka.Storage;

/// <summary>Compacts a partition: keeps the last record of each key, as cleanup.policy=compact asks. README.md tells how.</summary>
/// <remarks>Runs on the maintenance thread; the log is locked only while files change places.</remarks>
internal sealed class Compaction(PartitionLog partition, BrokerLog log, CancellationToken stop)
{
    private const int MaxKeys = 4_000_000;
    private const string Cleaned = ".cleaned";
    private const string Swap = ".swap";
    private readonly string _folder = partition.Folder;
    private readonly string _marker = Path.Combine(partition.Folder, "compacted-to");

    /// <summary>Finishes or drops what a crash left of a compaction. Called before the segments are opened.</summary>
    public static void FinishSwaps(string folder)
    {
        foreach (var path in Directory.GetFiles(folder, "*" + Cleaned)) File.Delete(path);
        foreach (var path in Directory.GetFiles(folder, "*" + Swap))
        {
            var range = Path.GetFileNameWithoutExtension(path).Split('-');
            var first = long.Parse(range[0], CultureInfo.InvariantCulture);
            var end = long.Parse(range[1], CultureInfo.InvariantCulture);
            DeleteRange(folder, first, end);
            MoveInto(folder, path, first);
        }
    }

    /// <summary>Compacts when enough is dirty, and returns whether it did.</summary>
    /// <exception cref="IOException">The disk refused; the partition is as it was, or as it is after.</exception>
    public bool RunWhenDue(long now)
    {
        var config = partition.Config;
        var compactedTo = ReadMarker();
        var segments = partition.Segments;
        var stable = partition.LastStable;
        var overdue = false;
        long clean = 0, dirty = 0;
        var due = new List<LogSegment>();
        foreach (var segment in segments[..^1])
        {
            if (segment.NextOffset > stable || (config.MinCompactionLagMs > 0 && segment.MaxTimestamp > now - config.MinCompactionLagMs)) break;
            due.Add(segment);
            if (segment.NextOffset <= compactedTo)
            {
                clean += segment.Size;
                continue;
            }

            dirty += segment.Size;
            overdue |= segment.FirstAppendTime >= 0 && now - segment.FirstAppendTime > config.MaxCompactionLagMs;
        }

        if (dirty == 0 || (!overdue && (double)dirty / (clean + dirty) < config.MinCleanableDirtyRatio)) return false;
        var latest = new Dictionary<UInt128, long>();
        var aborted = partition.AbortedTransactions();
        var mapped = compactedTo;
        foreach (var segment in due.Where(segment => segment.NextOffset > compactedTo))
        {
            if (latest.Count > MaxKeys) break;
            Map(segment, aborted, latest);
            mapped = segment.NextOffset;
        }

        due.RemoveAll(segment => segment.NextOffset > mapped);
        var open = new HashSet<long>();
        for (var i = 0; i < due.Count;)
        {
            var group = new List<LogSegment> { due[i++] };
            var size = group[0].Size;
            while (i < due.Count && size + due[i].Size <= config.SegmentBytes && due[i].NextOffset - group[0].BaseOffset < int.MaxValue / 2)
            {
                size += due[i].Size;
                group.Add(due[i++]);
            }

            if (!Rewrite(group, latest, aborted, open, now)) return false;
        }

        File.WriteAllText(_marker + ".new", mapped.ToString(CultureInfo.InvariantCulture));
        File.Move(_marker + ".new", _marker, overwrite: true);
        return true;
    }

    private static bool IsAborted(in BatchHeader header, List<AbortedTransaction> aborted)
    {
        if (!header.IsTransactional) return false;
        foreach (var transaction in aborted)
        {
            if (transaction.ProducerId == header.ProducerId && transaction.FirstOffset <= header.BaseOffset && header.BaseOffset < transaction.LastOffset)
                return true;
        }

        return false;
    }

    private static void DeleteRange(string folder, long first, long end)
    {
        foreach (var path in Directory.GetFiles(folder, "*.log"))
        {
            if (!long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)) continue;
            if (offset < first || offset >= end) continue;
            File.Delete(path);
            File.Delete(LogSegment.IndexPath(path));
        }
    }

    private static void MoveInto(string folder, string swap, long baseOffset)
    {
        if (new FileInfo(swap).Length == 0) File.Delete(swap);
        else File.Move(swap, Path.Combine(folder, LogSegment.FileName(baseOffset)), overwrite: true);
    }

    private void Map(LogSegment segment, List<AbortedTransaction> aborted, Dictionary<UInt128, long> latest) =>
        Each(segment, (batch, header) =>
        {
            if (header.IsControl || IsAborted(header, aborted)) return;
            foreach (var record in Decode(segment, batch.Span, header) ?? [])
            {
                if (record.Key is { } key) latest[XxHash128.HashToUInt128(key.Span)] = record.Offset;
            }
        });

    private bool Rewrite(List<LogSegment> group, Dictionary<UInt128, long> latest, List<AbortedTransaction> aborted, HashSet<long> open, long now)
    {
        var name = $"{group[0].BaseOffset.ToString("D20", CultureInfo.InvariantCulture)}-{group[^1].NextOffset.ToString(CultureInfo.InvariantCulture)}";
        var cleaned = Path.Combine(_folder, name + Cleaned);
        var goneMarkers = new HashSet<long>();
        using (var output = File.OpenHandle(cleaned, FileMode.Create, FileAccess.Write))
        {
            long length = 0;
            foreach (var segment in group)
            {
                Each(segment, (batch, header) =>
                {
                    var kept = Keep(segment, batch, header, latest, aborted, open, now);
                    if (kept.Length == 0)
                    {
                        if (header.IsControl) goneMarkers.Add(header.BaseOffset);
                        return;
                    }

                    RandomAccess.Write(output, kept.Span, length);
                    length += kept.Length;
                });
            }

            RandomAccess.FlushToDisk(output);
        }

        LogSegment? replacement = null;
        if (new FileInfo(cleaned).Length > 0)
        {
            replacement = LogSegment.OpenBeforeRename(cleaned, _folder, group[0].BaseOffset);
            IndexCompacted(replacement, group[^1].NextOffset);
        }

        // From the swap's name on, a crash finishes the exchange instead of undoing it.
        var swap = Path.Combine(_folder, name + Swap);
        var done = partition.ReplaceSegments(group, replacement, goneMarkers, () =>
        {
            File.Move(cleaned, swap, overwrite: true);
            DeleteRange(_folder, group[0].BaseOffset, group[^1].NextOffset);
            MoveInto(_folder, swap, group[0].BaseOffset);
        });
        if (!done)
        {
            replacement?.Dispose();
            File.Delete(cleaned);
            return false;
        }

        replacement?.SaveIndex();
        foreach (var segment in group) segment.Dispose();
        return true;
    }

    private static void IndexCompacted(LogSegment segment, long nextOffset)
    {
        var size = RandomAccess.GetLength(segment.File);
        Span<byte> bytes = stackalloc byte[BatchHeader.Size];
        for (long position = 0; position < size;)
        {
            RandomAccess.Read(segment.File, bytes, position);
            BatchHeader.TryRead(bytes, out var header);
            segment.Account(position, header.TotalSize, header.BaseOffset, header.LastOffset, header.MaxTimestamp);
            position += header.TotalSize;
        }

        segment.CloseAt(nextOffset);
    }

    private ReadOnlyMemory<byte> Keep(
        LogSegment segment, ReadOnlyMemory<byte> batch, BatchHeader header, Dictionary<UInt128, long> latest, List<AbortedTransaction> aborted, HashSet<long> open, long now)
    {
        var horizon = header.HasDeleteHorizon ? header.BaseTimestamp : now + partition.Config.DeleteRetentionMs;
        var expired = header.HasDeleteHorizon && now > horizon;
        if (header.IsControl)
        {
            // A marker outlives the records of its transaction: without it, a rebuilt producer state would see it open.
            if (open.Remove(header.ProducerId)) return batch;
            if (expired) return default;
            return header.HasDeleteHorizon || Decode(segment, batch.Span, header) is not { } marker ? batch : RecordBatch.Rebuild(batch.Span, marker, horizon);
        }

        if (IsAborted(header, aborted)) return default;
        if (Decode(segment, batch.Span, header) is not { } records)
        {
            if (header.IsTransactional) open.Add(header.ProducerId);
            return batch;
        }

        var tombstones = false;
        var kept = new List<Record>(records.Count);
        foreach (var record in records)
        {
            if (record.Key is not { } key) continue;
            if (latest.TryGetValue(XxHash128.HashToUInt128(key.Span), out var last) && last > record.Offset) continue;
            if (record.Value is null)
            {
                if (expired) continue;
                tombstones = true;
            }

            kept.Add(record);
        }

        if (kept.Count == 0) return default;
        if (header.IsTransactional) open.Add(header.ProducerId);
        var newHorizon = tombstones && !header.HasDeleteHorizon ? horizon : (long?)null;
        if (kept.Count == records.Count && newHorizon is null) return batch;
        return RecordBatch.Rebuild(batch.Span, kept, newHorizon);
    }

    private List<Record>? Decode(LogSegment segment, ReadOnlySpan<byte> batch, in BatchHeader header)
    {
        try
        {
            return RecordBatch.Decode(batch);
        }
        catch (InvalidDataException e)
        {
            log.WriteLimited("decode", $"{segment.Path}: the batch at offset {header.BaseOffset} cannot be decoded ({e.Message}); compaction keeps it as it is");
            return null;
        }
    }

    private void Each(LogSegment segment, Action<ReadOnlyMemory<byte>, BatchHeader> action)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            for (long position = 0; segment.TryReadHeader(position, out var header); position += header.TotalSize)
            {
                stop.ThrowIfCancellationRequested();
                if (header.TotalSize > buffer.Length)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = ArrayPool<byte>.Shared.Rent(checked((int)header.TotalSize));
                }

                var batch = buffer.AsMemory(0, (int)header.TotalSize);
                if (RandomAccess.Read(segment.File, batch.Span, position) < batch.Length) return;
                action(batch, header);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private long ReadMarker() =>
        File.Exists(_marker) && long.TryParse(File.ReadAllText(_marker), NumberStyles.None, CultureInfo.InvariantCulture, out var offset) ? offset : 0;
}
