using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Returns.Streams.Kafka;

/// <summary>
/// One thread with its consumer, its producer and the tasks of the partitions that the group gives it. README.md describes
/// what it does at a commit, at a restore, at a rebalance and after each kind of failure.
/// </summary>
internal sealed partial class StreamThread : IDisposable
{
    /// <summary>Records between looks at the clock, where records keep coming.</summary>
    private const int RecordsPerTick = 256;

    /// <summary>Milliseconds that a poll waits, where none come.</summary>
    private const int IdlePollMs = 10;

    private readonly Topology _topology;
    private readonly StreamsOptions _options;
    private readonly Dictionary<string, int> _partitions;
    private readonly ILogger _log;
    private readonly IConsumer<Ignore, Ignore> _consumer;
    private readonly RecordReader _reader;
    private readonly TransactionalProducer _producer;
    private readonly ChangelogRestorer _restorer;
    private readonly SideReader _side;
    private readonly Patience _patience;
    private readonly Patience _processing;
    private readonly GlobalTable[] _tables;
    private readonly LeadTopic[] _leads;
    private readonly List<AssignedTask> _tasks = [];
    private readonly List<AssignedTask> _toPause = [];
    private readonly List<AssignedTask> _toActivate = [];
    private readonly List<(int Table, byte[] Key)> _tableChanges = [];
    private readonly ThreadFigures _figures;
    private readonly CancellationToken _stop;
    private readonly CancellationToken _giveUp;
    private LeadTopic _lead;
    private Exception? _rebalanceFailure;
    private (AssignedTask Task, int Source, long Offset)? _failing;
    private long _workingOffset = -1;
    private int _workingSource;
    private long _transactionSince;
    private long _nextSecond;
    private bool _commitNow;

    // What an end was reached of, and nothing has come of since, may still lie behind other partitions' records: only the end
    // itself, or a poll that finds nothing at all, says that all there is has been processed.
    private bool _drained;
    private AssignedTask? _ended;
    private volatile bool _allBrokersDown;

    /// <param name="topology">What it runs.</param>
    /// <param name="options">How.</param>
    /// <param name="settings">Makes its clients.</param>
    /// <param name="number">Its number in the instance.</param>
    /// <param name="partitions">Partitions of the topics that are read.</param>
    /// <param name="figures">Where it shows what it does.</param>
    /// <param name="log">Where it says what it does.</param>
    /// <param name="stop">Ends it in order.</param>
    /// <param name="giveUp">Ends what an end in order waits for.</param>
    public StreamThread(Topology topology, StreamsOptions options, ClientSettings settings, int number, Dictionary<string, int> partitions,
        ThreadFigures figures, ILogger log, CancellationToken stop, CancellationToken giveUp)
    {
        (_topology, _options, _partitions, _figures, _log, _stop, _giveUp) = (topology, options, partitions, figures, log, stop, giveUp);
        var name = $"{topology.Application}, thread {number}";
        _patience = figures.Patience = new Patience(options.Patience, name, log);
        _processing = figures.Processing = new Patience(options.Patience, $"{name}, processing", log);
        var restore = figures.Restore = new Patience(options.Patience, $"{name}, restore", log);
        _leads = [.. topology.SubTopologies.Select(s => new LeadTopic(s, partitions[s.Sources[0].Topic]))];
        _lead = _leads[0];
        _tables = [.. topology.Tables.Select(t => t.Create())];
        _consumer = settings.Member(number, () => _allBrokersDown = true)
            .SetPartitionsAssignedHandler((_, assigned) => OnAssigned(assigned))
            .SetPartitionsRevokedHandler((_, revoked) => OnRevoked([.. revoked.Select(r => r.TopicPartition)]))
            .SetPartitionsLostHandler((_, lost) => OnLost([.. lost.Select(l => l.TopicPartition)]))
            .Build();
        _reader = new RecordReader(_consumer, figures.Time);
        _producer = new TransactionalProducer(settings, number, _patience, figures, () => _allBrokersDown = true) { Stop = giveUp };
        _side = new SideReader(settings, number);
        _restorer = new ChangelogRestorer(topology, settings, number, restore, log);
    }

    /// <summary>Runs until it is stopped.</summary>
    /// <exception cref="StreamsException">It cannot go on.</exception>
    public void Run()
    {
        try
        {
            _producer.Stop = _stop;
            _producer.Open();
            _producer.Stop = _giveUp;
            CatchUpTables();
            _consumer.Subscribe(_leads.Select(l => l.Topic));
            while (!_stop.IsCancellationRequested)
            {
                Step();
            }
            Leave();
        }
        catch (OperationCanceledException)
        {
            // Stopped while waiting for a broker: what is open is aborted by the next start or by its timeout.
        }
        finally
        {
            _figures.Phase = StreamsState.Stopped;
        }
    }

