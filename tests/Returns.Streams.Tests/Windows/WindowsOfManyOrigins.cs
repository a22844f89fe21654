using System.Text;
using Returns.Streams.State;
using Returns.Streams.Testing;
using Returns.Streams.Windows;

namespace Returns.Streams.Tests.Windows;

/// <summary>A topic that two upstream partitions write, each at its own pace. A tick's amount is its origin.</summary>
public sealed class WindowsOfManyOrigins
{
    private const int Hour = 3_600_000;
    private const int Minute = 60_000;

    [Fact]
    public void Catching_up_on_a_backlog_turns_no_old_record_into_a_late_one()
    {
        // Each origin's records come in order, in runs of hours: one is far ahead of the other by turns.
        var backlog = Backlog(runs: 6, hoursInARun: 4);
        var byOrigin = Run(new TopologyTestDriver(Topology()), backlog);
        var byStreamTime = Run(new TopologyTestDriver(Sums.Topology(Spec).Topology), backlog);
        Assert.Contains(byStreamTime, f => f.StartsWith("Correction", StringComparison.Ordinal));
        Assert.DoesNotContain(byOrigin, f => f.StartsWith("Correction", StringComparison.Ordinal));
        var finals = byOrigin.Where(f => f.StartsWith("Final", StringComparison.Ordinal)).ToList();
        // All but the last hours have closed, with both origins' twelve records each.
        Assert.InRange(finals.Count, 22, 24);
        Assert.All(finals, f => Assert.EndsWith(" 24", f, StringComparison.Ordinal));
    }

    [Fact]
    public void A_backlog_makes_nobody_idle_however_long_it_takes_to_come_to_an_origins_records()
    {
        var driver = new TopologyTestDriver(Topology()) { Behind = true };
        driver.AdvanceWallClock(0);
        foreach (var origin in new[] { 1, 2 })
        {
            for (var hour = 0; hour < 5; hour++)
            {
                driver.Pipe(Sums.Input, "k", Tick.Bytes(hour * Hour, origin));
                driver.AdvanceWallClock((origin * 5 + hour) * 15_000);
            }
        }
        Assert.Equal(["Final k 0 0 2", "Final k 3600000 0 2"], Finals(driver));
        // Caught up at last, the one that goes on is not held back for ever.
        driver.Behind = false;
        driver.AdvanceWallClock(200_000);
        driver.AdvanceWallClock(205_000);
        driver.Pipe(Sums.Input, "k", Tick.Bytes(7 * Hour, 1));
        driver.AdvanceWallClock(214_000);
        Assert.Equal(["Final k 7200000 0 2"], Finals(driver));
        driver.AdvanceWallClock(215_000);
        Assert.Equal(["Final k 10800000 0 2", "Final k 14400000 0 2"], Finals(driver));
    }

    [Fact]
    public void An_idle_origin_does_not_hold_back_the_others_for_ever_and_what_it_sends_later_is_a_correction()
    {
        var driver = new TopologyTestDriver(Topology());
        driver.AdvanceWallClock(0);
        driver.Pipe(Sums.Input, "k", Tick.Bytes(1, 1));
        driver.Pipe(Sums.Input, "k", Tick.Bytes(2, 2));
        driver.Pipe(Sums.Input, "k", Tick.Bytes(5 * Hour, 1));
        driver.AdvanceWallClock(10_000);
        Assert.Equal(["Early k 0 0 2", "Early k 18000000 0 1"], Committed(driver));
        driver.Pipe(Sums.Input, "k", Tick.Bytes(5 * Hour, 1));
        driver.AdvanceWallClock(20_000);
        Assert.Equal(["Final k 0 0 2", "Early k 18000000 0 2"], Committed(driver));
        driver.Pipe(Sums.Input, "k", Tick.Bytes(3, 2));
        driver.Pipe(Sums.Input, "k", Tick.Bytes(9 * Hour, 2));
        driver.Pipe(Sums.Input, "k", Tick.Bytes(9 * Hour, 1));
        driver.Pipe(Sums.Input, "k", Tick.Bytes(9 * Hour, 1));
        Assert.Equal(["Correction k 0 1 3", "Final k 18000000 0 2", "Early k 32400000 0 3"], Committed(driver));
    }

