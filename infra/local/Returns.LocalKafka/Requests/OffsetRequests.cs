using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Requests;

/// <summary>Looks up where a partition begins and ends, and where a time begins in it.</summary>
internal sealed class OffsetRequests(TopicCatalog topics)
{
    private const long Latest = -1;
    private const long Earliest = -2;
    private const long MaxTimestamp = -3;

    public void ListOffsets(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        r.Int32();
        var committed = version >= 2 && r.Byte() == 1;
        if (version >= 2) w.Int32(0);
        var count = Math.Max(r.ArrayLength(), 0);
        w.ArrayLength(count);
        for (; count > 0; count--)
        {
            var name = r.Utf8();
            var topic = topics.Find(name);
            w.Utf8(name);
            var partitions = Math.Max(r.ArrayLength(), 0);
            w.ArrayLength(partitions);
            for (; partitions > 0; partitions--)
            {
                var index = r.Int32();
                var leaderEpoch = version >= 4 ? r.Int32() : -1;
                var wanted = r.Int64();
                r.Tags();
                var error = ErrorCode.None;
                long timestamp = -1, offset = -1;
                if (topic?.Partition(index) is not { } log)
                {
                    error = ErrorCode.UnknownTopicOrPartition;
                }
                else if (leaderEpoch > 0)
                {
                    error = ErrorCode.UnknownLeaderEpoch;
                }
                else if (wanted == Latest)
                {
                    offset = committed ? log.LastStable : log.End;
                }
                else if (wanted == Earliest)
                {
                    offset = log.Start;
                }
                else if (wanted < MaxTimestamp || (wanted == MaxTimestamp && version < 7))
                {
                    error = ErrorCode.UnsupportedVersion;
                }
                else if ((wanted == MaxTimestamp ? log.FindMaxTimestamp(committed) : log.FindByTime(wanted, committed)) is { } found)
                {
                    (offset, timestamp) = found;
                }

                w.Int32(index);
                w.Error(error);
                w.Int64(timestamp);
                w.Int64(offset);
                if (version >= 4) w.Int32(offset < 0 ? -1 : 0);
                w.Tags();
            }

            r.Tags();
            w.Tags();
        }

        w.Tags();
    }

    /// <summary>There is one leader epoch, 0, which ends at the end of the log.</summary>
    public void OffsetForLeaderEpoch(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        if (version >= 3) r.Int32();
        w.Int32(0);
        var count = Math.Max(r.ArrayLength(), 0);
        w.ArrayLength(count);
        for (; count > 0; count--)
        {
            var name = r.Utf8();
            var topic = topics.Find(name);
            w.Utf8(name);
            var partitions = Math.Max(r.ArrayLength(), 0);
            w.ArrayLength(partitions);
            for (; partitions > 0; partitions--)
            {
                var index = r.Int32();
                var current = r.Int32();
                var epoch = r.Int32();
                r.Tags();
                var log = topic?.Partition(index);
                var error = log is null ? ErrorCode.UnknownTopicOrPartition : current > 0 ? ErrorCode.UnknownLeaderEpoch : ErrorCode.None;
                var known = error == ErrorCode.None && epoch == 0;
                w.Error(error);
                w.Int32(index);
                w.Int32(known ? 0 : -1);
                w.Int64(known ? log!.End : -1);
                w.Tags();
            }

            r.Tags();
            w.Tags();
        }

        w.Tags();
    }
}
