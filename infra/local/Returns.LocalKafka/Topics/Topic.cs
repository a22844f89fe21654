using System.Text;
using Returns.LocalKafka.Storage;

namespace Returns.LocalKafka.Topics;

/// <summary>A topic and its partitions. Thread safe: configuration and partitions change as a whole.</summary>
internal sealed class Topic(string name, Guid id, TopicConfig config, PartitionLog[] partitions)
{
    private TopicConfig _config = config;
    private PartitionLog[] _partitions = partitions;

    public string Name { get; } = name;

    public byte[] NameUtf8 { get; } = Encoding.UTF8.GetBytes(name);

    public Guid Id { get; } = id;

    public TopicConfig Config
    {
        get => Volatile.Read(ref _config);
        set
        {
            Volatile.Write(ref _config, value);
            foreach (var partition in Partitions) partition.Config = value;
        }
    }

    public PartitionLog[] Partitions
    {
        get => Volatile.Read(ref _partitions);
        set => Volatile.Write(ref _partitions, value);
    }

    public PartitionLog? Partition(int index)
    {
        var all = Partitions;
        return (uint)index < (uint)all.Length ? all[index] : null;
    }
}
