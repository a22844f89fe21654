using System.Diagnostics;
using Confluent.Kafka;
using Returns.ClickHouse;
using Returns.Contracts;
using Returns.Domain.Rules;
using Returns.Simulator;
using Returns.Simulator.Feeding;

namespace Returns.Cli.Up;

/// <summary>One feed on its way through the pipeline, until all of its units have come out.</summary>
internal sealed class FeedRun(UpOptions options, RunView view, Pipeline pipeline, IAdminClient admin, ClickHouseHttp clickHouse, ScanFeed feed, RuleBook book, Func<Task> paid)
{
    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Stalled = TimeSpan.FromMinutes(5);

    private readonly GroupLag _triage = new(admin, "returns.triage", [Topics.Scans, Topics.Overrides, Topics.Heartbeats], TopicSetup.Partitions);
    private readonly GroupLag _compliance = new(admin, "returns.compliance", [Topics.Scans, Topics.Dispositions, Topics.VendorUnits, Topics.Heartbeats], TopicSetup.Partitions);
    private readonly GroupLag _recovery = new(admin, "returns.recovery", [Topics.Dispositions, Topics.Exceptions, Topics.RecoveryChanges, Topics.Heartbeats], TopicSetup.Partitions);
    private readonly GroupLag _payments = new(admin, "returns.recovery", [Topics.Settlements], TopicSetup.Partitions, transactional: false);
    private readonly GroupLag _outcomes = new(admin, "returns.sink", [Topics.Grades, Topics.Dispositions, Topics.Exceptions, Topics.DeadLetters], TopicSetup.Partitions);
    private readonly GroupLag _figures = new(admin, "returns.sink", [Topics.VendorWindows, Topics.VendorAlerts, Topics.Chargebacks], TopicSetup.Partitions);
    private readonly GroupLag _paymentRows = new(admin, "returns.sink", [Topics.Settlements], TopicSetup.Partitions, transactional: false);
    private readonly GroupLag _windows = new(admin, "returns.sink", [Topics.Recovery], TopicSetup.FigurePartitions);
    private readonly OutcomeTables _tables = new(clickHouse, feed.Label.ToString());
    private readonly long _started = Stopwatch.GetTimestamp();
    private RunStatus _status = new() { Phase = "streaming" };
    private TimeSpan _unitsOutAfter;
    private Task? _paid;
    private long _outcomesLag;
    private long _processed;
    private long _watched = Stopwatch.GetTimestamp();

