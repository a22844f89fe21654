using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Returns.Streams.State;

/// <summary>
/// Blocks of bytes in few large arrays, for a store's entries. A block has an address, zero for none, and stays where it is
/// until it is freed. A page holds blocks of one size; a page whose blocks are all free serves any other size.
/// </summary>
/// <remarks>
/// Sizes are multiples of 8 up to 512 bytes and then rise by a sixteenth; a block over 8 KiB has an array of its own. So
/// little is lost to rounding, and what is freed is used again without being moved.
/// </remarks>
internal sealed class BlockPages
{
    private const int UnitBytes = 8;
    private const int PageUnitBits = 13;
    private const int PageUnits = 1 << PageUnitBits;
    private const int PageBytes = PageUnits * UnitBytes;
    private const int FirstPageBytes = 4096;
    private const int LargestUnits = PageUnits / 8;
    private const int FineClasses = 64;
    private const int Classes = FineClasses + 4 * 16 + 1;
    private const int OwnPage = -1;
    private const int MaxPages = 1 << (32 - PageUnitBits);

    private readonly string _owner;
    private readonly int[] _open = new int[Classes];
    private readonly int[] _pagesOf = new int[Classes];
    private readonly Stack<byte[]> _spares = [];
    private byte[][] _bytes = new byte[8][];
    private Page[] _pages = new Page[8];
    private int _pageCount = 1;
    private int _unusedNumber;

    /// <param name="owner">Whose they are, for messages.</param>
    public BlockPages(string owner) => _owner = owner;

    /// <summary>What is known of a page beside its bytes. Pages with room are linked by class; unused numbers by <see cref="Next"/>.</summary>
    private struct Page
    {
        public int Class;
        public int BlockUnits;
        public int Used;
        public uint FirstFree;
        public int Fresh;
        public int Next;
        public int Previous;
    }

    /// <summary>Bytes of all pages, spare ones included.</summary>
    public long Bytes { get; private set; }

    /// <summary>The first byte of a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref byte At(uint block) => ref _bytes[block >> PageUnitBits][(block & (PageUnits - 1)) * UnitBytes];

