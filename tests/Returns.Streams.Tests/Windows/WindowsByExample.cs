using Returns.Streams.Testing;
using Returns.Streams.Windows;

namespace Returns.Streams.Tests.Windows;

public sealed class WindowsByExample
{
    private static readonly WindowSpec Tumbling = WindowSpec.Tumbling(Ms(100), grace: Ms(10), retention: Ms(1_000));

    [Fact]
    public void A_window_has_an_early_figure_at_each_commit_that_follows_a_change_and_a_final_one_at_its_close()
    {
        var driver = Driver(Tumbling);
        Assert.Equal(["Early a 0 0 3"], Figures(driver, (0, 1), (99, 2)));
        Assert.Empty(Figures(driver));
        Assert.Equal(["Early a 0 0 7", "Early a 100 0 8"], Figures(driver, (50, 4), (109, 8)));
        Assert.Equal(["Final a 0 0 7", "Early a 100 0 24"], Figures(driver, (110, 16)));
    }

    [Fact]
    public void A_record_within_the_grace_is_in_time_and_the_end_is_the_next_window()
    {
        var driver = Driver(Tumbling);
        Assert.Equal(["Final a 0 0 3", "Early a 100 0 12"], Figures(driver, (99, 1), (100, 4), (109, 8), (0, 2), (110, 0)));
    }

    [Fact]
    public void Records_after_the_close_make_one_correction_when_the_grace_has_passed_again()
    {
        var driver = Driver(Tumbling);
        Figures(driver, (0, 1), (110, 0));
        // Neither a final figure nor an early one: the window is closed.
        Assert.Equal(["Early a 100 0 0"], Figures(driver, (1, 2), (2, 4), (119, 0)));
        Assert.Equal(["Correction a 0 1 7", "Early a 100 0 0"], Figures(driver, (120, 0)));
        Assert.Equal(["Correction a 0 2 15", "Final a 100 0 0", "Early a 500 0 0"], Figures(driver, (3, 8), (500, 0)));
    }

    [Fact]
    public void A_window_that_nothing_came_in_time_for_has_corrections_only()
    {
        var driver = Driver(Tumbling);
        Figures(driver, (1_000, 0));
        Assert.Equal(["Correction a 500 1 3", "Early a 1000 0 0"], Figures(driver, (500, 3), (1_010, 0)));
    }

