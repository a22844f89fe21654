using System.Globalization;
using Returns.ClickHouse.Rows;

namespace Returns.ClickHouse.Sink;

/// <summary>Brings the marked ranges of a round into ClickHouse: one attempt.</summary>
/// <remarks>
/// Runs on pool threads. While it does, nobody else touches the ranges. An attempt begins no insert later than so long after its mark,
/// which is less than the group's session timeout: a process frozen for longer has to ask the broker whether it is still a member.
/// </remarks>
internal sealed class RoundLanding(ClickHouseHttp clickHouse, SinkMetrics metrics, TimeProvider time, TimeSpan markHolds, Action<SinkStep>? at)
{
    private const int InsertsAtOnce = 4;
    private const int MostLookUps = 5;
    private readonly LineageLookUp _lineage = new(clickHouse);

    /// <summary>Lands what has not landed. Each range that has says so itself, also when the attempt fails.</summary>
    /// <exception cref="ClickHouseException">ClickHouse is away, or refused; the ranges concerned may have landed in part.</exception>
    public async Task LandAsync(IReadOnlyList<RangeBatch> ranges, long markedAt, CancellationToken cancel)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var next = -1;
        async Task LandSomeAsync()
        {
            try
            {
                for (int i; (i = Interlocked.Increment(ref next)) < ranges.Count && !failed.IsCancellationRequested;)
                {
                    if (!ranges[i].HasLanded && ranges[i].Partition.IsOurs) await LandAsync(ranges[i], markedAt, cancel);
                }
            }
            catch
            {
                // The others finish what they are at and begin nothing new.
                await failed.CancelAsync();
                throw;
            }
        }

        await Task.WhenAll(Enumerable.Range(0, Math.Min(InsertsAtOnce, ranges.Count)).Select(_ => Task.Run(LandSomeAsync, CancellationToken.None)));
        cancel.ThrowIfCancellationRequested();
    }

    private async Task LandAsync(RangeBatch batch, long markedAt, CancellationToken cancel)
    {
        var (partition, range) = (batch.Partition, batch.Range);
        if (!batch.MayHaveLanded && range.First > partition.SuspectThrough)
        {
            batch.MayHaveLanded = true;
            await InsertAsync(batch, batch.All(), Token(partition, range), markedAt, cancel);
        }
        else
        {
            await RecoverAsync(batch, markedAt, cancel);
            if (partition.SuspectThrough == long.MaxValue)
            {
                partition.SuspectThrough = await _lineage.FindNewestBeyondAsync(partition, range.Last, cancel) ?? range.Last;
            }
        }
        batch.HasLanded = true;
    }

    /// <summary>Inserts the rows that a look-up does not find, until it finds all.</summary>
    private async Task RecoverAsync(RangeBatch batch, long markedAt, CancellationToken cancel)
    {
        var (partition, token) = (batch.Partition, Token(batch.Partition, batch.Range));
        for (var lookUps = 1; ; lookUps++)
        {
            var missing = batch.Without(await _lineage.FindAsync(partition, batch.Range, cancel));
            if (lookUps == 1) metrics.Skipped.WithLabels(partition.Topic.Table.Name).Inc(batch.Count - missing.Count);
            if (missing.Count == 0) break;
            if (lookUps > MostLookUps)
            {
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"{token}: {missing.Count} of {batch.Count} rows are not in ClickHouse after {MostLookUps} inserts that it accepted: look for what removes or hides rows of table {partition.Topic.Table.Name}"));
            }
            batch.MayHaveLanded = true;
            await InsertAsync(batch, missing, lookUps == 1 ? token : string.Create(CultureInfo.InvariantCulture, $"{token}/{batch.Count - missing.Count}"), markedAt, cancel);
        }
        if (batch.Required is not null) metrics.Recovered.Inc();
    }

    private async Task InsertAsync(RangeBatch batch, RowSelection rows, string token, long markedAt, CancellationToken cancel)
    {
        if (rows.DeadLetterCount > 0) await InsertAsync(RowTable.DeadLetters, token, rows.DeadLetters, rows.DeadLetterCount, markedAt, cancel);
        // First, so that what a look-up finds in the table is never missing here; twice does no harm.
        if (rows.RowCount > 0 && batch.Partition.Topic.Latest is { } latest) await InsertAsync(latest, token, rows.Rows, rows.RowCount, markedAt, cancel);
        if (rows.RowCount > 0) await InsertAsync(batch.Partition.Topic.Table, token, rows.Rows, rows.RowCount, markedAt, cancel);
    }

    private async Task InsertAsync(RowTable table, string token, RowBuffer rows, int count, long markedAt, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (time.GetElapsedTime(markedAt) > markHolds)
        {
            throw new ClickHouseException($"the round did not land within {markHolds.TotalSeconds:0.#} s of its mark", 0, isAway: true);
        }
        var started = time.GetTimestamp();
        await clickHouse.InsertAsync(table.Insert, token, rows.Written, cancel);
        metrics.InsertSeconds.WithLabels(table.Name).Observe(time.GetElapsedTime(started).TotalSeconds);
        metrics.Rows.WithLabels(table.Name).Inc(count);
        at?.Invoke(SinkStep.Inserted);
    }

    private static string Token(SinkPartition partition, PendingRange range) =>
        string.Create(CultureInfo.InvariantCulture, $"{partition.At.Topic}:{partition.At.Partition.Value}:{range.First}-{range.Last}");
}
