using Confluent.Kafka;
using Returns.Contracts;
using Returns.Contracts.Wire;

namespace Returns.Simulator.Feeding;

/// <summary>The transactional producer of one feed, and where its progress is kept. For one thread.</summary>
internal sealed class FeedProducer : IDisposable
{
    // Bounds how long a cancelled feeder takes to notice; calls that need longer are made again.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TopicPartition ProgressPartition = new(Topics.Scans, 0);

    private readonly IProducer<byte[], byte[]> _producer;
    private readonly IConsumer<Ignore, Ignore> _group;
    private readonly WireEncoder<ItemScan> _scans;
    private readonly WireEncoder<CatalogItem> _items;
    private readonly Message<byte[], byte[]> _message = new();
    private readonly ExactArrays _keys = new();
    private readonly ExactArrays _values = new();
    private readonly string _servers;
    private readonly Action<string>? _warn;
    private byte[] _catalogKey = new byte[64];
    private bool _open;
    private string? _lastError;

    public FeedProducer(ClientConfig client, Utf8 label, FeederOptions options)
    {
        TransactionalId = "returns.feed-" + label.ToString().TrimEnd('-');
        _servers = client.BootstrapServers;
        _warn = options.Warn;
        _scans = new WireEncoder<ItemScan>(options.Schemas, Topics.Scans);
        _items = new WireEncoder<CatalogItem>(options.Schemas, Topics.Catalog);
        _producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(new Dictionary<string, string>(client))
        {
            TransactionalId = TransactionalId,
            Partitioner = Partitioner.Murmur2Random,
            // As the pipeline's own records: for every client in every language to read.
            CompressionType = CompressionType.None,
            LingerMs = 20,
            BatchSize = 1 << 20,
            EnableDeliveryReports = false,
            // Where all brokers were gone for a moment, librdkafka 2.16 would forget the group's coordinator and then wait
            // without end for it to come back, timeout or not (librdkafka issues 5511 and 5456).
            MetadataRecoveryStrategy = MetadataRecoveryStrategy.None,
        }).SetErrorHandler((_, error) => Hear(error)).SetLogHandler((_, _) => { }).Build();
        try
        {
            _group = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig(new Dictionary<string, string>(client))
            {
                GroupId = TransactionalId,
                EnableAutoCommit = false,
                IsolationLevel = IsolationLevel.ReadCommitted,
            }).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        }
        catch
        {
            _producer.Dispose();
            throw;
        }
    }

    /// <summary>Name of the transactions and of the group whose offset is the feed's progress.</summary>
    public string TransactionalId { get; }

    /// <summary>Another producer of the same name was started.</summary>
    public static bool IsFenced(Error error) => error.Code is ErrorCode.Local_Fenced or ErrorCode.ProducerFenced;

    /// <summary>Errors that trying again does not heal.</summary>
    public static bool IsRefusal(Error error) => error.Code is
        ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition
        or ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed
        or ErrorCode.TransactionalIdAuthorizationFailed or ErrorCode.SaslAuthenticationFailed or ErrorCode.Local_Authentication
        or ErrorCode.MsgSizeTooLarge or ErrorCode.UnsupportedVersion or ErrorCode.Local_UnsupportedFeature or ErrorCode.Local_InvalidArg;

    /// <summary>Ends what an earlier producer left open, and gives the number of records that are committed.</summary>
    public long Start(CancellationToken cancel)
    {
        Retry(() => _producer.InitTransactions(Patience), "starting", cancel);
        long committed = 0;
        // After InitTransactions, because only then nothing of an earlier producer can still be committed.
        Retry(() => committed = _group.Committed([ProgressPartition], Patience)[0].Offset.Value, "reading the progress", cancel);
        return Math.Max(committed, 0);
    }

    public void Begin()
    {
        _producer.BeginTransaction();
        _open = true;
    }

    public void Publish(ItemScan scan, CancellationToken cancel) => Produce(Topics.Scans, scan.Lpn.Span, _scans.Encode(scan), cancel);

    public void Publish(CatalogItem item, CancellationToken cancel)
    {
        var length = item.Program.Length + 1 + item.Sku.Length;
        if (_catalogKey.Length < length) _catalogKey = new byte[length];
        item.Program.Span.CopyTo(_catalogKey);
        _catalogKey[item.Program.Length] = (byte)'|';
        item.Sku.Span.CopyTo(_catalogKey.AsSpan(item.Program.Length + 1));
        Produce(Topics.Catalog, _catalogKey.AsSpan(0, length), _items.Encode(item), cancel);
    }

    /// <summary>Commits what was published since <see cref="Begin"/>, and that so many records of the feed are.</summary>
    public void Commit(long records, CancellationToken cancel)
    {
        // Waiting for a broker that is away happens here, where it can be cancelled: the next call ignores its timeout then.
        while (_producer.Flush(Patience) > 0) cancel.ThrowIfCancellationRequested();
        TopicPartitionOffset[] progress = [new(ProgressPartition, records)];
        Retry(() => _producer.SendOffsetsToTransaction(progress, _group.ConsumerGroupMetadata, Patience), "committing the progress", cancel);
        Retry(() => _producer.CommitTransaction(Patience), "committing", cancel);
        _open = false;
    }

    public void Dispose()
    {
        if (_open)
        {
            try
            {
                // Else readers of committed records wait for the transaction until the broker times it out.
                _producer.AbortTransaction(Patience);
            }
            catch (KafkaException)
            {
                // The broker is away or the transaction is already gone: the next producer of this name ends it.
            }
        }
        _producer.Dispose();
        _group.Dispose();
    }

    private void Produce(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, CancellationToken cancel)
    {
        _message.Key = _keys.Copy(key);
        _message.Value = _values.Copy(value);
        while (true)
        {
            try
            {
                _producer.Produce(topic, _message);
                return;
            }
            catch (ProduceException<byte[], byte[]> error) when (error.Error.Code == ErrorCode.Local_QueueFull)
            {
                cancel.ThrowIfCancellationRequested();
                _producer.Poll(TimeSpan.FromMilliseconds(20));
            }
        }
    }

    // Some calls do not come back at all while the broker is away, so this tells a person what is waited for.
    private void Hear(Error error)
    {
        if (error.Code != ErrorCode.Local_AllBrokersDown) _lastError = error.Reason;
        else _warn?.Invoke($"Kafka at {_servers} does not answer ({_lastError ?? error.Reason}); waiting for it");
    }

    private static bool Passes(Error error) => error.Code is
        ErrorCode.Local_TimedOut or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Transport or ErrorCode.Local_WaitCoord
        or ErrorCode.UnstableOffsetCommit or ErrorCode.GroupLoadInProgress or ErrorCode.GroupCoordinatorNotAvailable
        or ErrorCode.NotCoordinatorForGroup;

    /// <summary>Makes a call again while its failure is one that passes, saying so now and then.</summary>
    private void Retry(Action call, string what, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                call();
                return;
            }
            catch (KafkaException error) when (error is KafkaRetriableException || Passes(error.Error))
            {
                if (attempt % 5 == 0)
                {
                    _warn?.Invoke($"Kafka at {_servers} does not answer while {what} ({_lastError ?? error.Error.Reason}); trying again until it does");
                }
            }
            // Failures that come back at once must not spin.
            if (cancel.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(200))) cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>An array of every usual length, used again: the client copies what it is given, and takes whole arrays only.</summary>
    private sealed class ExactArrays
    {
        private readonly byte[]?[] _byLength = new byte[]?[1024];

        public byte[] Copy(ReadOnlySpan<byte> bytes)
        {
            if (bytes.Length >= _byLength.Length) return bytes.ToArray();
            var array = _byLength[bytes.Length] ??= new byte[bytes.Length];
            bytes.CopyTo(array);
            return array;
        }
    }
}
