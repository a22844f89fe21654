using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Returns.Contracts;
using Returns.Contracts.Wire;

namespace Returns.Worker.Notifier;

/// <summary>
/// Takes the alerts of the topic to one receiver, in order, each until it is taken: its place in the topic is committed after that,
/// so what a receiver that is away for an hour has missed is there when it is back, and only a crash between the two makes
/// one come again. One that the receiver refuses for good is in the dead letters, with what it said.
/// </summary>
/// <param name="kafka">How to reach Kafka.</param>
/// <param name="schemas">Where schema ids come from.</param>
/// <param name="receiver">Who is told.</param>
/// <param name="metrics">Counts what became of alerts.</param>
/// <param name="log">Told when delivery stops and goes on.</param>
/// <param name="kafkaErrors">Told of every error of the Kafka clients, on threads of their own.</param>
internal sealed partial class AlertCourier(ClientConfig kafka, ISchemaIds schemas, IAlertReceiver receiver, NotifierMetrics metrics, ILogger log, Action<Error> kafkaErrors)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly WireDecoder<VendorAlert> _decoder = new(schemas, Topics.VendorAlerts);
    private readonly Dictionary<string, (VendorAlert Alert, DateTimeOffset At, TopicPartition From)> _raised = [];
    private readonly HashSet<TopicPartition> _assigned = [];
    private List<TopicPartition> _unread = [];
    private volatile string? _trouble;
    private volatile bool _isRunning;

    /// <summary>Why it cannot deliver; null where it can. Any thread may ask.</summary>
    public string? Trouble => _trouble;

    /// <summary>Whether it is a member of its group. Any thread may ask.</summary>
    public bool IsRunning => _isRunning;

    /// <summary>Runs until cancelled. Blocks its thread between awaits.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(new Dictionary<string, string>(kafka))
        {
            GroupId = $"returns.notifier.{receiver.Name}",
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            IsolationLevel = IsolationLevel.ReadCommitted,
        })
            .SetErrorHandler((_, error) => kafkaErrors(error))
            .SetLogHandler((_, _) => { })
            .SetPartitionsAssignedHandler((_, partitions) =>
            {
                _assigned.UnionWith(partitions);
                _unread = [.. _unread, .. partitions];
                _isRunning = true;
                Over();
            })
            .SetPartitionsRevokedHandler((_, partitions) => Drop(partitions))
            .SetPartitionsLostHandler((_, partitions) => Drop(partitions))
            .Build();
        consumer.Subscribe(Topics.VendorAlerts);
        using var refused = new RefusedAlerts(kafka, kafkaErrors);
        metrics.Begin(receiver.Name);
        try
        {
            var refreshed = Environment.TickCount64;
            while (!cancel.IsCancellationRequested)
            {
                if (Next(consumer) is { } record)
                {
                    await TakeAsync(consumer, record, refused, cancel);
                }
                if (receiver.RefreshEvery is { } every && Environment.TickCount64 - refreshed >= every.TotalMilliseconds)
                {
                    refreshed = Environment.TickCount64;
                    await RefreshAsync(cancel);
                }
            }
        }
        finally
        {
            consumer.Close();
        }
    }

    private ConsumeResult<byte[], byte[]>? Next(IConsumer<byte[], byte[]> consumer)
    {
        try
        {
            var record = consumer.Consume(Poll);
            if (_unread.Count > 0 && receiver.RefreshEvery is not null && !TryRecall(consumer))
            {
                // It comes again when what is raised before it is known.
                if (record is not null)
                {
                    consumer.Seek(record.TopicPartitionOffset);
                }
                return null;
            }
            return record;
        }
        catch (ConsumeException error)
        {
            // The broker is away, or the topic not there yet: librdkafka goes on trying.
            Say($"{Topics.VendorAlerts}: {error.Error.Reason}");
            return null;
        }
    }

    private async Task TakeAsync(IConsumer<byte[], byte[]> consumer, ConsumeResult<byte[], byte[]> record, RefusedAlerts refused, CancellationToken cancel)
    {
        var alert = new VendorAlert();
        if (record.Message.Value is null || !_decoder.TryDecode(record.Message.Value, alert, out var error))
        {
            Unreadable(receiver.Name, record.TopicPartitionOffset.ToString());
            metrics.Count(receiver.Name, "unreadable");
            Commit(consumer, record);
            return;
        }
        var pause = FirstPause;
        while (true)
        {
            try
            {
                await DeliverAsync(alert, record, refused, cancel);
                Over();
                break;
            }
            catch (Exception failed) when (failed is HttpRequestException or KafkaException)
            {
                Say(failed.Message);
                metrics.Count(receiver.Name, "retried");
                if (!Wait(consumer, record.TopicPartition, pause, cancel))
                {
                    // Another process has the partition now, and begins with this alert.
                    return;
                }
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        Remember(alert, record.Message.Timestamp.UtcDateTime, record.TopicPartition);
        Commit(consumer, record);
    }

    private async Task DeliverAsync(VendorAlert alert, ConsumeResult<byte[], byte[]> record, RefusedAlerts refused, CancellationToken cancel)
    {
        try
        {
            await receiver.DeliverAsync(alert, record.Message.Timestamp.UtcDateTime, cancel);
            metrics.Count(receiver.Name, "delivered");
        }
        catch (AlertRefusedException error)
        {
            await refused.AddAsync(record, $"{receiver.Name}: {error.Message}", cancel);
            Refused(receiver.Name, alert.AlertId.ToString(), error.Message);
            metrics.Count(receiver.Name, "refused");
        }
    }

    /// <summary>Waits, and stays a member of the group; false where the partition was taken away meanwhile.</summary>
    private bool Wait(IConsumer<byte[], byte[]> consumer, TopicPartition partition, TimeSpan pause, CancellationToken cancel)
    {
        var until = Environment.TickCount64 + (long)pause.TotalMilliseconds;
        while (Environment.TickCount64 < until)
        {
            cancel.ThrowIfCancellationRequested();
            if (!_assigned.Contains(partition))
            {
                return false;
            }
            consumer.Pause([.. _assigned]);
            try
            {
                // Paused, it has no record to give: it takes part in the group, and nothing else.
                if (consumer.Consume(Poll) is { } early)
                {
                    consumer.Seek(early.TopicPartitionOffset);
                }
            }
            catch (ConsumeException error)
            {
                Say($"{Topics.VendorAlerts}: {error.Error.Reason}");
            }
            finally
            {
                consumer.Resume([.. _assigned]);
            }
        }
        return _assigned.Contains(partition);
    }

    private void Commit(IConsumer<byte[], byte[]> consumer, ConsumeResult<byte[], byte[]> record)
    {
        try
        {
            consumer.Commit([new TopicPartitionOffset(record.TopicPartition, record.Offset + 1)]);
        }
        catch (KafkaException error)
        {
            // It is delivered again, under the same id.
            Say($"the place in {Topics.VendorAlerts} could not be committed: {error.Error.Reason}");
        }
    }

    /// <summary>Finds what was raised, and not cleared, in partitions that came; false where the broker is away, and it is to be tried again.</summary>
    private bool TryRecall(IConsumer<byte[], byte[]> consumer)
    {
        try
        {
            Recall(consumer, _unread);
        }
        catch (KafkaException error)
        {
            Say($"what is raised could not be read from {Topics.VendorAlerts}: {error.Error.Reason}");
            return false;
        }
        _unread = [];
        Over();
        return true;
    }

    /// <summary>Finds what was raised, and not cleared, before the place the group has come to.</summary>
    private void Recall(IConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions)
    {
        using var reader = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig(new Dictionary<string, string>(kafka))
        {
            GroupId = $"returns.notifier.{receiver.Name}.reader",
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnablePartitionEof = true,
        }).SetErrorHandler((_, error) => kafkaErrors(error)).SetLogHandler((_, _) => { }).Build();
        foreach (var place in consumer.Committed(partitions, Patience).Where(p => p.Offset.Value > 0))
        {
            reader.Assign(new TopicPartitionOffset(place.TopicPartition, Offset.Beginning));
            while (reader.Consume(Patience) is { IsPartitionEOF: false } record && record.Offset < place.Offset)
            {
                var alert = new VendorAlert();
                if (record.Message.Value is { } value && _decoder.TryDecode(value, alert, out _))
                {
                    Remember(alert, record.Message.Timestamp.UtcDateTime, record.TopicPartition);
                }
            }
        }
        reader.Close();
    }

    private async Task RefreshAsync(CancellationToken cancel)
    {
        foreach (var (alert, at, _) in _raised.Values.ToList())
        {
            try
            {
                await receiver.DeliverAsync(alert, at, cancel);
                metrics.Count(receiver.Name, "refreshed");
            }
            catch (Exception error) when (error is HttpRequestException or AlertRefusedException)
            {
                Say(error.Message);
                return;
            }
        }
        if (_raised.Count > 0)
        {
            Over();
        }
    }

    private void Remember(VendorAlert alert, DateTimeOffset at, TopicPartition from)
    {
        if (receiver.RefreshEvery is null)
        {
            return;
        }
        if (alert.State == AlertState.Raised)
        {
            _raised[alert.AlertId.ToString()] = (alert, at, from);
        }
        else
        {
            _raised.Remove(alert.AlertId.ToString());
        }
    }

    private void Drop(List<TopicPartitionOffset> partitions)
    {
        foreach (var partition in partitions.Select(p => p.TopicPartition))
        {
            _assigned.Remove(partition);
            _unread.Remove(partition);
            foreach (var id in _raised.Where(r => r.Value.From == partition).Select(r => r.Key).ToList())
            {
                _raised.Remove(id);
            }
        }
    }

    private void Say(string trouble)
    {
        if (_trouble is null)
        {
            Troubled(receiver.Name, trouble);
        }
        _trouble = trouble;
    }

    private void Over()
    {
        if (_trouble is { } trouble)
        {
            Works(receiver.Name, trouble);
        }
        _trouble = null;
    }

    [LoggerMessage(LogLevel.Warning, "notifier {Receiver}: {Trouble}; trying again until it works, nothing is lost")]
    private partial void Troubled(string receiver, string trouble);

    [LoggerMessage(LogLevel.Information, "notifier {Receiver}: works again ({Trouble})")]
    private partial void Works(string receiver, string trouble);

    [LoggerMessage(LogLevel.Error, "notifier {Receiver}: alert {AlertId} is not taken, and not tried again: {Reason}; it is in the dead letters")]
    private partial void Refused(string receiver, string alertId, string reason);

    [LoggerMessage(LogLevel.Error, "notifier {Receiver}: the record at {Place} is no alert, and is passed over")]
    private partial void Unreadable(string receiver, string place);
}
