using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;
using Returns.Streams.Tasks;

namespace Returns.Streams.Kafka;

/// <summary>
/// A thread's producer: all its tasks write into one transaction, which begins with the first record. After an error of the
/// fatal kind <see cref="Open"/> makes a new producer, and the tasks still write to this. For the thread alone.
/// </summary>
internal sealed unsafe class TransactionalProducer(ClientSettings settings, int thread, Patience patience, ThreadFigures figures, Action allBrokersDown) : ITaskOutput, IDisposable
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);
    private const int QueueFullPauseMs = 1;
    private readonly List<(string Name, nint Handle)> _topics = [];
    private IProducer<Null, Null>? _producer;
    private nint _handle;
    private bool _open;

    /// <summary>An error met while a record was sent. It reaches the thread through code that may take it for its own.</summary>
    public TransactionException? Fault { get; private set; }

    /// <summary>Whether there is a transaction to commit or abort.</summary>
    public bool InTransaction => _open;

    /// <summary>Whether the time of producing is measured now: of one record in 256.</summary>
    public bool IsMeasured { get; set; }

    /// <summary>What producing took while it was measured; the caller takes it back.</summary>
    public TimeSpan Took { get; set; }

    /// <summary>Cancels waits where the queue is full, and retries.</summary>
    public CancellationToken Stop { get; set; }

    /// <summary>Makes a producer, the earlier one being dropped; whatever that left open is aborted.</summary>
    /// <exception cref="StreamsException">It did not succeed for too long.</exception>
    public void Open()
    {
        while (true)
        {
            Dispose();
            try
            {
                _producer = settings.Producer(thread, allBrokersDown);
                _producer.InitTransactions(CallTimeout);
                _handle = Librdkafka.HandleOf(_producer);
                (_open, Fault) = (false, null);
                return;
            }
            catch (KafkaException error)
            {
                patience.Failed($"cannot begin transactions as '{settings.TransactionalId(thread)}': {error.Error.Reason} ({error.Error.Code})", error, Stop);
            }
        }
    }

    public void Send(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Produce(topic, Partition.Any.Value, key, true, value, true, 0);

    public void SendTombstone(string topic, ReadOnlySpan<byte> key) => Produce(topic, Partition.Any.Value, key, true, default, false, 0);

    public void SendChange(string topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue) =>
        Produce(topic, partition, key, true, value, hasValue, 0);

    public void SendDeadLetter(string topic, in InputRecord record, in Rejection rejection)
    {
        nint own;
        var headers = record.Message != 0 && Librdkafka.HeadersOf(record.Message, &own) == ErrorCode.NoError
            ? Librdkafka.CopyHeaders(own)
            : Librdkafka.NewHeaders(null, 6);
        AddHeader(headers, DeadLetterHeaders.SourceTopic, record.Topic);
        AddHeader(headers, DeadLetterHeaders.SourcePartition, record.Partition.ToString(CultureInfo.InvariantCulture));
        AddHeader(headers, DeadLetterHeaders.SourceOffset, record.Offset.ToString(CultureInfo.InvariantCulture));
        if (record.Message != 0 && Librdkafka.Timestamp(null, record.Message, out _) is var timestamp and >= 0)
        {
            AddHeader(headers, DeadLetterHeaders.SourceTimestamp, timestamp.ToString(CultureInfo.InvariantCulture));
        }
        AddHeader(headers, DeadLetterHeaders.ErrorClass, rejection.ErrorClass);
        AddHeader(headers, DeadLetterHeaders.ErrorMessage, rejection.Message);
        Produce(topic, Partition.Any.Value, record.Key, record.HasKey, record.Value, record.HasValue, headers);
        figures.DeadLettered(rejection.ErrorClass);
    }

    /// <summary>Commits what the touched tasks wrote, and their places. It returns once it is known to be committed.</summary>
    /// <exception cref="TransactionException">It is not committed, or, when fatal, nobody here knows.</exception>
    /// <exception cref="StreamsException">Nothing was known for too long.</exception>
    public void Commit(IConsumer<Ignore, Ignore> consumer, List<AssignedTask> tasks)
    {
        Begin();
        Until("cannot send offsets to the transaction", () => GroupOffsets.Send(_producer!, consumer, tasks, CallTimeout));
        // No timeout of ours: the call returns within the transaction's own, and again and again until the outcome is known.
        Until("cannot commit", () => Translated(p => p.CommitTransaction()));
        _open = false;
        patience.Succeeded();
    }

    /// <summary>Aborts the transaction, where there is one.</summary>
    /// <exception cref="TransactionException">The producer is of no use any more.</exception>
    public void Abort()
    {
        if (_open)
        {
            Until("cannot abort", () => Translated(p => p.AbortTransaction()));
            _open = false;
        }
        Fault = null;
    }

    public void Dispose()
    {
        foreach (var (_, handle) in _topics)
        {
            Librdkafka.DestroyTopic(handle);
        }
        _topics.Clear();
        _producer?.Dispose();
        (_producer, _handle, _open) = (null, 0, false);
    }

    private void Until(string what, Action attempt)
    {
        while (true)
        {
            try
            {
                attempt();
                return;
            }
            catch (TransactionException error) when (error.Fault == TransactionFault.Retry)
            {
                patience.Failed($"{what}: {error.Message}", error, Stop);
            }
        }
    }

    private void Translated(Action<IProducer<Null, Null>> call)
    {
        try
        {
            call(_producer!);
        }
        catch (KafkaException error)
        {
            throw TransactionException.Of(error);
        }
    }

    private void Begin()
    {
        if (Fault is not null)
        {
            throw Fault;
        }
        if (!_open)
        {
            Translated(static p => p.BeginTransaction());
            _open = true;
        }
    }

    private void Produce(string topic, int partition, ReadOnlySpan<byte> key, bool hasKey, ReadOnlySpan<byte> value, bool hasValue, nint headers)
    {
        if (IsMeasured)
        {
            IsMeasured = false;
            var began = Stopwatch.GetTimestamp();
            Produce(topic, partition, key, hasKey, value, hasValue, headers);
            Took += Stopwatch.GetElapsedTime(began);
            IsMeasured = true;
            return;
        }
        if (!_open || Fault is not null)
        {
            Begin();
        }
        // An empty span may have no address, and librdkafka takes no address for no key or no value.
        byte empty = 0;
        fixed (byte* keyBytes = key, valueBytes = value)
        {
            var keyAt = !hasKey ? null : key.IsEmpty ? &empty : keyBytes;
            var valueAt = !hasValue ? null : value.IsEmpty ? &empty : valueBytes;
            while (true)
            {
                ErrorCode error;
                if (headers == 0)
                {
                    // Asked at once: whatever runs on this thread in between may change it.
                    error = Librdkafka.Produce(TopicOf(topic), partition, Librdkafka.CopyPayload, valueAt, (nuint)value.Length, keyAt, (nuint)key.Length, 0) == 0
                        ? ErrorCode.NoError : Librdkafka.LastError();
                }
                else
                {
                    error = Librdkafka.ProduceWithHeaders(null, _handle, topic, partition, Librdkafka.CopyPayload,
                        (nint)valueAt, (nuint)value.Length, (nint)keyAt, (nuint)key.Length, 0, headers, 0);
                }
                if (error == ErrorCode.NoError)
                {
                    return;
                }
                if (error == ErrorCode.Local_QueueFull && !Stop.IsCancellationRequested)
                {
                    // The queue empties within the transaction's timeout: records that are not delivered by then fail.
                    Stop.WaitHandle.WaitOne(QueueFullPauseMs);
                    continue;
                }
                if (headers != 0)
                {
                    Librdkafka.DestroyHeaders(null, headers);
                }
                throw Refused(topic, key.Length + value.Length, error);
            }
        }
    }

    /// <summary>The handle of a topic. They are few, and each is named by the same string each time.</summary>
    private nint TopicOf(string name)
    {
        foreach (var topic in CollectionsMarshal.AsSpan(_topics))
        {
            if (ReferenceEquals(topic.Name, name))
            {
                return topic.Handle;
            }
        }
        fixed (byte* bytes = Encoding.UTF8.GetBytes(name + '\0'))
        {
            var handle = Librdkafka.NewTopic(_handle, bytes, 0);
            if (handle == 0)
            {
                throw Refused(name, 0, Librdkafka.LastError());
            }
            _topics.Add((name, handle));
            return handle;
        }
    }

    private Exception Refused(string topic, int bytes, ErrorCode code)
    {
        if (code == ErrorCode.MsgSizeTooLarge)
        {
            return new InvalidOperationException($"topic '{topic}': a record of {bytes} bytes is more than the producer takes: send less, or raise message.max.bytes of clients and topic");
        }
        Fault = new TransactionException(code is ErrorCode.Local_Fatal or ErrorCode.Local_Fenced ? TransactionFault.Fatal : TransactionFault.Abort,
            $"topic '{topic}': cannot send: {new Error(code).Reason} ({code})", code);
        return Fault;
    }

    private static void AddHeader(nint headers, string name, string value)
    {
        var (nameBytes, valueBytes) = (Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
        fixed (byte* n = nameBytes, v = valueBytes)
        {
            byte empty = 0;
            Librdkafka.AddHeader(null, headers, (nint)n, nameBytes.Length, (nint)(valueBytes.Length == 0 ? &empty : v), Math.Min(valueBytes.Length, DeadLetterHeaders.MaxMessageBytes));
        }
    }
}
