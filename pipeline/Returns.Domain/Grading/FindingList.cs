namespace Returns.Domain.Grading;

/// <summary>What <see cref="FindingList.Observe"/> made of an observation.</summary>
public enum ObserveResult
{
    /// <summary>The first of its criterion.</summary>
    Added,

    /// <summary>It replaced an earlier one with another value: a correction.</summary>
    Corrected,

    /// <summary>It confirmed the value already known; only the stamp may have moved.</summary>
    Confirmed,

    /// <summary>A later observation of the criterion is already known.</summary>
    Superseded,

    /// <summary>Not a finite number. Nothing changed.</summary>
    NotANumber,

    /// <summary>The list holds <see cref="FindingList.Capacity"/> other criteria. Nothing changed.</summary>
    Full,
}

/// <summary>
/// The latest observation of each criterion of one unit. The content depends on the set of observations only, not on
/// their order or repetition, as long as there are no more than <see cref="Capacity"/> criteria. Made for reuse; not
/// safe for concurrent use.
/// </summary>
public sealed class FindingList
{
    /// <summary>The most criteria kept, the same as the most a checklist may have.</summary>
    public const int Capacity = Checklist.MaxCriteria;

    private readonly Observation[] _items = new Observation[Capacity];

    /// <summary>Number of criteria observed.</summary>
    public int Count { get; private set; }

    /// <summary>The observations, in no particular order. Valid until the next change.</summary>
    public ReadOnlySpan<Observation> Items => _items.AsSpan(0, Count);

    /// <summary>Forgets everything.</summary>
    public void Clear() => Count = 0;

    /// <summary>Takes in an observation, whatever came before it.</summary>
    public ObserveResult Observe(in Observation observation)
    {
        if (!double.IsFinite(observation.Value)) return ObserveResult.NotANumber;
        for (var i = 0; i < Count; i++)
        {
            ref var known = ref _items[i];
            if (known.Criterion != observation.Criterion) continue;
            if (!observation.Replaces(known))
                return known == observation ? ObserveResult.Confirmed : ObserveResult.Superseded;
            var result = known.Value.Equals(observation.Value) ? ObserveResult.Confirmed : ObserveResult.Corrected;
            known = observation;
            return result;
        }

        if (Count == Capacity) return ObserveResult.Full;
        _items[Count++] = observation;
        return ObserveResult.Added;
    }

    /// <summary>
    /// Appends an observation of a criterion that is not yet in the list, unchecked: for filling the list from a state
    /// that was itself made of <see cref="Items"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The list is full.</exception>
    public void Restore(in Observation observation)
    {
        if (Count == Capacity) throw new InvalidOperationException($"a unit has at most {Capacity} findings");
        _items[Count++] = observation;
    }
}
