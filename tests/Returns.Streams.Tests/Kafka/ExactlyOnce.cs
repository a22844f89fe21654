using Returns.Streams.Kafka;

namespace Returns.Streams.Tests.Kafka;

public sealed class ExactlyOnce
{
    [Fact]
    public async Task Every_record_is_counted_once_and_the_counts_survive_a_restart()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await test.CreateTopicsAsync(kafka);
        kafka.Produce(test.In, Counting.Ticks(2000, 50));
        await using (var first = new RunningApplication(test, kafka))
        {
            test.Check(kafka, 2000, 50);
            await first.StopAsync();
        }
        kafka.Produce(test.In, Counting.Ticks(1000, 50, 2000));
        await using var second = new RunningApplication(test, kafka);
        test.Check(kafka, 3000, 50);
        await second.UntilAsync(h => h.State == StreamsState.Running && h.Partitions.Count == 4);
        await second.StopAsync();
        Assert.Empty(second.Log.Warnings);
    }
}
