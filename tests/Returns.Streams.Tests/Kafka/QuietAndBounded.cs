using System.Text;

namespace Returns.Streams.Tests.Kafka;

/// <summary>What an undisturbed run says, and how long a stop takes where something does not end.</summary>
public sealed class QuietAndBounded
{
    [Fact]
    public async Task An_undisturbed_run_of_many_commits_says_no_more_than_what_it_created()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await test.CreateTopicsAsync(kafka, 1);
        await using var application = new RunningApplication(test, kafka);
        for (var i = 0; i < 10; i++)
        {
            kafka.Produce(test.In, Counting.Ticks(5, 5, from: i * 5));
            Assert.Equal((i + 1) * 5, kafka.Read(test.Out, (i + 1) * 5).Count);
        }
        await application.StopAsync();
        using var exported = new MemoryStream();
        await application.Metrics.CollectAndExportAsTextAsync(exported, TestContext.Current.CancellationToken);
        var commits = Encoding.UTF8.GetString(exported.ToArray()).Split('\n').Single(l => l.StartsWith("returns_streams_commit_seconds_count", StringComparison.Ordinal));
        Assert.InRange(int.Parse(commits.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture), 10, int.MaxValue);
        Assert.Equal([$"created the changelog topic '{test.Changelog}' with 1 partitions"], application.Log.Lines);
    }

    [Fact]
    public async Task A_processor_that_does_not_return_holds_a_stop_up_for_its_bound_and_is_said_so()
    {
        await using var kafka = await Kafka.StartAsync();
        using var go = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        var test = new Counting { OnTick = (_, _) => { entered.Set(); go.Wait(TimeSpan.FromMinutes(2)); } };
        await test.CreateTopicsAsync(kafka, 1);
        kafka.Produce(test.In, Counting.Ticks(1, 1));
        await using var application = new RunningApplication(test, kafka, o => o with { StopTimeout = TimeSpan.FromSeconds(1) });
        Assert.True(entered.Wait(Kafka.Bound, TestContext.Current.CancellationToken));
        try
        {
            await application.StopAsync();
            Assert.Contains(application.Log.Warnings, w => w.Contains("did not stop within 00:00:01", StringComparison.Ordinal));
        }
        finally
        {
            go.Set();
        }
    }

    [Fact]
    public async Task A_broker_that_is_gone_holds_a_stop_up_for_its_bound_at_most()
    {
        await using var kafka = await Kafka.StartAsync();
        Assert.SkipUnless(kafka.IsLocal, "stops the broker, so it needs the local one");
        var test = new Counting();
        await test.CreateTopicsAsync(kafka, 1);
        await using var application = new RunningApplication(test, kafka, o => o with { StopTimeout = TimeSpan.FromSeconds(2) });
        kafka.Produce(test.In, Counting.Ticks(5, 1));
        Assert.Equal(5, kafka.Read(test.Out, 5).Count);
        await kafka.StopAsync();
        await application.StopAsync();
    }
}
