namespace Returns.LocalKafka.Topics;

/// <summary>Names one partition.</summary>
internal readonly record struct TopicPartition(string Topic, int Partition)
{
    public override string ToString() => $"{Topic}-{Partition}";
}
