using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Returns.LocalKafka.Storage;

/// <summary>One file of a partition's log: record batches one behind the other, and a sparse index over them.</summary>
/// <remarks>
/// One thread at a time appends (the log's lock); any number read without a lock. What lies below <see cref="Size"/> is
/// complete. The index is in memory; it is written beside the segment when the segment is sealed.
/// </remarks>
internal sealed class LogSegment : IDisposable
{
    private const int IndexInterval = 4096;
    private const int ScanSize = 4096;
    private const uint IndexMagic = 0x52534931;
    private IndexEntry[] _entries = new IndexEntry[16];
    private int _entryCount;
    private long _indexedTo = -IndexInterval;
    private long _size;

    private LogSegment(string path, long baseOffset, SafeFileHandle file)
    {
        Path = path;
        BaseOffset = baseOffset;
        NextOffset = baseOffset;
        File = file;
    }

    public string Path { get; }

    public long BaseOffset { get; }

    public SafeFileHandle File { get; }

    /// <summary>Bytes of complete batches.</summary>
    public long Size => Volatile.Read(ref _size);

    /// <summary>The offset behind the last record.</summary>
    public long NextOffset { get; private set; }

    public long MaxTimestamp { get; private set; } = -1;

    /// <summary>The last offset of the batch that holds <see cref="MaxTimestamp"/>.</summary>
    public long MaxTimestampOffset { get; private set; } = -1;

    /// <summary>When the first batch came, in milliseconds since 1970; -1 when empty or not known.</summary>
    public long FirstAppendTime { get; private set; } = -1;

    public static string FileName(long baseOffset) => baseOffset.ToString("D20", CultureInfo.InvariantCulture) + ".log";

    public static LogSegment Create(string folder, long baseOffset)
    {
        var path = System.IO.Path.Combine(folder, FileName(baseOffset));
        return new LogSegment(path, baseOffset, Open(path, FileMode.Create));
    }

    /// <summary>Opens an existing segment. Its index is empty until <see cref="TryLoadIndex"/> or a scan fills it.</summary>
    public static LogSegment OpenExisting(string path, long baseOffset) => new(path, baseOffset, Open(path, FileMode.Open));

    /// <summary>Opens a file that will be renamed to the segment of an offset.</summary>
    public static LogSegment OpenBeforeRename(string temporaryPath, string folder, long baseOffset) =>
        new(System.IO.Path.Combine(folder, FileName(baseOffset)), baseOffset, Open(temporaryPath, FileMode.Open));

    /// <summary>Writes a batch at the end. On failure nothing has changed.</summary>
    /// <exception cref="IOException">The disk refused the bytes.</exception>
    public void Append(ReadOnlySpan<byte> batch, in BatchHeader header, long baseOffset, long maxTimestamp, long now)
    {
        var position = _size;
        try
        {
            RandomAccess.Write(File, batch, position);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            try
            {
                RandomAccess.SetLength(File, position);
            }
            catch (IOException)
            {
                // The torn bytes are behind Size: overwritten by the next append, or cut by recovery.
            }

            throw new IOException($"{Path}: cannot append {batch.Length} bytes at {position}: {e.Message}", e);
        }

        if (FirstAppendTime < 0) FirstAppendTime = now;
        Account(position, batch.Length, baseOffset, baseOffset + header.LastOffsetDelta, maxTimestamp);
    }

    /// <summary>Takes a batch that is already in the file into index and counters, while scanning.</summary>
    public void Account(long position, long size, long baseOffset, long lastOffset, long maxTimestamp)
    {
        if (position - _indexedTo >= IndexInterval)
        {
            if (_entryCount == _entries.Length)
            {
                var larger = new IndexEntry[_entries.Length * 2];
                _entries.CopyTo(larger, 0);
                Volatile.Write(ref _entries, larger);
            }

            _entries[_entryCount] = new IndexEntry(baseOffset, position, MaxTimestamp);
            Volatile.Write(ref _entryCount, _entryCount + 1);
            _indexedTo = position;
        }

        if (maxTimestamp > MaxTimestamp)
        {
            MaxTimestamp = maxTimestamp;
            MaxTimestampOffset = lastOffset;
        }

        NextOffset = lastOffset + 1;
        Volatile.Write(ref _size, position + size);
    }

