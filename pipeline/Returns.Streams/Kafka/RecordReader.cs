using System.Diagnostics;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Returns.Streams.Kafka;

/// <summary>What a poll has brought.</summary>
internal enum Polled
{
    /// <summary>Nothing, for as long as was to be waited.</summary>
    Nothing,

    /// <summary>A record.</summary>
    Record,

    /// <summary>The end of a partition, as far as it can be read: there is no committed record behind the position.</summary>
    End,

    /// <summary>An error of the consumer; <see cref="RecordReader.Error"/>.</summary>
    Error,
}

/// <summary>
/// Polls a consumer for records as they lie in librdkafka's memory, without an object per record, and takes what is there in
/// batches, since a poll for each one reads the clock three times. Rebalance handlers run within a poll, on the caller's
/// thread, and must not throw. For one thread.
/// </summary>
/// <remarks>
/// What a batch holds was fetched before whatever the caller does between two polls: after a seek or an assignment the rest of the
/// batch is of the old place. <see cref="Batch"/> tells it from what comes after, and <see cref="Discard"/> drops it.
/// </remarks>
internal sealed unsafe class RecordReader : IDisposable
{
    private const int MostAtOnce = 512;
    private readonly ThreadTime? _time;
    private readonly nint _consumer;
    private readonly nint _queue;
    private readonly nint[] _messages = GC.AllocateArray<nint>(MostAtOnce, pinned: true);
    private readonly Dictionary<nint, string> _topics = [];
    private int _next;
    private int _count;
    private nint _topicHandle;
    private string _topic = "";

    /// <param name="consumer">Whose records; it outlives the reader.</param>
    /// <param name="time">Where the time of reading and waiting goes; null for nowhere.</param>
    public RecordReader(IClient consumer, ThreadTime? time = null)
    {
        _time = time;
        _consumer = Librdkafka.HandleOf(consumer);
        _queue = Librdkafka.QueueOfConsumer(_consumer);
    }

    /// <summary>What went wrong, after <see cref="Polled.Error"/>.</summary>
    public Error Error { get; private set; } = new(ErrorCode.NoError);

    /// <summary>Number of the batch that the record polled last is of.</summary>
    public long Batch { get; private set; }

    /// <summary>Whether nothing was waiting when it was last looked; the caller takes it back.</summary>
    public bool Drained { get; set; }

    /// <summary>The timestamp of the record polled last, milliseconds since the epoch; 0 where it has none.</summary>
    public long Timestamp => _next == 0 ? 0 : Math.Max(0, Librdkafka.Timestamp(null, _messages[_next - 1], out _));

    /// <summary>Waits for the next record.</summary>
    /// <param name="timeoutMs">How long, in milliseconds.</param>
    /// <param name="record">The record, whose spans hold until the next poll; at an end, its topic, partition and position.</param>
    public Polled Poll(int timeoutMs, out InputRecord record)
    {
        record = default;
        if (_next == _count && !Fetch(timeoutMs))
        {
            return Polled.Nothing;
        }
        ref var message = ref *(Librdkafka.Message*)_messages[_next++];
        if (message.Error == ErrorCode.NoError)
        {
            record = new InputRecord(TopicOf(message.Topic), message.Partition, message.Offset,
                new ReadOnlySpan<byte>((void*)message.Key, (int)message.KeyLength), message.Key != 0,
                new ReadOnlySpan<byte>((void*)message.Value, (int)message.ValueLength), message.Value != 0)
            {
                Message = _messages[_next - 1],
            };
            return Polled.Record;
        }
        if (message.Error == ErrorCode.Local_PartitionEOF)
        {
            record = new InputRecord(TopicOf(message.Topic), message.Partition, message.Offset, default, false, default, false);
            return Polled.End;
        }
        // The text of an error is where a record has its value.
        Error = new Error(message.Error, Marshal.PtrToStringUTF8(message.Value, (int)message.ValueLength));
        return Polled.Error;
    }

    /// <summary>The key of the record that the next poll will bring, if it is there already and of a topic and partition like the
    /// one polled last; empty otherwise. What was polled last still holds.</summary>
    public ReadOnlySpan<byte> PeekKey()
    {
        if (_next == 0 || _next == _count)
        {
            return default;
        }
        ref var next = ref *(Librdkafka.Message*)_messages[_next];
        ref var last = ref *(Librdkafka.Message*)_messages[_next - 1];
        return next.Error == ErrorCode.NoError && next.Topic == last.Topic && next.Partition == last.Partition
            ? new ReadOnlySpan<byte>((void*)next.Key, (int)next.KeyLength)
            : default;
    }

    /// <summary>Drops the rest of the batch. For a consumer that is then assigned, or sought, to where it really is.</summary>
    public void Discard() => _next = _count;

    /// <summary>Looks names of topics up anew: after an assignment a handle may be another's.</summary>
    public void ForgetTopics()
    {
        _topics.Clear();
        (_topicHandle, _topic) = (0, "");
    }

    /// <summary>Lets go of what was polled, and of the queue. The consumer is the owner's to close, afterwards.</summary>
    public void Dispose()
    {
        Release();
        Librdkafka.DestroyQueue(_queue);
    }

    private bool Fetch(int timeoutMs)
    {
        var began = _time is null ? 0 : Stopwatch.GetTimestamp();
        Release();
        Batch++;
        // A batch that may wait waits until it is full, so it is asked for what is there already, and one record is waited for.
        fixed (nint* messages = _messages)
        {
            _count = (int)Math.Max(0, Librdkafka.ConsumeBatch(_queue, 0, messages, MostAtOnce));
        }
        var looked = _time is null ? 0 : Stopwatch.GetTimestamp();
        _time?.Consumed(Stopwatch.GetElapsedTime(began, looked));
        Drained |= _count == 0;
        if (_count == 0 && timeoutMs > 0)
        {
            _messages[0] = Librdkafka.ConsumerPoll(null, _consumer, timeoutMs);
            _count = _messages[0] == 0 ? 0 : 1;
            _time?.Idled(Stopwatch.GetElapsedTime(looked));
        }
        return _count > 0;
    }

    private void Release()
    {
        for (var i = 0; i < _count; i++)
        {
            Librdkafka.DestroyMessage(_messages[i]);
        }
        (_next, _count) = (0, 0);
    }

    private string TopicOf(nint handle)
    {
        if (handle == _topicHandle)
        {
            return _topic;
        }
        if (!_topics.TryGetValue(handle, out var topic))
        {
            topic = Marshal.PtrToStringUTF8(Librdkafka.TopicName(null, handle)) ?? "";
            _topics.Add(handle, topic);
        }
        (_topicHandle, _topic) = (handle, topic);
        return topic;
    }
}