    /// <summary>Has a block's first bytes brought into the cache, where the processor can, without waiting for them.</summary>
    public unsafe void Prefetch(uint block)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref At(block)));
        }
    }

    /// <summary>A part of a block.</summary>
    public Span<byte> Slice(uint block, int offset, int length)
    {
        Debug.Assert(block != 0, "There is no block 0.");
        return MemoryMarshal.CreateSpan(ref Unsafe.Add(ref At(block), offset), length);
    }

    /// <summary>Whether a block is what <see cref="Allocate"/> would give for <paramref name="size"/> bytes, or as good.</summary>
    public bool Suits(uint block, int size)
    {
        var number = (int)(block >> PageUnitBits);
        var units = UnitsOf(size);
        return _pages[number].Class == OwnPage
            ? units > LargestUnits && _bytes[number].Length >= size && _bytes[number].Length / 2 <= size
            : units <= LargestUnits && ClassOf(units, out _) == _pages[number].Class;
    }

    /// <summary>A block of at least <paramref name="size"/> bytes, with anything in it.</summary>
    /// <exception cref="InvalidOperationException">All 32 GiB that an address reaches are taken.</exception>
    public uint Allocate(int size)
    {
        var units = UnitsOf(size);
        if (units > LargestUnits)
        {
            return (uint)AddPage(new Page { Class = OwnPage, Used = 1 }, units * UnitBytes) << PageUnitBits;
        }
        var sizeClass = ClassOf(units, out var blockUnits);
        var number = _open[sizeClass];
        if (number == 0)
        {
            number = OpenPage(sizeClass, blockUnits);
        }
        ref var page = ref _pages[number];
        uint block;
        if (page.FirstFree != 0)
        {
            block = page.FirstFree;
            page.FirstFree = Unsafe.ReadUnaligned<uint>(ref At(block));
        }
        else
        {
            block = ((uint)number << PageUnitBits) | (uint)page.Fresh;
            page.Fresh += page.BlockUnits;
        }
        page.Used++;
        if (!HasRoom(number))
        {
            Unlink(number);
        }
        return block;
    }

    /// <summary>Frees a block.</summary>
    public void Free(uint block)
    {
        var number = (int)(block >> PageUnitBits);
        ref var page = ref _pages[number];
        if (page.Class == OwnPage)
        {
            RemovePage(number);
            return;
        }
        var hadRoom = HasRoom(number);
        Unsafe.WriteUnaligned(ref At(block), page.FirstFree);
        page.FirstFree = block;
        page.Used--;
        if (!hadRoom)
        {
            Link(number);
        }
        // The last page with room stays, or a page would be made and dropped by turns.
        else if (page.Used == 0 && (page.Next != 0 || page.Previous != 0))
        {
            Unlink(number);
            _pagesOf[page.Class]--;
            RemovePage(number);
        }
    }

    private static int UnitsOf(int size) => (int)(((long)size + UnitBytes - 1) / UnitBytes);

    /// <summary>The class of a block of so many units, and the units such blocks really have.</summary>
    private static int ClassOf(int units, out int blockUnits)
    {
        if (units <= FineClasses)
        {
            blockUnits = units;
            return units;
        }
        var shift = BitOperations.Log2((uint)units - 1) - 4;
        var sixteenths = (units - 1) >> shift;
        blockUnits = (sixteenths + 1) << shift;
        return FineClasses + (shift - 2) * 16 + (sixteenths - 16) + 1;
    }

    private bool HasRoom(int number)
    {
        ref var page = ref _pages[number];
        return page.FirstFree != 0 || (page.Fresh + page.BlockUnits) * UnitBytes <= _bytes[number].Length;
    }

    /// <summary>The first pages of a class are small: there may be many stores, and most of their sizes are rare.</summary>
    private int OpenPage(int sizeClass, int blockUnits)
    {
        var length = Math.Max(FirstPageBytes, blockUnits * UnitBytes);
        for (var i = _pagesOf[sizeClass]; i > 0 && length < PageBytes; i--)
        {
            length *= 2;
        }
        _pagesOf[sizeClass]++;
        var number = AddPage(new Page { Class = sizeClass, BlockUnits = blockUnits }, Math.Min(length, PageBytes));
        Link(number);
        return number;
    }

    private int AddPage(in Page page, int length)
    {
        var number = _unusedNumber;
        if (number != 0)
        {
            _unusedNumber = _pages[number].Next;
        }
        else
        {
            if (_pageCount == MaxPages)
            {
                throw new InvalidOperationException($"{_owner} holds {Bytes:N0} bytes, all that its addresses reach: spread it over more partitions");
            }
            if (_pageCount == _pages.Length)
            {
                Array.Resize(ref _pages, _pageCount * 2);
                Array.Resize(ref _bytes, _pageCount * 2);
            }
            number = _pageCount++;
        }
        if (length != PageBytes || !_spares.TryPop(out var bytes))
        {
            // Pinned arrays are never moved: the collector would otherwise copy each page twice before it is old.
            bytes = GC.AllocateUninitializedArray<byte>(length, pinned: true);
            Bytes += length;
        }
        _bytes[number] = bytes;
        _pages[number] = page;
        return number;
    }

    private void RemovePage(int number)
    {
        var bytes = _bytes[number];
        if (bytes.Length == PageBytes && _spares.Count < 16 + _pageCount / 8)
        {
            _spares.Push(bytes);
        }
        else
        {
            Bytes -= bytes.Length;
        }
        _bytes[number] = [];
        _pages[number] = new Page { Next = _unusedNumber };
        _unusedNumber = number;
    }

    private void Link(int number)
    {
        ref var page = ref _pages[number];
        ref var first = ref _open[page.Class];
        (page.Previous, page.Next) = (0, first);
        if (first != 0)
        {
            _pages[first].Previous = number;
        }
        first = number;
    }

    private void Unlink(int number)
    {
        ref var page = ref _pages[number];
        if (page.Previous != 0)
        {
            _pages[page.Previous].Next = page.Next;
        }
        else
        {
            _open[page.Class] = page.Next;
        }
        if (page.Next != 0)
        {
            _pages[page.Next].Previous = page.Previous;
        }
        (page.Previous, page.Next) = (0, 0);
    }
}