    [Fact]
    public void Time_does_not_go_back_with_an_idle_origin_that_returns()
    {
        var driver = new TopologyTestDriver(Topology());
        driver.AdvanceWallClock(0);
        driver.Pipe(Sums.Input, "k", Tick.Bytes(5 * Hour, 1));
        driver.AdvanceWallClock(10_000);
        driver.Pipe(Sums.Input, "k", Tick.Bytes(5 * Hour, 1));
        driver.AdvanceWallClock(20_000);
        Assert.Equal(["Early k 18000000 0 2"], Committed(driver));
        driver.Pipe(Sums.Input, "returns", Tick.Bytes(1, 2));
        // Origin 2 is at its first hour, and the window of that hour closed without it all the same.
        driver.Pipe(Sums.Input, "new", Tick.Bytes(2, 1));
        driver.Restart();
        driver.Pipe(Sums.Input, "other", Tick.Bytes(3, 1));
        Assert.Empty(Committed(driver));
        driver.Pipe(Sums.Input, "k", Tick.Bytes(9 * Hour, 2));
        driver.Pipe(Sums.Input, "k", Tick.Bytes(9 * Hour, 1));
        driver.Pipe(Sums.Input, "k", Tick.Bytes(9 * Hour, 1));
        Assert.Equal(["Correction new 0 1 1", "Correction other 0 1 1", "Correction returns 0 1 1", "Final k 18000000 0 2", "Early k 32400000 0 3"], Committed(driver));
    }

    [Fact]
    public void All_idle_is_as_far_as_stream_time()
    {
        var driver = new TopologyTestDriver(Topology());
        driver.AdvanceWallClock(0);
        driver.Pipe(Sums.Input, "k", Tick.Bytes(1, 1));
        driver.Pipe(Sums.Input, "k", Tick.Bytes(2 * Hour, 1));
        driver.AdvanceWallClock(10_000);
        driver.AdvanceWallClock(20_000);
        Assert.Equal(["Final k 0 0 1", "Early k 7200000 0 1"], Committed(driver));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(17)]
    [InlineData(40)]
    public void Aborts_and_restarts_change_no_figure(int every)
    {
        var backlog = Backlog(runs: 5, hoursInARun: 3);
        var undisturbed = Run(new TopologyTestDriver(Topology()), backlog);
        Assert.Equal(undisturbed, Run(new TopologyTestDriver(Topology()), backlog, (driver, i) => { if (i % every == 0) driver.Abort(); }));
        Assert.Equal(undisturbed, Run(new TopologyTestDriver(Topology()), backlog, (driver, i) => { if (i % every == 0) driver.Restart(); }));
    }

    [Fact]
    public void An_origin_beyond_the_count_is_refused_by_number_and_way_out()
    {
        var driver = new TopologyTestDriver(Topology());
        driver.Pipe(Sums.Input, "k", Tick.Bytes(1, 3));
        driver.Commit();
        Assert.Contains("origin 2 of 2: where the upstream has more partitions now", Assert.Single(driver.Read(Sums.Missed)).Rejection!.Value.Message, StringComparison.Ordinal);
    }

