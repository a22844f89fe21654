using System.Buffers.Binary;
using Returns.Streams.State;

namespace Returns.Streams.Windows;

/// <summary>
/// Aggregates by key and event-time window, in a store of its own. A processor makes one in its constructor and hands on
/// <see cref="Wake"/> and <see cref="Committing"/>; it sends the figures it is given. For the task's thread alone.
/// </summary>
/// <remarks>
/// <para>A window goes by stream time, as the task's records and nothing else move it:</para>
/// <list type="table">
/// <item><term>open</term><description>takes records; an early figure at each commit that follows a change</description></item>
/// <item><term>closed</term><description>at its end and the grace; the final figure, once</description></item>
/// <item><term>corrected</term><description>took a record since; a correction when the grace has passed again</description></item>
/// <item><term>gone</term><description>past its retention; takes nothing, and <see cref="Add"/> says so</description></item>
/// </list>
/// <para>All it knows is in the store, so final figures and corrections depend on the records and their order alone: an abort
/// or a restart at any point gives the same again. When early figures come depends on the commits.</para>
/// </remarks>
public sealed class WindowedStore<TState, TInput> where TState : new()
{
    private const int StartBytes = sizeof(long);
    private const int HeaderBytes = 1 + sizeof(int);

    private readonly WindowSpec _spec;
    private readonly KeyValueStore _store;
    private readonly ProcessorContext _context;
    private readonly IAggregate<TState, TInput> _aggregate;
    private readonly WindowResultHandler<TState> _results;
    private TState _state = new();
    private byte[] _key = new byte[64];
    private byte[] _value = new byte[256];

