using System.Globalization;
using System.Text;
using Returns.Streams.Kafka;
using Returns.Streams.State;

namespace Returns.Streams.Tests.Kafka;

/// <summary>
/// A topology that counts a key's ticks and sends each count, so that outputs tell of every loss, repetition and forgotten
/// rollback: of one key they have to be 1, 2, 3 and so on.
/// </summary>
internal sealed class Counting
{
    public string Name { get; init; } = $"app-{Guid.NewGuid():N}";

    public string In => $"{Name}-in";

    public string Follows => $"{Name}-follows";

    public string Out => $"{Name}-out";

    public string Dead => $"{Name}-dlq";

    public string Table => $"{Name}-table";

    public string Changelog => $"{Name}-counts-changelog";

    /// <summary>Called with each tick before it is counted: what it throws is the processor's.</summary>
    public Action<string, long>? OnTick { get; init; }

    /// <summary>Called with each tick after it is counted.</summary>
    public Action<string, long>? OnCounted { get; init; }

    /// <summary>Called with the partition of each task that is made: it has to be restored.</summary>
    public Action<int>? OnMade { get; init; }

    public Action? OnReady { get; init; }

    /// <summary>Called with the partition of each task that ends, once or more.</summary>
    public Action<int>? OnClosed { get; init; }

    public bool WithFollower { get; init; }

    public bool WithTable { get; init; }

    public Topology Build()
    {
        var builder = new TopologyBuilder(Name, Dead);
        var store = builder.Store("counts");
        var sink = builder.Sink(Out, () => new LineEncoder());
        var table = WithTable ? builder.Table(Table, () => new Names()) : null;
        var sub = builder.SubTopology("count", [store], context => Made(new Counter(context, this, store, sink, table), context.Partition)).Source(In, () => new TickDecoder());
        if (WithFollower)
        {
            sub.Source(Follows, () => new TockDecoder());
        }
        return builder.Build();
    }

    public async Task CreateTopicsAsync(Kafka kafka, int partitions = 4)
    {
        await kafka.CreateAsync(In, partitions);
        await kafka.CreateAsync(Out, partitions);
        await kafka.CreateAsync(Dead, 1);
        if (WithFollower)
        {
            await kafka.CreateAsync(Follows, partitions);
        }
        if (WithTable)
        {
            await kafka.CreateAsync(Table, 2, ("cleanup.policy", "compact"));
        }
    }

    public static string TickAt(long at) => string.Create(CultureInfo.InvariantCulture, $"{at} 1");

    /// <summary>Ticks of so many keys in turn.</summary>
    public static IEnumerable<(string Key, string? Value)> Ticks(int count, int keys, int from = 0) =>
        Enumerable.Range(from, count).Select(i => (string.Create(CultureInfo.InvariantCulture, $"key-{i % keys}"), (string?)TickAt(i)));

    /// <summary>Checks that each key's outputs are 1, 2, 3 and so on, and as many as there were inputs.</summary>
    public void Check(Kafka kafka, int inputs, int keys)
    {
        var outputs = kafka.Read(Out, inputs);
        foreach (var key in outputs.GroupBy(o => Encoding.UTF8.GetString(o.Message.Key)))
        {
            Assert.Equal(Enumerable.Range(1, key.Count()).Select(n => n.ToString(CultureInfo.InvariantCulture)), key.Select(o => Encoding.UTF8.GetString(o.Message.Value)));
        }
        Assert.Equal(inputs, outputs.Count);
        Assert.Equal(keys, outputs.Select(o => Encoding.UTF8.GetString(o.Message.Key)).Distinct().Count());
    }

    private Counter Made(Counter counter, int partition)
    {
        OnMade?.Invoke(partition);
        return counter;
    }

