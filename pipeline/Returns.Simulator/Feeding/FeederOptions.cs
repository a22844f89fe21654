using Returns.Contracts;
using Returns.Contracts.Wire;

namespace Returns.Simulator.Feeding;

/// <summary>How a <see cref="Feeder"/> publishes.</summary>
public sealed record FeederOptions
{
    /// <summary>Units that enter the belts a second, from the first one this run publishes; 0 for as many as the broker takes.</summary>
    public double UnitsPerSecond { get; init; }

    /// <summary>Called after every commit, on the feeder's thread: it should be quick.</summary>
    public Action<FeedProgress>? Progress { get; init; }

    /// <summary>Called with a sentence for a person whenever the broker cannot be reached or a transaction starts over; on any thread.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Where schema ids come from.</summary>
    public ISchemaIds Schemas { get; init; } = LocalSchemaIds.BuiltIn;

    /// <summary>The clock that paces the feed.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>How far a feed is, as far as it is committed.</summary>
/// <param name="Units">Units that entered a belt, of all runs.</param>
/// <param name="PlannedUnits">Units of the whole feed.</param>
/// <param name="Scans">Scans, of all runs.</param>
/// <param name="PublishedNow">Scans published by this run.</param>
public readonly record struct FeedProgress(long Units, long PlannedUnits, long Scans, long PublishedNow);

/// <summary>What was fed: the whole feed, earlier runs included.</summary>
/// <param name="Label">First characters of every LPN of the feed.</param>
/// <param name="Lines">Data lines of the replayed file; 0 for a shift.</param>
/// <param name="RejectedLines">Lines of them that gave no units.</param>
/// <param name="Units">Units, one LPN each.</param>
/// <param name="Scans">Scans, repeats included.</param>
/// <param name="PublishedNow">Scans that this run published; 0 where an earlier one had published all.</param>
/// <param name="LastEventTime">Greatest event time, milliseconds since the epoch; null where there are no scans.</param>
public sealed record FeedResult(Utf8 Label, long Lines, long RejectedLines, long Units, long Scans, long PublishedNow, long? LastEventTime);

/// <summary>Another feeder of the same feed took over.</summary>
public sealed class FeederFencedException : Exception
{
    internal FeederFencedException(string transactionalId, Exception inner) : base(
        $"feeder '{transactionalId}' was fenced: another process feeds the same file or shift, and goes on from what was committed; "
        + "stop one of them", inner)
    {
    }
}
