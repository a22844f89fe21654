namespace Returns.ClickHouse.Sink;

/// <summary>The ranges that are marked with one commit, and what has become of them.</summary>
internal sealed class Round(List<RangeBatch> ranges)
{
    public List<RangeBatch> Ranges { get; } = ranges;

    /// <summary>The attempt under way, or null between attempts.</summary>
    public Task? Landing { get; set; }

    /// <summary>When the attempt began, as a timestamp.</summary>
    public long MarkedAt { get; set; }

    /// <summary>Breaks the attempt off.</summary>
    public CancellationTokenSource? Attempt { get; set; }

    /// <summary>How many attempts ClickHouse was away for.</summary>
    public int Failures { get; set; }

    /// <summary>When to try to mark it next, as a timestamp.</summary>
    public long NextTry { get; set; }
}
