using System.Diagnostics;
using System.Globalization;

namespace Returns.ClickHouse.Tests;

public sealed class KilledProcessTests(Databases databases)
{
    [Fact]
    public async Task Sinks_killed_at_any_moment_lose_and_double_nothing()
    {
        await using var stage = await Stage.StartAsync(databases.New());
        var random = new Random(42);
        for (var life = 0; life < 4; life++)
        {
            stage.Publish(units: 150, seed: life);
            var before = await CountAsync(stage);
            using SinkProcess sink = new(stage.BootstrapServers, stage.Address);
            await GrowsAsync(stage, sink, before);
            // Somewhere in the rounds that follow.
            await Task.Delay(random.Next(60));
            sink.Kill();
        }

        await stage.AllLandedOnceAsync(stage.Sink());
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
