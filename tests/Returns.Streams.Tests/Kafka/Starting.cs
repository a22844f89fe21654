using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Returns.Streams.Kafka;
using Returns.Streams.State;

namespace Returns.Streams.Tests.Kafka;

/// <summary>What is checked before the first record.</summary>
public sealed class Starting
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_changelog_that_is_created_is_compacted_often_enough_to_stay_in_proportion()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await test.CreateTopicsAsync(kafka, 2);
        await using var application = new RunningApplication(test, kafka);
        await application.UntilAsync(h => h.State == StreamsState.Running);
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.Servers }).Build();
        var found = (await admin.DescribeConfigsAsync([new ConfigResource { Type = ResourceType.Topic, Name = test.Changelog }]))[0].Entries;
        foreach (var (name, value) in new[] { ("cleanup.policy", "compact"), ("min.cleanable.dirty.ratio", "0.5"), ("segment.bytes", "33554432"), ("segment.ms", "600000"), ("delete.retention.ms", "3600000") })
        {
            Assert.Equal((name, value), (name, found[name].Value));
        }
    }

    [Fact]
    public async Task A_topic_that_does_not_exist_is_named()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await kafka.CreateAsync(test.In, 1);
        await kafka.CreateAsync(test.Out, 1);
        Assert.Contains($"'{test.Dead}'", await ErrorOf(test, kafka), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_follower_with_another_number_of_partitions_is_named_with_both_counts()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting { WithFollower = true };
        await kafka.CreateAsync(test.In, 3);
        await kafka.CreateAsync(test.Out, 1);
        await kafka.CreateAsync(test.Dead, 1);
        await kafka.CreateAsync(test.Follows, 2);
        var message = await ErrorOf(test, kafka);
        Assert.Contains($"'{test.Follows}' has 2 partitions and '{test.In}' has 3", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changelog_with_another_number_of_partitions_is_named_with_the_way_out()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await test.CreateTopicsAsync(kafka, 3);
        await kafka.CreateAsync(test.Changelog, 2, ("cleanup.policy", "compact"));
        var message = await ErrorOf(test, kafka);
        Assert.Contains($"'{test.Changelog}' of store 'counts' has 2 partitions and '{test.In}' has 3", message, StringComparison.Ordinal);
        Assert.Contains("delete", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changelog_that_retention_would_delete_is_refused()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await test.CreateTopicsAsync(kafka, 1);
        await kafka.CreateAsync(test.Changelog, 1, ("cleanup.policy", "delete"));
        Assert.Contains("cleanup.policy", await ErrorOf(test, kafka), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_processor_asks_for_and_does_not_get_is_named_before_any_broker_is_asked()
    {
        var builder = new TopologyBuilder("app");
        builder.SubTopology("one", [], c => new Asking(c, new TopologyBuilder("other").Store("foreign"))).Source("ticks", () => new TickDecoder());
        Assert.Contains("sub-topology 'one' of the application 'app' cannot be made: ", await ErrorWithoutBroker(builder), StringComparison.Ordinal);
        Assert.Contains("store 'foreign'", await ErrorWithoutBroker(builder), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_encoder_that_cannot_be_made_is_named_before_any_broker_is_asked()
    {
        var builder = new TopologyBuilder("app");
        var sink = builder.Sink<Line>("lines", () => throw new InvalidOperationException("the subject 'lines-value' is not registered: register it"));
        builder.SubTopology("one", [], c => new Telling(c, sink)).Source("ticks", () => new TickDecoder());
        Assert.Contains("the subject 'lines-value' is not registered: register it", await ErrorWithoutBroker(builder), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_broker_is_waited_for_and_then_named()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await using var application = new RunningApplication(test, kafka, o => o with
        {
            Client = new ClientConfig { BootstrapServers = "127.0.0.1:1" },
            Patience = TimeSpan.FromSeconds(1),
        });
        var error = await Assert.ThrowsAsync<StreamsException>(() => application.Ended.WaitAsync(Kafka.Bound, Cancelled));
        Assert.Contains("cannot read the topics", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 100, "Threads is 0")]
    [InlineData(1, 0, "CommitInterval is 00:00:00")]
    [InlineData(1, 60_000, "CommitInterval is 00:01:00")]
    public void An_option_out_of_its_bounds_is_named(int threads, int commitMs, string expected)
    {
        var options = new StreamsOptions
        {
            Client = new ClientConfig { BootstrapServers = "127.0.0.1:1" },
            Threads = threads,
            CommitInterval = TimeSpan.FromMilliseconds(commitMs),
        };
        var error = Assert.Throws<ArgumentException>(() => new StreamsApplication(new Counting().Build(), options,
            Prometheus.Metrics.WithCustomRegistry(Prometheus.Metrics.NewCustomRegistry()), new CollectedLog()));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static async Task<string> ErrorWithoutBroker(TopologyBuilder builder)
    {
        var application = new StreamsApplication(builder.Build(), new StreamsOptions { Client = new ClientConfig { BootstrapServers = "127.0.0.1:1" } },
            Prometheus.Metrics.WithCustomRegistry(Prometheus.Metrics.NewCustomRegistry()), new CollectedLog());
        return (await Assert.ThrowsAsync<StreamsException>(() => application.RunAsync(Cancelled).WaitAsync(Kafka.Bound, Cancelled))).Message;
    }

    private sealed class Asking(ProcessorContext context, StoreSpec store) : Processor(context), IProcessor<Tick>
    {
        private readonly KeyValueStore _store = context.Store(store);

        public void Process(Tick message) => _store.Delete(Context.Key);
    }

    private sealed class Telling(ProcessorContext context, Sink<Line> sink) : Processor(context), IProcessor<Tick>
    {
        private readonly Output<Line> _output = context.Output(sink);

        public void Process(Tick message) => _output.SendTombstone(Context.Key);
    }

    private static async Task<string> ErrorOf(Counting test, Kafka kafka)
    {
        await using var application = new RunningApplication(test, kafka);
        return (await Assert.ThrowsAsync<StreamsException>(() => application.Ended.WaitAsync(Kafka.Bound, Cancelled))).Message;
    }
}
