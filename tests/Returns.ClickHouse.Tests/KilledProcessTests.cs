using System.Diagnostics;
using System.Globalization;
using Returns.ClickHouse.Sink;

namespace Returns.ClickHouse.Tests;

public sealed class KilledProcessTests(Databases databases)
{
    [Theory]
    [InlineData(null)]
    // A static instance has a session timeout beyond the patience of this test: it must not wait for the end of the one before.
    [InlineData("dc-1")]
    public async Task Sinks_killed_at_any_moment_lose_and_double_nothing(string? instance)
    {
        await using var stage = await Stage.StartAsync(databases.New());
        var random = new Random(42);
        for (var life = 0; life < 4; life++)
        {
            stage.Publish(units: 150, seed: life);
            var before = await CountAsync(stage);
            using SinkProcess sink = new(stage.BootstrapServers, stage.Address, instance);
            await GrowsAsync(stage, sink, before);
            // Somewhere in the rounds that follow.
            await Task.Delay(random.Next(60));
            sink.Kill();
        }

        await stage.AllLandedOnceAsync(stage.Sink(options: new SinkOptions { MaxDelay = TimeSpan.FromMilliseconds(20), GroupInstanceId = instance }));
    }

    [Fact]
    public async Task A_frozen_process_whose_name_another_has_taken_over_stops_and_doubles_nothing()
    {
        await using var stage = await Stage.StartAsync(databases.New());
        stage.Publish(units: 200, seed: 1);
        using SinkProcess frozen = new(stage.BootstrapServers, stage.Address, "dc-1");
        await GrowsAsync(stage, frozen, 0);
        frozen.Signal("STOP");

        using SinkProcess heir = new(stage.BootstrapServers, stage.Address, "dc-1");
        await stage.AllLandedOnceAsync();
        frozen.Signal("CONT");
        await ExactlyOnceTests.Eventually(() => !frozen.IsRunning, "the one that was replaced has stopped");
        stage.Publish(units: 200, seed: 2);
        await stage.AllLandedOnceAsync();
        Assert.True(heir.IsRunning);
    }

    [Fact]
    public async Task A_frozen_process_that_thaws_after_its_partitions_moved_doubles_nothing()
    {
        await using var stage = await Stage.StartAsync(databases.New());
        stage.Publish(units: 200, seed: 1);
        using SinkProcess frozen = new(stage.BootstrapServers, stage.Address);
        await GrowsAsync(stage, frozen, 0);
        frozen.Signal("STOP");

        // Its session ends, and the heir recovers what it had pending.
        await stage.AllLandedOnceAsync(stage.Sink());
        frozen.Signal("CONT");
        stage.Publish(units: 200, seed: 2);
        await stage.AllLandedOnceAsync();
        Assert.True(frozen.IsRunning);
    }

    private static async Task<long> CountAsync(Stage stage) =>
        long.Parse(await stage.ScalarAsync("SELECT (SELECT count() FROM grades) + (SELECT count() FROM dispositions)"), CultureInfo.InvariantCulture);

    private static async Task GrowsAsync(Stage stage, SinkProcess sink, long before)
    {
        for (var started = Stopwatch.GetTimestamp(); await CountAsync(stage) <= before; await Task.Delay(5))
        {
            Assert.True(sink.IsRunning, "the sink process has ended");
            Assert.True(Stopwatch.GetElapsedTime(started) < Stage.Patience, "nothing landed");
        }
    }
}