    private void Step()
    {
        var polled = _reader.Poll(_producer.InTransaction ? Math.Min(IdlePollMs, (int)_options.CommitInterval.TotalMilliseconds) : IdlePollMs, out var record);
        try
        {
            if (_rebalanceFailure is not null || _toPause.Count > 0)
            {
                Settle();
            }
            if (polled == Polled.Record)
            {
                Lead(record);
                if (++_figures.SinceTick < RecordsPerTick && !_commitNow)
                {
                    return;
                }
            }
            else if (polled == Polled.End)
            {
                LeadEnds(record);
            }
            else if (polled == Polled.Nothing)
            {
                _drained = true;
            }
            else if (polled == Polled.Error)
            {
                OnError(_reader.Error);
            }
            Tick();
            (_drained, _ended) = (false, null);
        }
        catch (Exception error) when (error is not (StreamsException or OperationCanceledException or OutOfMemoryException))
        {
            var since = Stopwatch.GetTimestamp();
            Recover(error);
            _figures.Time.Recovered(Stopwatch.GetElapsedTime(since));
        }
    }

    private void Lead(in InputRecord record)
    {
        var task = TaskOf(record.Topic, record.Partition);
        // A partition that is not ready yet is paused, and sought once it is: what comes before that comes again.
        if (task is null || task.Phase != TaskPhase.Running || record.Offset < task.Lead.Next || task.StaleBatch == _reader.Batch)
        {
            return;
        }
        task.AtEnd = false;
        Process(task, 0, record);
        if (task.Task.StreamTime >= task.FollowerWaitsFor)
        {
            ReleaseFollowers(task);
        }
    }

    private void LeadEnds(in InputRecord end)
    {
        var task = TaskOf(end.Topic, end.Partition);
        if (task is null || task.Phase != TaskPhase.Running || end.Offset < task.Lead.Next || task.StaleBatch == _reader.Batch)
        {
            return;
        }
        task.AtEnd = true;
        _ended = task;
        if (end.Offset > task.Lead.Next)
        {
            // Behind the last record are markers of transactions. Committing past them shows a lag of nothing.
            task.Lead.Next = end.Offset;
            task.Touched = true;
        }
        if (task.FollowerWaitsFor != long.MaxValue)
        {
            ReleaseFollowers(task);
        }
    }

    private void Process(AssignedTask task, int source, in InputRecord record)
    {
        task.Touched = true;
        (_figures.Working, _workingSource, _workingOffset) = (task, source, record.Offset);
        if (task.Poison.Count > 0 && task.Poison.TryGetValue((source, record.Offset), out var reason))
        {
            task.Task.DeadLetter(record, new Rejection(DeadLetterHeaders.ProcessorFailed, reason));
            // So that no later failure makes it, and all before it, come again.
            _commitNow = true;
        }
        else if (_figures.SinceTick == 0)
        {
            Sample(task, source, record);
        }
        else
        {
            task.Task.Process(source, record);
        }
        (_figures.Working, _workingOffset) = (null, -1);
        task.Sources[source].Next = record.Offset + 1;
        _figures.Processed++;
        if (_failing is { } failing && failing.Task == task && failing.Source == source && failing.Offset == record.Offset)
        {
            _failing = null;
            _processing.Succeeded();
        }
    }

    /// <summary>Processes the first record after a look at the clock, and measures it; decoding is measured by doing it twice.</summary>
    private void Sample(AssignedTask task, int source, in InputRecord record)
    {
        if (source == 0)
        {
            task.RecordTime = _reader.Timestamp;
        }
        var start = Stopwatch.GetTimestamp();
        task.Task.TryEventTime(source, record, out _);
        (_producer.IsMeasured, _producer.Took) = (true, TimeSpan.Zero);
        var decoded = Stopwatch.GetTimestamp();
        try
        {
            task.Task.Process(source, record);
        }
        finally
        {
            _producer.IsMeasured = false;
        }
        _figures.Took(Stopwatch.GetElapsedTime(start, decoded), Stopwatch.GetElapsedTime(decoded), _producer.Took);
    }

    private void Tick()
    {
        var now = Environment.TickCount64;
        _figures.Ticked(now);
        if (_restorer.Failure is { } failure)
        {
            throw failure as StreamsException ?? new StreamsException($"{_topology.Application}: restore failed: {failure.Message}", failure);
        }
        ActivateRestored();
        ReadSide();
        var wallClock = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var touched = false;
        foreach (var task in _tasks)
        {
            if (task.Phase == TaskPhase.Running && task.Task.Punctuate(wallClock, atEnd: task.AtEnd && (_drained || task == _ended)))
            {
                task.Touched = true;
            }
            touched |= task.Touched;
        }
        if (!touched)
        {
            _transactionSince = 0;
        }
        else if (_transactionSince == 0)
        {
            _transactionSince = now;
        }
        var interval = _reader.Drained || _options.CommitIntervalBehind < _options.CommitInterval ? _options.CommitInterval : _options.CommitIntervalBehind;
        if (touched && (_commitNow || now - _transactionSince >= interval.TotalMilliseconds))
        {
            Commit();
        }
        if (now >= _nextSecond)
        {
            _nextSecond = now + 1000;
            EachSecond();
        }
    }

