using System.Globalization;
using Prometheus;
using Returns.Streams.Kafka;
using Returns.Streams.Tasks;

namespace Returns.Streams.Tests.Kafka;

/// <summary>Each state that an operator tells apart, by what the thread shows and the time at which it is asked.</summary>
public sealed class HealthOfAThread
{
    private readonly Topology _topology = new Counting().Build();
    private readonly ThreadFigures _figures;
    private readonly List<AssignedTask> _tasks = [];
    private readonly long _start = Environment.TickCount64;

    public HealthOfAThread()
    {
        _figures = new ThreadFigures(new StreamsMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry())), _topology, 0);
        for (var partition = 0; partition < 3; partition++)
        {
            _tasks.Add(new AssignedTask(_topology.SubTopologies[0], partition, "member",
                new StreamTask(_topology, _topology.SubTopologies[0], partition, new Unused(), [], long.MinValue)));
        }
    }

    [Fact]
    public void It_starts_restores_runs_and_waits_for_a_partition()
    {
        Assert.Equal(StreamsState.Starting, State(0));
        _figures.Show(_tasks);
        Assert.Equal(StreamsState.Restoring, State(0));
        _tasks[0].Phase = TaskPhase.Running;
        _figures.Show(_tasks);
        Assert.Equal(StreamsState.Restoring, State(0));
        Assert.Equal([StreamsState.Running, StreamsState.Restoring, StreamsState.Restoring], _figures.Partitions(_start).Select(p => p.State));
        _tasks.ForEach(t => t.Phase = TaskPhase.Running);
        _figures.Show(_tasks);
        Assert.Equal(StreamsState.Running, State(0));
        _figures.Show([]);
        Assert.Equal(StreamsState.Rebalancing, State(0));
    }

    [Fact]
    public void A_partition_with_records_that_are_not_read_is_stuck_by_name_and_the_others_are_not()
    {
        _tasks.ForEach(t => t.Phase = TaskPhase.Running);
        _figures.Show(_tasks);
        for (var second = 0; second <= 40; second++)
        {
            _figures.Ticked(_start + (second * 1000));
            // One moves, one has nothing to read, one has.
            _tasks[0].Lead.Next += 5;
            (_tasks[0].Lag, _tasks[1].Lag, _tasks[2].Lag) = (100, 0, 77);
            ThreadFigures.Watch(_tasks, _start + (second * 1000));
        }
        Assert.Equal(StreamsState.Running, State(30));
        Assert.Equal(StreamsState.Stuck, State(40));
        Assert.Contains("[2]: nothing was read for 40 s, with 77 records", _figures.Health(_start + 40_000).Reason, StringComparison.Ordinal);
        var partitions = _figures.Partitions(_start + 40_000).ToList();
        Assert.Equal([StreamsState.Running, StreamsState.Running, StreamsState.Stuck], partitions.Select(p => p.State));
        Assert.Equal([0, 0, 40], partitions.Select(p => (int)p.StillFor.TotalSeconds));
        Assert.Equal([100, 0, 77], partitions.Select(p => p.Lag));

        _tasks[2].Lead.Next++;
        ThreadFigures.Watch(_tasks, _start + 41_000);
        Assert.Equal(StreamsState.Running, State(41));
    }

    [Fact]
    public void A_restore_that_gets_nowhere_is_stuck()
    {
        _figures.Show(_tasks);
        (_tasks[1].Restored, _tasks[1].ToRestore) = (10, 50);
        ThreadFigures.Watch(_tasks, _start);
        ThreadFigures.Watch(_tasks, _start + 31_000);
        Assert.Contains("nothing came of its changelogs for 31 s, with 40 offsets", _figures.Health(_start + 31_000).Reason, StringComparison.Ordinal);
        _tasks[1].Restored = 11;
        ThreadFigures.Watch(_tasks, _start + 31_000);
        Assert.Equal(StreamsState.Restoring, State(31));
    }

    [Fact]
    public void A_processor_that_does_not_return_is_stuck_with_the_partition_it_works_on()
    {
        _tasks.ForEach(t => t.Phase = TaskPhase.Running);
        _figures.Show(_tasks);
        _figures.Ticked(_start);
        ThreadFigures.Watch(_tasks, _start);
        _figures.Working = _tasks[1];
        Assert.Equal(StreamsState.Running, State(30));
        Assert.Equal(StreamsState.Stuck, State(31));
        Assert.Equal([StreamsState.Running, StreamsState.Stuck, StreamsState.Running], _figures.Partitions(_start + 31_000).Select(p => p.State));
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{_tasks[1]} has been processing for 31 s"), _figures.Health(_start + 31_000).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_was_fenced_or_has_lost_its_partitions_says_so_until_it_runs_again()
    {
        _figures.Fenced = true;
        _figures.Show(_tasks);
        Assert.Equal(StreamsState.Fenced, State(0));
        _tasks.ForEach(t => t.Phase = TaskPhase.Running);
        _figures.Show(_tasks);
        Assert.Equal(StreamsState.Running, State(0));
        _figures.Lost = true;
        _figures.Show([]);
        Assert.Equal(StreamsState.Fenced, State(0));
        _figures.Show(_tasks);
        Assert.Equal(StreamsState.Running, State(0));
    }

    private StreamsState State(int second) => _figures.Health(_start + (second * 1000)).State;

    private sealed class Unused : ITaskOutput
    {
        public void Send(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => throw new NotSupportedException();

        public void SendTombstone(string topic, ReadOnlySpan<byte> key) => throw new NotSupportedException();

        public void SendChange(string topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue) => throw new NotSupportedException();

        public void SendDeadLetter(string topic, in InputRecord record, in Rejection rejection) => throw new NotSupportedException();
    }
}