    private static WindowSpec Spec => WindowSpec.Tumbling(TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), TimeSpan.FromDays(7));

    /// <summary>Twelve records an hour from each origin, numbered 1 and 2.</summary>
    private static List<(long At, int Origin)> Backlog(int runs, int hoursInARun) =>
        [.. from run in Enumerable.Range(0, runs)
            from origin in new[] { 1, 2 }
            from tick in Enumerable.Range(run * hoursInARun * 12, hoursInARun * 12)
            select ((long)tick * 5 * Minute, origin)];

    private static List<string> Run(TopologyTestDriver driver, List<(long At, int Origin)> backlog, Action<TopologyTestDriver, int>? disturb = null)
    {
        var figures = new List<string>();
        for (var i = 0; i < backlog.Count; i++)
        {
            driver.Pipe(Sums.Input, "k", Tick.Bytes(backlog[i].At, backlog[i].Origin));
            disturb?.Invoke(driver, i);
            if (i % 50 == 0) figures.AddRange(Committed(driver));
        }
        figures.AddRange(Committed(driver));
        return figures;
    }

    private static IEnumerable<string> Finals(TopologyTestDriver driver) => Committed(driver).Where(f => !f.StartsWith("Early", StringComparison.Ordinal));

    private static IReadOnlyList<string> Committed(TopologyTestDriver driver)
    {
        driver.Commit();
        return driver.ReadSums();
    }

    internal static Topology Topology(string prefix = "", TimeSpan? idleAfter = null, Action<Tick>? onTick = null)
    {
        var builder = new TopologyBuilder(prefix + "app", prefix + Sums.Missed);
        var (store, origins) = (builder.Store("windows"), builder.Store("origins"));
        var sink = builder.Sink(prefix + Sums.Output, () => new LineEncoder());
        builder.SubTopology("counts", [store, origins], context => new Counter(context, store, origins, sink, 2, idleAfter ?? TimeSpan.FromSeconds(10), onTick)).Source(prefix + Sums.Input, () => new TickDecoder());
        return builder.Build();
    }

    /// <summary>The same behind a repartition by minute: the origins are the partitions of the first source.</summary>
    internal static Topology Repartitioned(string prefix, string repartition, int origins)
    {
        var builder = new TopologyBuilder(prefix + "app", prefix + Sums.Missed);
        var (store, times) = (builder.Store("windows"), builder.Store("origins"));
        var between = builder.Sink(repartition, () => new LineEncoder());
        var sink = builder.Sink(prefix + Sums.Output, () => new LineEncoder());
        builder.SubTopology("keys", [], context => new Rekey(context, between)).Source(prefix + Sums.Input, () => new TickDecoder());
        builder.SubTopology("counts", [store, times], context => new Counter(context, store, times, sink, origins, TimeSpan.FromMinutes(1), onTick: null)).Source(repartition, () => new TickDecoder());
        return builder.Build();
    }

    /// <summary>Gives each tick one of five keys by its minute, and the number of the partition it came from.</summary>
    private sealed class Rekey(ProcessorContext context, Sink<Line> sink) : Processor(context), IProcessor<Tick>
    {
        private readonly Output<Line> _out = context.Output(sink);

        public void Process(Tick message) =>
            _out.Send(Encoding.UTF8.GetBytes($"r{message.At / Minute % 5}"), new Line(Encoding.UTF8.GetString(Tick.Bytes(message.At, Context.Partition + 1))));
    }

    /// <summary>Counts ticks of all origins.</summary>
    private sealed class Counter : Processor, IProcessor<Tick>
    {
        private readonly WindowedStore<long, int> _windows;
        private readonly OriginClock _clock;
        private readonly Action<Tick>? _onTick;

        public Counter(ProcessorContext context, StoreSpec windows, StoreSpec origins, Sink<Line> sink, int count, TimeSpan idleAfter, Action<Tick>? onTick) : base(context)
        {
            _onTick = onTick;
            var output = context.Output(sink);
            _windows = new WindowedStore<long, int>(Spec, context.Store(windows), context, new Sums.Aggregate(), (in WindowResult<long> result) => output.Send(result.Key, new Line(Sums.Format(result))));
            _clock = new OriginClock(context.Store(origins), [_windows.Store], context, count, idleAfter);
        }

        public void Process(Tick message)
        {
            _onTick?.Invoke(message);
            _windows.Add(Context.Key, message.At, 1);
            _clock.Observe(message.Amount - 1, message.At);
        }

        public override void Ready() => _clock.Ready();

        public override void Wake(KeyValueStore store, ReadOnlySpan<byte> key, long due) => _windows.Wake(key, due);

        public override void Committing() => _windows.Committing();
    }
}
