using Returns.LocalKafka.Groups;
using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Requests;

/// <summary>The topics and partitions of OffsetCommit and TxnOffsetCommit, and the answer to each.</summary>
internal sealed class OffsetCommitBody
{
    private readonly List<(string Topic, List<(OffsetToCommit Offset, ErrorCode Error)> Partitions)> _topics = [];

    public static OffsetCommitBody Read(WireReader r, bool leaderEpoch)
    {
        var body = new OffsetCommitBody();
        for (var count = r.ArrayLength(); count > 0; count--)
        {
            var topic = r.String();
            var partitions = new List<(OffsetToCommit, ErrorCode)>();
            for (var left = r.ArrayLength(); left > 0; left--)
            {
                var index = r.Int32();
                var offset = r.Int64();
                var epoch = leaderEpoch ? r.Int32() : -1;
                var metadata = r.NullableString() ?? "";
                r.Tags();
                partitions.Add((new OffsetToCommit(new TopicPartition(topic, index), new CommittedOffset(offset, epoch, metadata)), ErrorCode.None));
            }

            r.Tags();
            body._topics.Add((topic, partitions));
        }

        return body;
    }

    /// <summary>Refuses unknown partitions and oversized metadata, and returns the rest.</summary>
    public List<OffsetToCommit> Check(TopicCatalog topics)
    {
        var accepted = new List<OffsetToCommit>();
        foreach (var (_, partitions) in _topics)
        {
            for (var i = 0; i < partitions.Count; i++)
            {
                var offset = partitions[i].Offset;
                var error = topics.Find(offset.Partition) is null ? ErrorCode.UnknownTopicOrPartition
                    : offset.Value.Metadata.Length > GroupOffsetRequests.MaxMetadata ? ErrorCode.OffsetMetadataTooLarge
                    : ErrorCode.None;
                partitions[i] = (offset, error);
                if (error == ErrorCode.None) accepted.Add(offset);
            }
        }

        return accepted;
    }

    /// <summary>Writes each partition's answer; an error of the whole request goes to all of them.</summary>
    public void WriteResults(WireWriter w, ErrorCode error)
    {
        w.ArrayLength(_topics.Count);
        foreach (var (topic, partitions) in _topics)
        {
            w.String(topic);
            w.ArrayLength(partitions.Count);
            foreach (var (offset, own) in partitions)
            {
                w.Int32(offset.Partition.Partition);
                w.Error(error != ErrorCode.None ? error : own);
                w.Tags();
            }

            w.Tags();
        }
    }
}
