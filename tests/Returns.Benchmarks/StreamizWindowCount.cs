using Microsoft.Extensions.Logging.Abstractions;
using Streamiz.Kafka.Net;
using Streamiz.Kafka.Net.SerDes;
using Streamiz.Kafka.Net.Stream;
using Streamiz.Kafka.Net.Table;

namespace Returns.Benchmarks;

/// <summary>The window count as Streamiz.Kafka.Net does it: the same topic, window, grace, commit interval and guarantee.</summary>
internal sealed class StreamizWindowCount : IDisposable
{
    private readonly KafkaStream _stream;
    private readonly string _folder = Directory.CreateTempSubdirectory("returns-benchmark-").FullName;
    private volatile bool _failed;

    public StreamizWindowCount(string servers, string source, string target, TimeSpan window, TimeSpan grace)
    {
        var config = new StreamConfig<Int64SerDes, ByteArraySerDes>
        {
            ApplicationId = Application,
            BootstrapServers = servers,
            AutoOffsetReset = Confluent.Kafka.AutoOffsetReset.Earliest,
            Guarantee = ProcessingGuarantee.EXACTLY_ONCE,
            CommitIntervalMs = 100,
            StateDir = _folder,
            Logger = NullLoggerFactory.Instance,
            InnerExceptionHandler = _ => Fail(),
            LingerMs = 20,
            CompressionType = Confluent.Kafka.CompressionType.Lz4,
        };
        var builder = new StreamBuilder();
        builder.Stream<long, byte[]>(source)
            .GroupByKey()
            .WindowedBy(TumblingWindowOptions.Of(window, grace))
            .Count(InMemoryWindows.As<long, long>("counts").WithValueSerdes(new Int64SerDes()))
            .ToStream()
            .To(target, new TimeWindowedSerDes<long>(new Int64SerDes(), (long)window.TotalMilliseconds), new Int64SerDes());
        _stream = new KafkaStream(builder.Build(), config);
        _stream.StateChanged += (_, now) => _failed |= now.Equals(KafkaStream.State.ERROR);
    }

    /// <summary>Its consumer group.</summary>
    public string Application { get; } = $"streamiz-window-count-{Guid.NewGuid():N}";

    public Task StartAsync() => _stream.StartAsync();

    /// <exception cref="InvalidOperationException">It has ended by itself.</exception>
    public void ThrowIfFailed()
    {
        if (_failed)
        {
            throw new InvalidOperationException("Streamiz.Kafka.Net has failed");
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private ExceptionHandlerResponse Fail()
    {
        _failed = true;
        return ExceptionHandlerResponse.FAIL;
    }
}
