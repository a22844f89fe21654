namespace Returns.Contracts.Tests;

/// <summary>A clock that stands still until it is moved, and whose timers are due at once; it notes how long they would have taken.</summary>
internal sealed class ImmediateTime : TimeProvider
{
    private long _timestamp;

    public List<TimeSpan> Waits { get; } = [];

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan by) => _timestamp += by.Ticks;

    public override long GetTimestamp() => _timestamp;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Waits.Add(dueTime);
        return base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
