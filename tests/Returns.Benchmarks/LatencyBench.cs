using System.Diagnostics;
using Confluent.Kafka;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Wire;

namespace Returns.Benchmarks;

/// <summary>
/// From a scan's being made to its disposition in the hands of a reader of committed records, at half of what triage takes.
/// The event time of a disposition is that of the scan that decided it, which here is the wall clock's.
/// </summary>
internal sealed class LatencyBench : IBenchmark
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public string Name => "latency";

    public string Usage => "from a scan to its committed disposition, at half load";

    public bool IsBudget => true;

    public async Task RunAsync(BenchmarkRun run)
    {
        await using var pipeline = await TriagePipeline.CreateAsync(run.Kafka);
        var belt = new Belt(pipeline.Rules);
        using var producer = BeltFeeding.Producer(run.Kafka);
        foreach (var (key, item) in belt.Catalogue())
        {
            await producer.ProduceAsync(Topics.Catalog, new Message<byte[], byte[]> { Key = key.Span.ToArray(), Value = belt.Encoded(item) });
        }
        // What it takes is measured first, which compiles the code as well.
        var units = run.Sized(100_000);
        var feeding = new BeltFeeding(belt, producer);
        while (feeding.Units < units)
        {
            feeding.Next();
        }
        producer.Flush(Patience);
        var (whole, _) = await pipeline.DrainAsync();
        var rate = whole.PerSecond / 2;

        List<double> worst = [], middle = [];
        using var stop = new CancellationTokenSource();
        await using var running = pipeline.Start(Metrics.NewCustomRegistry());
        var latencies = new Latencies();
        var reading = Task.Factory.StartNew(() => latencies.Read(run.Kafka.BootstrapServers, stop.Token), TaskCreationOptions.LongRunning);
        var started = Stopwatch.GetTimestamp();
        var first = feeding.Scans;
        for (var round = -1; round < run.Rounds; round++)
        {
            latencies.Take();
            var end = Stopwatch.GetElapsedTime(started) + (round < 0 ? WarmUp : Round);
            while (Stopwatch.GetElapsedTime(started) is var now && now < end)
            {
                for (var due = first + (long)(now.TotalSeconds * rate); feeding.Scans < due;)
                {
                    feeding.Next();
                }
                producer.Poll(TimeSpan.Zero);
                await Task.Delay(1);
            }
            running.ThrowIfFailed();
            if (reading.IsFaulted)
            {
                await reading;
            }
            if (round >= 0)
            {
                var taken = latencies.Take();
                if (taken.Count < 100)
                {
                    throw new InvalidOperationException($"{taken.Count} dispositions came in {Round} at {rate:N0} scans/s: triage does not keep up");
                }
                worst.Add(taken[(int)(taken.Count * 0.99)]);
                middle.Add(taken[taken.Count / 2]);
            }
        }
        await stop.CancelAsync();
        await reading;
        run.Add(new Row { Work = "scan to committed disposition at half load, 99th percentile", Unit = "ms", Ours = worst, Target = 300, AtMost = true });
        run.Note($"half load: {rate:N0} scans/s of {whole.PerSecond:N0}, fed and read by the same process; half of the dispositions came within {Row.Median(middle):N0} ms");
    }

    /// <summary>Reads dispositions, and keeps how old each was.</summary>
    private sealed class Latencies
    {
        private readonly Lock _lock = new();
        private List<double> _millis = [];

        /// <summary>Those since the last call, in ascending order.</summary>
        public List<double> Take()
        {
            lock (_lock)
            {
                var taken = _millis;
                _millis = [];
                taken.Sort();
                return taken;
            }
        }

        public void Read(string servers, CancellationToken stop)
        {
            using var consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig
            {
                BootstrapServers = servers,
                GroupId = $"latency-{Guid.NewGuid():N}",
                IsolationLevel = IsolationLevel.ReadCommitted,
                EnableAutoCommit = false,
                FetchWaitMaxMs = 10,
            }).Build();
            consumer.Assign(Enumerable.Range(0, BareLoop.Partitions).Select(p => new TopicPartitionOffset(Topics.Dispositions, p, Offset.Beginning)));
            var (decoder, routed) = (new WireDecoder<ItemRouted>(), new ItemRouted());
            while (!stop.IsCancellationRequested)
            {
                if (consumer.Consume(100) is not { } record)
                {
                    continue;
                }
                if (!decoder.TryDecode(record.Message.Value, routed, out var error))
                {
                    throw new InvalidOperationException($"{record.TopicPartitionOffset}: {error}");
                }
                lock (_lock)
                {
                    _millis.Add(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - routed.RoutedAt);
                }
            }
        }
    }
}