    private void Commit()
    {
        if (_producer.Fault is { } fault)
        {
            throw fault;
        }
        var since = Stopwatch.GetTimestamp();
        var touched = false;
        foreach (var task in _tasks)
        {
            if (task.Touched)
            {
                touched = true;
                _figures.Working = task;
                task.Task.Flush();
            }
        }
        _figures.Working = null;
        (_commitNow, _transactionSince) = (false, 0);
        if (!touched)
        {
            return;
        }
        _reader.Drained = false;
        _producer.Commit(_consumer, _tasks);
        foreach (var task in _tasks)
        {
            if (task.Touched)
            {
                task.Task.Committed();
                task.Touched = false;
                foreach (var source in task.Sources)
                {
                    source.Committed = source.Next;
                }
                Forget(task.Poison, task);
            }
        }
        _tableChanges.Clear();
        _abortsInARow = 0;
        if (_failing is null)
        {
            _processing.Succeeded();
        }
        _figures.Committed(Stopwatch.GetElapsedTime(since));
    }

    private static void Forget(Dictionary<(int Source, long Offset), string> poison, AssignedTask task)
    {
        foreach (var record in poison.Keys)
        {
            if (record.Offset < task.Sources[record.Source].Next)
            {
                poison.Remove(record);
            }
        }
    }

    private AssignedTask? TaskOf(string topic, int partition)
    {
        if (!ReferenceEquals(topic, _lead.Topic) && topic != _lead.Topic)
        {
            _lead = _leads.First(l => l.Topic == topic);
        }
        return _lead.Tasks[partition];
    }

    private void EachSecond()
    {
        foreach (var task in _tasks)
        {
            if (task.Phase == TaskPhase.Running)
            {
                _figures.Measure(task, _consumer);
            }
        }
        ThreadFigures.Watch(_tasks, Environment.TickCount64);
        _figures.Publish(_tasks);
        if (_allBrokersDown && !_producer.InTransaction)
        {
            // With nothing to commit, nothing else would find out whether a broker is back.
            try
            {
                _consumer.QueryWatermarkOffsets(new TopicPartition(_leads[0].Topic, 0), TimeSpan.FromSeconds(1));
                _allBrokersDown = false;
                _patience.Succeeded();
            }
            catch (KafkaException error)
            {
                _patience.Failed($"no broker answers at {_options.Client.BootstrapServers}: {error.Error.Reason} ({error.Error.Code})", error, _stop);
            }
        }
    }

    private void OnError(Error error)
    {
        if (error.IsFatal || error.Code is ErrorCode.FencedInstanceId or ErrorCode.Local_Fatal)
        {
            throw new StreamsException(error.Code is ErrorCode.FencedInstanceId or ErrorCode.Local_Fatal
                ? $"{_topology.Application}: another instance has joined the group with the group instance id '{_options.GroupInstanceId}': give each instance an id of its own ({error.Reason})"
                : $"{_topology.Application}: the consumer cannot go on: {error.Reason} ({error.Code})");
        }
        if (error.Code is ErrorCode.Local_MaxPollExceeded)
        {
            _log.LogWarning("{Application}: processing took too long between polls, and the group has given the partitions away: {Reason}", _topology.Application, error.Reason);
            return;
        }
        _patience.Failed($"cannot read: {error.Reason} ({error.Code})", null, _stop);
    }

    private void Leave()
    {
        try
        {
            Commit();
        }
        catch (Exception error) when (error is not (StreamsException or OperationCanceledException or OutOfMemoryException))
        {
            _log.LogWarning("{Application}: the last transaction is not committed, and is processed again after the next start: {Reason}", _topology.Application, error.Message);
            DropAll();
        }
    }

    private void DropAll()
    {
        foreach (var task in _tasks)
        {
            task.Touched = false;
            task.Phase = TaskPhase.Dropped;
            task.Task.Close();
        }
    }

    /// <summary>Leaves the group and closes the clients.</summary>
    public void Dispose()
    {
        // Nothing but an orderly end commits: whatever brought us here, what is not committed stays so.
        DropAll();
        _tasks.Clear();
        _restorer.Dispose();
        _side.Dispose();
        _reader.Dispose();
        try
        {
            _consumer.Close();
        }
        catch (KafkaException)
        {
            // The group finds out by the session timeout.
        }
        _consumer.Dispose();
        _producer.Dispose();
    }

    /// <summary>A leading topic and this thread's tasks of it, by partition.</summary>
    private sealed class LeadTopic(SubTopology sub, int partitions)
    {
        public SubTopology Sub => sub;

        public string Topic => sub.Sources[0].Topic;

        public AssignedTask?[] Tasks { get; } = new AssignedTask?[partitions];
    }
}
