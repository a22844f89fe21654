using Confluent.Kafka;
using Returns.Streams.Tasks;

namespace Returns.Streams.Kafka;

/// <summary>What the group gives and takes. The handlers run within a poll and must not throw: what goes wrong waits for <see cref="Settle"/>.</summary>
internal sealed partial class StreamThread
{
    private const int StartPauseMs = 5;
    private const int StartPauses = 2000;

    private List<TopicPartitionOffset> OnAssigned(List<TopicPartition> assigned)
    {
        try
        {
            foreach (var partition in assigned)
            {
                var lead = _leads.First(l => l.Topic == partition.Topic);
                if (partition.Partition.Value >= lead.Tasks.Length)
                {
                    throw new StreamsException($"topic '{lead.Topic}' had {lead.Tasks.Length} partitions at the start and now has partition {partition.Partition.Value}: start again, and see what is then said of its changelogs");
                }
                Add(lead, partition.Partition.Value, _consumer.MemberId);
            }
            _figures.Lost = false;
            _figures.Show(_tasks);
        }
        catch (Exception error)
        {
            _rebalanceFailure = error;
        }
        // Where a partition goes on is known once its transactions are decided, and it is sought there then. What librdkafka begins
        // with must not lie behind that: the answer to a look-up of its own, as for the end, may come after the seek and undo it.
        return [.. assigned.Select(p => new TopicPartitionOffset(p, Offset.Unset))];
    }

    private void OnRevoked(List<TopicPartition> revoked)
    {
        try
        {
            // The next owner goes on from here.
            Commit();
        }
        catch (Exception error)
        {
            _rebalanceFailure = error;
        }
        Drop(revoked);
    }

    private void OnLost(List<TopicPartition> lost)
    {
        _figures.Lost = true;
        // What was refused because of it has found its reason.
        _abortsInARow = 0;
        _patience.Succeeded();
        if (_tasks.Exists(t => t.Touched))
        {
            // They may be another's by now, so nothing that was done for them may be committed.
            _rebalanceFailure = new TransactionException(TransactionFault.Abort, "the group has given the partitions to others", ErrorCode.UnknownMemberId);
        }
        Drop(lost);
    }

    private void Add(LeadTopic lead, int partition, string member)
    {
        var task = new AssignedTask(lead.Sub, partition, member, new StreamTask(_topology, lead.Sub, partition, _producer, _tables, long.MinValue));
        lead.Tasks[partition] = task;
        _tasks.Add(task);
        _toPause.Add(task);
    }

    private void Drop(List<TopicPartition> partitions)
    {
        try
        {
            foreach (var partition in partitions)
            {
                var lead = _leads.First(l => l.Topic == partition.Topic);
                if (partition.Partition.Value < lead.Tasks.Length && lead.Tasks[partition.Partition.Value] is { } task)
                {
                    Drop(task);
                    lead.Tasks[partition.Partition.Value] = null;
                }
            }
            _side.Assign();
            _figures.Show(_tasks);
        }
        catch (Exception error)
        {
            _rebalanceFailure ??= error;
        }
    }

    private void Drop(AssignedTask task)
    {
        task.Phase = TaskPhase.Dropped;
        task.Task.Close();
        _tasks.Remove(task);
        _toPause.Remove(task);
        _side.Remove(task);
    }

    /// <summary>Does what a rebalance has left to do, once the poll that it came with is over.</summary>
    private void Settle()
    {
        if (_toPause.Count > 0)
        {
            _reader.ForgetTopics();
            _consumer.Pause(_toPause.Select(PartitionOf));
            foreach (var task in _toPause)
            {
                _restorer.Restore(task);
            }
            _toPause.Clear();
        }
        if (_rebalanceFailure is { } failure)
        {
            _rebalanceFailure = null;
            throw failure;
        }
    }

    /// <summary>Lets those of the restored tasks begin with whose partitions the consumer has begun.</summary>
    private void ActivateRestored()
    {
        while (_restorer.TryTakeRestored(out var restored))
        {
            _toActivate.Add(restored);
        }
        for (var i = _toActivate.Count - 1; i >= 0; i--)
        {
            var task = _toActivate[i];
            if (task.Phase == TaskPhase.Dropped)
            {
                _toActivate.RemoveAt(i);
            }
            else if (TrySeek(task))
            {
                _toActivate.RemoveAt(i);
                Activate(task);
            }
        }
    }

    /// <summary>A restored task begins to process.</summary>
    private void Activate(AssignedTask task)
    {
        _figures.Working = task;
        task.Phase = TaskPhase.Running;
        task.Touched = true;
        _consumer.Resume([PartitionOf(task)]);
        if (task.Sources.Length > 1)
        {
            _side.Add(task);
            _side.Assign();
        }
        // Last, so that a rollback because it throws finds a task like any other.
        task.Task.Ready();
        _figures.Working = null;
        _figures.Show(_tasks);
    }

    /// <summary>Seeks the place that a task goes on from; false while the consumer has not begun with its partition.</summary>
    private bool TrySeek(AssignedTask task)
    {
        task.AtEnd = false;
        task.StaleBatch = _reader.Batch;
        try
        {
            _consumer.Seek(new TopicPartitionOffset(PartitionOf(task), task.Lead.Next));
            return true;
        }
        catch (KafkaException error) when (error.Error.Code is ErrorCode.Local_State or ErrorCode.Local_InProgress)
        {
            return false;
        }
    }

    private void Seek(AssignedTask task)
    {
        for (var pauses = 0; !TrySeek(task); pauses++)
        {
            if (pauses == StartPauses || _giveUp.IsCancellationRequested)
            {
                throw new KafkaException(ErrorCode.Local_State);
            }
            Thread.Sleep(StartPauseMs);
        }
    }

    private static TopicPartition PartitionOf(AssignedTask task) => new(task.Lead.Topic, task.Partition);
}
