using System.Numerics;
using Returns.Contracts;

namespace Returns.Domain.Recovery;

/// <summary>
/// The distribution of times, as counts in buckets whose widths grow with the time, so that a quantile is known within
/// <see cref="RelativeError"/> of its value. Sketches are added and taken off bucket by bucket, in whole numbers: the sum does
/// not depend on the order, and what was added can be taken out again. Made for reuse; not safe for concurrent use.
/// </summary>
/// <remarks>
/// C. Masson, J. E. Rim, H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", PVLDB
/// 12, 2019; with the bounds of G. Tene's HdrHistogram in place of a logarithm, which differs between machines in its last bits:
/// times up to 64 ms have a bucket each, and every octave above has 64 of equal width.
/// </remarks>
public sealed class DwellSketch
{
    /// <summary>Half the width of a bucket by its lower bound, at most: 1/128, or 0.8 %.</summary>
    public const double RelativeError = 1.0 / (2 << FineBits);

    private const int FineBits = 6;

    private int[] _buckets = [];
    private long[] _counts = [];
    private int _used;

    /// <summary>Times that were added.</summary>
    public long Count { get; private set; }

    /// <summary>The bucket that a time falls into.</summary>
    /// <param name="millis">The time in milliseconds; a negative one counts as 0.</param>
    public static int BucketOf(long millis)
    {
        if (millis < 1L << FineBits) return (int)Math.Max(millis, 0);
        var octave = BitOperations.Log2((ulong)millis) - FineBits;
        return (octave << FineBits) + (int)(millis >> octave);
    }

    /// <summary>The middle of a bucket, in milliseconds: what its times are taken for.</summary>
    public static long MiddleOf(int bucket)
    {
        if (bucket < 2 << FineBits) return bucket;
        var octave = (bucket >> FineBits) - 1;
        return ((long)(bucket - (octave << FineBits)) << octave) + (1L << octave >> 1);
    }

    /// <summary>Adds a time so many times; takes it off where that is negative.</summary>
    public void Add(long millis, long times = 1) => AddTo(BucketOf(millis), times);

    /// <summary>Adds what another has.</summary>
    public void Add(DwellSketch other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var i = 0; i < other._used; i++) AddTo(other._buckets[i], other._counts[i]);
    }

    /// <summary>Adds what was written; buckets without a count are left out.</summary>
    public void Add(SketchCounts counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        var both = Math.Min(counts.Buckets.Count, counts.Counts.Count);
        for (var i = 0; i < both; i++) AddTo(counts.Buckets[i], counts.Counts[i]);
    }

    /// <summary>The least time that is not exceeded by so large a share of the times, by nearest rank; null where there is none.</summary>
    /// <param name="share">From 0 to 1: 0.5 for the median.</param>
    public long? Quantile(double share)
    {
        if (Count <= 0) return null;
        var rank = Math.Clamp((long)Math.Ceiling(share * Count), 1, Count);
        for (var i = 0; i < _used; i++)
        {
            rank -= _counts[i];
            if (rank <= 0) return MiddleOf(_buckets[i]);
        }
        return MiddleOf(_buckets[_used - 1]);
    }

    /// <summary>Forgets all times.</summary>
    public void Clear()
    {
        _used = 0;
        Count = 0;
    }

    /// <summary>Writes the counts, in the order of the buckets.</summary>
    public void Fill(SketchCounts into)
    {
        ArgumentNullException.ThrowIfNull(into);
        into.Buckets.Clear();
        into.Counts.Clear();
        for (var i = 0; i < _used; i++)
        {
            into.Buckets.Add(_buckets[i]);
            into.Counts.Add(_counts[i]);
        }
    }

    private void AddTo(int bucket, long times)
    {
        if (times == 0) return;
        Count += times;
        var at = Array.BinarySearch(_buckets, 0, _used, bucket);
        if (at >= 0)
        {
            if ((_counts[at] += times) != 0) return;
            _used--;
            Array.Copy(_buckets, at + 1, _buckets, at, _used - at);
            Array.Copy(_counts, at + 1, _counts, at, _used - at);
            return;
        }
        at = ~at;
        if (_used == _buckets.Length)
        {
            Array.Resize(ref _buckets, Math.Max(8, _used * 2));
            Array.Resize(ref _counts, _buckets.Length);
        }
        Array.Copy(_buckets, at, _buckets, at + 1, _used - at);
        Array.Copy(_counts, at, _counts, at + 1, _used - at);
        (_buckets[at], _counts[at]) = (bucket, times);
        _used++;
    }
}