    [Fact]
    public void Months_are_those_of_the_calendar()
    {
        static long At(int month, int day) => new DateTimeOffset(2024, month, day, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        var driver = Driver(WindowSpec.Monthly(grace: TimeSpan.FromDays(3), retention: TimeSpan.FromDays(60)));
        // 2024 has a 29th of February.
        Assert.Equal([$"Final a {At(1, 1)} 0 3", $"Early a {At(2, 1)} 0 12"], Figures(driver, (At(1, 1), 1), (At(2, 1) - 1, 2), (At(2, 1), 4), (At(2, 29), 8)));
        Assert.Equal([$"Final a {At(2, 1)} 0 28", $"Early a {At(3, 1)} 0 0"], Figures(driver, (At(3, 1) - 1, 16), (At(3, 4), 0)));
    }

    [Fact]
    public void What_comes_after_the_retention_goes_to_the_dead_letters_and_changes_nothing()
    {
        var driver = Driver(Tumbling);
        Figures(driver, (0, 1), (1_109, 0));
        Assert.Empty(driver.Read(Sums.Missed));
        Assert.Equal(["Correction a 0 1 3", "Early a 1100 0 0"], Figures(driver, (0, 2), (1_110, 0)));
        Assert.Empty(Figures(driver, (0, 4)));
        var missed = Assert.Single(driver.Read(Sums.Missed));
        Assert.Equal(Rejection.TooLate, missed.Rejection!.Value.ErrorClass);
        Assert.Equal("store 'windows': 1 of the 1 windows of the time 1970-01-01T00:00:00.000Z were past their retention of 00:00:01 after their close, as time had come to "
            + "1970-01-01T00:00:01.110Z: a longer retention takes such records as corrections", missed.Rejection!.Value.Message);
        Assert.Equal(Tick.Bytes(0, 4), missed.Value);
    }

    [Fact]
    public void Windows_past_their_retention_leave_the_store_and_the_changelog()
    {
        var (topology, store) = Sums.Topology(Tumbling);
        var driver = new TopologyTestDriver(topology);
        Figures(driver, (0, 1), (100, 1), (5_000, 1));
        Assert.Equal(1, driver.Store(store).Count);
    }

    [Fact]
    public void Hopping_windows_take_a_record_each_and_those_past_retention_miss_it()
    {
        var driver = Driver(WindowSpec.Hopping(Ms(100), Ms(50), Ms(0), Ms(30)));
        Assert.Equal(["Early a 0 0 1", "Early a -50 0 1"], Figures(driver, (10, 1)));
        Assert.Equal(["Final a -50 0 1", "Early a 50 0 2", "Early a 0 0 3"], Figures(driver, (60, 2)));
        // Window -50 is past its retention, 0 is open.
        Assert.Equal(["Early a 50 0 2", "Early a 0 0 7"], Figures(driver, (80, 0), (10, 4)));
        var partly = Assert.Single(driver.Read(Sums.Missed));
        Assert.Equal(Rejection.PartlyTooLate, partly.Rejection!.Value.ErrorClass);
        Assert.Contains("1 of the 2 windows", partly.Rejection!.Value.Message, StringComparison.Ordinal);
        Assert.Equal(Tick.Bytes(10, 4), partly.Value);
    }

    [Fact]
    public void Times_before_the_epoch_have_windows_too()
    {
        var driver = Driver(Tumbling);
        Assert.Equal(["Early a -100 0 1", "Early a -200 0 2"], Figures(driver, (-100, 1), (-101, 2)));
    }

    [Fact]
    public void A_key_with_bytes_of_another_keys_window_is_another_key()
    {
        var driver = Driver(Tumbling);
        driver.Pipe(Sums.Input, "", Tick.Bytes(0, 1));
        driver.Pipe(Sums.Input, "\0", Tick.Bytes(0, 2));
        driver.Commit();
        Assert.Equal(["Early  0 0 1", "Early \0 0 0 2"], driver.ReadSums());
    }

    [Fact]
    public void Windows_that_close_at_once_come_in_the_order_of_their_keys_before_and_after_a_restart()
    {
        var driver = Driver(Tumbling);
        foreach (var key in new[] { "c", "a", "b" }) driver.Pipe(Sums.Input, key, Tick.Bytes(0, 1));
        driver.Commit();
        driver.ReadSums();
        driver.Pipe(Sums.Input, "z", Tick.Bytes(1_000, 1));
        driver.Restart();
        driver.Commit();
        Assert.Equal(["Final a 0 0 1", "Final b 0 0 1", "Final c 0 0 1", "Early z 1000 0 1"], driver.ReadSums());
    }

    [Fact]
    public void An_abort_takes_back_a_record_that_came_too_late_and_it_comes_again_once()
    {
        var driver = Driver(Tumbling);
        Figures(driver, (1_110, 0));
        driver.Pipe(Sums.Input, "a", Tick.Bytes(0, 4));
        driver.Abort();
        driver.Restart();
        Assert.Empty(Figures(driver));
        Assert.Equal(Rejection.TooLate, Assert.Single(driver.Read(Sums.Missed)).Rejection!.Value.ErrorClass);
    }

    [Fact]
    public void Windows_without_a_topic_for_dead_letters_are_refused_before_the_first_record()
    {
        var error = Assert.Throws<TopologyException>(() => new TopologyTestDriver(Sums.Topology(Tumbling, deadLetters: null).Topology));
        Assert.Contains("store 'windows' has windows, and the topology no topic for dead letters", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1, 0, 0, "size")]
    [InlineData(100, 0, 0, 0, "advance")]
    [InlineData(100, 101, 0, 0, "leave gaps: advance by 00:00:00.1000000 at most")]
    [InlineData(1_001_000, 1_000, 0, 0, "advance by 00:00:01.0010000 at least")]
    [InlineData(100, 100, -1, 0, "grace")]
    [InlineData(100, 100, 0, -1, "retention")]
    public void A_specification_that_cannot_be_is_refused_by_what_is_wrong(double size, double advance, double grace, double retention, string said)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => WindowSpec.Hopping(Ms(size), Ms(advance), Ms(grace), Ms(retention)));
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_time_that_is_none_goes_to_the_dead_letters_by_its_value()
    {
        var driver = Driver(Tumbling);
        Assert.Empty(Figures(driver, (long.MinValue, 1)));
        Assert.Contains("-9223372036854775808 is no time", Assert.Single(driver.Read(Sums.Missed)).Rejection!.Value.Message, StringComparison.Ordinal);
    }

    private static TimeSpan Ms(double value) => TimeSpan.FromMilliseconds(value);

    private static TopologyTestDriver Driver(WindowSpec spec) => new(Sums.Topology(spec).Topology);

    private static IReadOnlyList<string> Figures(TopologyTestDriver driver, params (long At, int Amount)[] ticks)
    {
        foreach (var (at, amount) in ticks) driver.Pipe(Sums.Input, "a", Tick.Bytes(at, amount));
        driver.Commit();
        return driver.ReadSums();
    }
}
