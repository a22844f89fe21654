using System.Buffers.Binary;
using Returns.Streams.State;

namespace Returns.Streams.Windows;

/// <summary>
/// Lets stores' wakes, and so their windows, go by the slowest of several origins instead of by stream time: for a topic that
/// is written by the tasks of another sub-topology, each at a pace of its own. While they catch up on a backlog, one may be
/// hours ahead of another, and stream time, which follows the fastest, would make the other's records late.
/// </summary>
/// <remarks>
/// <para>Every record carries its origin and how far that had come; the processor says so to <see cref="Observe"/>, and hands
/// on <see cref="Ready"/>. An origin that has written nothing for a time is idle, and holds nothing back until it speaks again:
/// what it then sends for windows that closed without it becomes corrections. Whether it has written is looked at between two
/// moments at which the task had processed all there is, so a backlog, however long it takes, makes nobody idle.</para>
/// <para>An upstream task that is away, or stands still, writes nothing either, and cannot be told from one that has nothing
/// to write: the time should be longer than a restart of the upstream with its restore takes.</para>
/// <para>For the task's thread alone.</para>
/// </remarks>
public sealed class OriginClock
{
    /// <summary>How often, in the time after which an origin is idle, it is looked whether one is.</summary>
    public const int Looks = 4;

    private readonly KeyValueStore _store;
    private readonly KeyValueStore[] _held;
    private readonly ProcessorContext _context;
    private readonly long[] _times;
    private readonly bool[] _idle;
    private readonly bool[] _heard;
    private readonly long _idleAfter;
    private long _lastAtEnd = long.MinValue;
    private readonly byte[] _key = new byte[sizeof(int)];
    private readonly byte[] _value = new byte[sizeof(long)];
    private long _reached = long.MinValue;
    private long _latest = long.MinValue;

    /// <summary>Makes the clock, in a processor's constructor.</summary>
    /// <param name="store">A store of its own: it holds a time for each origin.</param>
    /// <param name="held">The stores whose wakes go by it, such as <see cref="WindowedStore{TState, TInput}.Store"/>.</param>
    /// <param name="context">The processor's context.</param>
    /// <param name="origins">How many origins there are: the upstream's partitions. All are waited for from the start.</param>
    /// <param name="idleAfter">How long an origin may write nothing; it is taken for idle after once to twice as long.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no origin, or the time is under <see cref="Looks"/> milliseconds.</exception>
    public OriginClock(KeyValueStore store, IReadOnlyList<KeyValueStore> held, ProcessorContext context, int origins, TimeSpan idleAfter)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(held);
        ArgumentNullException.ThrowIfNull(context);
        ArgumentOutOfRangeException.ThrowIfLessThan(origins, 1);
        (_store, _held, _context) = (store, [.. held], context);
        ArgumentOutOfRangeException.ThrowIfLessThan(idleAfter, TimeSpan.FromMilliseconds(Looks));
        _idleAfter = (long)idleAfter.TotalMilliseconds;
        (_times, _idle, _heard) = (new long[origins], new bool[origins], new bool[origins]);
        Array.Fill(_times, long.MinValue);
        Array.Fill(_heard, true);
        Hold(long.MinValue);
        context.ScheduleAtEnd(idleAfter / Looks, FindIdle);
    }

    /// <summary>How far wakes may have come: never later than stream time; <see cref="long.MinValue"/> while an origin has said
    /// nothing yet. A key that would have been woken before then is late.</summary>
    public long Time => _reached;

    /// <summary>How far the fastest origin had come; <see cref="long.MinValue"/> before any has said. Unlike stream time it follows from
    /// the records of the origins alone, whatever else moves that on.</summary>
    public long Latest => _latest;

    /// <summary>An origin has come to a time, as its record says: windows up to the slowest origin's close before the next record.</summary>
    /// <param name="origin">The origin, from 0.</param>
    /// <param name="time">The greatest event time it had seen, milliseconds since the epoch. One that is earlier than said
    /// before changes nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such origin.</exception>
    public void Observe(int origin, long time)
    {
        if ((uint)origin >= (uint)_times.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(origin), $"origin {origin} of {_times.Length}: where the upstream has more partitions now, say so where the clock is made");
        }
        _heard[origin] = true;
        _idle[origin] = false;
        if (time > _times[origin])
        {
            _times[origin] = time;
            _latest = Math.Max(_latest, time);
            Write(origin, time);
            Advance();
        }
    }

    /// <summary>Takes the times from the store: to be called from <see cref="Processor.Ready"/>.</summary>
    public void Ready()
    {
        _latest = long.MinValue;
        for (var origin = 0; origin < _times.Length; origin++)
        {
            _times[origin] = Read(origin);
            _latest = Math.Max(_latest, _times[origin]);
        }
        _reached = Read(-1);
        Hold(_reached);
    }

    /// <summary>All that was written by now has been processed.</summary>
    private void FindIdle(long now)
    {
        if (_lastAtEnd != long.MinValue && now - _lastAtEnd < _idleAfter)
        {
            return;
        }
        _lastAtEnd = now;
        for (var origin = 0; origin < _times.Length; origin++)
        {
            _idle[origin] = !_heard[origin];
            _heard[origin] = false;
        }
        Advance();
    }

    /// <summary>Time never goes back, or a window could close twice.</summary>
    private void Advance()
    {
        var slowest = _context.StreamTime;
        for (var origin = 0; origin < _times.Length; origin++)
        {
            if (!_idle[origin])
            {
                slowest = Math.Min(slowest, _times[origin]);
            }
        }
        if (slowest > _reached)
        {
            _reached = slowest;
            Write(-1, slowest);
            Hold(slowest);
        }
    }

    private void Hold(long at)
    {
        foreach (var store in _held)
        {
            store.HeldAt = at;
        }
    }

    private long Read(int origin) =>
        _store.TryGet(KeyOf(origin), out var value) ? BinaryPrimitives.ReadInt64LittleEndian(value) : long.MinValue;

    private void Write(int origin, long time)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_value, time);
        _store.Put(KeyOf(origin), _value);
    }

    private ReadOnlySpan<byte> KeyOf(int origin)
    {
        BinaryPrimitives.WriteInt32BigEndian(_key, origin);
        return _key;
    }
}
