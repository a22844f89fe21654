using Confluent.Kafka;
using Returns.ClickHouse.Sink;
using Returns.Contracts;

namespace Returns.ClickHouse.Tests;

public sealed class ExactlyOnceTests(Databases databases)
{
    [Fact]
    public async Task Committed_records_land_once_and_aborted_ones_never()
    {
        await using var stage = await Stage.StartAsync(databases.New());
        var sink = stage.Sink();
        for (var part = 0; part < 4; part++) stage.Publish(units: 500, seed: part);

        await stage.AllLandedOnceAsync(sink);
        await sink.StopAsync();

        Assert.Equal(SinkState.Stopped, sink.Health.State);
        Assert.Equal("0", await stage.ScalarAsync("SELECT count() FROM grades WHERE lpn LIKE 'ABORTED%'"));
        Assert.Equal("2000", await stage.ScalarAsync("SELECT uniqExact(lpn) FROM items"));
        Assert.Equal(stage.Oracle().Count, await sink.MetricAsync("returns_sink_rows_inserted_total{"));
    }

    [Theory]
    [InlineData(nameof(SinkStep.BeforeMark))]
    [InlineData(nameof(SinkStep.Marked))]
    [InlineData(nameof(SinkStep.Inserted))]
    [InlineData(nameof(SinkStep.Landed))]
    [InlineData(nameof(SinkStep.Passed))]
    public async Task A_sink_that_dies_between_two_steps_is_taken_up_where_it_was(string step)
    {
        await using var stage = await Stage.StartAsync(databases.New());
        var deadly = Enum.Parse<SinkStep>(step);
        for (var death = 1; death <= 3; death++)
        {
            stage.Publish(units: 60, seed: death, perTransaction: 20);
            // A life has one round for certain, with an insert for each partition that got rows.
            var countdown = deadly == SinkStep.Inserted ? death : 1;
            var sink = stage.Sink(at => { if (at == deadly && Interlocked.Decrement(ref countdown) == 0) throw new SinkKilledException(); }, Small);
            await Assert.ThrowsAsync<SinkKilledException>(() => sink.Ended);
            Assert.Equal(SinkState.Failed, sink.Health.State);
        }
        stage.Publish(units: 20, seed: 9);

        var survivor = stage.Sink(options: Small with { MaxRows = 17 });
        await stage.AllLandedOnceAsync(survivor);
    }

    private static SinkOptions Small => new() { MaxDelay = TimeSpan.FromMilliseconds(20), MaxRows = 25 };

    [Fact]
    public async Task After_the_deduplication_window_a_pending_range_still_lands_once()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        foreach (var table in (string[])["grades", "dispositions", "exceptions"]) await stage.Http.QueryAsync($"ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 1");
        stage.Publish(units: 100, seed: 1);
        var sink = stage.Sink(at => { if (at == SinkStep.Landed) throw new SinkKilledException(); });
        await Assert.ThrowsAsync<SinkKilledException>(() => sink.Ended);
        Assert.StartsWith("pending 0-", stage.Committed(Topics.Grades, 0).Metadata, StringComparison.Ordinal);
        // Others insert meanwhile, and push the sink's token out of the window.
        for (var i = 0; i < 3; i++) await stage.Http.QueryAsync($"INSERT INTO grades (_topic, _partition, _offset, lpn) SETTINGS async_insert = 0 VALUES ('other', 0, {i}, 'x')");

        var survivor = stage.Sink();
        stage.Publish(units: 20, seed: 2);
        await stage.Http.QueryAsync("ALTER TABLE grades DELETE WHERE _topic = 'other' SETTINGS mutations_sync = 1");
        await stage.AllLandedOnceAsync(survivor);
        Assert.True(await survivor.MetricAsync("returns_sink_rows_skipped_total{") >= 100);
    }

    [Fact]
    public async Task Part_of_a_pending_range_in_the_table_is_left_out_of_the_second_insert()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        stage.Publish(units: 200, seed: 1);
        var sink = stage.Sink(at => { if (at == SinkStep.Landed) throw new SinkKilledException(); });
        await Assert.ThrowsAsync<SinkKilledException>(() => sink.Ended);
        // As an insert that was cut off would leave it; its tokens stay in the window.
        await stage.Http.QueryAsync("ALTER TABLE grades DELETE WHERE _offset % 3 = 0 SETTINGS mutations_sync = 1");
        await stage.Http.QueryAsync("ALTER TABLE dispositions DELETE WHERE toYear(routed_at) = 2011 SETTINGS mutations_sync = 1");

        await stage.AllLandedOnceAsync(stage.Sink());
    }

    [Fact]
    public async Task Offsets_that_expired_or_were_reset_double_nothing()
    {
        await using var stage = await Stage.StartAsync(databases.New());
        stage.Publish(units: 100, seed: 1);
        var first = stage.Sink(options: Small);
        await stage.AllLandedOnceAsync(first);
        await first.StopAsync();

        // Another group has no offsets, as this one would after they expired.
        var second = stage.Sink(options: Small with { GroupId = "returns.sink.again", MaxRows = 23 });
        stage.Publish(units: 100, seed: 2);
        await stage.AllLandedOnceAsync(second);
        await second.StopAsync();

        Assert.Equal(stage.Oracle().Count, await first.MetricAsync("returns_sink_rows_inserted_total{") + await second.MetricAsync("returns_sink_rows_inserted_total{"));
    }

    [Fact]
    public async Task Two_sinks_share_the_partitions_while_one_comes_and_goes()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 4);
        static void Faster(ClientConfig client) => client.Set("heartbeat.interval.ms", "300");
        var stays = stage.Sink(options: Small, configure: Faster);
        for (var round = 0; round < 3; round++)
        {
            var publishing = Task.Run(() => stage.Publish(units: 200, seed: round));
            var comes = stage.Sink(options: Small, configure: Faster);
            await Eventually(() => comes.Health.Partitions.Count > 0, "the second sink has partitions");
            await publishing;
            if (round == 1) await comes.DisposeAsync();
            else await comes.StopAsync();
        }

        await stage.AllLandedOnceAsync(stays);
        await Eventually(() => stays.Health.Partitions.Count == 4 * Stage.OutcomeTopics.Length, "the first sink has all partitions");
        await Eventually(() => stays.Health.Partitions.All(p => p.Lag == 0), "no lag is left, not even transaction markers");
    }

    [Fact]
    public async Task What_landed_is_passed_to_the_very_end_of_a_partition()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        stage.Publish(units: 60, seed: 3);
        var sink = stage.Sink();
        await stage.AllLandedOnceAsync(sink);
        await Eventually(() => sink.Health.Partitions.Count == Stage.OutcomeTopics.Length && sink.Health.Partitions.All(p => p.Lag == 0), "no lag is left");
        await sink.StopAsync();

        var last = stage.Oracle().Keys.Where(place => place.Topic == Topics.Grades).Max(place => place.Offset);
        var committed = stage.Committed(Topics.Grades, 0);
        Assert.True(committed.Offset.Value > last + 1, $"{committed.Offset} is not past the marker behind {last}");
        Assert.Equal("", committed.Metadata);
    }

    internal static async Task Eventually(Func<bool> condition, string what)
    {
        using var patience = new CancellationTokenSource(Stage.Patience);
        while (!condition())
        {
            Assert.False(patience.IsCancellationRequested, $"waited in vain for: {what}");
            await Task.Delay(20);
        }
    }
}