    /// <summary>Makes windows over a store, which is used for nothing else.</summary>
    /// <param name="spec">Which windows there are. A store keeps what it has under another specification, so a changed one
    /// needs another store.</param>
    /// <param name="store">The store.</param>
    /// <param name="context">The processor's context.</param>
    /// <param name="aggregate">What is gathered.</param>
    /// <param name="results">Receives every figure, within the transaction.</param>
    /// <exception cref="TopologyException">The topology has no topic for dead letters, which keep what comes too late.</exception>
    public WindowedStore(WindowSpec spec, KeyValueStore store, ProcessorContext context, IAggregate<TState, TInput> aggregate, WindowResultHandler<TState> results)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(aggregate);
        ArgumentNullException.ThrowIfNull(results);
        if (!context.HasDeadLetters)
        {
            throw new TopologyException($"store '{store.Name}' has windows, and the topology no topic for dead letters, where records that come after a window's retention are kept: name one where its TopologyBuilder is made");
        }
        (_spec, _store, _context, _aggregate, _results) = (spec, store, context, aggregate, results);
    }

    private enum Phase : byte
    {
        Open,
        Closed,
        Corrected,
    }

    /// <summary>The store.</summary>
    public KeyValueStore Store => _store;

    /// <summary>Adds an input to every window that its time is in. Where a window is past its retention, the current record goes
    /// to the dead letters: <see cref="Rejection.TooLate"/> where no window took it, else <see cref="Rejection.PartlyTooLate"/>.</summary>
    /// <param name="key">The key that it counts for.</param>
    /// <param name="time">When it happened, milliseconds since the epoch.</param>
    /// <param name="input">What is added.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is over thirty million years from the epoch.</exception>
    public Placement Add(ReadOnlySpan<byte> key, long time, in TInput input)
    {
        if (time is > 1L << 60 or < -(1L << 60))
        {
            throw new ArgumentOutOfRangeException(nameof(time), $"{time} is no time in milliseconds since the epoch: reject the record where it is decoded");
        }
        int inTime = 0, asCorrection = 0, missed = 0;
        var now = _store.WakesUntil(_context.StreamTime);
        for (var start = _spec.LastStart(time); time < _spec.EndOf(start); start -= _spec.Advance)
        {
            if (now >= _spec.ExpiryOf(start))
            {
                missed++;
            }
            else if (AddTo(KeyOf(key, start), start, now, input))
            {
                inTime++;
            }
            else
            {
                asCorrection++;
            }
        }
        var placement = new Placement(inTime, asCorrection, missed);
        _context.Placed(placement, time, _store, _spec);
        return placement;
    }

    /// <summary>Closes, corrects or forgets a window: to be called from <see cref="Processor.Wake"/> with a key of <see cref="Store"/>.</summary>
    public void Wake(ReadOnlySpan<byte> key, long due)
    {
        if (!_store.TryGet(key, out var value))
        {
            return;
        }
        var user = Split(key, out var start);
        var (phase, revision) = ReadHeader(value);
        _aggregate.Read(value[HeaderBytes..], ref _state);
        if (phase == Phase.Open)
        {
            Emit(user, start, ResultKind.Final, revision);
        }
        else if (phase == Phase.Corrected)
        {
            Emit(user, start, ResultKind.Correction, ++revision);
        }
        var expiry = _spec.ExpiryOf(start);
        if (due >= expiry)
        {
            _store.Delete(key);
            return;
        }
        Put(key, Phase.Closed, revision, expiry);
    }

    /// <summary>Hands out an early figure of every open window that the transaction changed: to be called from
    /// <see cref="Processor.Committing"/>.</summary>
    public void Committing()
    {
        foreach (var change in _store.Changes)
        {
            if (!change.HasValue)
            {
                continue;
            }
            var value = change.Value[sizeof(long)..];
            if (ReadHeader(value).Phase == Phase.Open)
            {
                var user = Split(change.Key, out var start);
                _aggregate.Read(value[HeaderBytes..], ref _state);
                Emit(user, start, ResultKind.Early, 0);
            }
        }
    }

    /// <summary>Adds to one window; false where it had closed.</summary>
    private bool AddTo(ReadOnlySpan<byte> key, long start, long now, in TInput input)
    {
        var close = _spec.CloseOf(start);
        var (phase, revision, wake) = (now < close ? Phase.Open : Phase.Closed, 0, close);
        if (_store.TryGet(key, out var value))
        {
            (phase, revision) = ReadHeader(value);
            wake = _store.WakeOf(key);
            value = value[HeaderBytes..];
        }
        _aggregate.Read(value, ref _state);
        _aggregate.Add(ref _state, input);
        var isOpen = phase == Phase.Open;
        if (phase == Phase.Closed)
        {
            (phase, wake) = (Phase.Corrected, Math.Min(now + _spec.Grace, _spec.ExpiryOf(start)));
        }
        Put(key, phase, revision, wake);
        return isOpen;
    }

    private void Put(ReadOnlySpan<byte> key, Phase phase, int revision, long wake)
    {
        var size = HeaderBytes + _aggregate.SizeOf(_state);
        if (_value.Length < size)
        {
            _value = new byte[size * 2];
        }
        _value[0] = (byte)phase;
        BinaryPrimitives.WriteInt32LittleEndian(_value.AsSpan(1), revision);
        var length = HeaderBytes + _aggregate.Write(_state, _value.AsSpan(HeaderBytes));
        _store.Put(key, _value.AsSpan(0, length), wake);
    }

    private void Emit(ReadOnlySpan<byte> key, long start, ResultKind kind, int revision) =>
        _results(new WindowResult<TState>(key, start, _spec.EndOf(start), kind, revision, _state));

    /// <summary>The user's key and the start, with its sign turned so that bytes sort as times do.</summary>
    private ReadOnlySpan<byte> KeyOf(ReadOnlySpan<byte> key, long start)
    {
        var length = key.Length + StartBytes;
        if (_key.Length < length)
        {
            _key = new byte[length * 2];
        }
        key.CopyTo(_key);
        BinaryPrimitives.WriteInt64BigEndian(_key.AsSpan(key.Length), start ^ long.MinValue);
        return _key.AsSpan(0, length);
    }

    private (Phase Phase, int Revision) ReadHeader(ReadOnlySpan<byte> value) => value.Length >= HeaderBytes && value[0] <= (byte)Phase.Corrected
        ? ((Phase)value[0], BinaryPrimitives.ReadInt32LittleEndian(value[1..]))
        : throw new InvalidDataException($"store '{_store.Name}': {value.Length} bytes that are no window: give windows a store of their own");

    private ReadOnlySpan<byte> Split(ReadOnlySpan<byte> key, out long start)
    {
        if (key.Length < StartBytes)
        {
            throw new InvalidDataException($"store '{_store.Name}': a key of {key.Length} bytes is no window's: give windows a store of their own");
        }
        start = BinaryPrimitives.ReadInt64BigEndian(key[^StartBytes..]) ^ long.MinValue;
        return key[..^StartBytes];
    }
}
