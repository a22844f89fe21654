using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Returns.Streams.Kafka;

namespace Returns.Streams.Tests.Kafka;

/// <summary>Records that cannot be processed, and processors that throw.</summary>
public sealed class Failures
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_record_that_cannot_be_decoded_becomes_a_dead_letter_with_its_bytes_and_the_reason()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await test.CreateTopicsAsync(kafka, 1);
        kafka.Produce(test.In, [("a", Counting.TickAt(1)), ("bad", "no tick"), ("none", null), ("a", Counting.TickAt(2))]);
        await using var application = new RunningApplication(test, kafka);
        test.Check(kafka, 2, 1);
        var letters = kafka.Read(test.Dead, 2);
        Assert.Equal(2, letters.Count);
        Assert.Equal("bad", Encoding.UTF8.GetString(letters[0].Message.Key));
        Assert.Equal("no tick", Encoding.UTF8.GetString(letters[0].Message.Value));
        Assert.Equal(test.In, Header(letters[0], DeadLetterHeaders.SourceTopic));
        Assert.Equal("0", Header(letters[0], DeadLetterHeaders.SourcePartition));
        Assert.Equal("1", Header(letters[0], DeadLetterHeaders.SourceOffset));
        Assert.Equal("NoTick", Header(letters[0], DeadLetterHeaders.ErrorClass));
        Assert.Contains("'no tick'", Header(letters[0], DeadLetterHeaders.ErrorMessage), StringComparison.Ordinal);
        Assert.Null(letters[1].Message.Value);
    }

    [Fact]
    public async Task A_dead_letter_has_the_headers_and_the_timestamp_of_its_record()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting();
        await test.CreateTopicsAsync(kafka, 1);
        // Within the topic's retention.
        var at = DateTimeOffset.UtcNow.AddHours(-1).ToUnixTimeMilliseconds();
        using (var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = kafka.Servers }).Build())
        {
            await producer.ProduceAsync(test.In, new Message<byte[], byte[]>
            {
                Key = "bad"u8.ToArray(),
                Value = "no tick"u8.ToArray(),
                Headers = new Headers { { "trace", "7f"u8.ToArray() }, { "trace", "80"u8.ToArray() }, { "none", null }, { DeadLetterHeaders.ErrorClass, "Earlier"u8.ToArray() } },
                Timestamp = new Timestamp(at, TimestampType.CreateTime),
            }, Cancelled);
        }
        await using var application = new RunningApplication(test, kafka);
        var letter = Assert.Single(kafka.Read(test.Dead, 1));
        Assert.Equal(["7f", "80"], letter.Message.Headers.Where(h => h.Key == "trace").Select(h => Encoding.UTF8.GetString(h.GetValueBytes())));
        Assert.Null(letter.Message.Headers.GetLastBytes("none"));
        Assert.Equal(at.ToString(CultureInfo.InvariantCulture), Header(letter, DeadLetterHeaders.SourceTimestamp));
        Assert.Equal("NoTick", Header(letter, DeadLetterHeaders.ErrorClass));
    }

    [Fact]
    public async Task A_record_on_which_the_processor_throws_becomes_a_dead_letter_and_what_it_did_is_taken_back()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting
        {
            OnCounted = (_, at) =>
            {
                if (at % 100 == 77)
                {
                    throw new InvalidOperationException($"cannot bear {at}");
                }
            },
        };
        await test.CreateTopicsAsync(kafka);
        kafka.Produce(test.In, Counting.Ticks(1000, 10));
        await using var application = new RunningApplication(test, kafka);
        test.Check(kafka, 990, 10);
        var letters = kafka.Read(test.Dead, 10);
        Assert.Equal(10, letters.Count);
        Assert.All(letters, l => Assert.Equal(DeadLetterHeaders.ProcessorFailed, Header(l, DeadLetterHeaders.ErrorClass)));
        Assert.All(letters, l => Assert.Contains("cannot bear", Header(l, DeadLetterHeaders.ErrorMessage), StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => Counting.TickAt(i * 100 + 77)).Order(StringComparer.Ordinal),
            letters.Select(l => Encoding.UTF8.GetString(l.Message.Value)).Order(StringComparer.Ordinal));
        await application.StopAsync();
        await using var again = new RunningApplication(test, kafka);
        kafka.Produce(test.In, Counting.Ticks(50, 10, 1000));
        test.Check(kafka, 1040, 10);
    }

    [Fact]
    public async Task A_failure_that_is_no_records_fault_is_tried_again_with_one_warning_until_it_is_over()
    {
        await using var kafka = await Kafka.StartAsync();
        var ready = 0;
        var test = new Counting
        {
            OnReady = () =>
            {
                if (Interlocked.Increment(ref ready) < 5)
                {
                    throw new IOException("a registry is away");
                }
            },
        };
        await test.CreateTopicsAsync(kafka, 1);
        kafka.Produce(test.In, Counting.Ticks(100, 10));
        await using var application = new RunningApplication(test, kafka);
        test.Check(kafka, 100, 10);
        Assert.Single(application.Log.Warnings, w => w.Contains("a registry is away", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failure_that_does_not_end_stops_the_application()
    {
        await using var kafka = await Kafka.StartAsync();
        var test = new Counting { OnReady = () => throw new IOException("a registry is gone") };
        await test.CreateTopicsAsync(kafka, 1);
        await using var application = new RunningApplication(test, kafka, o => o with { Patience = TimeSpan.FromSeconds(1) });
        var error = await Assert.ThrowsAsync<StreamsException>(() => application.Ended.WaitAsync(Kafka.Bound, Cancelled));
        Assert.Contains("a registry is gone", error.Message, StringComparison.Ordinal);
    }

    private static string Header(ConsumeResult<byte[], byte[]> record, string name) => Encoding.UTF8.GetString(record.Message.Headers.GetLastBytes(name));
}
