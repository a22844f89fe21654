using Confluent.Kafka;

namespace Returns.ClickHouse.Sink;

/// <summary>A partition while it is assigned to this sink. An assignment that comes again is a new instance.</summary>
internal sealed class SinkPartition(OutcomeTopic topic, TopicPartition at, Offset committed)
{
    public OutcomeTopic Topic { get; } = topic;

    public TopicPartition At { get; } = at;

    /// <summary>Whether it has not been taken away.</summary>
    public bool IsOurs { get; set; } = true;

    /// <summary>The range that was pending at the assignment, while it gathers.</summary>
    public RangeBatch? Recovering { get; set; }

    /// <summary>What gathers for the next round, or null.</summary>
    public RangeBatch? Gathering { get; set; }

    /// <summary>Rows up to this offset may be in ClickHouse already. Until the first look-up that is any offset.</summary>
    public long SuspectThrough { get; set; } = long.MaxValue;

    /// <summary>The offset the group has committed, or <see cref="Offset.Unset"/>.</summary>
    public Offset Committed { get; set; } = committed;

    /// <summary>The offset behind everything that landed.</summary>
    public Offset Landed { get; set; } = committed;

    /// <summary>The offset up to which there is nothing left to read, markers of transactions included; unset while unknown.</summary>
    public long ReadThrough { get; set; } = Offset.Unset.Value;
}
