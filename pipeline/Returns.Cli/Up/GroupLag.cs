using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Returns.Cli.Up;

/// <summary>How far a consumer group is behind on some topics, in offsets.</summary>
/// <remarks>
/// A transaction ends with a marker that takes an offset and that no consumer is given, so a group that has read
/// everything stands one offset before the end of each partition whose last record was transactional. That one is not
/// counted, where the topics are written in transactions.
/// </remarks>
internal sealed class GroupLag(IAdminClient admin, string group, IReadOnlyList<string> topics, int partitions, bool transactional = true)
{
    private readonly TopicPartition[] _partitions =
        [.. topics.SelectMany(topic => Enumerable.Range(0, partitions).Select(p => new TopicPartition(topic, p)))];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Asks the broker. The lag counts everything in a partition of which the group has committed nothing.</summary>
    /// <exception cref="KafkaException">The broker does not answer.</exception>
    /// <exception cref="TimeoutException">Nor does the client say so: it has lost sight of a broker that was restarted.</exception>
    public async Task<long> ReadAsync()
    {
        var ends = await OffsetsAsync(OffsetSpec.Latest());
        var starts = await OffsetsAsync(OffsetSpec.Earliest());
        var committed = new Dictionary<TopicPartition, Offset>();
        try
        {
            var groups = await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(group, [.. _partitions])]).WaitAsync(Patience);
            foreach (var partition in groups[0].Partitions.Where(p => p.Error.Code == ErrorCode.NoError))
            {
                committed[partition.TopicPartition] = partition.Offset;
            }
        }
        catch (ListConsumerGroupOffsetsException error) when (error.Results.All(r => r.Error.Code is ErrorCode.GroupIdNotFound or ErrorCode.NoError))
        {
            // The group has not joined yet.
        }
        var lag = 0L;
        foreach (var partition in _partitions)
        {
            var end = ends.GetValueOrDefault(partition);
            var at = committed.TryGetValue(partition, out var offset) && offset.Value >= 0 ? offset.Value : starts.GetValueOrDefault(partition);
            lag += end - at > (transactional ? 1 : 0) ? end - at : 0;
        }
        return lag;
    }

    private async Task<Dictionary<TopicPartition, long>> OffsetsAsync(OffsetSpec spec)
    {
        var result = await admin.ListOffsetsAsync(
            _partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = p, OffsetSpec = spec }),
            new ListOffsetsOptions { IsolationLevel = IsolationLevel.ReadCommitted, RequestTimeout = Patience }).WaitAsync(Patience);
        return result.ResultInfos
            .Where(r => r.TopicPartitionOffsetError.Error.Code == ErrorCode.NoError)
            .ToDictionary(r => r.TopicPartitionOffsetError.TopicPartition, r => r.TopicPartitionOffsetError.Offset.Value);
    }
}