    /// <summary>The position of the first batch whose last offset is at least <paramref name="offset"/>; <see cref="Size"/> when there is none.</summary>
    /// <exception cref="IOException">The file was changed behind the broker's back.</exception>
    public long Locate(long offset)
    {
        var size = Size;
        // The count first: an array seen after it holds at least that many entries.
        int low = 0, high = Volatile.Read(ref _entryCount) - 1;
        var entries = Volatile.Read(ref _entries);
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (entries[middle].Offset <= offset) low = middle;
            else high = middle - 1;
        }

        var start = high < 0 ? 0 : entries[low].Position;
        Span<byte> chunk = stackalloc byte[ScanSize];
        while (start < size)
        {
            var read = RandomAccess.Read(File, chunk, start);
            var at = 0;
            while (BatchHeader.TryRead(chunk[at..read], out var header))
            {
                if (start + at >= size || header.LastOffset >= offset) return Math.Min(start + at, size);
                if (header.TotalSize < BatchHeader.Size) throw NoBatchAt(start + at);
                if (header.TotalSize > read - at)
                {
                    at += (int)Math.Min(header.TotalSize, int.MaxValue - at);
                    break;
                }

                at += (int)header.TotalSize;
            }

            if (at == 0) break;
            start += at;
        }

        return size;
    }

    /// <summary>Where to start looking for the first batch with a timestamp of at least <paramref name="timestamp"/>.</summary>
    public long LocateTime(long timestamp)
    {
        var count = Volatile.Read(ref _entryCount);
        var entries = Volatile.Read(ref _entries);
        long start = 0;
        for (var i = 0; i < count && entries[i].MaxTimestampBefore < timestamp; i++) start = entries[i].Position;
        return start;
    }

    /// <summary>An offset that no record before a position reaches; <see cref="long.MaxValue"/> where the index cannot tell.</summary>
    public long OffsetBound(long position)
    {
        var count = Volatile.Read(ref _entryCount);
        var entries = Volatile.Read(ref _entries);
        int low = 0, high = count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (entries[middle].Position < position) low = middle + 1;
            else high = middle;
        }

        return low < count ? entries[low].Offset : long.MaxValue;
    }

    /// <summary>Reads the header at a position; false at the end of the segment.</summary>
    /// <exception cref="IOException">There is none: the file was changed behind the broker's back.</exception>
    public bool TryReadHeader(long position, out BatchHeader header)
    {
        header = default;
        if (position + BatchHeader.Size > Size) return false;
        Span<byte> bytes = stackalloc byte[BatchHeader.Size];
        if (RandomAccess.Read(File, bytes, position) < bytes.Length || !BatchHeader.TryRead(bytes, out header)) return false;
        // Whoever walks the file goes on by this size.
        if (header.TotalSize < BatchHeader.Size) throw NoBatchAt(position);
        return true;
    }

    /// <summary>Sets the end of a compacted segment, whose last records may be gone.</summary>
    public void CloseAt(long nextOffset) => NextOffset = Math.Max(NextOffset, nextOffset);

    /// <summary>Forgets the index and sizes, and cuts the file to the bytes given, to be scanned again.</summary>
    public void Truncate(long size)
    {
        RandomAccess.SetLength(File, size);
        _entryCount = 0;
        _indexedTo = -IndexInterval;
        MaxTimestamp = MaxTimestampOffset = -1;
        NextOffset = BaseOffset;
        Volatile.Write(ref _size, 0);
    }

    /// <summary>Writes the index beside the segment, so that the next start needs no scan.</summary>
    public void SaveIndex()
    {
        var bytes = new byte[56 + _entryCount * 24];
        var span = bytes.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(span, IndexMagic);
        BinaryPrimitives.WriteInt64LittleEndian(span[8..], _size);
        BinaryPrimitives.WriteInt64LittleEndian(span[16..], NextOffset);
        BinaryPrimitives.WriteInt64LittleEndian(span[24..], MaxTimestamp);
        BinaryPrimitives.WriteInt64LittleEndian(span[32..], MaxTimestampOffset);
        BinaryPrimitives.WriteInt64LittleEndian(span[40..], FirstAppendTime);
        BinaryPrimitives.WriteInt64LittleEndian(span[48..], _indexedTo);
        for (var i = 0; i < _entryCount; i++)
        {
            var entry = span[(56 + i * 24)..];
            BinaryPrimitives.WriteInt64LittleEndian(entry, _entries[i].Offset);
            BinaryPrimitives.WriteInt64LittleEndian(entry[8..], _entries[i].Position);
            BinaryPrimitives.WriteInt64LittleEndian(entry[16..], _entries[i].MaxTimestampBefore);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(span[4..], BatchHeader.Crc32C(span[8..]));
        System.IO.File.WriteAllBytes(IndexPath(Path), bytes);
    }

    /// <summary>Loads the saved index when it is whole and speaks of a file of this length.</summary>
    public bool TryLoadIndex()
    {
        var path = IndexPath(Path);
        if (!System.IO.File.Exists(path)) return false;
        ReadOnlySpan<byte> span = System.IO.File.ReadAllBytes(path);
        if (span.Length < 56 || (span.Length - 56) % 24 != 0
            || BinaryPrimitives.ReadUInt32LittleEndian(span) != IndexMagic
            || BinaryPrimitives.ReadUInt32LittleEndian(span[4..]) != BatchHeader.Crc32C(span[8..])
            || BinaryPrimitives.ReadInt64LittleEndian(span[8..]) != RandomAccess.GetLength(File))
        {
            return false;
        }

        NextOffset = BinaryPrimitives.ReadInt64LittleEndian(span[16..]);
        MaxTimestamp = BinaryPrimitives.ReadInt64LittleEndian(span[24..]);
        MaxTimestampOffset = BinaryPrimitives.ReadInt64LittleEndian(span[32..]);
        FirstAppendTime = BinaryPrimitives.ReadInt64LittleEndian(span[40..]);
        _indexedTo = BinaryPrimitives.ReadInt64LittleEndian(span[48..]);
        var count = (span.Length - 56) / 24;
        var entries = new IndexEntry[Math.Max(16, count)];
        for (var i = 0; i < count; i++)
        {
            var entry = span[(56 + i * 24)..];
            entries[i] = new IndexEntry(BinaryPrimitives.ReadInt64LittleEndian(entry), BinaryPrimitives.ReadInt64LittleEndian(entry[8..]), BinaryPrimitives.ReadInt64LittleEndian(entry[16..]));
        }

        _entries = entries;
        _entryCount = count;
        _size = BinaryPrimitives.ReadInt64LittleEndian(span[8..]);
        return true;
    }

    /// <summary>Closes the file and removes it with its index. Readers under way see a closed handle and look again.</summary>
    public void Delete()
    {
        File.Dispose();
        System.IO.File.Delete(Path);
        System.IO.File.Delete(IndexPath(Path));
    }

    public void Dispose() => File.Dispose();

    public static string IndexPath(string logPath) => System.IO.Path.ChangeExtension(logPath, ".index");

    private IOException NoBatchAt(long position) =>
        new($"{Path}: no batch at {position}; the file was changed while the broker had it open. Restart the broker: it keeps what is whole");

    private static SafeFileHandle Open(string path, FileMode mode) =>
        System.IO.File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    private readonly record struct IndexEntry(long Offset, long Position, long MaxTimestampBefore);
}
