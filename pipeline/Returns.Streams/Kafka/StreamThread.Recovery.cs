using Microsoft.Extensions.Logging;
using Returns.Streams.Tasks;

namespace Returns.Streams.Kafka;

/// <summary>What follows a failure: everything back to the last commit, in memory where that is known, else from the changelogs.</summary>
internal sealed partial class StreamThread
{
    private const int AbortsBeforePatience = 2;
    private const int MostFences = 3;
    private static readonly TimeSpan FencesWithin = TimeSpan.FromMinutes(1);
    private readonly Queue<long> _fences = new();
    private int _abortsInARow;

    private void Recover(Exception error)
    {
        while (true)
        {
            try
            {
                RecoverOnce(error);
                return;
            }
            catch (Exception next) when (next is not (StreamsException or OperationCanceledException or OutOfMemoryException))
            {
                error = next;
            }
        }
    }

    private void RecoverOnce(Exception error)
    {
        var (working, offset) = (_figures.Working, _workingOffset);
        (_figures.Working, _workingOffset) = (null, -1);
        // A processor that was sending when the transaction failed is not the one to blame.
        var fault = error as TransactionException ?? _producer.Fault;
        if (fault is { Fault: TransactionFault.Fatal })
        {
            Rebuild(fault);
            return;
        }
        if (fault is { Fault: TransactionFault.Rejoin })
        {
            Rejoin(fault);
            return;
        }
        if (fault is not null)
        {
            _figures.Aborted("broker");
            // One is what a rebalance at the wrong moment costs, and nobody's concern.
            if (++_abortsInARow > AbortsBeforePatience)
            {
                _patience.Failed($"transactions are aborted again and again: {fault.Message}", fault, _stop);
            }
            else
            {
                _log.LogInformation("{Application}: transaction aborted: {Reason}", _topology.Application, fault.Message);
            }
        }
        else if (error is TopologyException)
        {
            throw new StreamsException(error.Message, error);
        }
        else if (error is ProcessorException { OnRecord: true } thrown && working is not null)
        {
            _figures.Aborted("processor");
            _log.LogError(thrown, "{Application}: the processor threw on {Record}: it becomes a dead letter", _topology.Application, thrown.Message);
            working.Poison[(_workingSource, offset)] = thrown.Message;
        }
        else
        {
            _figures.Aborted("failure");
            _failing = working is null || offset < 0 ? null : (working, _workingSource, offset);
            _processing.Failed($"{(working is null ? "processing" : working.ToString())}: {error.GetType().Name}: {error.Message}", error, _stop);
        }
        RollBack();
    }

    /// <summary>Takes back the transaction: stores, stream time and places are as at the last commit.</summary>
    private void RollBack()
    {
        _producer.Abort();
        (_commitNow, _transactionSince) = (false, 0);
        var touched = _tasks.FindAll(t => t.Phase == TaskPhase.Running && t.Touched);
        foreach (var task in _tasks)
        {
            if (task.Phase != TaskPhase.Running)
            {
                continue;
            }
            // All of them, as a record may have been polled that nobody has seen.
            foreach (var source in task.Sources)
            {
                source.Next = source.Committed;
            }
            task.FollowerWaitsFor = long.MaxValue;
            foreach (var input in _side.Of(task))
            {
                input.Rewind(task.Sources[input.Source].Next);
            }
            Seek(task);
        }
        _side.Assign();
        foreach (var task in touched)
        {
            task.Task.RollBack();
        }
        foreach (var task in touched)
        {
            _figures.Working = task;
            task.Task.Ready();
        }
        // The tables themselves are not rolled back, so the tasks are told again of what they were told since the commit.
        foreach (var (table, key) in _tableChanges.ToArray())
        {
            TellTasks(table, key);
        }
        _figures.Working = null;
    }

    /// <summary>
    /// Drops every task and joins the group anew, so that what it gives is told and restored. A broker that has lost a member
    /// in the middle of a rebalance makes librdkafka join as another one and keep its partitions without a word, while another
    /// instance may have had them.
    /// </summary>
    private void Rejoin(TransactionException fault)
    {
        _figures.Aborted("fenced");
        _log.LogInformation("{Application}: {Reason}: joining it anew, {Tasks} tasks are dropped", _topology.Application, fault.Message, _tasks.Count);
        _producer.Abort();
        (_commitNow, _transactionSince, _abortsInARow) = (false, 0, 0);
        _tableChanges.Clear();
        _figures.Lost = true;
        _patience.Succeeded();
        foreach (var task in _tasks.ToArray())
        {
            Drop(task);
            _leads.First(l => l.Sub == task.Sub).Tasks[task.Partition] = null;
        }
        _side.Assign();
        _figures.Show(_tasks);
        _consumer.Unsubscribe();
        _consumer.Subscribe(_leads.Select(l => l.Topic));
    }

    /// <summary>A new producer, and every task from what is committed: what the old one did is the broker's to know.</summary>
    private void Rebuild(TransactionException fault)
    {
        var now = Environment.TickCount64;
        _figures.Aborted(fault.Fenced ? "fenced" : "fatal");
        _figures.Fenced = fault.Fenced;
        _log.LogWarning("{Application}: the producer cannot go on ({Reason}): a new one begins, and {Tasks} tasks are restored", _topology.Application, fault.Message, _tasks.Count);
        _fences.Enqueue(now);
        while (now - _fences.Peek() > FencesWithin.TotalMilliseconds)
        {
            _fences.Dequeue();
        }
        if (_fences.Count > MostFences)
        {
            throw new StreamsException($"{_topology.Application}: {_fences.Count} producers failed within {FencesWithin}, the last one because: {fault.Message}. "
                + $"Is another instance running with the group instance id '{_options.GroupInstanceId}'?", fault);
        }
        _producer.Open();
        (_commitNow, _transactionSince, _abortsInARow) = (false, 0, 0);
        _tableChanges.Clear();
        foreach (var task in _tasks.FindAll(t => t.Phase == TaskPhase.Running))
        {
            var lead = _leads.First(l => l.Sub == task.Sub);
            Drop(task);
            Add(lead, task.Partition, task.Member);
        }
        _side.Assign();
        _figures.Show(_tasks);
        Settle();
    }
}
