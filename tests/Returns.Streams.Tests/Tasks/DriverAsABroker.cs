using System.Text;
using Returns.Streams.Testing;

namespace Returns.Streams.Tests.Tasks;

/// <summary>What the test driver does of what a broker and a stream thread would.</summary>
public sealed class DriverAsABroker
{
    private const string Table = "names";

    [Fact]
    public void Nothing_can_be_read_before_it_is_committed_and_an_abort_or_restart_gives_it_once()
    {
        var driver = new TopologyTestDriver(Probe.Topology(new()).Topology);
        driver.Pipe(Probe.Input, "a", Tick.Bytes(1, 0));
        Assert.Empty(driver.Read(Probe.Log));
        driver.Abort();
        driver.Restart();
        driver.Commit();
        Assert.Single(driver.Read(Probe.Log));
        Assert.Empty(driver.Read(Probe.Log));
        driver.Restart();
        driver.Commit();
        Assert.Empty(driver.Read(Probe.Log));
    }

    [Fact]
    public void In_a_replay_a_follower_waits_for_its_leader_up_to_its_own_time()
    {
        var driver = new TopologyTestDriver(Probe.Topology(new()).Topology);
        driver.Pipe(Probe.Input, "a", Tick.Bytes(1, 0));
        driver.Pipe(Probe.Follower, "a", Tick.Bytes(5, 0));
        driver.Pipe(Probe.Follower, "a", Tick.Bytes(100, 0));
        driver.Pipe(Probe.Input, "a", Tick.Bytes(3, 0));
        driver.Pipe(Probe.Input, "a", Tick.Bytes(7, 0));
        driver.Abort();
        driver.Commit();
        Assert.Equal(["tick a 1 at 1", "tick a 3 at 3", "tick a 7 at 7", "tock a 5 at 7", "tock a 100 at 100"], Lines(driver, Probe.Log));
    }

    [Fact]
    public void A_table_is_as_far_as_it_has_come_after_an_abort_and_a_restart_and_Ready_looks_for_itself()
    {
        // Waits for a name by key: what TableChanged did is taken back with the transaction, so Ready does it again.
        var table = default(TableSource<Names>);
        var (topology, store) = Probe.Topology(new()
        {
            OnTick = (probe, _) => probe.Store.Put(probe.Context.Key, "waits"u8),
            OnTableChanged = (probe, _) => Greet(probe, table!),
            OnReady = probe => Greet(probe, table!),
        }, more: builder => table = builder.Table(Table, () => new Names()));
        foreach (var disturb in new Action<TopologyTestDriver>[] { _ => { }, driver => driver.Abort(), driver => driver.Restart() })
        {
            var driver = new TopologyTestDriver(topology);
            driver.Pipe(Probe.Input, "ann", Tick.Bytes(1, 0));
            driver.Commit();
            driver.Pipe(Table, "ann", "x"u8.ToArray());
            disturb(driver);
            Assert.Equal(0, driver.Store(store).Count);
            driver.Commit();
            Assert.Equal(["tick ann 1 at 1", "hello ann"], Lines(driver, Probe.Log));
        }
    }

    [Fact]
    public void A_table_record_that_is_refused_is_told_to_nobody()
    {
        var told = 0;
        var driver = new TopologyTestDriver(Probe.Topology(new() { OnTableChanged = (_, _) => told++ }, more: b => b.Table(Table, () => new Names())).Topology);
        driver.Pipe(Table, "ann", []);
        Assert.Equal(0, told);
        driver.Pipe(Table, "ann", "x"u8.ToArray());
        Assert.Equal(1, told);
    }

    [Fact]
    public void What_one_sub_topology_sends_another_reads_once_it_is_committed()
    {
        var builder = new TopologyBuilder("app");
        var (first, second) = (builder.Store("first"), builder.Store("second"));
        var between = builder.Sink("between", () => new LineEncoder());
        var log = builder.Sink(Probe.Log, () => new LineEncoder());
        builder.SubTopology("up", [first], c => new Relay(c, between)).Source(Probe.Input, () => new TickDecoder());
        builder.SubTopology("down", [second], c => new Probe(c, log, second, new())).Source("between", () => new TickDecoder());
        var driver = new TopologyTestDriver(builder.Build(), partitions: 3);
        driver.Pipe(Probe.Input, "a", Tick.Bytes(5, 0));
        driver.Abort();
        driver.Commit();
        Assert.Empty(driver.Read(Probe.Log));
        driver.Restart();
        driver.Commit();
        Assert.Equal(["tick a 6 at 6"], Lines(driver, Probe.Log));
    }

    [Fact]
    public void Keys_of_a_partition_come_to_its_task_alone()
    {
        var (topology, store) = Probe.Topology(new() { OnTick = (probe, _) => probe.Store.Put(probe.Context.Key, default) });
        var driver = new TopologyTestDriver(topology, partitions: 4);
        for (var i = 0; i < 100; i++) driver.Pipe(Probe.Input, $"key-{i}", Tick.Bytes(1, 0));
        driver.Commit();
        Assert.All(Enumerable.Range(0, 4), p => driver.Store(store, p).ForEach((key, _) => Assert.Equal(p, Murmur2.Partition(key, 4))));
        Assert.Equal(100, Enumerable.Range(0, 4).Sum(p => driver.Store(store, p).Count));
        driver.Restart();
        Assert.Equal(100, Enumerable.Range(0, 4).Sum(p => driver.Store(store, p).Count));
    }

    [Fact]
    public void A_topic_that_is_not_read_is_refused_by_name()
    {
        var driver = new TopologyTestDriver(Probe.Topology(new()).Topology);
        Assert.Contains("'elsewhere' partition 0 is no source of the topology 'app'",
            Assert.Throws<ArgumentException>(() => driver.Pipe("elsewhere", "a", null)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => driver.Pipe(Probe.Input, null, null, partition: 1));
    }

    private static IEnumerable<string> Lines(TopologyTestDriver driver, string topic) => driver.Read(topic).Select(r => Encoding.UTF8.GetString(r.Value!));

    private static void Greet(Probe probe, TableSource<Names> table)
    {
        var names = probe.Context.Table(table);
        var greeted = new List<byte[]>();
        probe.Store.ForEach((key, _) => { if (names.Contains(Probe.Text(key))) greeted.Add(key.ToArray()); });
        foreach (var key in greeted)
        {
            probe.Store.Delete(key);
            probe.Say($"hello {Probe.Text(key)}");
        }
    }

    private sealed class Relay(ProcessorContext context, Sink<Line> sink) : Processor(context), IProcessor<Tick>
    {
        private readonly Output<Line> _output = context.Output(sink);

        public void Process(Tick message) => _output.Send(Context.Key, new Line(Encoding.UTF8.GetString(Tick.Bytes(message.At + 1, message.Amount))));
    }
}
