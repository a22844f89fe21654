using Confluent.Kafka;
using Returns.Contracts;

namespace Returns.Simulator.Feeding;

/// <summary>Publishes a feed to returns.scans and returns.catalog, each record exactly once, however often it is started.</summary>
/// <remarks>
/// <para>
/// Records go out in transactions, and each transaction commits with them how many records of the feed are published, as
/// the offset of the feed's own group (<c>returns.feed-LABEL</c>, partition 0 of returns.scans). The feed gives the same
/// records every time, so a feeder that starts reads that number, passes over as many records, and goes on.
/// </para>
/// <para>
/// There is one way back from any error of a transaction, an abort, a restarted broker: a new producer, which ends what
/// the old one left open, and the feed from the committed number on. A broker that is away is tried again until
/// cancelled. Only a feeder that was fenced gives up.
/// </para>
/// </remarks>
public static class Feeder
{
    private const int RecordsPerLook = 4096;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Publishes what is not yet published of the feed.</summary>
    /// <param name="client">How to reach the broker: addresses, security.</param>
    /// <param name="feed">The feed, which belongs to the feeder until the task ends.</param>
    /// <param name="options">Pace and callbacks.</param>
    /// <param name="cancel">Ends it: the open transaction is aborted, so that nobody waits for it.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="FeederFencedException">Another feeder of the same feed took over.</exception>
    /// <exception cref="InvalidOperationException">More records are committed than the feed has: it was fed by another version.</exception>
    /// <exception cref="KafkaException">The broker refuses: topic missing, not authorized.</exception>
    public static Task<FeedResult> RunAsync(ClientConfig client, ScanFeed feed, FeederOptions options, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(feed);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.UnitsPerSecond, nameof(options));
        return Task.Factory.StartNew(() => Run(client, feed, options, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private static FeedResult Run(ClientConfig client, ScanFeed feed, FeederOptions options, CancellationToken cancel)
    {
        long? scansBefore = null;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            using var producer = new FeedProducer(client, feed.Label, options);
            try
            {
                PassOver(feed, producer.Start(cancel), producer.TransactionalId, cancel);
                scansBefore ??= feed.Scans;
                new FeedRun(feed, producer, options, scansBefore.Value).Publish(cancel);
                return new FeedResult(feed.Label, feed.Lines, feed.Rejected.Count, feed.Units, feed.Scans,
                    feed.Scans - scansBefore.Value, feed.LastEventTime);
            }
            catch (KafkaException error) when (FeedProducer.IsFenced(error.Error))
            {
                throw new FeederFencedException(producer.TransactionalId, error);
            }
            catch (KafkaException error) when (!FeedProducer.IsRefusal(error.Error))
            {
                options.Warn?.Invoke($"feed {feed.Label}: the transaction is given up ({error.Error.Reason}); going on from what is committed");
            }
            cancel.WaitHandle.WaitOne(RetryAfter);
        }
    }

    private static void PassOver(ScanFeed feed, long committed, string transactionalId, CancellationToken cancel)
    {
        var (scan, item) = (new ItemScan(), new CatalogItem());
        feed.Rewind();
        while (feed.Records < committed)
        {
            if (feed.Records % RecordsPerLook == 0) cancel.ThrowIfCancellationRequested();
            if (feed.Next(scan, item) == FeedRecord.End)
            {
                throw new InvalidOperationException(
                    $"group '{transactionalId}' has {committed} records committed, but the feed has only {feed.Records}: "
                    + "another version of the simulator fed it; use another seed");
            }
        }
    }
}
