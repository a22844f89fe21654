using System.Buffers.Binary;

namespace Returns.Streams.State;

/// <summary>
/// A task's state: bytes by key, in memory, backed by a changelog. A key may carry a wake time, at which stream time calls
/// <see cref="Processor.Wake"/>. For the task's thread alone.
/// </summary>
/// <remarks>
/// <para>The first change of a key in a transaction writes a new block and leaves the old one as it is: at a commit each
/// changed key gives one changelog record, however often it changed, and after an aborted transaction the old blocks are put
/// back. Nothing is allocated per operation, and no operation takes time in proportion to the keys there are.</para>
/// <para>Spans handed in may be ones that the store handed out.</para>
/// </remarks>
public sealed partial class KeyValueStore
{
    /// <summary>The wake time of a key that sleeps for ever.</summary>
    public const long Never = long.MaxValue;

    /// <summary>The most bytes that a key and its value may have together: 1 GiB, far more than a changelog takes.</summary>
    public const int MaxEntryBytes = 1 << 30;

    private readonly BlockPages _pages;
    private readonly KeyIndex _index;
    private readonly WakeQueue _wakes;
    private Change[] _changes = new Change[16];
    private int _changeCount;
    private uint _version;

    internal KeyValueStore(string name)
    {
        Name = name;
        _pages = new BlockPages($"store '{name}'");
        _index = new KeyIndex(_pages);
        _wakes = new WakeQueue(_pages);
    }

    /// <summary>The store's name.</summary>
    public string Name { get; }

    /// <summary>Keys in the store.</summary>
    public long Count { get; private set; }

    /// <summary>Bytes the store takes in memory, with what it keeps for later keys.</summary>
    public long Bytes => _pages.Bytes + _index.Bytes + _wakes.Bytes + (long)_changes.Length * ChangeBytes;

