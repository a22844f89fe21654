using System.Buffers.Binary;
using Returns.Streams.State;

namespace Returns.Streams.Tests.State;

public sealed class StoreLimits
{
    private readonly KeyValueStore _store = new("open");
    private readonly byte[] _key = new byte[20];
    private readonly byte[] _value = new byte[100];
    private byte[] _due = new byte[64];

    [Fact]
    public void An_open_item_of_120_bytes_takes_under_200()
    {
        const int items = 1_000_000;
        Fill(items, 0);
        Assert.Equal(items, _store.Count);
        Assert.InRange(_store.Bytes / (double)items, 120, 200);
    }

    [Fact]
    public void Memory_of_deleted_keys_is_used_again_for_keys_of_any_size()
    {
        Fill(50_000, 0);
        var full = _store.Bytes;
        var random = new Random(5);
        for (var round = 1; round <= 20; round++)
        {
            for (var i = 0; i < 50_000; i++)
            {
                Key((round - 1) * 50_000L + i);
                Assert.True(_store.Delete(_key));
                if (i % 1_000 == 0)
                {
                    _store.Committed();
                }
            }
            _store.Committed();
            Assert.Equal(0, _store.Count);
            var size = random.Next(20, 100);
            for (var i = 0; i < 50_000; i++)
            {
                Key(round * 50_000L + i);
                _store.Put(_key, _value.AsSpan(0, size), i);
            }
            _store.Committed();
        }
        Assert.True(_store.Bytes < full * 1.5, $"{_store.Bytes:N0} bytes after twenty generations, {full:N0} after the first");
    }

    [Fact]
    public void In_a_steady_state_nothing_is_allocated()
    {
        Fill(20_000, 0);
        Work(20_000);
        // The least of some rounds: a collection that falls into a round makes its figure less exact.
        var (least, changed) = (long.MaxValue, 0L);
        for (var round = 0; round < 10 && least != 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            changed += Work(20_000);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
        Assert.NotEqual(0, changed);
    }

    [Fact]
    public void An_entry_beyond_the_bound_is_refused_by_store_size_and_way_out()
    {
        // One array seen as both: the sum counts.
        var half = new byte[KeyValueStore.MaxEntryBytes / 2 + 1];
        var error = Assert.Throws<ArgumentException>(() => _store.Put(half, half));
        Assert.Contains("store 'open'", error.Message, StringComparison.Ordinal);
        Assert.Contains("536,870,913", error.Message, StringComparison.Ordinal);
        Assert.Contains("in parts", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, _store.Count);
    }

    [Fact]
    public void A_record_that_is_no_state_is_refused_by_store()
    {
        var error = Assert.Throws<InvalidDataException>(() => _store.Restore("k"u8, "short"u8, true));
        Assert.Contains("store 'open'", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, _store.Count);
    }

    [Fact]
    public void A_visitor_that_changes_the_store_is_told()
    {
        Fill(10, 0);
        Assert.Throws<InvalidOperationException>(() => _store.ForEach((_, _) => _store.Put("new"u8, default)));
        Assert.Throws<InvalidOperationException>(() => _store.ForEach((key, _) => _store.Delete(key)));
    }

    [Fact]
    public void A_rolled_back_insertion_of_many_keys_leaves_none()
    {
        Fill(1_000, 0);
        for (var i = 0; i < 100_000; i++)
        {
            Key(1_000_000 + i);
            _store.Put(_key, _value, i);
        }
        _store.RollBack();
        Assert.Equal(1_000, _store.Count);
        var seen = 0;
        _store.ForEach((_, _) => seen++);
        Assert.Equal(1_000, seen);
        Assert.Equal(0, _store.NextWake);
    }

    private void Fill(int items, long first)
    {
        for (var i = 0; i < items; i++)
        {
            Key(first + i);
            _store.Put(_key, _value, i);
            if (i % 10_000 == 0)
            {
                _store.Committed();
            }
        }
        _store.Committed();
    }

    // Updates, deletions, insertions in place of the deleted, wakes, commits and aborts.
    private long Work(int operations)
    {
        var changed = 0L;
        for (var i = 0; i < operations; i++)
        {
            Key(i * 7919L % 20_000);
            if (_store.TryGet(_key, out var value) && value.Length == 100 && i % 5 == 0)
            {
                _store.Delete(_key);
            }
            _store.Put(_key, _value, 20_000 + i);
            _store.TryTakeDue(20_000 + i / 2, ref _due, out _, out _);
            if (i % 500 == 499)
            {
                foreach (var change in _store.Changes)
                {
                    changed += change.Value.Length;
                }
                _store.Committed();
            }
            else if (i % 500 == 250)
            {
                _store.RollBack();
            }
        }
        return changed;
    }

    private void Key(long number) => BinaryPrimitives.WriteInt64BigEndian(_key.AsSpan(12), number);
}
