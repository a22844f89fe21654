using System.Text;
using Returns.Streams.Replay;

namespace Returns.Streams.Tests.Replay;

public sealed class HistoryReplayed
{
    [Fact]
    public void Followers_wait_for_the_leaders_time_and_come_when_it_has_ended()
    {
        var outputs = Run(new(), [Tick.Bytes(10, 0), Tick.Bytes(20, 0)], [Tick.Bytes(5, 0), Tick.Bytes(20, 0), Tick.Bytes(90, 0)]);

        Assert.Equal(["tick k 10 at 10", "tock k 5 at 10", "tick k 20 at 20", "tock k 20 at 20", "tock k 90 at 90"], Lines(outputs));
    }

    [Fact]
    public void What_is_refused_or_thrown_on_is_a_dead_letter_and_leaves_no_trace()
    {
        var counts = new List<int>();
        var outputs = Run(new()
        {
            OnTick = (probe, tick) =>
            {
                probe.Store.Put(Encoding.UTF8.GetBytes($"{tick.At}"), default);
                counts.Add((int)probe.Store.Count);
                if (tick.Amount < 0)
                {
                    throw new FormatException("no such amount");
                }
            },
        }, [Tick.Bytes(1, 1), "nonsense"u8.ToArray(), Tick.Bytes(900, -2), Tick.Bytes(3, 3)], []);

        Assert.Equal(["tick k 1 at 1", "tick k 3 at 3"], Lines(outputs));
        Assert.Equal(["NoTick", "ProcessorFailed"], outputs.Where(o => o.Topic == Probe.Dead).Select(o => o.Rejection!.Value.ErrorClass));
        Assert.Equal(2, counts[^1]);
    }

    [Fact]
    public void More_than_a_transaction_gives_each_output_once_and_in_order()
    {
        var thrown = 0;
        var outputs = Run(new()
        {
            OnTick = (_, tick) =>
            {
                if (tick.At % 777 == 0)
                {
                    thrown++;
                    throw new FormatException("unlucky");
                }
            },
        }, [.. Enumerable.Range(1, 5000).Select(i => Tick.Bytes(i, 0))], []);

        Assert.Equal(Enumerable.Range(1, 5000).Where(i => i % 777 != 0).Select(i => $"tick k {i} at {i}"), Lines(outputs));
        Assert.Equal(6, outputs.Count(o => o.Topic == Probe.Dead));
        Assert.Equal(6, thrown);
    }

    [Fact]
    public void What_does_not_fit_the_topology_is_named()
    {
        var replay = new TopologyReplay(Probe.Topology(new()).Topology);

        Assert.Contains("no sub-topology 'other': probe", Assert.Throws<ArgumentException>(() => replay.Run("other", 0, [], _ => { })).Message, StringComparison.Ordinal);
        Assert.Contains("has 2 sources, and records of 1", Assert.Throws<ArgumentException>(() => replay.Run("probe", 0, [[]], _ => { })).Message, StringComparison.Ordinal);
        Assert.Contains("'names' is no global table", Assert.Throws<ArgumentException>(() => replay.Apply(new ReplayRecord("names", 0, 0, null, null), out _)).Message, StringComparison.Ordinal);
    }

    private static List<ReplayOutput> Run(Probe.Script script, byte[][] ticks, byte[][] tocks)
    {
        var outputs = new List<ReplayOutput>();
        new TopologyReplay(Probe.Topology(script).Topology).Run("probe", 0, [Records(Probe.Input, ticks), Records(Probe.Follower, tocks)], outputs.Add);
        return outputs;

        static IEnumerable<ReplayRecord> Records(string topic, byte[][] values) => values.Select((value, i) => new ReplayRecord(topic, 0, i, "k"u8.ToArray(), value));
    }

    private static IEnumerable<string> Lines(IEnumerable<ReplayOutput> outputs) => outputs.Where(o => o.Topic == Probe.Log).Select(o => Encoding.UTF8.GetString(o.Value!));
}
