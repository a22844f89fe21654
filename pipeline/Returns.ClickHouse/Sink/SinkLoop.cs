using System.Runtime.ExceptionServices;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Returns.Contracts.Wire;

namespace Returns.ClickHouse.Sink;

/// <summary>The state machine of README.md: gathers, marks, has landed, passes; and what it does when partitions come and go.</summary>
/// <remarks>All of it runs on the one thread that polls the consumer, the consumer's rebalance handlers included.</remarks>
internal sealed class SinkLoop
{
    private const int PollMillis = 50;
    private const int RecordsBetweenSteps = 256;
    private static readonly TimeSpan CommitTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CommitPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RevocationWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(5);

    /// <summary>A pause throws away what was fetched ahead, so a landing that is nearly done is waited for.</summary>
    private static readonly TimeSpan PauseAfter = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RegistryPatience = TimeSpan.FromSeconds(60);
    private readonly Dictionary<TopicPartition, SinkPartition> _partitions = [];
    private readonly Dictionary<string, OutcomeTopic> _topics;
    private readonly SinkOptions _options;
    private readonly RoundLanding _landing;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SinkStatus _status;
    private readonly Action<SinkStep>? _at;
    private readonly CapturedBytes _key;
    private readonly CapturedBytes _value;
    private readonly BatchGathering _gathering;
    private IConsumer<CapturedBytes, CapturedBytes> _consumer = null!;
    private GroupOffsets _offsets = null!;
    private SinkPartition? _latest;
    private Round? _round;
    private long _nextPass;
    private bool _isPaused;
    private bool _hasNewPartitions;
    private bool _mustRejoin;
    private string _member = "";
    private bool _isOver;
    private CancellationToken _stop;

    public SinkLoop(
        SinkOptions options, IReadOnlyList<OutcomeTopic> topics, RoundLanding landing, SinkStatus status, TimeProvider time, ILogger log,
        CapturedBytes key, CapturedBytes value, Action<SinkStep>? at)
    {
        (_options, _landing, _status, _time, _log, _key, _value, _at) = (options, landing, status, time, log, key, value, at);
        _topics = topics.ToDictionary(topic => topic.Name);
        _gathering = new BatchGathering(options, time);
    }

    /// <summary>Polls until <paramref name="stop"/>, then lets the round in flight land, within the options' bound.</summary>
    /// <exception cref="ClickHouseException">ClickHouse refused an insert for good.</exception>
    /// <exception cref="KafkaException">The broker refused the sink for good.</exception>
    /// <exception cref="SchemaRegistryException">The registry did not answer for a minute.</exception>
    public void Run(IConsumer<CapturedBytes, CapturedBytes> consumer, CancellationToken stop)
    {
        (_consumer, _offsets, _stop) = (consumer, new GroupOffsets(consumer.Handle), stop);
        consumer.Subscribe(_topics.Keys);
        try
        {
            var records = 0;
            while (!stop.IsCancellationRequested)
            {
                var result = Poll();
                if (result is { IsPartitionEOF: true }) NoteEnd(result);
                else if (result is not null) Take(result);
                if (result is not null && ++records < RecordsBetweenSteps && !_gathering.IsFull) continue;
                records = 0;
                Step();
            }
            WaitForLanding(_options.StopTimeout);
            Pass(_partitions.Values);
        }
        finally
        {
            // From here on the handlers, which closing the consumer calls, must not commit: a failed sink leaves its ranges pending.
            _isOver = true;
            Abandon();
        }
    }

