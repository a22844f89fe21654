using Confluent.Kafka;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Simulator.Feeding;

namespace Returns.Simulator.Tests.Feeding;

public sealed class FeedingKafka
{
    private const string Lines = """
        22556,PLASTERS IN TIN,4000,2010-12-01 10:24:00,1.65
        20685,ALARM CLOCK BAKELIKE RED,3000,2010-12-01 10:25:00,3.75
        22960,RED WOOLLY HAT,5000,2010-12-01 11:00:00,4.25
        """;

    [Fact]
    public async Task A_feed_is_published_whole_and_a_second_run_publishes_nothing()
    {
        await using var broker = await Broker.StartAsync();
        var first = await Run(broker, Feed());
        Assert.Equal((3, 0, 12_000), (first.Lines, first.RejectedLines, first.Units));
        Assert.Equal(first.Scans, first.PublishedNow);
        AssertWhole(broker);

        var second = await Run(broker, Feed());
        Assert.Equal(first with { PublishedNow = 0 }, second);
        AssertWhole(broker);
    }

    [Fact]
    public async Task A_feeder_that_is_stopped_again_and_again_publishes_every_record_once()
    {
        await using var broker = await Broker.StartAsync();
        long published = 0;
        FeedResult? result = null;
        for (var run = 0; result is null; run++)
        {
            Assert.True(run < 50, "no run made headway");
            using var stop = new CancellationTokenSource();
            var commits = 0;
            long now = 0;
            try
            {
                result = await Run(broker, Feed(), progress =>
                {
                    now = progress.PublishedNow;
                    if (++commits == 2) stop.Cancel();
                }, cancel: stop.Token);
                now = result.PublishedNow;
            }
            catch (OperationCanceledException)
            {
                Assert.Equal(2, commits);
            }
            published += now;
        }
        Assert.Equal(result.Scans, published);
        AssertWhole(broker);
    }

    [Fact]
    public async Task A_broker_that_goes_away_and_comes_back_gets_every_record_once()
    {
        await using var broker = await Broker.StartAsync();
        var going = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var warned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var feeding = Run(broker, Feed(), progress: p =>
        {
            if (p.PublishedNow > 5_000) going.TrySetResult();
        }, warn: _ => warned.TrySetResult());
        await going.Task.WaitAsync(Broker.Patience);
        await broker.GoAwayAsync();
        await Task.WhenAny(feeding, warned.Task).WaitAsync(Broker.Patience);
        await broker.ComeBackAsync();
        var result = await feeding.WaitAsync(Broker.Patience);
        Assert.Equal(result.Scans, result.PublishedNow);
        AssertWhole(broker);
    }

