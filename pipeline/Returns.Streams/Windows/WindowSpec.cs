namespace Returns.Streams.Windows;

/// <summary>Which windows there are, and how long each takes records. All times are milliseconds of stream time.</summary>
/// <remarks>
/// A window takes in its start and not its end. Windows start at multiples of the advance since the epoch, or with the months. It closes when
/// stream time reaches its end and the grace, and takes corrections until the retention has passed too.
/// </remarks>
public sealed record WindowSpec
{
    private readonly bool _monthly;

    private WindowSpec(TimeSpan size, TimeSpan advance, TimeSpan grace, TimeSpan retention, bool monthly = false)
    {
        _monthly = monthly;
        Size = Millis(size, nameof(size), least: 1);
        Advance = Millis(advance, nameof(advance), least: 1);
        Grace = Millis(grace, nameof(grace), least: 0);
        Retention = Millis(retention, nameof(retention), least: 0);
    }

    /// <summary>The most windows that one record may fall into: it is added to each.</summary>
    public const int MaxOverlap = 1_000;

    /// <summary>Length of a window, or the most that one has.</summary>
    public long Size { get; }

    /// <summary>From the start of a window to the next one's.</summary>
    public long Advance { get; }

    /// <summary>How long after its end a window still takes records as if they had come in time. What comes after its close is
    /// gathered for as long again, so that a burst of late records makes one correction.</summary>
    public long Grace { get; }

    /// <summary>How long after its close a window takes corrections.</summary>
    public long Retention { get; }

    /// <summary>Windows that follow each other: a record is in one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is under a millisecond, or another time negative.</exception>
    public static WindowSpec Tumbling(TimeSpan size, TimeSpan grace, TimeSpan retention) => new(size, size, grace, retention);

    /// <summary>Windows that follow each other and are the months of the calendar, in UTC.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A time is negative.</exception>
    public static WindowSpec Monthly(TimeSpan grace, TimeSpan retention) => new(TimeSpan.FromDays(31), TimeSpan.FromDays(31), grace, retention, monthly: true);

    /// <summary>Windows that overlap: a record is in as many as start within one's size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Size or advance are under a millisecond, the advance is over the size,
    /// there are over <see cref="MaxOverlap"/> windows to a record, or another time is negative.</exception>
    public static WindowSpec Hopping(TimeSpan size, TimeSpan advance, TimeSpan grace, TimeSpan retention)
    {
        var spec = new WindowSpec(size, advance, grace, retention);
        if (spec.Advance > spec.Size)
        {
            throw new ArgumentOutOfRangeException(nameof(advance), $"windows of {size} each {advance} leave gaps: advance by {size} at most");
        }
        if ((spec.Size + spec.Advance - 1) / spec.Advance > MaxOverlap)
        {
            throw new ArgumentOutOfRangeException(nameof(advance), $"windows of {size} each {advance} put a record into over {MaxOverlap}: advance by {size / MaxOverlap} at least");
        }
        return spec;
    }

    /// <summary>Start of the last window that a time is in.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Windows are months, and no calendar has the time.</exception>
    internal long LastStart(long time)
    {
        if (_monthly)
        {
            var at = DateTimeOffset.FromUnixTimeMilliseconds(time);
            return new DateTimeOffset(at.Year, at.Month, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        }
        var rest = time % Advance;
        return time - (rest < 0 ? rest + Advance : rest);
    }

    /// <summary>End of the window that starts then.</summary>
    internal long EndOf(long start) => _monthly ? DateTimeOffset.FromUnixTimeMilliseconds(start).AddMonths(1).ToUnixTimeMilliseconds() : start + Size;

    internal long CloseOf(long start) => EndOf(start) + Grace;

    internal long ExpiryOf(long start) => CloseOf(start) + Retention;

    private static long Millis(TimeSpan time, string name, long least)
    {
        var millis = time.Ticks / TimeSpan.TicksPerMillisecond;
        return millis >= least && time.Ticks % TimeSpan.TicksPerMillisecond == 0
            ? millis
            : throw new ArgumentOutOfRangeException(name, $"{time}: whole milliseconds from {least} on");
    }
}
