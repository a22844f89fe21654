namespace Returns.Streams.Windows;

/// <summary>A window's figure.</summary>
/// <typeparam name="TState">What the window gathers.</typeparam>
public readonly ref struct WindowResult<TState>
{
    internal WindowResult(ReadOnlySpan<byte> key, long start, long end, ResultKind kind, int revision, TState state)
    {
        Key = key;
        Start = start;
        End = end;
        Kind = kind;
        Revision = revision;
        State = state;
    }

    /// <summary>The key; holds until the call that handed it over returns.</summary>
    public ReadOnlySpan<byte> Key { get; }

    /// <summary>Start, included; milliseconds since the epoch.</summary>
    public long Start { get; }

    /// <summary>End, not included; milliseconds since the epoch.</summary>
    public long End { get; }

    /// <summary>How far the figure can be relied on.</summary>
    public ResultKind Kind { get; }

    /// <summary>0 up to the final figure, then 1 for the first correction and one more for each.</summary>
    public int Revision { get; }

    /// <summary>The whole figure, not what was added. What is a class is used again for the next window.</summary>
    public TState State { get; }
}

/// <summary>How far a figure can be relied on.</summary>
public enum ResultKind
{
    /// <summary>The window is open: a figure as of a commit, for each window that changed since the one before.</summary>
    Early,

    /// <summary>The window has closed. This figure is never changed; there is one for each window that had a record in time.</summary>
    Final,

    /// <summary>Records came after the close. The figure takes the place of the final one, or of the correction before.</summary>
    Correction,
}

/// <summary>Receives a window's figure, for the time of the call.</summary>
public delegate void WindowResultHandler<TState>(in WindowResult<TState> result);

/// <summary>What became of a record: to how many windows it was added, and how.</summary>
/// <param name="InTime">Windows that were open.</param>
/// <param name="AsCorrection">Windows that had closed.</param>
/// <param name="Missed">Windows past their retention, to which it was not added; the record goes to the dead letters.</param>
public readonly record struct Placement(int InTime, int AsCorrection, int Missed);