    private sealed class Counter(ProcessorContext context, Counting test, StoreSpec counts, Sink<Line> sink, TableSource<Names>? table)
        : Processor(context), IProcessor<Tick>, IProcessor<Tock>
    {
        private readonly KeyValueStore _counts = context.Store(counts);
        private readonly Output<Line> _out = context.Output(sink);
        private readonly Names? _table = table is null ? null : context.Table(table);

        public override void Ready() => test.OnReady?.Invoke();

        public override void Closed() => test.OnClosed?.Invoke(Context.Partition);

        public void Process(Tick message)
        {
            test.OnTick?.Invoke(Probe.Text(Context.Key), message.At);
            Count(Context.Key, _table is not null && _table.Contains(Probe.Text(Context.Key)) ? "named " : "");
            test.OnCounted?.Invoke(Probe.Text(Context.Key), message.At);
        }

        public void Process(Tock message) => _out.Send(Context.Key, new Line(string.Create(CultureInfo.InvariantCulture, $"tock {message.At} at {Context.StreamTime}")));

        public override void TableChanged(GlobalTable changed, ReadOnlySpan<byte> key) =>
            _out.Send(key, new Line(string.Create(CultureInfo.InvariantCulture, $"changed {Probe.Text(key)} in {Context.Partition}")));

        private void Count(ReadOnlySpan<byte> key, string prefix)
        {
            var count = 1 + (_counts.TryGet(key, out var value) ? long.Parse(value, CultureInfo.InvariantCulture) : 0);
            var text = count.ToString(CultureInfo.InvariantCulture);
            _counts.Put(key, Encoding.UTF8.GetBytes(text));
            _out.Send(key, new Line(prefix + text));
        }
    }
}

/// <summary>An application that runs until a test ends it.</summary>
internal sealed class RunningApplication : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();

    public RunningApplication(Counting test, Kafka kafka, Func<StreamsOptions, StreamsOptions>? options = null) : this(test.Build(), kafka, options)
    {
    }

    public RunningApplication(Topology topology, Kafka kafka, Func<StreamsOptions, StreamsOptions>? options = null)
    {
        var all = new StreamsOptions
        {
            Client = new Confluent.Kafka.ClientConfig { BootstrapServers = kafka.Servers },
            SessionTimeout = TimeSpan.FromSeconds(6),
            TransactionTimeout = TimeSpan.FromSeconds(5),
            StopTimeout = TimeSpan.FromSeconds(10),
            CommitInterval = TimeSpan.FromMilliseconds(20),
            Patience = TimeSpan.FromSeconds(30),
        };
        Metrics = Prometheus.Metrics.NewCustomRegistry();
        Application = new StreamsApplication(topology, options?.Invoke(all) ?? all, Prometheus.Metrics.WithCustomRegistry(Metrics), Log);
        Ended = Application.RunAsync(_stop.Token);
    }

    public StreamsApplication Application { get; }

    public Prometheus.CollectorRegistry Metrics { get; }

    public CollectedLog Log { get; } = new();

    public Task Ended { get; }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Ended.WaitAsync(Kafka.Bound);
    }

    public async Task UntilAsync(Func<StreamsHealth, bool> condition)
    {
        var deadline = Environment.TickCount64 + (long)Kafka.Bound.TotalMilliseconds;
        while (!condition(Application.Health))
        {
            Assert.True(Environment.TickCount64 < deadline, $"waited too long; health is {Application.Health.State}: {Application.Health.Reason}; log: {Log}");
            if (Ended.IsFaulted)
            {
                await Ended;
            }
            await Task.Delay(10);
        }
    }

    /// <summary>Waits until the samples of a metric, whatever their labels, add up to a value.</summary>
    public async Task UntilMetricAsync(string name, double value)
    {
        var found = double.NaN;
        var deadline = Environment.TickCount64 + (long)Kafka.Bound.TotalMilliseconds;
        while (found != value)
        {
            Assert.True(Environment.TickCount64 < deadline, $"{name} is {found} and not {value}; log: {Log}");
            await Task.Delay(50);
            using var text = new MemoryStream();
            await Metrics.CollectAndExportAsTextAsync(text);
            found = Encoding.UTF8.GetString(text.ToArray()).Split('\n').Where(l => l.StartsWith(name + "{", StringComparison.Ordinal))
                .Sum(l => double.Parse(l.Split(' ')[^1], CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Waits until what a topic holds is as a condition says.</summary>
    public async Task UntilRecordsAsync(Kafka kafka, string topic, Func<List<Confluent.Kafka.ConsumeResult<byte[], byte[]>>, bool> condition)
    {
        var deadline = Environment.TickCount64 + (long)Kafka.Bound.TotalMilliseconds;
        while (kafka.Read(topic, 0) is var records && !condition(records))
        {
            Assert.True(Environment.TickCount64 < deadline, $"waited too long; {topic} holds {records.Count} records; log: {Log}");
            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Ended.WaitAsync(Kafka.Bound).ContinueWith(static _ => { }, TaskScheduler.Default);
        _stop.Dispose();
    }
}
