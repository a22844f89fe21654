using Returns.Contracts;

namespace Returns.Simulator.Feeding;

/// <summary>One producer's part of a feed: from where the feed stands to its end, or to an error. For one thread, once.</summary>
/// <param name="feed">Stands after the records that are committed.</param>
/// <param name="producer">Has been started.</param>
/// <param name="options">Pace and progress.</param>
/// <param name="scansBefore">Scans that were published before the feeder was started, for progress.</param>
internal sealed class FeedRun(ScanFeed feed, FeedProducer producer, FeederOptions options, long scansBefore)
{
    private const int TransactionRecords = 20_000;
    private const int RecordsPerLook = 256;
    private static readonly TimeSpan TransactionTime = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PaceStep = TimeSpan.FromMilliseconds(10);

    private readonly ItemScan _scan = new();
    private readonly CatalogItem _item = new();
    private readonly long _startedAt = options.Time.GetTimestamp();
    private readonly long _unitsBefore = feed.Units;
    private long _records = feed.Records;
    private long _scans = feed.Scans;
    private long _openRecords;
    private long _openedAt;

    /// <summary>Publishes the rest of the feed.</summary>
    /// <param name="cancel">Ends it, with the transaction left open.</param>
    public void Publish(CancellationToken cancel)
    {
        var beforeLook = RecordsPerLook;
        var onlyCatalogue = true;
        FeedRecord next;
        while ((next = feed.Next(_scan, _item)) != FeedRecord.End)
        {
            if (next == FeedRecord.Scan && onlyCatalogue)
            {
                // The catalogue that comes first is committed before the first scan, so that no unit has to wait for it.
                Commit(cancel);
                onlyCatalogue = false;
            }
            HandOver(next, cancel);
            if (options.UnitsPerSecond == 0 && --beforeLook > 0) continue;
            beforeLook = RecordsPerLook;
            cancel.ThrowIfCancellationRequested();
            CommitIfDue(cancel);
            while (IsAhead())
            {
                if (cancel.WaitHandle.WaitOne(PaceStep)) cancel.ThrowIfCancellationRequested();
                CommitIfDue(cancel);
            }
        }
        Commit(cancel);
    }

    private bool IsAhead() => options.UnitsPerSecond > 0
        && feed.Units - _unitsBefore > options.Time.GetElapsedTime(_startedAt).TotalSeconds * options.UnitsPerSecond;

    private void HandOver(FeedRecord next, CancellationToken cancel)
    {
        if (_openRecords == 0)
        {
            producer.Begin();
            _openedAt = options.Time.GetTimestamp();
        }
        if (next == FeedRecord.Scan)
        {
            producer.Publish(_scan, cancel);
            _scans++;
        }
        else
        {
            producer.Publish(_item, cancel);
        }
        _openRecords++;
        _records++;
    }

    private void CommitIfDue(CancellationToken cancel)
    {
        if (_openRecords >= TransactionRecords || options.Time.GetElapsedTime(_openedAt) >= TransactionTime) Commit(cancel);
    }

    private void Commit(CancellationToken cancel)
    {
        if (_openRecords == 0) return;
        producer.Commit(_records, cancel);
        _openRecords = 0;
        options.Progress?.Invoke(new FeedProgress(feed.Units, feed.PlannedUnits, _scans, _scans - scansBefore));
    }
}
