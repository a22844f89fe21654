using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;

namespace Returns.Streams.State;

/// <summary>
/// Finds a key's block: linear hashing, which grows by splitting one bucket at a time, so that no single insertion pays for
/// all keys there are.
/// </summary>
internal sealed class KeyIndex(BlockPages pages)
{
    private const int FirstBuckets = 16;
    private const int SplitsAhead = 16;

    // Keys come from outside: with a seed of the process nobody can choose them to fall into one bucket.
    private static readonly long Seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));

    private readonly ChunkedArray<uint> _buckets = new(FirstBuckets);
    private int _count = FirstBuckets;
    private uint _mask = FirstBuckets - 1;
    private long _entries;

    /// <summary>Bytes of the index.</summary>
    public long Bytes => (long)_buckets.Capacity * sizeof(uint);

    /// <summary>How many buckets there are, for <see cref="First"/>.</summary>
    public int Buckets => _count;

    /// <summary>The first block of a bucket; <see cref="Entry.Next"/> leads on.</summary>
    public uint First(int bucket) => _buckets[bucket];

    public static uint Hash(ReadOnlySpan<byte> key) => (uint)XxHash3.HashToUInt64(key, Seed);

    /// <summary>Has a hash's bucket brought into the cache, where the processor can, without waiting for it.</summary>
    public unsafe void Prefetch(uint hash)
    {
        if (Sse.IsSupported)
        {
            // A collection may move the array meanwhile: then the wrong line is fetched, and nothing else happens.
            Sse.Prefetch0(Unsafe.AsPointer(ref Bucket(hash)));
        }
    }

    /// <summary>The block of a key; zero where there is none.</summary>
    public uint Find(ReadOnlySpan<byte> key, uint hash)
    {
        for (var block = Bucket(hash); block != 0;)
        {
            ref var entry = ref pages.Entry(block);
            if (entry.Hash == hash && pages.Key(block).SequenceEqual(key))
            {
                return block;
            }
            block = entry.Next;
        }
        return 0;
    }

    public void Add(uint block)
    {
        ref var entry = ref pages.Entry(block);
        ref var first = ref Bucket(entry.Hash);
        (entry.Next, first) = (first, block);
        // Half as many entries as buckets: most keys are then the first of their bucket.
        for (_entries++; _count < _entries * 2 && _count < int.MaxValue; _count++)
        {
            Split();
        }
    }

    /// <summary>Puts <paramref name="replacement"/> where <paramref name="block"/> is.</summary>
    public void Replace(uint block, uint replacement)
    {
        pages.Entry(replacement).Next = pages.Entry(block).Next;
        LinkTo(block) = replacement;
    }

    public void Remove(uint block)
    {
        LinkTo(block) = pages.Entry(block).Next;
        _entries--;
    }

    private ref uint Bucket(uint hash)
    {
        var bucket = hash & (_mask * 2 + 1);
        return ref _buckets[(int)(bucket < (uint)_count ? bucket : hash & _mask)];
    }

    private ref uint LinkTo(uint block)
    {
        ref var link = ref Bucket(pages.Entry(block).Hash);
        while (link != block)
        {
            link = ref pages.Entry(link).Next;
        }
        return ref link;
    }

    /// <summary>Moves what belongs there from the next bucket in turn to a new one at the end.</summary>
    private void Split()
    {
        if (_count == _buckets.Capacity)
        {
            _buckets.Grow();
        }
        if (_count == (int)(_mask * 2 + 2))
        {
            _mask = _mask * 2 + 1;
        }
        // Which buckets are split next is known, so their entries are on the way when their turn comes.
        if (_buckets[(_count + SplitsAhead) & (int)_mask] is var ahead and not 0)
        {
            pages.Prefetch(ahead);
        }
        ref var stays = ref _buckets[_count & (int)_mask];
        ref var moves = ref _buckets[_count];
        moves = 0;
        for (var block = stays; block != 0;)
        {
            ref var entry = ref pages.Entry(block);
            var next = entry.Next;
            if ((entry.Hash & (_mask + 1)) != 0)
            {
                moves = block;
                moves = ref entry.Next;
            }
            else
            {
                stays = block;
                stays = ref entry.Next;
            }
            block = next;
        }
        (stays, moves) = (0, 0);
    }
}
