namespace Returns.Streams;

/// <summary>A record as it lies in its topic. Its spans hold until the call it was handed to returns.</summary>
public readonly ref struct InputRecord
{
    /// <summary>A record of <paramref name="topic"/>.</summary>
    public InputRecord(string topic, int partition, long offset, ReadOnlySpan<byte> key, bool hasKey, ReadOnlySpan<byte> value, bool hasValue)
    {
        Topic = topic;
        Partition = partition;
        Offset = offset;
        Key = key;
        HasKey = hasKey;
        Value = value;
        HasValue = hasValue;
    }

    /// <summary>The topic.</summary>
    public string Topic { get; }

    /// <summary>The partition, from 0.</summary>
    public int Partition { get; }

    /// <summary>The offset in the partition.</summary>
    public long Offset { get; }

    /// <summary>The key's bytes; empty where it has none.</summary>
    public ReadOnlySpan<byte> Key { get; }

    /// <summary>False for a null key, which is not the same as an empty one.</summary>
    public bool HasKey { get; }

    /// <summary>The value's bytes; empty for a tombstone.</summary>
    public ReadOnlySpan<byte> Value { get; }

    /// <summary>False for a tombstone: a null value.</summary>
    public bool HasValue { get; }

    /// <summary>The client's own message, which has headers and timestamp; 0 where the record is a copy.</summary>
    internal nint Message { get; init; }
}