    /// <summary>The value of <paramref name="key"/>, which holds until the store is next changed.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        var block = _index.Find(key, KeyIndex.Hash(key));
        if (block == 0 || _pages.Entry(block).Deleted)
        {
            value = default;
            return false;
        }
        value = _pages.Value(block);
        return true;
    }

    /// <summary>When <paramref name="key"/> is woken; <see cref="Never"/> where it is not, or not there.</summary>
    public long WakeOf(ReadOnlySpan<byte> key)
    {
        var block = _index.Find(key, KeyIndex.Hash(key));
        return block == 0 || _pages.Entry(block).Deleted ? Never : WakeOf(block);
    }

    /// <summary>Sets a key's value and its wake time, whatever they were.</summary>
    /// <param name="key">The key; it is copied.</param>
    /// <param name="value">The value; it is copied.</param>
    /// <param name="wakeAt">Stream time, in milliseconds since the epoch, that wakes the key. One that stream time has passed
    /// wakes it before the task's next record; during a wake, right after it.</param>
    /// <exception cref="ArgumentException">Key and value have more than <see cref="MaxEntryBytes"/>.</exception>
    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long wakeAt = Never)
    {
        if ((long)key.Length + value.Length > MaxEntryBytes)
        {
            throw new ArgumentException($"store '{Name}': a key of {key.Length:N0} bytes with a value of {value.Length:N0} is over {MaxEntryBytes:N0}: keep it in parts, or elsewhere", nameof(value));
        }
        _version++;
        var hash = KeyIndex.Hash(key);
        var block = _index.Find(key, hash);
        if (block == 0)
        {
            block = Write(key, hash, value);
            _index.Add(block);
            Remember(block, before: 0);
            Count++;
        }
        else
        {
            if (_pages.Entry(block).Deleted)
            {
                Count++;
            }
            block = Rewrite(block, key, value);
        }
        _wakes.Set(block, wakeAt);
    }

    /// <summary>Removes a key; false where it was not there.</summary>
    public bool Delete(ReadOnlySpan<byte> key)
    {
        var block = _index.Find(key, KeyIndex.Hash(key));
        if (block == 0)
        {
            return false;
        }
        ref var entry = ref _pages.Entry(block);
        if (entry.Deleted)
        {
            return false;
        }
        _version++;
        Count--;
        _wakes.Remove(ref entry);
        if (entry.Undo == 0)
        {
            Remember(block, before: block);
        }
        entry.ValueLength = ~entry.ValueLength;
        return true;
    }

    /// <summary>Calls <paramref name="visit"/> with every key, in no particular order.</summary>
    /// <exception cref="InvalidOperationException"><paramref name="visit"/> changed the store.</exception>
    public void ForEach(StoreVisitor visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        var version = _version;
        for (var bucket = 0; bucket < _index.Buckets; bucket++)
        {
            for (var block = _index.First(bucket); block != 0; block = _pages.Entry(block).Next)
            {
                if (_pages.Entry(block).Deleted)
                {
                    continue;
                }
                visit(_pages.Key(block), _pages.Value(block));
                if (version != _version)
                {
                    throw new InvalidOperationException($"store '{Name}' was changed while it was being visited: collect the keys first, and change them afterwards");
                }
            }
        }
    }

    /// <summary>No key wakes later than this, however far stream time has come; <see cref="Never"/> holds nothing back.</summary>
    internal long HeldAt { get; set; } = Never;

    /// <summary>How far wakes may go by <paramref name="streamTime"/>.</summary>
    internal long WakesUntil(long streamTime) => Math.Min(streamTime, HeldAt);

    /// <summary>The first wake time there is; <see cref="Never"/> where there is none.</summary>
    internal long NextWake => _wakes.NextDue;

    /// <summary>Takes the key that is due first by <paramref name="streamTime"/>, and lets it sleep. Keys due at the same time
    /// come in the order of their bytes.</summary>
    internal bool TryTakeDue(long streamTime, ref byte[] key, out int length, out long due)
    {
        due = _wakes.NextDue;
        // Never is a time that stream time may reach, and no key's wake time.
        if (due > streamTime || _wakes.Count == 0)
        {
            (length, due) = (0, Never);
            return false;
        }
        _version++;
        var block = _wakes.First;
        var found = _pages.Key(block);
        length = found.Length;
        if (key.Length < length)
        {
            key = new byte[length * 2];
        }
        found.CopyTo(key);
        _wakes.Set(Rewrite(block, found, _pages.Value(block)), Never);
        return true;
    }

    /// <summary>Has where a key belongs brought into the cache, without waiting for it; what is put next may make it useless.</summary>
    internal void Prefetch(ReadOnlySpan<byte> key) => _index.Prefetch(KeyIndex.Hash(key));

    /// <summary>Applies a changelog record, as part of no transaction.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    internal void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> record, bool hasValue)
    {
        if (hasValue && record.Length < Entry.WakeBytes)
        {
            throw new InvalidDataException($"store '{Name}': a changelog record of {record.Length} bytes is no state: the topic holds something else");
        }
        if (hasValue)
        {
            Put(key, record[Entry.WakeBytes..], BinaryPrimitives.ReadInt64LittleEndian(record));
        }
        else
        {
            Delete(key);
        }
        Committed();
    }

    private long WakeOf(uint block) => BinaryPrimitives.ReadInt64LittleEndian(_pages.Wake(block));

    private uint Write(ReadOnlySpan<byte> key, uint hash, ReadOnlySpan<byte> value)
    {
        var block = _pages.Allocate(Entry.SizeOf(key.Length, value.Length));
        _pages.Entry(block) = new Entry { Hash = hash, KeyLength = key.Length, ValueLength = value.Length };
        key.CopyTo(_pages.Slice(block, Entry.HeaderBytes, key.Length));
        value.CopyTo(_pages.Value(block));
        return block;
    }

    /// <summary>Gives an entry another value, in another block if it must; its wake time has still to be set.</summary>
    private uint Rewrite(uint block, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        ref var entry = ref _pages.Entry(block);
        var undo = entry.Undo;
        // What was committed is left as it is.
        var keep = undo == 0 || _changes[undo - 1].Before == block;
        if (!keep && _pages.Suits(block, Entry.SizeOf(entry.KeyLength, value.Length)))
        {
            entry.ValueLength = value.Length;
            value.CopyTo(_pages.Value(block));
            return block;
        }
        var replacement = Write(key, entry.Hash, value);
        _index.Replace(block, replacement);
        _wakes.Replace(block, replacement);
        if (undo == 0)
        {
            Remember(replacement, before: block);
        }
        else
        {
            _changes[undo - 1].Now = replacement;
            _pages.Entry(replacement).Undo = undo;
        }
        if (!keep)
        {
            _pages.Free(block);
        }
        return replacement;
    }
}

/// <summary>Sees a key and its value, both for the time of the call.</summary>
public delegate void StoreVisitor(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);