    [Fact]
    public async Task A_feeder_whose_broker_went_away_can_be_cancelled()
    {
        await using var broker = await Broker.StartAsync();
        using var stop = new CancellationTokenSource();
        var going = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var feeding = Run(broker, Feed(), _ => going.TrySetResult(), _ => stop.Cancel(), stop.Token);
        await going.Task.WaitAsync(Broker.Patience);
        await broker.GoAwayAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => feeding);
    }

    [Fact]
    public async Task A_broker_that_is_not_there_is_waited_for_until_cancelled()
    {
        using var stop = new CancellationTokenSource();
        var warning = "";
        var feeding = Feeder.RunAsync(new ClientConfig { BootstrapServers = "127.0.0.1:1" }, Feed(), new FeederOptions
        {
            Warn = text =>
            {
                warning = text;
                stop.Cancel();
            },
        }, stop.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => feeding.WaitAsync(Broker.Patience));
        Assert.Contains("127.0.0.1:1", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_feeders_of_one_feed_the_later_wins_and_nothing_is_doubled()
    {
        await using var broker = await Broker.StartAsync();
        var under_way = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = Feeder.RunAsync(broker.Client, Feed(), new FeederOptions { UnitsPerSecond = 2_000, Progress = _ => under_way.TrySetResult() });
        await under_way.Task.WaitAsync(Broker.Patience);
        await Run(broker, Feed());
        await Assert.ThrowsAsync<FeederFencedException>(() => first.WaitAsync(Broker.Patience));
        AssertWhole(broker);
    }

    [Fact]
    public async Task What_a_killed_feeder_left_open_is_undone()
    {
        await using var broker = await Broker.StartAsync();
        var id = "returns.feed-" + Feed().Label.ToString().TrimEnd('-');
        using var killed = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(broker.Client) { TransactionalId = id }).SetLogHandler((_, _) => { }).Build();
        using var group = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig(broker.Client) { GroupId = id }).SetLogHandler((_, _) => { }).Build();
        killed.InitTransactions(Broker.Patience);
        killed.BeginTransaction();
        foreach (var scan in Feed().Scans().Take(1_000)) killed.Produce(Topics.Scans, new Message<byte[], byte[]> { Key = scan.Lpn.Span.ToArray(), Value = [1] });
        killed.Flush(Broker.Patience);
        killed.SendOffsetsToTransaction([new TopicPartitionOffset(Topics.Scans, 0, 1_000)], group.ConsumerGroupMetadata, Broker.Patience);

        var result = await Run(broker, Feed());
        Assert.Equal(result.Scans, result.PublishedNow);
        AssertWhole(broker);
    }

    [Fact]
    public async Task The_pace_is_kept()
    {
        await using var broker = await Broker.StartAsync();
        using var stop = new CancellationTokenSource();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var feeding = Feeder.RunAsync(broker.Client, Feed(), new FeederOptions
        {
            UnitsPerSecond = 500,
            Progress = progress =>
            {
                if (progress.Units > clock.Elapsed.TotalSeconds * 500 + 2) stop.Cancel();
                if (progress.Units > 400) stop.CancelAfter(0);
            },
        }, stop.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => feeding.WaitAsync(Broker.Patience));
        Assert.True(clock.Elapsed.TotalSeconds > 0.8, $"400 units in {clock.Elapsed}");
    }

    [Fact]
    public async Task A_catalogue_that_comes_first_is_committed_before_the_first_scan()
    {
        await using var broker = await Broker.StartAsync();
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Run(broker, Feed(), _ => stop.Cancel(), cancel: stop.Token));
        Assert.Equal(3, broker.Committed(Topics.Catalog).Count);
        Assert.Empty(broker.Committed(Topics.Scans));
    }

    [Fact]
    public async Task Keys_go_to_the_partitions_that_the_Java_client_sends_them_to()
    {
        await using var broker = await Broker.StartAsync();
        await Run(broker, FeedReading.Replay("22556,PLASTERS IN TIN,50,2010-12-01 10:24:00,1.65"));
        var seen = new HashSet<int>();
        broker.Committed(Topics.Scans, (key, partition) =>
        {
            Assert.Equal(Murmur2.Partition(key, Broker.ScanPartitions), partition);
            seen.Add(partition);
        });
        Assert.Equal(Broker.ScanPartitions, seen.Count);
    }

    [Fact]
    public async Task A_missing_topic_is_refused_by_name()
    {
        await using var broker = await Broker.StartAsync(topics: false);
        var impatient = new ClientConfig(broker.Client);
        impatient.Set("topic.metadata.propagation.max.ms", "1000");
        var refused = await Assert.ThrowsAnyAsync<KafkaException>(() => Feeder.RunAsync(impatient, Feed(), new FeederOptions()).WaitAsync(Broker.Patience));
        Assert.Contains(Topics.Scans, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_committed_records_than_the_feed_has_are_refused()
    {
        await using var broker = await Broker.StartAsync();
        var feed = Feed();
        using (var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig(broker.Client) { GroupId = "returns.feed-" + feed.Label.ToString().TrimEnd('-') }).SetLogHandler((_, _) => { }).Build())
            consumer.Commit([new TopicPartitionOffset(Topics.Scans, 0, 1_000_000)]);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Run(broker, feed));
        Assert.Contains("1000000", refused.Message, StringComparison.Ordinal);
    }

    private static ScanFeed Feed() => FeedReading.Replay(Lines);

    private static Task<FeedResult> Run(Broker broker, ScanFeed feed, Action<FeedProgress>? progress = null, Action<string>? warn = null, CancellationToken cancel = default) =>
        Feeder.RunAsync(broker.Client, feed, new FeederOptions { Progress = progress, Warn = warn }, cancel).WaitAsync(Broker.Patience * 2, CancellationToken.None);

    /// <summary>The topics hold what the feed gives, each key's records in the feed's order.</summary>
    private static void AssertWhole(Broker broker)
    {
        var scans = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        var items = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        var (scanBytes, itemBytes) = (new WireEncoder<ItemScan>(), new WireEncoder<CatalogItem>());
        Feed().ReadAll(s => Add(scans, s.Lpn.ToString(), scanBytes.Encode(s)), i => Add(items, $"{i.Program}|{i.Sku}", itemBytes.Encode(i)));
        AssertSame(scans, broker.Committed(Topics.Scans));
        AssertSame(items, broker.Committed(Topics.Catalog));

        static void Add(SortedDictionary<string, List<string>> to, string key, ReadOnlySpan<byte> value)
        {
            if (!to.TryGetValue(key, out var values)) to.Add(key, values = []);
            values.Add(Convert.ToHexString(value));
        }

        static void AssertSame(SortedDictionary<string, List<string>> expected, SortedDictionary<string, List<string>> actual)
        {
            Assert.Equal(expected.Count, actual.Count);
            foreach (var (key, values) in expected) Assert.True(actual.TryGetValue(key, out var there) && values.SequenceEqual(there), $"{key} differs");
        }
    }
}
