using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Returns.Streams.State;

/// <summary>
/// The entries that have a wake time, by it and, at the same time, by their keys' bytes: an order that depends on nothing else,
/// so that a store restored from its changelog wakes its keys as the one before it would have.
/// </summary>
/// <remarks>A heap of four children a node, in which an entry knows its place: it is moved or taken out at once, and nothing
/// out of date is ever in the queue.</remarks>
internal sealed class WakeQueue(BlockPages pages)
{
    private const int Children = 4;

    private readonly ChunkedArray<Slot> _slots = new(16);

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct Slot
    {
        public long Due;
        public uint Block;
    }

    /// <summary>Entries in the queue.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the queue.</summary>
    public long Bytes => _slots.Capacity * 12L;

    /// <summary>The first wake time; <see cref="KeyValueStore.Never"/> where there is none.</summary>
    public long NextDue => Count == 0 ? KeyValueStore.Never : _slots[0].Due;

    /// <summary>The entry that is due first. There must be one.</summary>
    public uint First => _slots[0].Block;

    /// <summary>Sets an entry's wake time, here and in its block; <see cref="KeyValueStore.Never"/> takes it out.</summary>
    public void Set(uint block, long due)
    {
        BinaryPrimitives.WriteInt64LittleEndian(pages.Wake(block), due);
        ref var entry = ref pages.Entry(block);
        if (due == KeyValueStore.Never)
        {
            Remove(ref entry);
            return;
        }
        var slot = new Slot { Due = due, Block = block };
        if (entry.WakeSlot == 0)
        {
            if (Count == _slots.Capacity)
            {
                _slots.Grow();
            }
            Rise(Count++, slot);
            return;
        }
        // Most changes of a key leave its deadline as it is, and what is around its place in the heap need not be fetched.
        ref var place = ref _slots[entry.WakeSlot - 1];
        if (place.Due == due)
        {
            place.Block = block;
            return;
        }
        Settle(entry.WakeSlot - 1, slot);
    }

    /// <summary>Lets <paramref name="replacement"/>, whose key is the same, have the place of <paramref name="block"/>, if it has one.</summary>
    public void Replace(uint block, uint replacement)
    {
        ref var place = ref pages.Entry(block).WakeSlot;
        pages.Entry(replacement).WakeSlot = place;
        if (place == 0)
        {
            return;
        }
        _slots[place - 1].Block = replacement;
        place = 0;
    }

    /// <summary>Takes an entry out, if it is in; the time in its block stays.</summary>
    public void Remove(ref Entry entry)
    {
        if (entry.WakeSlot == 0)
        {
            return;
        }
        var place = entry.WakeSlot - 1;
        entry.WakeSlot = 0;
        var last = _slots[--Count];
        if (place < Count)
        {
            Settle(place, last);
        }
    }

    private void Settle(int place, in Slot slot)
    {
        if (place > 0 && IsBefore(slot, _slots[(place - 1) / Children]))
        {
            Rise(place, slot);
        }
        else
        {
            Sink(place, slot);
        }
    }

    private void Rise(int place, in Slot slot)
    {
        while (place > 0)
        {
            var parent = (place - 1) / Children;
            if (!IsBefore(slot, _slots[parent]))
            {
                break;
            }
            Place(place, _slots[parent]);
            place = parent;
        }
        Place(place, slot);
    }

    private void Sink(int place, in Slot slot)
    {
        while (true)
        {
            var least = (long)place * Children + 1;
            if (least >= Count)
            {
                break;
            }
            var child = (int)least;
            for (var other = child + 1; other < Count && other < least + Children; other++)
            {
                if (IsBefore(_slots[other], _slots[child]))
                {
                    child = other;
                }
            }
            if (!IsBefore(_slots[child], slot))
            {
                break;
            }
            Place(place, _slots[child]);
            place = child;
        }
        Place(place, slot);
    }

    private void Place(int place, in Slot slot)
    {
        _slots[place] = slot;
        pages.Entry(slot.Block).WakeSlot = place + 1;
    }

    private bool IsBefore(in Slot a, in Slot b) =>
        a.Due != b.Due ? a.Due < b.Due : pages.Key(a.Block).SequenceCompareTo(pages.Key(b.Block)) < 0;
}
