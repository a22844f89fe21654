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
/// Polls a consumer for records as they lie in librdkafka's memory, without an object per record. Rebalance handlers run
/// within a poll, on the caller's thread, and must not throw. For one thread.
/// </summary>
internal sealed unsafe class RecordReader(IClient consumer) : IDisposable
{
    private readonly nint _consumer = Librdkafka.HandleOf(consumer);
    private readonly Dictionary<nint, string> _topics = [];
    private nint _message;
    private nint _ahead;
    private nint _topicHandle;
    private string _topic = "";

    /// <summary>What went wrong, after <see cref="Polled.Error"/>.</summary>
    public Error Error { get; private set; } = new(ErrorCode.NoError);

    /// <summary>The timestamp of the record polled last, milliseconds since the epoch; 0 where it has none.</summary>
    public long Timestamp => _message == 0 ? 0 : Math.Max(0, Librdkafka.Timestamp(null, _message, out _));

    /// <summary>Waits for the next record.</summary>
    /// <param name="timeoutMs">How long, in milliseconds.</param>
    /// <param name="record">The record, whose spans hold until the next poll; at an end, its topic, partition and position.</param>
    public Polled Poll(int timeoutMs, out InputRecord record)
    {
        Release();
        record = default;
        (_message, _ahead) = (_ahead != 0 ? _ahead : Librdkafka.ConsumerPoll(null, _consumer, timeoutMs), 0);
        if (_message == 0)
        {
            return Polled.Nothing;
        }
        ref var message = ref *(Librdkafka.Message*)_message;
        if (message.Error == ErrorCode.NoError)
        {
            record = new InputRecord(TopicOf(message.Topic), message.Partition, message.Offset,
                new ReadOnlySpan<byte>((void*)message.Key, (int)message.KeyLength), message.Key != 0,
                new ReadOnlySpan<byte>((void*)message.Value, (int)message.ValueLength), message.Value != 0);
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
        if (_ahead == 0)
        {
            _ahead = Librdkafka.ConsumerPoll(null, _consumer, 0);
        }
        if (_ahead == 0 || _message == 0)
        {
            return default;
        }
        ref var next = ref *(Librdkafka.Message*)_ahead;
        ref var last = ref *(Librdkafka.Message*)_message;
        return next.Error == ErrorCode.NoError && next.Topic == last.Topic && next.Partition == last.Partition
            ? new ReadOnlySpan<byte>((void*)next.Key, (int)next.KeyLength)
            : default;
    }

    /// <summary>Forgets what was peeked at: after an assignment it is of the one before, and may lie behind where reading begins.</summary>
    public void ForgetNext()
    {
        if (_ahead != 0)
        {
            Librdkafka.DestroyMessage(null, _ahead);
            _ahead = 0;
        }
    }

    /// <summary>Looks names of topics up anew: after an assignment a handle may be another's.</summary>
    public void ForgetTopics()
    {
        _topics.Clear();
        (_topicHandle, _topic) = (0, "");
    }

    /// <summary>Lets go of the last record. The consumer is the owner's to close.</summary>
    public void Dispose()
    {
        Release();
        ForgetNext();
    }

    private void Release()
    {
        if (_message != 0)
        {
            Librdkafka.DestroyMessage(null, _message);
            _message = 0;
        }
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
