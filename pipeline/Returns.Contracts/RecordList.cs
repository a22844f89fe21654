using System.Collections;

namespace Returns.Contracts;

/// <summary>What a generated record can do to be used again.</summary>
public interface IReusable
{
    /// <summary>Sets every field to its default and keeps the memory.</summary>
    void Clear();
}

/// <summary>An array of records in a record. It keeps its elements when cleared and hands them out again.</summary>
public sealed class RecordList<T> : IReadOnlyList<T> where T : class, IReusable, new()
{
    private T[] _items = [];

    /// <inheritdoc/>
    public int Count { get; private set; }

    /// <summary>The element at <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative or not below <see cref="Count"/>.</exception>
    public T this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return _items[index];
        }
    }

    /// <summary>Appends an element with default values and returns it, to be filled.</summary>
    public T Add()
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Math.Max(4, Count * 2));
        }
        var item = _items[Count] ??= new T();
        item.Clear();
        Count++;
        return item;
    }

    /// <summary>Empties the list; the elements' memory is kept for reuse.</summary>
    public void Clear() => Count = 0;

    /// <summary>Enumerates without allocating.</summary>
    public Enumerator GetEnumerator() => new(this);

    IEnumerator<T> IEnumerable<T>.GetEnumerator() => _items.Take(Count).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable<T>)this).GetEnumerator();

    /// <summary>Enumerates without allocating.</summary>
    public struct Enumerator
    {
        private readonly RecordList<T> _list;
        private int _index;

        internal Enumerator(RecordList<T> list) => (_list, _index) = (list, -1);

        /// <summary>The current element.</summary>
        public readonly T Current => _list._items[_index];

        /// <summary>Goes to the next element; false after the last.</summary>
        public bool MoveNext() => ++_index < _list.Count;
    }
}

/// <summary>An array of values (strings, enums, numbers) in a record.</summary>
public sealed class ValueList<T> : IReadOnlyList<T> where T : struct
{
    private T[] _items = [];

    /// <inheritdoc/>
    public int Count { get; private set; }

    /// <summary>The element at <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative or not below <see cref="Count"/>.</exception>
    public T this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return _items[index];
        }
    }

    /// <summary>Appends <paramref name="item"/>.</summary>
    public void Add(T item)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Math.Max(4, Count * 2));
        }
        _items[Count++] = item;
    }

    /// <summary>Empties the list and keeps its memory.</summary>
    public void Clear() => Count = 0;

    /// <summary>The elements; valid until the list changes.</summary>
    public ReadOnlySpan<T> AsSpan() => _items.AsSpan(0, Count);

    /// <summary>Enumerates without allocating.</summary>
    public ReadOnlySpan<T>.Enumerator GetEnumerator() => AsSpan().GetEnumerator();

    IEnumerator<T> IEnumerable<T>.GetEnumerator() => _items.Take(Count).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable<T>)this).GetEnumerator();
}
