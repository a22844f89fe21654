using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Returns.LocalKafka.Storage;

/// <summary>
/// The broker's own durable map: topics, committed offsets, transactions, producer ids. A log of atomic change sets,
/// replayed at start and rewritten when most of it is out of date. Thread safe.
/// </summary>
/// <remarks>
/// A change set is on disk (in the page cache: a killed process loses nothing, a power cut may) before it is visible, and
/// all of it or none of it is there after a crash. Entry: length, CRC-32C, then per change the key and the value (length
/// -1 deletes). Replay stops at the first entry that does not check out and cuts the file there.
/// </remarks>
internal sealed class StateStore : IDisposable
{
    private const long RewriteAbove = 4 * 1024 * 1024;
    private const int EntryHeader = 8;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, byte[]> _values = new(StringComparer.Ordinal);
    private readonly string _path;
    private SafeFileHandle _file;
    private long _length;
    private long _lengthWhenRewritten;
    private byte[] _entry = new byte[4096];

    public StateStore(string folder)
    {
        Directory.CreateDirectory(folder);
        _path = Path.Combine(folder, "state.log");
        File.Delete(_path + ".new");
        _file = File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        Replay();
        _lengthWhenRewritten = _length;
    }

    /// <summary>Everything under a prefix, as of now.</summary>
    public List<KeyValuePair<string, byte[]>> Read(string prefix)
    {
        lock (_lock) return [.. _values.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))];
    }

    /// <summary>Applies all changes or, when the disk refuses, none.</summary>
    /// <exception cref="IOException">The disk is full or failing; nothing has changed.</exception>
    public void Apply(params ReadOnlySpan<StateChange> changes)
    {
        if (changes.Length == 0) return;
        lock (_lock)
        {
            var size = Encode(changes);
            try
            {
                RandomAccess.Write(_file, _entry.AsSpan(0, size), _length);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                CutFailedWrite();
                throw new IOException($"{_path}: cannot write {size} bytes: {e.Message}", e);
            }

            _length += size;
            foreach (var change in changes)
            {
                if (change.Value is null) _values.Remove(change.Key);
                else _values[change.Key] = change.Value;
            }

            if (_length > RewriteAbove && _length > 4 * _lengthWhenRewritten) Rewrite();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_file.IsClosed) return;
            RandomAccess.FlushToDisk(_file);
            _file.Dispose();
        }
    }

    private int Encode(ReadOnlySpan<StateChange> changes)
    {
        var size = EntryHeader;
        foreach (var change in changes) size += 8 + Encoding.UTF8.GetByteCount(change.Key) + (change.Value?.Length ?? 0);
        if (_entry.Length < size) _entry = new byte[size * 2];
        var at = EntryHeader;
        foreach (var change in changes)
        {
            var keySize = Encoding.UTF8.GetBytes(change.Key, _entry.AsSpan(at + 4));
            BinaryPrimitives.WriteInt32LittleEndian(_entry.AsSpan(at), keySize);
            at += 4 + keySize;
            BinaryPrimitives.WriteInt32LittleEndian(_entry.AsSpan(at), change.Value?.Length ?? -1);
            at += 4;
            change.Value?.CopyTo(_entry, at);
            at += change.Value?.Length ?? 0;
        }

        BinaryPrimitives.WriteInt32LittleEndian(_entry, size - EntryHeader);
        BinaryPrimitives.WriteUInt32LittleEndian(_entry.AsSpan(4), BatchHeader.Crc32C(_entry.AsSpan(EntryHeader, size - EntryHeader)));
        return size;
    }

    private void Replay()
    {
        var bytes = File.ReadAllBytes(_path);
        var at = 0;
        while (bytes.Length - at >= EntryHeader)
        {
            var size = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
            if (size <= 0 || size > bytes.Length - at - EntryHeader) break;
            var body = bytes.AsSpan(at + EntryHeader, size);
            if (BatchHeader.Crc32C(body) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 4))) break;
            while (body.Length > 0)
            {
                var keySize = BinaryPrimitives.ReadInt32LittleEndian(body);
                var key = Encoding.UTF8.GetString(body.Slice(4, keySize));
                body = body[(4 + keySize)..];
                var valueSize = BinaryPrimitives.ReadInt32LittleEndian(body);
                body = body[4..];
                if (valueSize < 0)
                {
                    _values.Remove(key);
                    continue;
                }

                _values[key] = body[..valueSize].ToArray();
                body = body[valueSize..];
            }

            at += EntryHeader + size;
        }

        _length = at;
        if (at < bytes.Length) RandomAccess.SetLength(_file, at);
    }

    private void Rewrite()
    {
        var next = _path + ".new";
        try
        {
            using var file = File.OpenHandle(next, FileMode.Create, FileAccess.Write);
            long length = 0;
            foreach (var (key, value) in _values)
            {
                var size = Encode([new StateChange(key, value)]);
                RandomAccess.Write(file, _entry.AsSpan(0, size), length);
                length += size;
            }

            RandomAccess.FlushToDisk(file);
            file.Dispose();
            var replacement = File.OpenHandle(next, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            File.Move(next, _path, overwrite: true);
            _file.Dispose();
            _file = replacement;
            _length = length;
        }
        catch (IOException)
        {
            // The old file is whole and stays in use; the next try comes when it has grown as much again.
        }

        _lengthWhenRewritten = _length;
    }

    private void CutFailedWrite()
    {
        try
        {
            RandomAccess.SetLength(_file, _length);
        }
        catch (IOException)
        {
            // What is behind _length is overwritten by the next change set, or fails its CRC at replay.
        }
    }
}

/// <summary>One change of the <see cref="StateStore"/>: a null value deletes the key.</summary>
internal readonly record struct StateChange(string Key, byte[]? Value);
