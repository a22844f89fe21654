using Returns.Domain.Grading;

namespace Returns.Topologies.Triage.State;

/// <summary>
/// The scans a unit has had, by their stamps: what tells a repeated scan, and what findings and other observations refer to.
/// Bounded, so that a station gone mad cannot make one unit's state grow without end. For one thread at a time.
/// </summary>
/// <remarks>
/// When full, the oldest scan that nothing rests on makes room. Repeated after that it is taken in again, which changes
/// nothing either, as observations are decided by their stamps: it is only not counted as a repetition.
/// </remarks>
internal sealed class SeenScans
{
    /// <summary>More than the scans that can be referred to at once (findings of two gradings, and five single
    /// observations), so that there is always one to drop.</summary>
    public const int Capacity = (2 * FindingList.Capacity) + 64;

    private readonly ObservationStamp[] _stamps = new ObservationStamp[Capacity];

    public int Count { get; private set; }

    public ReadOnlySpan<ObservationStamp> Stamps => _stamps.AsSpan(0, Count);

    public void Clear() => Count = 0;

    /// <summary>True where the same counter value of the same scanner was seen, whatever its time.</summary>
    public bool Contains(ulong scanner, long sequence)
    {
        foreach (ref readonly var stamp in Stamps)
        {
            if (stamp.Scanner == scanner && stamp.Sequence == sequence)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>True where every scan seen is before this one.</summary>
    public bool AreBefore(in ObservationStamp stamp)
    {
        foreach (ref readonly var seen in Stamps)
        {
            if (seen > stamp)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Position of a stamp, for the encoding.</summary>
    public int IndexOf(in ObservationStamp stamp)
    {
        for (var i = 0; i < Count; i++)
        {
            if (_stamps[i].Sequence == stamp.Sequence && _stamps[i].Scanner == stamp.Scanner && _stamps[i].ScannedAt == stamp.ScannedAt)
            {
                return i;
            }
        }
        throw new InvalidOperationException($"an observation rests on a scan that the unit has not had: {stamp}");
    }

    public void Add(in ObservationStamp stamp, ItemState state)
    {
        if (Count == Capacity)
        {
            MakeRoom(state);
        }
        _stamps[Count++] = stamp;
    }

    private void MakeRoom(ItemState state)
    {
        var oldest = -1;
        for (var i = 0; i < Count; i++)
        {
            if ((oldest < 0 || _stamps[i] < _stamps[oldest]) && !state.RestsOn(_stamps[i]))
            {
                oldest = i;
            }
        }
        _stamps[oldest] = _stamps[--Count];
    }
}
