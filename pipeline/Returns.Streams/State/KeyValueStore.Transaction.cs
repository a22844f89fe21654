namespace Returns.Streams.State;

/// <content>What the transaction changed, and how it ends.</content>
public sealed partial class KeyValueStore
{
    private const int ChangeBytes = 2 * sizeof(uint);

    /// <summary>A key that the transaction changed: its block now, and the one that was committed.</summary>
    /// <param name="Now">It is in the index; deleted keys too, until the transaction ends.</param>
    /// <param name="Before">Zero where the key was not there; the same as now where it was deleted and not put again.</param>
    private record struct Change(uint Now, uint Before);

    /// <summary>The keys changed since the last commit, each once, in the order of their first change. The store must not be
    /// changed meanwhile.</summary>
    internal ChangedKeys Changes => new(this);

    /// <summary>Lets the changes stand.</summary>
    internal void Committed()
    {
        foreach (var (now, before) in _changes.AsSpan(0, _changeCount))
        {
            if (before != 0 && before != now)
            {
                _pages.Free(before);
            }
            ref var entry = ref _pages.Entry(now);
            if (entry.Deleted)
            {
                _index.Remove(now);
                _pages.Free(now);
            }
            else
            {
                entry.Undo = 0;
            }
        }
        _changeCount = 0;
    }

    /// <summary>Takes the changes back.</summary>
    internal void RollBack()
    {
        _version++;
        foreach (var (now, before) in _changes.AsSpan(0, _changeCount))
        {
            ref var entry = ref _pages.Entry(now);
            Count += (entry.Deleted ? 0 : -1) + (before == 0 ? 0 : 1);
            if (before == 0)
            {
                _wakes.Remove(ref entry);
                _index.Remove(now);
                _pages.Free(now);
                continue;
            }
            ref var committed = ref _pages.Entry(before);
            committed.Undo = 0;
            if (committed.Deleted)
            {
                committed.ValueLength = ~committed.ValueLength;
            }
            if (before != now)
            {
                _index.Replace(now, before);
                _wakes.Replace(now, before);
                _pages.Free(now);
            }
            _wakes.Set(before, WakeOf(before));
        }
        _changeCount = 0;
    }

    private void Remember(uint now, uint before)
    {
        if (_changeCount == _changes.Length)
        {
            Array.Resize(ref _changes, _changeCount * 2);
        }
        _changes[_changeCount++] = new Change(now, before);
        _pages.Entry(now).Undo = _changeCount;
    }

    /// <summary>Walks over changed keys as changelog records: eight bytes of wake time, little-endian, and the value.</summary>
    internal ref struct ChangedKeys(KeyValueStore store)
    {
        private int _next;
        private uint _block;

        public readonly ChangedKeys GetEnumerator() => this;

        public readonly ChangedKeys Current => this;

        public readonly ReadOnlySpan<byte> Key => store._pages.Key(_block);

        /// <summary>False for a key that is gone.</summary>
        public readonly bool HasValue => !store._pages.Entry(_block).Deleted;

        /// <summary>The record; empty for a key that is gone.</summary>
        public readonly ReadOnlySpan<byte> Value => HasValue ? store._pages.Record(_block) : default;

        public bool MoveNext()
        {
            while (_next < store._changeCount)
            {
                var (now, before) = store._changes[_next++];
                // A key that came and went within the transaction is news to nobody.
                if (before != 0 || !store._pages.Entry(now).Deleted)
                {
                    _block = now;
                    return true;
                }
            }
            return false;
        }
    }
}
