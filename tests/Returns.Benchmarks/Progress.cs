using System.Diagnostics;
using Confluent.Kafka;

namespace Returns.Benchmarks;

/// <summary>
/// How fast a consumer group gets through a topic, by the offsets it commits: the same measure for any engine, from outside.
/// </summary>
/// <param name="Records">Records committed after the first commit that was seen, which the measure begins with.</param>
/// <param name="Seconds">The time that took.</param>
/// <param name="BytesAllocated">What this process allocated meanwhile.</param>
/// <param name="Processor">The processor time of this process and the local broker meanwhile, which a busy machine hardly stretches.</param>
internal readonly record struct Progress(long Records, double Seconds, long BytesAllocated, TimeSpan Processor)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Records committed a second.</summary>
    public double PerSecond => Records / Seconds;

    /// <summary>Watches a group until it has committed all there is, or for so long after its first commit.</summary>
    /// <param name="kafka">Where Kafka is.</param>
    /// <param name="group">The group, which has committed nothing.</param>
    /// <param name="topic">The topic, of <see cref="BareLoop.Partitions"/> partitions.</param>
    /// <param name="bound">The longest time to measure over.</param>
    /// <param name="throwIfFailed">Throws where the engine has ended.</param>
    /// <exception cref="TimeoutException">There was no commit for the bound and two minutes.</exception>
    public static async Task<Progress> OfAsync(KafkaAddress kafka, string group, string topic, TimeSpan bound, Action throwIfFailed)
    {
        using var reader = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = kafka.BootstrapServers, GroupId = group }).Build();
        var partitions = Enumerable.Range(0, BareLoop.Partitions).Select(p => new TopicPartition(topic, p)).ToList();
        var ends = partitions.ToDictionary(p => p, p => reader.QueryWatermarkOffsets(p, CallTimeout).High.Value);
        var asked = Stopwatch.GetTimestamp();
        var (started, before, bytes, processor) = (0L, 0L, 0L, TimeSpan.Zero);
        while (true)
        {
            throwIfFailed();
            var committed = reader.Committed(partitions, CallTimeout);
            var done = committed.Sum(c => Math.Max(0, c.Offset.Value));
            // The last record of a partition may be a transaction's marker, which no commit needs to be past.
            var finished = committed.All(c => c.Offset.Value >= ends[c.TopicPartition] - 1);
            if (started == 0)
            {
                if (finished)
                {
                    throw new InvalidOperationException($"'{topic}' was at its end with the first commit of '{group}': give it more records");
                }
                if (done > 0)
                {
                    (started, before, bytes, processor) = (Stopwatch.GetTimestamp(), done, GC.GetTotalAllocatedBytes(), kafka.ProcessorTime);
                }
                else if (Stopwatch.GetElapsedTime(asked) > bound + TimeSpan.FromMinutes(2))
                {
                    throw new TimeoutException($"'{group}' has committed nothing of '{topic}'");
                }
            }
            else if (done > before && (finished || Stopwatch.GetElapsedTime(started) > bound))
            {
                return new Progress(done - before, Stopwatch.GetElapsedTime(started).TotalSeconds, GC.GetTotalAllocatedBytes() - bytes, kafka.ProcessorTime - processor);
            }
            await Task.Delay(10);
        }
    }
}