    /// <summary>Partitions were assigned. Returns where each begins.</summary>
    public IEnumerable<TopicPartitionOffset> Assigned(IReadOnlyList<TopicPartition> partitions)
    {
        if (partitions.Count == 0) return [];
        if (_partitions.Count == 0) _member = _consumer.MemberId;
        else _mustRejoin |= _member != _consumer.MemberId;
        var starts = new List<TopicPartitionOffset>(partitions.Count);
        foreach (var committed in ReadCommitted(partitions))
        {
            var partition = new SinkPartition(_topics[committed.Partition.Topic], committed.Partition, committed.Offset);
            var pending = PendingRange.Parse(committed.Metadata);
            if (pending is { } range && range.First == committed.Offset.Value)
            {
                partition.Recovering = _gathering.NewBatch(partition, range);
            }
            else if (committed.Metadata.Length > 0)
            {
                _log.LogWarning("{Partition}: the committed offset {Offset} carries '{Metadata}', which this sink did not write; it is replaced", committed.Partition, committed.Offset.Value, committed.Metadata);
            }
            _partitions[committed.Partition] = partition;
            starts.Add(new TopicPartitionOffset(committed.Partition, committed.Offset));
        }
        _hasNewPartitions = true;
        return starts;
    }

    /// <summary>Partitions are taken away in good order: what is in flight gets a moment to land, and is passed.</summary>
    public void Revoked(IReadOnlyList<TopicPartitionOffset> revoked)
    {
        var partitions = Known(revoked);
        if (!_isOver && _round is { Landing: not null } round && round.Ranges.Exists(r => partitions.Contains(r.Partition))) WaitForLanding(RevocationWait);
        if (!_isOver) Pass(partitions);
        Remove(partitions);
    }

    /// <summary>Partitions are gone already, and may have a new owner: nothing more is inserted or committed for them.</summary>
    public void Lost(IReadOnlyList<TopicPartitionOffset> lost)
    {
        var partitions = Known(lost);
        Remove(partitions);
        if (_round is { } round && round.Ranges.Exists(r => partitions.Contains(r.Partition))) round.Attempt?.Cancel();
    }

    private ConsumeResult<CapturedBytes, CapturedBytes>? Poll()
    {
        try
        {
            return _consumer.Consume(PollMillis);
        }
        catch (ConsumeException error) when (!error.Error.IsFatal && !BrokerErrors.IsRefusal(error.Error.Code))
        {
            // A topic that does not exist yet, a poll that came too late, a broker that went: librdkafka goes on by itself.
            _log.LogWarning("the consumer reports: {Error}", error.Error.Reason);
            return null;
        }
    }

    private void NoteEnd(ConsumeResult<CapturedBytes, CapturedBytes> end)
    {
        if (Find(end.TopicPartition) is { } partition) partition.ReadThrough = end.Offset.Value;
    }

    private void Take(ConsumeResult<CapturedBytes, CapturedBytes> result)
    {
        if (Find(result.TopicPartition) is not { } partition) return;
        var record = new OutcomeRecord
        {
            Partition = result.Partition.Value,
            Offset = result.Offset.Value,
            TimestampMillis = result.Message.Timestamp.UnixTimestampMs,
            Key = _key,
            Value = _value,
            Headers = result.Message.Headers,
        };
        if (partition.Recovering is { } recovering && recovering.Required!.Value.Last < record.Offset && !recovering.IsComplete)
        {
            _log.LogWarning("{Partition}: records of the pending range {Range} are no longer in the topic; what is left of it is landed", partition.At, recovering.Required);
            recovering.EndEarly();
        }
        var started = 0L;
        while (true)
        {
            try
            {
                _gathering.Take(partition, record);
                break;
            }
            catch (SchemaRegistryException error)
            {
                if (started == 0) started = _time.GetTimestamp();
                if (_time.GetElapsedTime(started) > RegistryPatience) throw;
                _status.Set(SinkState.WaitingForSchemaRegistry, error.Message);
                if (_stop.WaitHandle.WaitOne(1000)) return;
            }
        }
        if (started != 0) _status.Set(SinkState.Running, null);
    }

    private SinkPartition? Find(TopicPartition at)
    {
        if (_latest is { } latest && latest.At.Partition == at.Partition && latest.At.Topic == at.Topic) return latest;
        return _latest = _partitions.GetValueOrDefault(at);
    }

