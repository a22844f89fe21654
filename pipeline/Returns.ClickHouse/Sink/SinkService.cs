using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Prometheus;
using Returns.Contracts.Wire;

namespace Returns.ClickHouse.Sink;

/// <summary>Brings every record of the outcome topics into ClickHouse exactly once; README.md says how.</summary>
/// <remarks>
/// Any number of these share the partitions as one consumer group. <see cref="Health"/> may be read from any thread. The tables
/// must be there: run <see cref="Migrations.Migrator"/> first.
/// </remarks>
public sealed class SinkService : IDisposable
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);
    private readonly ClientConfig _client;
    private readonly ClickHouseHttp _clickHouse;
    private readonly ISchemaIds _schemas;
    private readonly SinkOptions _options;
    private readonly ILogger _log;
    private readonly SinkMetrics _metrics;
    private readonly SinkStatus _status;
    private readonly Action<SinkStep>? _at;
    private int _started;

    /// <summary>Prepares a sink; nothing is connected before <see cref="RunAsync"/>.</summary>
    /// <param name="client">The broker's address and account; group and offset settings are the sink's own.</param>
    /// <param name="clickHouse">Server, database and account.</param>
    /// <param name="schemas">Where schema ids come from.</param>
    /// <param name="options">How to batch.</param>
    /// <param name="metrics">Where the metrics go.</param>
    /// <param name="log">Outages, and records that were lost to retention; nothing in normal operation.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its bounds.</exception>
    public SinkService(ClientConfig client, ClickHouseAddress clickHouse, ISchemaIds schemas, SinkOptions options, IMetricFactory metrics, ILogger<SinkService> log)
        : this(client, clickHouse, schemas, options, metrics, log, at: null)
    {
    }

    internal SinkService(
        ClientConfig client, ClickHouseAddress clickHouse, ISchemaIds schemas, SinkOptions options, IMetricFactory metrics, ILogger log, Action<SinkStep>? at)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        (_client, _schemas, _options, _log, _at) = (client, schemas, options, log, at);
        _clickHouse = new ClickHouseHttp(clickHouse, RequestTimeout);
        _metrics = new SinkMetrics(metrics);
        _status = new SinkStatus(_metrics, TimeProvider.System);
    }

    /// <summary>Told of every error of the Kafka client, on a thread of that; null for nobody. The sink itself waits them out.</summary>
    public Action<Error>? KafkaErrors { get; init; }

    /// <summary>What the sink is doing, and how far behind it is.</summary>
    public SinkHealth Health => _status.Health;

    /// <summary>Runs until <paramref name="stop"/>. Inserts under way then get the options' stop timeout; what is left is pending.</summary>
    /// <exception cref="InvalidOperationException">It was run before.</exception>
    /// <exception cref="ClickHouseException">ClickHouse refused an insert for good; the ranges in flight stay pending.</exception>
    /// <exception cref="KafkaException">The broker refused the sink for good.</exception>
    /// <exception cref="SchemaRegistryException">The Schema Registry did not answer for a minute.</exception>
    public Task RunAsync(CancellationToken stop)
    {
        if (Interlocked.Exchange(ref _started, 1) != 0) throw new InvalidOperationException("a sink runs once: make another one");
        return Task.Factory.StartNew(() => Run(stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Closes the connections to ClickHouse. Stop the sink first.</summary>
    public void Dispose() => _clickHouse.Dispose();

    private void Run(CancellationToken stop)
    {
        var (key, value) = (new CapturedBytes(), new CapturedBytes());
        try
        {
            var landing = new RoundLanding(_clickHouse, _metrics, TimeProvider.System, _options.MarkHolds, _at);
            var loop = new SinkLoop(_options, OutcomeTopic.All(_schemas), landing, _status, TimeProvider.System, _log, key, value, _at);
            using var consumer = Consumer(loop, key, value);
            try
            {
                loop.Run(consumer, stop);
            }
            finally
            {
                consumer.Close();
            }
            _status.Set(SinkState.Stopped, null);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            _status.Set(SinkState.Stopped, null);
        }
        catch (Exception error)
        {
            _status.Set(SinkState.Failed, error.Message);
            throw;
        }
    }

    private IConsumer<CapturedBytes, CapturedBytes> Consumer(SinkLoop loop, CapturedBytes key, CapturedBytes value)
    {
        var config = new ConsumerConfig(_client.ToDictionary(setting => setting.Key, setting => setting.Value))
        {
            GroupId = _options.GroupId,
            GroupInstanceId = _options.GroupInstanceId,
            SessionTimeoutMs = (int)_options.SessionTimeout.TotalMilliseconds,
            HeartbeatIntervalMs = (int)Math.Min(3000, _options.SessionTimeout.TotalMilliseconds / 4),
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnablePartitionEof = true,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
            QueuedMaxMessagesKbytes = 32 << 10,
            // A topic that is created after the sink has started is found after at most this long.
            TopicMetadataRefreshIntervalMs = 10_000,
        };
        return new ConsumerBuilder<CapturedBytes, CapturedBytes>(config)
            .SetKeyDeserializer(key)
            .SetValueDeserializer(value)
            .SetPartitionsAssignedHandler((_, partitions) => loop.Assigned(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => loop.Revoked(partitions))
            .SetPartitionsLostHandler((_, partitions) => loop.Lost(partitions))
            .SetErrorHandler((_, error) =>
            {
                KafkaErrors?.Invoke(error);
                _log.LogDebug("librdkafka: {Error}", error.Reason);
            })
            .SetLogHandler((_, line) => _log.LogDebug("librdkafka: {Line}", line.Message))
            .Build();
    }
}
