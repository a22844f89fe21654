using System.Text;
using Returns.Streams.State;
using Returns.Streams.Testing;

namespace Returns.Streams.Tests.Tasks;

public sealed class TaskThroughTheDriver
{
    [Fact]
    public void Keys_wake_before_the_record_that_moved_time_past_them_in_the_order_of_time_and_key()
    {
        var driver = Driver(new()
        {
            OnTick = (probe, tick) => { if (tick.Amount > 0) probe.Store.Put(probe.Context.Key, "x"u8, tick.Amount); },
        });
        driver.Pipe(Probe.Input, "late", Tick.Bytes(1, 30));
        driver.Pipe(Probe.Input, "b", Tick.Bytes(2, 10));
        driver.Pipe(Probe.Input, "a", Tick.Bytes(3, 10));
        Committed(driver);
        driver.Pipe(Probe.Input, "z", Tick.Bytes(9, 0));
        driver.Pipe(Probe.Input, "z", Tick.Bytes(25, 0));
        Assert.Equal(["tick z 9 at 9", "wake a 10 at 25", "wake b 10 at 25", "tick z 25 at 25"], Committed(driver));
        driver.Pipe(Probe.Input, "z", Tick.Bytes(30, 0));
        Assert.Equal(["wake late 30 at 30", "tick z 30 at 30"], Committed(driver));
    }

    [Fact]
    public void A_wake_that_makes_another_due_is_followed_by_it()
    {
        var driver = Driver(new()
        {
            OnTick = (probe, tick) => { if (tick.Amount > 0) probe.Store.Put("every ten"u8, default, tick.Amount); },
            OnWake = (probe, _) => probe.Store.Put("every ten"u8, default, probe.Context.StreamTime >= 40 ? KeyValueStore.Never : 40),
        });
        driver.Pipe(Probe.Input, "k", Tick.Bytes(1, 10));
        driver.Pipe(Probe.Input, "k", Tick.Bytes(35, 0));
        driver.Pipe(Probe.Input, "k", Tick.Bytes(40, 0));
        driver.Pipe(Probe.Input, "k", Tick.Bytes(99, 0));
        Assert.Equal(["tick k 1 at 1", "wake every ten 10 at 35", "tick k 35 at 35", "wake every ten 40 at 40", "tick k 40 at 40", "tick k 99 at 99"], Committed(driver));
    }

    [Fact]
    public void A_wake_time_in_the_past_wakes_before_the_next_record_even_if_time_stands_still()
    {
        var driver = Driver(new() { OnTick = (probe, tick) => { if (tick.Amount > 0) probe.Store.Put("p"u8, default, tick.Amount); } });
        driver.Pipe(Probe.Input, "k", Tick.Bytes(100, 50));
        driver.Pipe(Probe.Input, "k", Tick.Bytes(7, 0));
        Assert.Equal(["tick k 100 at 100", "wake p 50 at 100", "tick k 7 at 100"], Committed(driver));
    }

    [Fact]
    public void Stream_time_and_wakes_survive_a_restart_and_a_rollback()
    {
        var driver = Driver(new() { OnTick = (probe, tick) => { if (tick.Amount > 0) probe.Store.Put("p"u8, default, tick.Amount); } });
        driver.Pipe(Probe.Input, "k", Tick.Bytes(100, 150));
        Committed(driver);
        driver.Pipe(Probe.Input, "k", Tick.Bytes(160, 0));
        driver.Abort();
        driver.Restart();
        Assert.Equal(["wake p 150 at 160", "tick k 160 at 160"], Committed(driver));
        driver.Restart();
        driver.Pipe(Probe.Input, "k", Tick.Bytes(1, 0));
        Assert.Equal(["tick k 1 at 160"], Committed(driver));
    }