    private void Step()
    {
        if (_mustRejoin) Rejoin();
        if (_round is { Landing.IsCompleted: true } round) Settle(round);
        if (_round is null && _gathering.IsDue(_partitions.Values)) _round = new Round(_gathering.TakeRanges(_partitions.Values));
        if (_round is { Landing: null } waiting && _time.GetTimestamp() >= waiting.NextTry) Mark(waiting);
        if (_round is null && _gathering.IsEmpty && _time.GetTimestamp() >= _nextPass) Pass(_partitions.Values);
        PauseOrResume();
        _status.Publish(_partitions.Values, _consumer);
    }

    /// <summary>Commits the round's ranges as pending and the other partitions' landed offsets, and begins an attempt.</summary>
    private void Mark(Round round)
    {
        round.Ranges.RemoveAll(_gathering.ReuseWhenDone);
        if (round.Ranges.Count == 0)
        {
            // They went with their partitions.
            if (round.Failures > 0) _status.Set(SinkState.Running, null);
            _round = null;
            return;
        }
        _at?.Invoke(SinkStep.BeforeMark);
        var offsets = new List<GroupOffset>();
        foreach (var range in round.Ranges) offsets.Add(new GroupOffset(range.Partition.At, range.Range.First, range.Range.ToMetadata()));
        var marked = round.Ranges.Select(r => r.Partition).ToHashSet();
        AddPasses(_partitions.Values.Where(p => !marked.Contains(p)), offsets);
        if (!TryCommit(offsets))
        {
            round.NextTry = After(CommitPause);
            return;
        }
        _at?.Invoke(SinkStep.Marked);
        round.Attempt = new CancellationTokenSource();
        round.MarkedAt = _time.GetTimestamp();
        var cancel = round.Attempt.Token;
        round.Landing = Task.Run(() => _landing.LandAsync(round.Ranges, round.MarkedAt, cancel), CancellationToken.None);
    }

    /// <summary>Takes note of an attempt that is over.</summary>
    private void Settle(Round round)
    {
        var landing = round.Landing!;
        round.Attempt?.Dispose();
        (round.Landing, round.Attempt) = (null, null);
        foreach (var range in round.Ranges.Where(r => r.HasLanded)) range.Partition.Landed = range.Range.Last + 1;
        round.Ranges.RemoveAll(_gathering.ReuseWhenDone);
        if (landing.Exception?.InnerExceptions.FirstOrDefault(e => e is not (OperationCanceledException or ClickHouseException { IsAway: true })) is { } refused)
        {
            ExceptionDispatchInfo.Throw(refused);
        }
        if (landing.Exception?.InnerExceptions.OfType<ClickHouseException>().FirstOrDefault() is { } away)
        {
            if (round.Failures++ == 0) _log.LogWarning("{Reason}; {Ranges} ranges wait, and are tried again", away.Message, round.Ranges.Count);
            _status.CountRetry();
            _status.Set(SinkState.WaitingForClickHouse, away.Message);
            round.NextTry = After(TimeSpan.FromMilliseconds(Math.Min(100 * Math.Pow(2, round.Failures), LongestBackoff.TotalMilliseconds)));
            return;
        }
        if (round.Ranges.Count > 0) return;
        if (round.Failures > 0) _log.LogInformation("ClickHouse takes inserts again after {Attempts} attempts", round.Failures);
        _status.Set(SinkState.Running, null);
        _gathering.Rest(_time.GetElapsedTime(round.MarkedAt));
        _round = null;
        _at?.Invoke(SinkStep.Landed);
    }

    private void WaitForLanding(TimeSpan patience)
    {
        if (_round is not { Landing: { } landing } round) return;
        Task.WaitAny([landing], patience);
        foreach (var range in round.Ranges.Where(r => r.HasLanded)) range.Partition.Landed = range.Range.Last + 1;
    }

