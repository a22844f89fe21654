using System.Runtime.InteropServices;
using Returns.ClickHouse.Rows;

namespace Returns.ClickHouse.Sink;

/// <summary>Where a row of a batch ends in its buffer, and which record it is.</summary>
internal readonly record struct RowEnd(long Offset, int End, bool IsDeadLetter);

/// <summary>Rows of a batch to insert, and how many there are for its table and for the dead letters.</summary>
internal readonly record struct RowSelection(RowBuffer Rows, int RowCount, RowBuffer DeadLetters, int DeadLetterCount)
{
    public int Count => RowCount + DeadLetterCount;
}

/// <summary>The rows of consecutive records of one partition.</summary>
/// <remarks>Filled by the polling thread; from the mark to the end of the landing it is only read, by one landing at a time.</remarks>
internal sealed class RangeBatch
{
    private readonly List<RowEnd> _ends = [];

    /// <summary>The partition, from <see cref="Begin"/> on.</summary>
    public SinkPartition Partition { get; private set; } = null!;

    /// <summary>The range it must come to, where it is one that was pending at the assignment.</summary>
    public PendingRange? Required { get; private set; }

    /// <summary>Whether the last record of the required range is in.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Whether its rows are known to be in ClickHouse.</summary>
    public bool HasLanded { get; set; }

    /// <summary>Whether an insert of it may have been carried out already.</summary>
    public bool MayHaveLanded { get; set; }

    public RowBuffer Rows { get; } = new();

    public RowBuffer DeadLetters { get; } = new();

    public ReadOnlySpan<RowEnd> Ends => CollectionsMarshal.AsSpan(_ends);

    public int Count => _ends.Count;

    public int DeadLetterCount { get; private set; }

    public int Length => Rows.Length + DeadLetters.Length;

    /// <summary>First and last offset.</summary>
    public PendingRange Range => Required ?? new PendingRange(_ends[0].Offset, _ends[^1].Offset);

    /// <summary>Empties it for rows of <paramref name="partition"/>.</summary>
    public void Begin(SinkPartition partition, PendingRange? required)
    {
        (Partition, Required, IsComplete, HasLanded, MayHaveLanded) = (partition, required, required is null, false, false);
        Rows.CutTo(0);
        DeadLetters.CutTo(0);
        _ends.Clear();
        DeadLetterCount = 0;
    }

    /// <summary>Notes that a row was appended whole.</summary>
    public void EndRow(long offset, bool isDeadLetter)
    {
        _ends.Add(new RowEnd(offset, isDeadLetter ? DeadLetters.Length : Rows.Length, isDeadLetter));
        if (isDeadLetter) DeadLetterCount++;
        if (offset >= Required?.Last) IsComplete = true;
    }

    /// <summary>All its rows.</summary>
    public RowSelection All() => new(Rows, Count - DeadLetterCount, DeadLetters, DeadLetterCount);

    /// <summary>The rows of the records that are not in <paramref name="found"/>.</summary>
    public RowSelection Without(HashSet<long> found)
    {
        if (found.Count == 0) return All();
        var (rows, deadLetters) = (new RowBuffer(), new RowBuffer());
        var (rowCount, deadLetterCount, rowStart, deadLetterStart) = (0, 0, 0, 0);
        foreach (var end in Ends)
        {
            var isMissing = !found.Contains(end.Offset);
            if (end.IsDeadLetter)
            {
                if (isMissing) deadLetters.Raw(DeadLetters.Written.Span[deadLetterStart..end.End]);
                deadLetterCount += isMissing ? 1 : 0;
                deadLetterStart = end.End;
            }
            else
            {
                if (isMissing) rows.Raw(Rows.Written.Span[rowStart..end.End]);
                rowCount += isMissing ? 1 : 0;
                rowStart = end.End;
            }
        }
        return new RowSelection(rows, rowCount, deadLetters, deadLetterCount);
    }

    /// <summary>Ends a required range whose last record is gone from the topic.</summary>
    public void EndEarly() => IsComplete = true;
}
