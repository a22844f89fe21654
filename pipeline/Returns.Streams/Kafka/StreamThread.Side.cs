using Microsoft.Extensions.Logging;

namespace Returns.Streams.Kafka;

/// <summary>Global tables and followers.</summary>
internal sealed partial class StreamThread
{
    private const int SideRecordsPerTick = 256;
    private const int CatchUpPollMs = 50;

    private void CatchUpTables()
    {
        for (var i = 0; i < _tables.Length; i++)
        {
            var topic = _topology.Tables[i].Topic;
            _side.AddTable(i, topic, _partitions[topic]);
        }
        if (_tables.Length == 0)
        {
            return;
        }
        _side.Assign();
        while (!_side.TablesAtEnd)
        {
            _stop.ThrowIfCancellationRequested();
            var polled = _side.Poll(CatchUpPollMs, out var input, out var record);
            if (polled == Polled.Record)
            {
                TryApply(input!.Table, record);
            }
            else if (polled == Polled.Error)
            {
                _patience.Failed($"cannot read global tables: {_side.Error.Reason} ({_side.Error.Code})", null, _stop);
            }
            _figures.Ticked(Environment.TickCount64);
        }
        _patience.Succeeded();
    }

    private void ReadSide()
    {
        for (var i = 0; i < SideRecordsPerTick && !_side.IsEmpty; i++)
        {
            var polled = _side.Poll(0, out var input, out var record);
            if (polled == Polled.Nothing)
            {
                return;
            }
            if (polled == Polled.Error)
            {
                _log.LogDebug("{Application}: reading global tables and followers: {Reason}", _topology.Application, _side.Error.Reason);
                continue;
            }
            if (input!.Task is null)
            {
                if (polled == Polled.Record && TryApply(input.Table, record))
                {
                    var key = record.Key.ToArray();
                    _tableChanges.Add((input.Table, key));
                    TellTasks(input.Table, key);
                }
            }
            else if (polled == Polled.Record)
            {
                Follow(input, record);
            }
            else
            {
                PassMarkers(input);
            }
        }
    }

    private bool TryApply(int table, in InputRecord record)
    {
        if (_tables[table].TryApply(record, out var rejection))
        {
            return true;
        }
        _figures.TableRejected(record.Topic, rejection.ErrorClass);
        _log.LogWarning("global table {Topic} [{Partition}] @{Offset} is not applied: {Class}: {Reason}", record.Topic, record.Partition, record.Offset, rejection.ErrorClass, rejection.Message);
        return false;
    }

    private void TellTasks(int table, byte[] key)
    {
        var told = false;
        foreach (var task in _tasks)
        {
            if (task.Phase == TaskPhase.Running)
            {
                (_figures.Working, task.Touched, told) = (task, true, true);
                task.Task.TableChanged(_tables[table], key);
            }
        }
        _figures.Working = null;
        if (!told)
        {
            // Tasks that begin later find the change in the table.
            _tableChanges.Clear();
        }
    }

    private void Follow(SideInput input, in InputRecord record)
    {
        var task = input.Task!;
        var eventTime = task.Task.TryEventTime(input.Source, record, out var time) ? time : long.MinValue;
        if (input.Waiting.Count == 0 && (task.Task.StreamTime >= eventTime || (task.AtEnd && NothingFetchedSince(task))))
        {
            Process(task, input.Source, record);
            return;
        }
        _side.Hold(input, record, eventTime);
        task.FollowerWaitsFor = Math.Min(task.FollowerWaitsFor, input.Waiting.Peek().EventTime);
    }

    /// <summary>Where a follower was read to its end and nothing of it waits, only markers of transactions may lie between its last
    /// record and the end. Committing past them shows a lag of nothing.</summary>
    private static void PassMarkers(SideInput input)
    {
        var source = input.Task!.Sources[input.Source];
        if (input.AtEnd && input.Waiting.Count == 0 && input.Next > source.Next)
        {
            source.Next = input.Next;
            input.Task.Touched = true;
        }
    }

    /// <summary>Whether nothing has come of the leader since its end was reached that lies behind other partitions' records:
    /// what is fetched brings the high watermark with it.</summary>
    private bool NothingFetchedSince(AssignedTask task) => _consumer.GetWatermarkOffsets(PartitionOf(task)).High.Value <= task.Lead.Next;

    private static bool MayFollow(AssignedTask task, long eventTime) => task.AtEnd || task.Task.StreamTime >= eventTime;

    private void ReleaseFollowers(AssignedTask task)
    {
        var next = long.MaxValue;
        foreach (var input in _side.Of(task))
        {
            while (input.Waiting.TryPeek(out var waiting) && MayFollow(task, waiting.EventTime))
            {
                input.Waiting.Dequeue();
                Process(task, input.Source, waiting.Record);
            }
            if (input.Waiting.TryPeek(out var first))
            {
                next = Math.Min(next, first.EventTime);
            }
            PassMarkers(input);
            _side.Resume(input);
        }
        task.FollowerWaitsFor = next;
    }
}
