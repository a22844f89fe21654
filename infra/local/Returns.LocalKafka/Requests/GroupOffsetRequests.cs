using Returns.LocalKafka.Groups;
using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Requests;

/// <summary>Committed offsets of consumer groups.</summary>
internal sealed class GroupOffsetRequests(GroupCoordinator groups, TopicCatalog topics)
{
    /// <summary>The most metadata one offset may carry, in characters (Kafka's offset.metadata.max.bytes).</summary>
    public const int MaxMetadata = 4096;

    public void Commit(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        var group = r.String();
        var who = new MemberIdentity(r.Int32(), r.String(), version >= 7 ? r.NullableString() : null);
        if (version <= 4) r.Int64();
        var asked = OffsetCommitBody.Read(r, leaderEpoch: version >= 6);
        var accepted = asked.Check(topics);
        var error = StorageFault.Guard(() => groups.Commit(group, who, accepted));
        if (version >= 3) w.Int32(0);
        asked.WriteResults(w, error);
        w.Tags();
    }

    public void Fetch(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        var asked = new List<(string Group, List<(string Topic, int[] Partitions)>? Topics)>();
        var count = version >= 8 ? r.ArrayLength() : 1;
        for (; count > 0; count--)
        {
            var group = r.String();
            var topicCount = r.ArrayLength();
            List<(string, int[])>? wanted = topicCount < 0 ? null : [];
            for (; topicCount > 0; topicCount--)
            {
                wanted!.Add((r.String(), r.Int32Array()));
                r.Tags();
            }

            if (version >= 8) r.Tags();
            asked.Add((group, wanted));
        }

        var stable = version >= 7 && r.Boolean();
        if (version >= 3) w.Int32(0);
        if (version >= 8) w.ArrayLength(asked.Count);
        foreach (var (id, wanted) in asked)
        {
            if (version >= 8) w.String(id);
            var group = groups.Find(id);
            var all = wanted ?? [.. (group?.Partitions() ?? []).GroupBy(p => p.Topic).Select(t => (t.Key, t.Select(p => p.Partition).ToArray()))];
            w.ArrayLength(all.Count);
            foreach (var (topic, partitions) in all)
            {
                w.String(topic);
                w.ArrayLength(partitions.Length);
                foreach (var partition in partitions) WriteOffset(w, version, group, new TopicPartition(topic, partition), stable);
                w.Tags();
            }

            if (version >= 2) w.Error(ErrorCode.None);
            if (version >= 8) w.Tags();
        }

        w.Tags();
    }

    public void Delete(RequestContext request)
    {
        var (r, w) = (request.Reader, request.Writer);
        var group = groups.Find(r.String());
        w.Error(group is null ? ErrorCode.GroupIdNotFound : ErrorCode.None);
        w.Int32(0);
        var count = group is null ? 0 : Math.Max(r.ArrayLength(), 0);
        w.ArrayLength(count);
        for (; count > 0; count--)
        {
            var topic = r.String();
            var partitions = r.ArrayLength();
            w.String(topic);
            w.ArrayLength(Math.Max(partitions, 0));
            for (; partitions > 0; partitions--)
            {
                var index = r.Int32();
                w.Int32(index);
                w.Error(StorageFault.Guard(() => group!.DeleteOffset(new TopicPartition(topic, index))));
            }
        }
    }

    private static void WriteOffset(WireWriter w, short version, ConsumerGroup? group, TopicPartition partition, bool stable)
    {
        var unstable = false;
        var offset = group?.Fetch(partition, out unstable);
        var error = stable && unstable ? ErrorCode.UnstableOffsetCommit : ErrorCode.None;
        if (error != ErrorCode.None) offset = null;
        w.Int32(partition.Partition);
        w.Int64(offset?.Offset ?? -1);
        if (version >= 5) w.Int32(offset?.LeaderEpoch ?? -1);
        w.String(offset?.Metadata ?? "");
        w.Error(error);
        w.Tags();
    }
}