    /// <summary>Commits what has landed, and the markers of transactions behind it, without metadata.</summary>
    private void Pass(IEnumerable<SinkPartition> partitions)
    {
        var offsets = new List<GroupOffset>();
        AddPasses(partitions, offsets);
        if (offsets.Count == 0) return;
        if (TryCommit(offsets)) _at?.Invoke(SinkStep.Passed);
        else _nextPass = After(CommitPause);
    }

    private void AddPasses(IEnumerable<SinkPartition> partitions, List<GroupOffset> offsets)
    {
        foreach (var partition in partitions)
        {
            var isIdle = partition.Recovering is null && partition.Gathering is null && (_round is null || !_round.Ranges.Exists(r => r.Partition == partition));
            if (isIdle && partition.ReadThrough > partition.Landed.Value) partition.Landed = partition.ReadThrough;
            if (partition.Landed.Value > partition.Committed.Value) offsets.Add(new GroupOffset(partition.At, partition.Landed, ""));
        }
    }

    /// <summary>
    /// Drops every partition and joins the group anew. A broker that has lost a static member in the middle of a rebalance makes librdkafka
    /// join as another member and keep its partitions without a word, while another sink may have had them.
    /// </summary>
    private void Rejoin()
    {
        _mustRejoin = false;
        _log.LogInformation("the member of the group that the partitions were given to is gone: joining anew, {Partitions} partitions are dropped", _partitions.Count);
        Lost([.. _partitions.Keys.Select(at => new TopicPartitionOffset(at, Offset.Unset))]);
        _consumer.Unsubscribe();
        _consumer.Subscribe(_topics.Keys);
    }

    private bool TryCommit(List<GroupOffset> offsets)
    {
        if (_consumer.MemberId != _member)
        {
            _mustRejoin = true;
            return false;
        }
        try
        {
            _offsets.Commit(offsets, CommitTimeout);
        }
        catch (KafkaException error) when (BrokerErrors.MayPass(error.Error.Code))
        {
            _log.LogDebug("a commit was not taken for now: {Error}", error.Error.Reason);
            return false;
        }
        foreach (var offset in offsets) _partitions[offset.Partition].Committed = offset.Offset;
        return true;
    }

    private IReadOnlyList<GroupOffset> ReadCommitted(IReadOnlyList<TopicPartition> partitions)
    {
        while (true)
        {
            _stop.ThrowIfCancellationRequested();
            try
            {
                return _offsets.Read(partitions, TimeSpan.FromSeconds(5));
            }
            catch (KafkaException error) when (BrokerErrors.MayPass(error.Error.Code))
            {
                _log.LogDebug("the committed offsets cannot be read for now: {Error}", error.Error.Reason);
                _stop.WaitHandle.WaitOne(CommitPause);
            }
        }
    }

    private HashSet<SinkPartition> Known(IReadOnlyList<TopicPartitionOffset> partitions) =>
        [.. partitions.Select(p => _partitions.GetValueOrDefault(p.TopicPartition)).OfType<SinkPartition>()];

    private void Remove(HashSet<SinkPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            partition.IsOurs = false;
            _gathering.Drop(partition);
            _partitions.Remove(partition.At);
        }
        _latest = null;
    }

    private void Abandon()
    {
        if (_round is not { Landing: { } landing } round) return;
        round.Attempt?.Cancel();
        Task.WaitAny([landing], RevocationWait);
    }

    /// <summary>Holds the partitions back while as much has gathered as may, without ceasing to poll for long.</summary>
    private void PauseOrResume()
    {
        var pause = _round is not null && _gathering.IsFull;
        // New partitions come as they were left, paused or not, whatever the others are.
        if (pause == _isPaused && !_hasNewPartitions) return;
        if (pause && _round!.Landing is { } landing && Task.WaitAny([landing], PauseAfter) == 0) return;
        if (pause) _consumer.Pause(_consumer.Assignment);
        else _consumer.Resume(_consumer.Assignment);
        (_isPaused, _hasNewPartitions) = (pause, false);
    }

    private long After(TimeSpan pause) => _time.GetTimestamp() + (long)(pause.TotalSeconds * _time.TimestampFrequency);
}
