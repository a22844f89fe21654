using System.Buffers;
using System.Globalization;
using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Storage;

/// <summary>Opens what a partition's folder holds, checking and mending what an unclean stop left. README.md tells the rules.</summary>
internal sealed class LogRecovery(string folder, TopicConfig config, BrokerLog log)
{
    /// <summary>What the files that hold a <see cref="ProducerState"/> end with; their name is the offset it was taken at.</summary>
    public const string SnapshotSuffix = ".producers";

    /// <summary>The producers and open transactions at the end of the log, once it has run.</summary>
    public ProducerState Producers { get; private set; } = new();

    /// <summary>Opens the segments of the folder, the one to be written last; there is at least one.</summary>
    /// <param name="start">The first offset that can be read; what lies wholly below it is deleted.</param>
    /// <exception cref="IOException">The folder cannot be read or written.</exception>
    public LogSegment[] Run(long start)
    {
        Compaction.FinishSwaps(folder);
        foreach (var leftover in Directory.GetFiles(folder, "*.new")) File.Delete(leftover);
        var segments = new List<LogSegment>();
        foreach (var path in Directory.GetFiles(folder, "*.log").Order(StringComparer.Ordinal))
        {
            if (long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var baseOffset))
                segments.Add(LogSegment.OpenExisting(path, baseOffset));
        }

        while (segments.Count > 1 && segments[1].BaseOffset <= start)
        {
            segments[0].Delete();
            segments.RemoveAt(0);
        }

        if (segments.Count == 0) segments.Add(LogSegment.Create(folder, start));
        var snapshots = Directory.GetFiles(folder, "*" + SnapshotSuffix)
            .Select(path => (Path: path, Offset: long.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture)))
            .OrderByDescending(snapshot => snapshot.Offset).ToList();
        var indexed = segments.ConvertAll(segment => segment.TryLoadIndex());
        // The last segment's index is only true until the next append.
        File.Delete(LogSegment.IndexPath(segments[^1].Path));

        // A snapshot is usable when every byte before it is accounted for and it does not lie behind the end of the log.
        var known = indexed[^1] ? segments[^1].NextOffset : segments[^1].BaseOffset;
        var from = long.MinValue;
        foreach (var snapshot in snapshots)
        {
            if (snapshot.Offset <= known && ProducerState.FromSnapshot(File.ReadAllBytes(snapshot.Path)) is { } state)
            {
                (Producers, from) = (state, snapshot.Offset);
                break;
            }
        }

        for (var i = 0; i < segments.Count; i++)
        {
            if (indexed[i] && segments[i].NextOffset <= from) continue;
            Scan(segments[i], from, last: i == segments.Count - 1);
        }

        foreach (var snapshot in snapshots.Where(snapshot => snapshot.Offset > segments[^1].NextOffset)) File.Delete(snapshot.Path);
        // An older snapshot may list aborted transactions whose markers compaction has removed since. A consumer told of
        // them would wait for a marker that never comes, and drop the producer's later records.
        if (config.Compact) Producers.ForgetAborted(marker => !HasMarker(segments, marker));
        return [.. segments];
    }

    private static bool HasMarker(List<LogSegment> segments, long offset)
    {
        var segment = segments.FindLast(candidate => candidate.BaseOffset <= offset);
        return segment is not null && segment.TryReadHeader(segment.Locate(offset), out var header) && header.IsControl && header.BaseOffset == offset;
    }

    /// <summary>Checks every batch of a segment, rebuilds its index, and takes producers into account from an offset on.</summary>
    private void Scan(LogSegment segment, long producersFrom, bool last)
    {
        var fileSize = RandomAccess.GetLength(segment.File);
        segment.Truncate(fileSize);
        var buffer = ArrayPool<byte>.Shared.Rent(1024 * 1024);
        long position = 0;
        try
        {
            while (position < fileSize)
            {
                var read = RandomAccess.Read(segment.File, buffer, position);
                if (!BatchHeader.TryRead(buffer.AsSpan(0, read), out var header)) break;
                if (header.Magic != 2 || header.TotalSize < BatchHeader.Size || header.TotalSize > fileSize - position || header.BaseOffset < segment.NextOffset) break;
                if (header.TotalSize > read)
                {
                    if (header.TotalSize <= buffer.Length) break;
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = ArrayPool<byte>.Shared.Rent((int)header.TotalSize);
                    continue;
                }

                var at = 0;
                var intact = true;
                while (BatchHeader.TryRead(buffer.AsSpan(at, read - at), out header) && header.TotalSize <= read - at)
                {
                    intact = header.Magic == 2 && header.TotalSize >= BatchHeader.Size && header.BaseOffset >= segment.NextOffset
                        && header.Crc == BatchHeader.ComputeCrc(buffer.AsSpan(at, (int)header.TotalSize));
                    if (!intact) break;
                    var batch = buffer.AsSpan(at, (int)header.TotalSize);
                    segment.Account(position + at, batch.Length, header.BaseOffset, header.LastOffset, header.MaxTimestamp);
                    if (header.BaseOffset >= producersFrom)
                    {
                        if (!header.IsControl) Producers.Appended(header, header.BaseOffset);
                        else if (TransactionMarker.IsCommit(batch) is { } commit) Producers.Ended(header.ProducerId, header.ProducerEpoch, commit, header.BaseOffset, header.MaxTimestamp);
                    }

                    at += batch.Length;
                }

                position += at;
                if (!intact || at == 0) break;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (position == fileSize)
        {
            if (!last) segment.SaveIndex();
            return;
        }

        var lost = fileSize - position;
        if (last)
        {
            RandomAccess.SetLength(segment.File, position);
            log.Write($"{segment.Path}: cut {lost} bytes of an unfinished write at {position}; the log ends at offset {segment.NextOffset}");
            return;
        }

        File.Copy(segment.Path, segment.Path + ".corrupt", overwrite: true);
        RandomAccess.SetLength(segment.File, position);
        segment.SaveIndex();
        log.Write($"{segment.Path}: damaged at byte {position}, offset {segment.NextOffset}: {lost} bytes cannot be read. The whole file is kept as {Path.GetFileName(segment.Path)}.corrupt; later segments are served");
    }
}
