namespace Returns.Streams.State;

/// <summary>An array that grows by chunks, so that growth never copies what is there: only the first chunk, while it is small.</summary>
internal sealed class ChunkedArray<T> where T : unmanaged
{
    private const int ChunkBits = 15;
    private const int ChunkLength = 1 << ChunkBits;

    private T[][] _chunks;
    private int _used;

    public ChunkedArray(int length)
    {
        _chunks = [new T[length]];
        _used = 1;
    }

    /// <summary>Elements there is room for.</summary>
    public int Capacity => _used == 1 ? _chunks[0].Length : _used << ChunkBits;

    public ref T this[int index] => ref _chunks[index >> ChunkBits][index & (ChunkLength - 1)];

    /// <summary>Makes room for one element more than <see cref="Capacity"/>, at least. New elements are zero.</summary>
    public void Grow()
    {
        if (_used == 1 && _chunks[0].Length < ChunkLength)
        {
            Array.Resize(ref _chunks[0], Math.Min(ChunkLength, _chunks[0].Length * 2));
            return;
        }
        if (_used == _chunks.Length)
        {
            Array.Resize(ref _chunks, _used * 2);
        }
        _chunks[_used++] = new T[ChunkLength];
    }
}
