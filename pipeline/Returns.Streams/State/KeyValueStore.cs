using System.Buffers.Binary;
using Returns.Contracts;

namespace Returns.Streams.State;

/// <summary>
/// A task's state: bytes by key, in memory, backed by a changelog. A key may carry a wake time, at which stream time calls
/// <see cref="Processor.Wake"/>. For the task's thread alone.
/// </summary>
/// <remarks>
/// Every change since the last commit is remembered with what stood there before: at a commit it gives one changelog record
/// for each changed key, however often it changed, and after an aborted transaction it brings back what was committed.
/// </remarks>
public sealed class KeyValueStore
{
    /// <summary>The wake time of a key that sleeps for ever.</summary>
    public const long Never = long.MaxValue;

    private readonly Dictionary<Utf8, Entry> _entries = new(Utf8Comparer.Instance);
    private readonly Dictionary<Utf8, Entry?> _before = new(Utf8Comparer.Instance);
    private readonly PriorityQueue<Utf8, long> _wakes = new();
    private byte[] _change = new byte[256];

    private readonly record struct Entry(byte[] Value, long WakeAt);

    internal KeyValueStore(string name) => Name = name;

    /// <summary>The store's name.</summary>
    public string Name { get; }

    /// <summary>Keys in the store.</summary>
    public long Count => _entries.Count;

    /// <summary>The value of <paramref name="key"/>, which holds until the store is next changed.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        var found = _entries.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var entry);
        value = entry.Value;
        return found;
    }

    /// <summary>When <paramref name="key"/> is woken; <see cref="Never"/> where it is not, or not there.</summary>
    public long WakeOf(ReadOnlySpan<byte> key) =>
        _entries.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var entry) ? entry.WakeAt : Never;

    /// <summary>Sets a key's value and its wake time, whatever they were.</summary>
    /// <param name="key">The key; it is copied.</param>
    /// <param name="value">The value; it is copied.</param>
    /// <param name="wakeAt">Stream time, in milliseconds since the epoch, that wakes the key. One that stream time has passed
    /// wakes it when stream time next advances.</param>
    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long wakeAt = Never)
    {
        var owned = Utf8.From(key);
        Remember(owned);
        _entries[owned] = new Entry(value.ToArray(), wakeAt);
        if (wakeAt != Never)
        {
            _wakes.Enqueue(owned, wakeAt);
        }
    }

    /// <summary>Removes a key; false where it was not there.</summary>
    public bool Delete(ReadOnlySpan<byte> key)
    {
        var owned = Utf8.From(key);
        if (!_entries.ContainsKey(owned))
        {
            return false;
        }
        Remember(owned);
        return _entries.Remove(owned);
    }

    /// <summary>Calls <paramref name="visit"/> with every key, in no particular order. The store must not be changed meanwhile.</summary>
    public void ForEach(StoreVisitor visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        foreach (var (key, entry) in _entries)
        {
            visit(key.Span, entry.Value);
        }
    }

    internal long NextWake => _wakes.TryPeek(out _, out var due) ? due : Never;

    internal bool TryTakeDue(long streamTime, ref byte[] key, out int length, out long due)
    {
        while (_wakes.TryPeek(out var next, out due) && due <= streamTime)
        {
            _wakes.Dequeue();
            if (!_entries.TryGetValue(next, out var entry) || entry.WakeAt != due)
            {
                continue;
            }
            Remember(next);
            _entries[next] = entry with { WakeAt = Never };
            if (key.Length < next.Length)
            {
                key = new byte[next.Length * 2];
            }
            next.Span.CopyTo(key);
            length = next.Length;
            return true;
        }
        (length, due) = (0, Never);
        return false;
    }

    /// <summary>The keys changed since the last commit, as changelog records: eight bytes of wake time, little-endian, and the value.</summary>
    internal IEnumerable<Change> Changes
    {
        get
        {
            foreach (var key in _before.Keys)
            {
                if (!_entries.TryGetValue(key, out var entry))
                {
                    yield return new Change(key.Memory, default, false);
                    continue;
                }
                var length = 8 + entry.Value.Length;
                if (_change.Length < length)
                {
                    _change = new byte[length * 2];
                }
                BinaryPrimitives.WriteInt64LittleEndian(_change, entry.WakeAt);
                entry.Value.CopyTo(_change.AsSpan(8));
                yield return new Change(key.Memory, _change.AsMemory(0, length), true);
            }
        }
    }

    internal readonly struct Change(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, bool hasValue)
    {
        public ReadOnlySpan<byte> Key => key.Span;

        public ReadOnlySpan<byte> Value => value.Span;

        public bool HasValue => hasValue;
    }

    internal void Committed() => _before.Clear();

    internal void RollBack()
    {
        foreach (var (key, before) in _before)
        {
            if (before is { } entry)
            {
                _entries[key] = entry;
                if (entry.WakeAt != Never)
                {
                    _wakes.Enqueue(key, entry.WakeAt);
                }
            }
            else
            {
                _entries.Remove(key);
            }
        }
        _before.Clear();
    }

    internal void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue)
    {
        var owned = Utf8.From(key);
        if (!hasValue)
        {
            _entries.Remove(owned);
            return;
        }
        if (value.Length < 8)
        {
            throw new InvalidDataException($"store '{Name}': a changelog record of {value.Length} bytes is no state: the topic holds something else");
        }
        var entry = new Entry(value[8..].ToArray(), BinaryPrimitives.ReadInt64LittleEndian(value));
        _entries[owned] = entry;
        if (entry.WakeAt != Never)
        {
            _wakes.Enqueue(owned, entry.WakeAt);
        }
    }

    private void Remember(Utf8 key) =>
        _before.TryAdd(key, _entries.TryGetValue(key, out var entry) ? entry : null);
}

/// <summary>Sees a key and its value, both for the time of the call.</summary>
public delegate void StoreVisitor(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);
