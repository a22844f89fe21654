using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Returns.Streams.State;

/// <summary>
/// What stands before a key in its block. The key follows, then eight bytes of wake time, little-endian, then the value: wake
/// time and value lie together because together they are the changelog record.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Entry
{
    public const int HeaderBytes = 24;
    public const int WakeBytes = sizeof(long);

    /// <summary>The next block with a key of the same bucket.</summary>
    public uint Next;

    /// <summary>The key's hash.</summary>
    public uint Hash;

    /// <summary>Where the transaction remembers what stood here before, plus one; zero where it has not changed the key.</summary>
    public int Undo;

    /// <summary>Place in the queue of wakes, plus one; zero where the key sleeps for ever.</summary>
    public int WakeSlot;

    public int KeyLength;

    /// <summary>The complement of the length where the transaction has deleted the key.</summary>
    public int ValueLength;

    public readonly bool Deleted => ValueLength < 0;

    /// <summary>Bytes of a block for such a key and value.</summary>
    public static int SizeOf(int keyLength, int valueLength) => HeaderBytes + keyLength + WakeBytes + valueLength;
}

/// <summary>Blocks seen as entries.</summary>
internal static class Entries
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref Entry Entry(this BlockPages pages, uint block) => ref Unsafe.As<byte, Entry>(ref pages.At(block));

    public static ReadOnlySpan<byte> Key(this BlockPages pages, uint block)
    {
        ref var entry = ref pages.Entry(block);
        return pages.Slice(block, State.Entry.HeaderBytes, entry.KeyLength);
    }

    /// <summary>The value, of an entry that is not deleted.</summary>
    public static Span<byte> Value(this BlockPages pages, uint block)
    {
        ref var entry = ref pages.Entry(block);
        return pages.Slice(block, State.Entry.HeaderBytes + entry.KeyLength + State.Entry.WakeBytes, entry.ValueLength);
    }

    /// <summary>Wake time and value, of an entry that is not deleted.</summary>
    public static ReadOnlySpan<byte> Record(this BlockPages pages, uint block)
    {
        ref var entry = ref pages.Entry(block);
        return pages.Slice(block, State.Entry.HeaderBytes + entry.KeyLength, State.Entry.WakeBytes + entry.ValueLength);
    }

    /// <summary>The wake time's bytes.</summary>
    public static Span<byte> Wake(this BlockPages pages, uint block) =>
        pages.Slice(block, State.Entry.HeaderBytes + pages.Entry(block).KeyLength, State.Entry.WakeBytes);
}