    [Fact]
    public void Stream_time_punctuations_come_at_multiples_once_however_far_time_jumps_and_again_after_an_abort()
    {
        var driver = Driver(new() { Made = probe => probe.Context.Schedule(TimeSpan.FromMilliseconds(10), PunctuationClock.StreamTime, time => probe.Say($"every ten at {time}")) });
        driver.Pipe(Probe.Input, "k", Tick.Bytes(-5, 0));
        driver.Pipe(Probe.Input, "k", Tick.Bytes(-1, 0));
        driver.Pipe(Probe.Input, "k", Tick.Bytes(0, 0));
        driver.Pipe(Probe.Input, "k", Tick.Bytes(9, 0));
        driver.Pipe(Probe.Input, "k", Tick.Bytes(57, 0));
        string[] expected = ["tick k -5 at -5", "tick k -1 at -1", "every ten at 0", "tick k 0 at 0", "tick k 9 at 9", "every ten at 57", "tick k 57 at 57"];
        driver.Abort();
        Assert.Equal(expected, Committed(driver));
        driver.Pipe(Probe.Input, "k", Tick.Bytes(59, 0));
        driver.Restart();
        driver.Pipe(Probe.Input, "k", Tick.Bytes(60, 0));
        Assert.Equal(["tick k 59 at 59", "every ten at 60", "tick k 60 at 60"], Committed(driver));
    }

    [Fact]
    public void Wall_clock_punctuations_come_when_that_much_has_passed()
    {
        var driver = Driver(new() { Made = probe => probe.Context.Schedule(TimeSpan.FromSeconds(1), PunctuationClock.WallClock, time => probe.Say($"second {time}")) });
        foreach (var now in new[] { 500L, 900, 1_000, 1_999, 7_200, 7_999, 8_000 }) driver.AdvanceWallClock(now);
        Assert.Equal(["second 1000", "second 7200", "second 8000"], Committed(driver));
    }

    [Fact]
    public void A_punctuation_of_no_time_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(
        () => Driver(new() { Made = probe => probe.Context.Schedule(TimeSpan.Zero, PunctuationClock.StreamTime, _ => { }) }));

    [Fact]
    public void What_cannot_be_decoded_and_what_is_rejected_goes_to_the_dead_letters_with_its_bytes_and_the_reason()
    {
        var driver = Driver(new() { OnTick = (probe, tick) => { if (tick.Amount < 0) probe.Context.Reject("Negative", $"{tick.Amount} is below 0"); } });
        driver.Pipe(Probe.Input, "k", "nonsense"u8.ToArray());
        driver.Pipe(Probe.Input, "k", Tick.Bytes(1, -1));
        driver.Pipe(Probe.Input, "k", Tick.Bytes(2, 0));
        Assert.Equal(["tick k 1 at 1", "tick k 2 at 2"], Committed(driver));
        var dead = driver.Read(Probe.Dead);
        Assert.Equal([new("NoTick", "'nonsense' is no time and amount"), new Rejection("Negative", "-1 is below 0")], dead.Select(d => d.Rejection!.Value));
        Assert.Equal(["nonsense", "1 -1"], dead.Select(d => Encoding.UTF8.GetString(d.Value!)));
        Assert.All(dead, d => Assert.Equal("k"u8.ToArray(), d.Key));
    }

