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
        // Where a partition goes on is known once its transactions are decided. Until it is sought there, nothing is fetched.
        return [.. assigned.Select(p => new TopicPartitionOffset(p, Offset.End))];
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

    /// <summary>A restored task begins to process.</summary>
    private void Activate(AssignedTask task)
    {
        if (task.Phase == TaskPhase.Dropped)
        {
            return;
        }
        _figures.Working = task;
        task.Phase = TaskPhase.Running;
        task.Touched = true;
        Seek(task);
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

    private void Seek(AssignedTask task)
    {
        task.AtEnd = false;
        for (var pauses = 0; ; pauses++)
        {
            try
            {
                _consumer.Seek(new TopicPartitionOffset(PartitionOf(task), task.Lead.Next));
                return;
            }
            catch (KafkaException error) when (error.Error.Code is ErrorCode.Local_State or ErrorCode.Local_InProgress && pauses < StartPauses && !_giveUp.IsCancellationRequested)
            {
                // The consumer has not begun with the partition yet.
                Thread.Sleep(StartPauseMs);
            }
        }
    }

    private static TopicPartition PartitionOf(AssignedTask task) => new(task.Lead.Topic, task.Partition);
}
