using System.Globalization;
using System.Text;
using Returns.Streams.Kafka;
using Returns.Streams.Tests.Windows;
using Returns.Streams.Windows;

namespace Returns.Streams.Tests.Kafka;

/// <summary>What the driver shows of windows, shown again on a broker.</summary>
public sealed class WindowsOnKafka
{
    private readonly string _prefix = $"w-{Guid.NewGuid():N}-";

    private string Input => _prefix + Sums.Input;

    private string Output => _prefix + Sums.Output;

    private string Dead => _prefix + Sums.Missed;

    [Fact]
    public async Task What_comes_too_late_is_a_dead_letter_with_its_bytes_and_place_and_late_records_are_counted()
    {
        await using var kafka = await StartAsync(partitions: 1);
        await using var application = new RunningApplication(Sums.Topology(Spec(retention: 1_000), prefix: _prefix).Topology, kafka);
        // Closes at 110, takes corrections up to 1,110.
        kafka.Produce(Input, [("a", "0 1"), ("a", "500 0"), ("a", "1 2"), ("a", "1200 0"), ("late", "5 4"), ("a", "1200 0")]);
        var letter = Assert.Single(kafka.Read(Dead, 1));
        Assert.Equal(("late", "5 4"), (Encoding.UTF8.GetString(letter.Message.Key), Encoding.UTF8.GetString(letter.Message.Value)));
        var headers = letter.Message.Headers.ToDictionary(h => h.Key, h => Encoding.UTF8.GetString(h.GetValueBytes()));
        Assert.Equal((Input, "0", "4", Rejection.TooLate),
            (headers[DeadLetterHeaders.SourceTopic], headers[DeadLetterHeaders.SourcePartition], headers[DeadLetterHeaders.SourceOffset], headers[DeadLetterHeaders.ErrorClass]));
        Assert.Contains("store 'windows'", headers[DeadLetterHeaders.ErrorMessage], StringComparison.Ordinal);
        await application.UntilRecordsAsync(kafka, Output, records => Finals(records).SequenceEqual(["Final a 0 0 1", "Correction a 0 1 3", "Final a 500 0 0"]));
        await application.UntilMetricAsync("returns_streams_late_records_total", 1);
        await application.UntilMetricAsync("returns_streams_dropped_records_total", 1);
    }

    [Fact]
    public async Task Partitions_that_are_idle_hold_back_no_other()
    {
        await using var kafka = await StartAsync(partitions: 4);
        await using var application = new RunningApplication(Sums.Topology(Spec(retention: 1_000), prefix: _prefix).Topology, kafka);
        kafka.Produce(Input, [("a", "0 1"), ("a", "110 2")], partition: 2);
        await application.UntilRecordsAsync(kafka, Output, records => Finals(records).SequenceEqual(["Final a 0 0 1"]));
        Assert.Empty(kafka.Read(Dead, 0));
    }

    [Fact]
    public async Task A_backlog_of_hours_in_every_partition_makes_no_record_late()
    {
        await using var kafka = await StartAsync(partitions: 3);
        // Each partition holds the same hours, and one thread reads them by turns, far apart.
        for (var partition = 0; partition < 3; partition++)
        {
            var key = $"k{partition}";
            kafka.Produce(Input, Enumerable.Range(0, 20_000).Select(i => (key, (string?)string.Create(CultureInfo.InvariantCulture, $"{i * 10} 1"))), partition);
        }
        await using var application = new RunningApplication(Sums.Topology(Spec(retention: 1_000), prefix: _prefix).Topology, kafka, o => o with { CommitInterval = TimeSpan.FromSeconds(1) });
        // 200 s of windows of 100 ms, ten ticks in each, of which the last of a partition stays open.
        await application.UntilRecordsAsync(kafka, Output, records => Finals(records).Count() == 3 * 1_999);
        Assert.All(Finals(kafka.Read(Output, 3 * 1_999)), line => Assert.EndsWith(" 10", line, StringComparison.Ordinal));
        Assert.Empty(kafka.Read(Dead, 0));
    }

    [Fact]
    public async Task A_backlog_of_several_origins_makes_none_idle_and_what_goes_on_alone_is_not_held_back_for_ever()
    {
        await using var kafka = await StartAsync(partitions: 1);
        var idleAfter = TimeSpan.FromMilliseconds(100);
        var ticks = 0;
        // Catching up takes the processor longer than an origin may be silent: three times while it has not come to the second's records.
        void OnTick(Tick tick)
        {
            if (++ticks is 400 or 800 or 1_200)
            {
                var until = Environment.TickCount64 + (long)(3 * idleAfter.TotalMilliseconds);
                SpinWait.SpinUntil(() => Environment.TickCount64 > until);
            }
        }
        // 2,000 ticks of each, a minute from one to the next, one origin behind the other.
        kafka.Produce(Input, new[] { 1, 2 }.SelectMany(origin => Enumerable.Range(0, 2_000).Select(minute => ("k", (string?)string.Create(CultureInfo.InvariantCulture, $"{minute * 60_000L} {origin}")))));
        await using var application = new RunningApplication(WindowsOfManyOrigins.Topology(_prefix, idleAfter, OnTick), kafka);
        // 33 hours and a third, with sixty ticks of both in each.
        await application.UntilRecordsAsync(kafka, Output, records => Finals(records).Count() >= 33);
        Assert.All(Finals(kafka.Read(Output, 33)), line => Assert.True(line.StartsWith("Final", StringComparison.Ordinal) && line.EndsWith(" 120", StringComparison.Ordinal), line));
        kafka.Produce(Input, [("k", string.Create(CultureInfo.InvariantCulture, $"{40 * 3_600_000L} 1"))]);
        await application.UntilRecordsAsync(kafka, Output, records => Finals(records).Count() == 34);
        Assert.EndsWith(" 40", Finals(kafka.Read(Output, 34)).Last(), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Finals(IEnumerable<Confluent.Kafka.ConsumeResult<byte[], byte[]>> records) =>
        records.Select(Text).Where(line => !line.StartsWith("Early", StringComparison.Ordinal));

    private static string Text(Confluent.Kafka.ConsumeResult<byte[], byte[]> record) => Encoding.UTF8.GetString(record.Message.Value);

    private static WindowSpec Spec(int retention) =>
        WindowSpec.Tumbling(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(retention));

    private async Task<Kafka> StartAsync(int partitions)
    {
        var kafka = await Kafka.StartAsync();
        await kafka.CreateAsync(Input, partitions);
        await kafka.CreateAsync(Output, 1);
        await kafka.CreateAsync(Dead, 1);
        return kafka;
    }
}