    [Fact]
    public void Without_a_topic_for_dead_letters_the_record_stops_the_task_by_name_and_reason()
    {
        var driver = new TopologyTestDriver(Probe.Topology(new(), deadLetters: null).Topology);
        var error = Assert.Throws<TopologyException>(() => driver.Pipe(Probe.Input, "k", "nonsense"u8.ToArray()));
        Assert.Contains("ticks [0] @0: NoTick: 'nonsense'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'app' has no topic for dead letters", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void There_is_nothing_to_reject_outside_a_record()
    {
        var driver = Driver(new()
        {
            OnTick = (probe, tick) => { if (tick.Amount > 0) probe.Store.Put("p"u8, default, tick.Amount); },
            OnWake = (probe, _) => probe.Context.Reject("No", "record"),
        });
        driver.Pipe(Probe.Input, "k", Tick.Bytes(1, 5));
        var error = Assert.Throws<InvalidOperationException>(() => driver.Pipe(Probe.Input, "k", Tick.Bytes(5, 0)));
        Assert.Contains("no current record to reject", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_that_the_processor_throws_on_goes_to_the_dead_letters_and_leaves_no_trace()
    {
        var driver = Driver(new()
        {
            OnTick = (probe, tick) =>
            {
                probe.Store.Put(probe.Context.Key, Encoding.UTF8.GetBytes($"{tick.Amount}"));
                if (tick.Amount < 0) throw new FormatException("no such amount");
            },
        }, out var store);
        driver.Pipe(Probe.Input, "a", Tick.Bytes(1, 1));
        driver.Pipe(Probe.Input, "a", Tick.Bytes(900, -2));
        driver.Pipe(Probe.Input, "b", Tick.Bytes(3, -3));
        driver.Pipe(Probe.Input, "c", Tick.Bytes(4, 4));
        Assert.Equal(["tick a 1 at 1", "tick c 4 at 4"], Committed(driver));
        Assert.Equal(
            [new("ProcessorFailed", "ticks [0] @1: FormatException: no such amount"), new Rejection("ProcessorFailed", "ticks [0] @2: FormatException: no such amount")],
            driver.Read(Probe.Dead).Select(d => d.Rejection!.Value));
        Assert.Equal(2, driver.Store(store).Count);
        Assert.True(driver.Store(store).TryGet("a"u8, out var value) && value.SequenceEqual("1"u8));
    }

    [Fact]
    public void A_wake_that_throws_blames_no_record_and_names_store_and_key()
    {
        var driver = Driver(new()
        {
            OnTick = (probe, tick) => { if (tick.Amount > 0) probe.Store.Put("LPN-7"u8, default, tick.Amount); },
            OnWake = (_, _) => throw new FormatException("no"),
        });
        driver.Pipe(Probe.Input, "k", Tick.Bytes(1, 5));
        var error = Assert.Throws<InvalidOperationException>(() => driver.Pipe(Probe.Input, "k", Tick.Bytes(6, 0)));
        Assert.Equal("sub-topology 'probe' [0]: store 'items': waking the key 'LPN-7' at 5: FormatException: no", error.Message);
        Assert.Empty(driver.Read(Probe.Dead));
    }

    [Fact]
    public void A_key_changed_many_times_is_one_changelog_record_a_commit_and_one_that_came_and_went_is_none()
    {
        var driver = Driver(new()
        {
            OnTick = (probe, tick) =>
            {
                if (tick.Amount == 0) probe.Store.Delete(probe.Context.Key);
                else probe.Store.Put(probe.Context.Key, Encoding.UTF8.GetBytes($"{tick.Amount}"));
            },
        }, out var store);
        foreach (var amount in new[] { 1, 2, 3 }) driver.Pipe(Probe.Input, "a", Tick.Bytes(1, amount));
        driver.Pipe(Probe.Input, "b", Tick.Bytes(1, 1));
        driver.Pipe(Probe.Input, "b", Tick.Bytes(1, 0));
        driver.Commit();
        Assert.Equal(1, driver.ChangelogLength(store));
        driver.Commit();
        Assert.Equal(1, driver.ChangelogLength(store));
        driver.Pipe(Probe.Input, "a", Tick.Bytes(1, 0));
        driver.Commit();
        Assert.Equal(2, driver.ChangelogLength(store));
        driver.Restart();
        Assert.Equal(0, driver.Store(store).Count);
    }

    [Fact]
    public void Stores_and_tables_of_others_are_refused_by_name()
    {
        var other = new TopologyBuilder("other");
        var (store, table) = (other.Store("foreign"), other.Table("foreign-table", () => new Names()));
        var error = Assert.Throws<TopologyException>(() => Driver(new() { Made = probe => probe.Context.Store(store) }));
        Assert.Contains("sub-topology 'probe' does not use the store 'foreign'", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<TopologyException>(() => Driver(new() { Made = probe => probe.Context.Table(table) }));
        Assert.Contains("'foreign-table' is no global table of the topology 'app'", error.Message, StringComparison.Ordinal);
    }

    private static TopologyTestDriver Driver(Probe.Script script) => Driver(script, out _);

    private static TopologyTestDriver Driver(Probe.Script script, out StoreSpec store)
    {
        (var topology, store) = Probe.Topology(script);
        return new TopologyTestDriver(topology);
    }

    private static IEnumerable<string> Committed(TopologyTestDriver driver)
    {
        driver.Commit();
        return driver.Read(Probe.Log).Select(r => Encoding.UTF8.GetString(r.Value!));
    }
}
