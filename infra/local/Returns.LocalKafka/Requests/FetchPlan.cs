using Returns.LocalKafka.Storage;

namespace Returns.LocalKafka.Requests;

/// <summary>A fetch request, read once and tried as often as its long poll wakes. One per connection, reused.</summary>
internal sealed class FetchPlan
{
    public List<FetchTopic> Topics { get; } = [];

    public List<FetchPartition> Partitions { get; } = [];

    public List<AbortedTransaction> Aborted { get; } = [];

    public int MaxWaitMs { get; set; }

    public int MinBytes { get; set; }

    public int MaxBytes { get; set; }

    public bool Committed { get; set; }

    public bool SessionUnknown { get; set; }

    public void Clear()
    {
        Topics.Clear();
        Partitions.Clear();
        Aborted.Clear();
    }
}

/// <summary>A topic of a fetch: its name or id as asked for, and how many of the partitions are its.</summary>
internal readonly record struct FetchTopic(byte[] Name, Guid Id, int Partitions);

/// <summary>A partition of a fetch; <see cref="Log"/> is null when it is not known.</summary>
internal readonly record struct FetchPartition(PartitionLog? Log, int Index, int LeaderEpoch, long Offset, int MaxBytes);
