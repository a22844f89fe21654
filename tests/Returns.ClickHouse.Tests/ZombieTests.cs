using Confluent.Kafka;
using Returns.ClickHouse.Sink;
using Returns.Contracts;

namespace Returns.ClickHouse.Tests;

public sealed class ZombieTests(Databases databases)
{
    private static readonly TimeSpan Session = TimeSpan.FromSeconds(1.5);

    [Theory]
    [InlineData(nameof(SinkStep.Marked))]
    [InlineData(nameof(SinkStep.Landed))]
    public async Task A_sink_that_wakes_after_its_partitions_went_to_another_changes_nothing(string step)
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 2);
        var asleepAt = Enum.Parse<SinkStep>(step);
        using ManualResetEventSlim armed = new(), asleep = new(), wake = new();
        var zombie = stage.Sink(
            at =>
            {
                if (at != asleepAt || !armed.IsSet || asleep.IsSet) return;
                asleep.Set();
                wake.Wait(Stage.Patience);
            },
            new SinkOptions { MaxDelay = TimeSpan.FromMilliseconds(20), SessionTimeout = Session },
            configure: Impatient);
        // The first ranges after an assignment are looked up; it is a later one, which is not, that it falls asleep with.
        stage.Publish(units: 60, seed: 1);
        await stage.AllLandedOnceAsync(zombie);
        await ExactlyOnceTests.Eventually(() => zombie.Health.Partitions.Count == 2 * Stage.OutcomeTopics.Length && zombie.Health.Partitions.All(p => p.Lag == 0), "the first part is passed");
        armed.Set();
        stage.Publish(units: 60, seed: 4);
        Assert.True(asleep.Wait(Stage.Patience));

        // It polls no more, so the group takes its partitions away, and another sink, with other limits, lands what was pending and more.
        var heir = stage.Sink(options: new SinkOptions { MaxDelay = TimeSpan.FromMilliseconds(20), MaxRows = 7, SessionTimeout = Session }, configure: Impatient);
        stage.Publish(units: 50, seed: 2);
        await stage.AllLandedOnceAsync(heir);
        await ExactlyOnceTests.Eventually(() => heir.Health.Partitions.Count == 2 * Stage.OutcomeTopics.Length && heir.Health.Partitions.All(p => p.Lag == 0), "the heir is done");
        await heir.StopAsync();
        var passed = stage.Committed(Topics.Grades, 0);

        wake.Set();
        stage.Publish(units: 20, seed: 3);
        await stage.AllLandedOnceAsync(zombie);
        await ExactlyOnceTests.Eventually(() => zombie.Health.Partitions.Count == 2 * Stage.OutcomeTopics.Length && zombie.Health.Partitions.All(p => p.Lag == 0), "the first sink has the partitions again");
        Assert.True(stage.Committed(Topics.Grades, 0).Offset.Value >= passed.Offset.Value);
        Assert.Equal(stage.Oracle().Count, (await stage.RowsAsync()).Values.Sum());
    }

    private static void Impatient(ClientConfig client)
    {
        client.Set("max.poll.interval.ms", "1500");
    }
}
