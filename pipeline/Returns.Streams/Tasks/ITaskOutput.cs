namespace Returns.Streams.Tasks;

/// <summary>Where a task's records go: a transaction of a broker, or a test's lists. What is given is copied before a call returns.</summary>
internal interface ITaskOutput
{
    /// <summary>A record of a sink, to the partition that murmur2 of its key gives.</summary>
    void Send(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>A tombstone, to the partition that murmur2 of its key gives.</summary>
    void SendTombstone(string topic, ReadOnlySpan<byte> key);

    /// <summary>A change of a store, to the task's own partition. <paramref name="hasValue"/> is false for a key that is gone.</summary>
    void SendChange(string topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue);

    /// <summary>A record that could not be processed, with its bytes, where it came from, and why, in headers.</summary>
    void SendDeadLetter(string topic, in InputRecord record, in Rejection rejection);
}
