using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Storage;
using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Requests;

/// <summary>Reads batches for consumers, waiting for some when there are too few.</summary>
/// <remarks>Fetch sessions are refused the way the protocol provides: the session id in the answer is always 0.</remarks>
internal sealed class FetchRequests(TopicCatalog topics, TimeProvider time)
{
    private const int LongestWaitMs = 5 * 60 * 1000;
    private const int MostBytes = 64 * 1024 * 1024;

    public async ValueTask<Outcome> FetchAsync(RequestContext request, CancellationToken stop)
    {
        var plan = request.Fetch;
        Read(request, plan);
        var w = request.Writer;
        var mark = w.Length;
        var (bytes, final) = Write(request, plan);
        if (final || bytes >= plan.MinBytes || plan.MaxWaitMs <= 0) return Outcome.Respond;

        var started = time.GetTimestamp();
        var patience = TimeSpan.FromMilliseconds(plan.MaxWaitMs);
        foreach (var partition in plan.Partitions) partition.Log?.AddWaiter(request.Waiter, plan.Committed);
        try
        {
            while (true)
            {
                w.Length = mark;
                (bytes, final) = Write(request, plan);
                var left = patience - time.GetElapsedTime(started);
                if (final || bytes >= plan.MinBytes || left <= TimeSpan.Zero) return Outcome.Respond;
                if (!await request.Waiter.WaitAsync(left, stop).ConfigureAwait(false)) return Outcome.Respond;
            }
        }
        finally
        {
            foreach (var partition in plan.Partitions) partition.Log?.RemoveWaiter(request.Waiter, plan.Committed);
        }
    }

    private void Read(RequestContext request, FetchPlan plan)
    {
        var (r, version) = (request.Reader, request.Version);
        plan.Clear();
        if (version <= 14) r.Int32();
        plan.MaxWaitMs = Math.Min(r.Int32(), LongestWaitMs);
        plan.MinBytes = r.Int32();
        plan.MaxBytes = Math.Clamp(r.Int32(), 0, MostBytes);
        plan.Committed = r.Byte() == 1;
        plan.SessionUnknown = false;
        if (version >= 7)
        {
            var session = r.Int32();
            var epoch = r.Int32();
            plan.SessionUnknown = session != 0 && epoch > 0;
        }

        for (var count = r.ArrayLength(); count > 0; count--)
        {
            Topic? topic;
            byte[] name = [];
            var id = Guid.Empty;
            if (version >= 13)
            {
                id = r.Uuid();
                topic = topics.Find(id);
            }
            else
            {
                var asked = r.Utf8();
                topic = topics.Find(asked);
                name = topic?.NameUtf8 ?? asked.ToArray();
            }

            var partitions = Math.Max(r.ArrayLength(), 0);
            plan.Topics.Add(new FetchTopic(name, id, partitions));
            for (; partitions > 0; partitions--)
            {
                var index = r.Int32();
                var leaderEpoch = version >= 9 ? r.Int32() : -1;
                var offset = r.Int64();
                if (version >= 12) r.Int32();
                if (version >= 5) r.Int64();
                var maxBytes = r.Int32();
                r.Tags();
                plan.Partitions.Add(new FetchPartition(topic?.Partition(index), index, leaderEpoch, offset, maxBytes));
            }

            r.Tags();
        }
    }

    /// <returns>The record bytes written, and whether there is anything that waiting would not change.</returns>
    private static (int Bytes, bool Final) Write(RequestContext request, FetchPlan plan)
    {
        var (w, version) = (request.Writer, request.Version);
        w.Int32(0);
        if (version >= 7)
        {
            w.Error(plan.SessionUnknown ? ErrorCode.FetchSessionIdNotFound : ErrorCode.None);
            w.Int32(0);
        }

        if (plan.SessionUnknown)
        {
            w.ArrayLength(0);
            w.Tags();
            return (0, true);
        }

        var total = 0;
        var failed = false;
        var at = 0;
        w.ArrayLength(plan.Topics.Count);
        foreach (var topic in plan.Topics)
        {
            if (version >= 13) w.Uuid(topic.Id);
            else w.Utf8(topic.Name);
            w.ArrayLength(topic.Partitions);
            for (var i = 0; i < topic.Partitions; i++)
            {
                var mark = w.Length;
                var (bytes, error) = (0, ErrorCode.None);
                for (var attempt = 0; ; attempt++)
                {
                    try
                    {
                        (bytes, error) = WritePartition(w, version, plan, plan.Partitions[at], total);
                        break;
                    }
                    catch (ObjectDisposedException) when (attempt < 3)
                    {
                        // Retention or compaction took the segment away between looking and reading: look again.
                        w.Length = mark;
                    }
                }

                total += bytes;
                failed |= error != ErrorCode.None;
                at++;
            }

            w.Tags();
        }

        w.Tags();
        return (total, failed || at == 0);
    }

    private static (int Bytes, ErrorCode Error) WritePartition(WireWriter w, short version, FetchPlan plan, FetchPartition asked, int total)
    {
        var unknown = version >= 13 ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition;
        plan.Aborted.Clear();
        var read = asked.Log is null ? new LogRead { Error = unknown, Start = -1, End = -1, Stable = -1 }
            : asked.LeaderEpoch > 0 ? new LogRead { Error = ErrorCode.UnknownLeaderEpoch, Start = -1, End = -1, Stable = -1 }
            : asked.Log.PrepareRead(asked.Offset, plan.Committed, Math.Min(asked.MaxBytes, plan.MaxBytes - total), total == 0, plan.Aborted);
        w.Int32(asked.Index);
        w.Error(read.Error);
        w.Int64(read.End);
        w.Int64(read.Stable);
        if (version >= 5) w.Int64(read.Start);
        if (plan.Committed)
        {
            w.ArrayLength(plan.Aborted.Count);
            foreach (var aborted in plan.Aborted)
            {
                w.Int64(aborted.ProducerId);
                w.Int64(aborted.FirstOffset);
                w.Tags();
            }
        }
        else
        {
            w.ArrayLength(-1);
        }

        if (version >= 11) w.Int32(-1);
        w.BytesLength(read.Size);
        if (read.Segment is { } segment)
        {
            var bytes = w.Take(read.Size);
            var position = read.Position;
            while (bytes.Length > 0)
            {
                var got = RandomAccess.Read(segment.File, bytes, position);
                if (got == 0) throw new IOException($"{segment.Path}: ends at {position}, before what was appended to it; the file was changed by someone else");
                bytes = bytes[got..];
                position += got;
            }
        }

        w.Tags();
        return (read.Size, read.Error);
    }
}