    /// <summary>Streams what was not streamed yet, and waits until every unit is in ClickHouse.</summary>
    /// <exception cref="UpException">A process gave up, or units are missing that nothing is waiting for.</exception>
    public async Task<RunSummary> DrainAsync(CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var feeding = Feeder.RunAsync(pipeline.Client, feed, new FeederOptions { UnitsPerSecond = options.UnitsPerSecond, Progress = Progressed, Warn = view.Say }, stop.Token);
        var watching = WatchAsync(feeding, stop.Token);
        try
        {
            await await Task.WhenAny(watching, pipeline.GaveUpAsync());
            return await SummaryAsync(await feeding, _unitsOutAfter, cancel);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(feeding, watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Progressed(FeedProgress progress) => _status = _status with { Units = progress.Units, UnitsExpected = progress.PlannedUnits, Scans = progress.Scans };

    private async Task WatchAsync(Task<FeedResult> feeding, CancellationToken cancel)
    {
        var beaten = false;
        var movedAt = Stopwatch.GetTimestamp();
        while (true)
        {
            var before = _status;
            var seen = await TryLookAsync(cancel);
            view.Show(_status);
            if (_status.Scans != before.Scans || _status.TriageLag != before.TriageLag || _status.ComplianceLag != before.ComplianceLag || _status.RecoveryLag != before.RecoveryLag || _status.SinkLag != before.SinkLag || _status.Tables.Exceptions != before.Tables.Exceptions)
            {
                movedAt = Stopwatch.GetTimestamp();
            }
            if (feeding.IsCompleted)
            {
                var fed = await feeding;
                _status = _status with { Phase = "draining", UnitsExpected = fed.Units, Units = fed.Units, Scans = fed.Scans };
                if (seen && _unitsOutAfter != default)
                {
                    // The units are out; what compliance and recovery make of them may take a moment longer.
                    _paid ??= paid();
                    if (_paid.IsFaulted)
                    {
                        throw new UpException($"settlements cannot be simulated: {_paid.Exception!.GetBaseException().Message}");
                    }
                    if (_paid.IsCompleted && IsThrough(_status) && IsThrough(before))
                    {
                        view.Show(_status);
                        return;
                    }
                }
                else if (seen && _status.TriageLag == 0 && (!beaten || _outcomesLag == 0) && await UnitsOutAsync(cancel) is { } units)
                {
                    if (units == fed.Units && _outcomesLag == 0)
                    {
                        _unitsOutAfter = Stopwatch.GetElapsedTime(_started);
                    }
                    else if (!beaten && units != fed.Units)
                    {
                        // What still waits for a finding that never comes meets its deadline now.
                        await Heartbeats.SendAsync(pipeline.Client, fed.LastEventTime ?? 0, LongestDeadline(book), cancel);
                        (beaten, movedAt) = (true, Stopwatch.GetTimestamp());
                    }
                }
                if (Stopwatch.GetElapsedTime(movedAt) > Stalled)
                {
                    throw new UpException($"nothing has moved for {Stalled.TotalMinutes:0} minutes: {fed.Units} units went in, {await UnitsOutAsync(cancel)} came out, triage is {_status.TriageLag} scans behind, compliance {_status.ComplianceLag} and recovery {_status.RecoveryLag} records and the sink {_status.SinkLag} rows; see their logs");
                }
            }
            await Task.Delay(feeding.IsCompleted ? DrainEvery : WatchEvery, cancel);
        }
    }

    /// <summary>Looks at topics and tables; false where a server is on its way back, which its supervisor says, and gives up in time.</summary>
    private async Task<bool> TryLookAsync(CancellationToken cancel)
    {
        try
        {
            await LookAsync(cancel);
            return true;
        }
        catch (Exception error) when (IsPassing(error))
        {
            return false;
        }
    }

    private async Task LookAsync(CancellationToken cancel)
    {
        var triage = await _triage.ReadAsync();
        var compliance = await _compliance.ReadAsync();
        var recovery = await _recovery.ReadAsync() + await _payments.ReadAsync();
        _outcomesLag = await _outcomes.ReadAsync();
        var sink = _outcomesLag + await _figures.ReadAsync() + await _windows.ReadAsync() + await _paymentRows.ReadAsync();
        var elapsed = Stopwatch.GetElapsedTime(_watched);
        var processed = Math.Max(_processed, _status.Scans - triage);
        if (elapsed >= WatchEvery)
        {
            _status = _status with { ScansPerSecond = (processed - _processed) / elapsed.TotalSeconds, Tables = await _tables.RowsAsync(cancel) };
            (_processed, _watched) = (processed, Stopwatch.GetTimestamp());
        }
        _status = _status with { TriageLag = triage, ComplianceLag = compliance, RecoveryLag = recovery, SinkLag = sink, Elapsed = Stopwatch.GetElapsedTime(_started) };
    }

    private async Task<long?> UnitsOutAsync(CancellationToken cancel)
    {
        try
        {
            var (counts, review) = await _tables.UnitsAsync(cancel);
            return counts.Routed + review;
        }
        catch (Exception error) when (IsPassing(error))
        {
            return null;
        }
    }

    private async Task<RunSummary> SummaryAsync(FeedResult fed, TimeSpan elapsed, CancellationToken cancel)
    {
        var topics = OutcomeCount.Read(pipeline.Client, feed.Label.ToString(), cancel);
        var (tables, review) = await _tables.UnitsAsync(cancel);
        if (topics.Routed + topics.ManualReview != fed.Units || topics.Routed != tables.Routed || topics.ManualReview != review || topics.Graded != tables.Graded)
        {
            throw new UpException($"the counts differ: {fed.Units} units went in; the topics have {topics.Graded} graded, {topics.Routed} routed and {topics.ManualReview} in manual review, ClickHouse has {tables.Graded}, {tables.Routed} and {review}");
        }
        var seconds = Math.Round(elapsed.TotalSeconds, 3);
        return new RunSummary(fed.Lines, fed.RejectedLines, fed.Units, fed.Scans, topics.Graded, topics.Routed, topics.ManualReview, topics.DeadLettered,
            topics.Dispositions, tables, seconds, seconds > 0 ? Math.Round(fed.PublishedNow / seconds) : 0);
    }

    /// <summary>The longest any unit may wait for its findings, by the rules, and a minute.</summary>
    private static long LongestDeadline(RuleBook book)
    {
        var longest = 0L;
        foreach (var program in book.Programs)
        {
            foreach (var checklist in program.Grading.Checklists)
            {
                longest = Math.Max(longest, checklist.DeadlineMillis);
            }
        }
        return longest + (long)TimeSpan.FromMinutes(1).TotalMilliseconds;
    }

    /// <summary>Seen twice: what one group has just written for the next may have come between two looks.</summary>
    private static bool IsThrough(RunStatus status) => status is { ComplianceLag: 0, RecoveryLag: 0, SinkLag: 0 };

    private static bool IsPassing(Exception error) =>
        error is KafkaException or TimeoutException or ClickHouseException
        || (error is AggregateException { InnerException: { } inner } && IsPassing(inner));
}
