using Returns.LocalKafka.Groups;
using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Storage;
using Returns.LocalKafka.Topics;
using Returns.LocalKafka.Transactions;

namespace Returns.LocalKafka.Requests;

/// <summary>Producer ids and transactions.</summary>
internal sealed class TransactionRequests(TransactionCoordinator transactions, TopicCatalog topics)
{
    public void InitProducerId(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        var id = r.NullableString();
        var timeout = r.Int32();
        var producerId = version >= 3 ? r.Int64() : -1;
        var epoch = version >= 3 ? r.Int16() : (short)-1;
        (ErrorCode Error, long ProducerId, short Epoch) result = (ErrorCode.None, -1, -1);
        var error = StorageFault.Guard(() => (result = transactions.Register(id, timeout, producerId, epoch)).Error);
        w.Int32(0);
        w.Error(version < 4 && error == ErrorCode.ProducerFenced ? ErrorCode.InvalidProducerEpoch : error);
        w.Int64(error == ErrorCode.None ? result.ProducerId : -1);
        w.Int16(error == ErrorCode.None ? result.Epoch : (short)-1);
        w.Tags();
    }

    public void AddPartitions(RequestContext request)
    {
        var (r, w) = (request.Reader, request.Writer);
        var id = r.String();
        var producerId = r.Int64();
        var epoch = r.Int16();
        var asked = new List<(string Topic, int[] Partitions)>();
        for (var count = r.ArrayLength(); count > 0; count--)
        {
            asked.Add((r.String(), r.Int32Array()));
            r.Tags();
        }

        var partitions = asked.SelectMany(topic => topic.Partitions.Select(index => new TopicPartition(topic.Topic, index))).ToList();
        var unknown = partitions.Where(partition => topics.Find(partition) is null).ToHashSet();
        // All or none: with one unknown partition, the others are told that nothing was tried.
        var error = unknown.Count > 0
            ? ErrorCode.OperationNotAttempted
            : Older(request, StorageFault.Guard(() => transactions.AddPartitions(id, producerId, epoch, partitions)));
        w.Int32(0);
        w.ArrayLength(asked.Count);
        foreach (var (topic, indexes) in asked)
        {
            w.String(topic);
            w.ArrayLength(indexes.Length);
            foreach (var index in indexes)
            {
                w.Int32(index);
                w.Error(unknown.Contains(new TopicPartition(topic, index)) ? ErrorCode.UnknownTopicOrPartition : error);
                w.Tags();
            }

            w.Tags();
        }

        w.Tags();
    }

    public void AddOffsets(RequestContext request)
    {
        var (r, w) = (request.Reader, request.Writer);
        var (id, producerId, epoch, group) = (r.String(), r.Int64(), r.Int16(), r.String());
        w.Int32(0);
        w.Error(Older(request, StorageFault.Guard(() => transactions.AddGroup(id, producerId, epoch, group))));
        w.Tags();
    }

    public void CommitOffsets(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        var (id, group, producerId, epoch) = (r.String(), r.String(), r.Int64(), r.Int16());
        var who = version >= 3 ? new MemberIdentity(r.Int32(), r.String(), r.NullableString()) : new MemberIdentity(-1, "", null);
        var asked = OffsetCommitBody.Read(r, leaderEpoch: version >= 2);
        var accepted = asked.Check(topics);
        var error = StorageFault.Guard(() => transactions.CommitOffsets(id, producerId, epoch, group, who, accepted));
        w.Int32(0);
        asked.WriteResults(w, error);
        w.Tags();
    }

    public void End(RequestContext request)
    {
        var (r, w) = (request.Reader, request.Writer);
        var (id, producerId, epoch, commit) = (r.String(), r.Int64(), r.Int16(), r.Boolean());
        w.Int32(0);
        w.Error(Older(request, StorageFault.Guard(() => transactions.End(id, producerId, epoch, commit))));
        w.Tags();
    }

    public void DescribeProducers(RequestContext request)
    {
        var (r, w) = (request.Reader, request.Writer);
        w.Int32(0);
        var count = Math.Max(r.ArrayLength(), 0);
        w.ArrayLength(count);
        for (; count > 0; count--)
        {
            var topic = r.String();
            var indexes = r.Int32Array();
            r.Tags();
            w.String(topic);
            w.ArrayLength(indexes.Length);
            foreach (var index in indexes)
            {
                var log = topics.Find(new TopicPartition(topic, index));
                List<ActiveProducer> producers = log?.DescribeProducers() ?? [];
                w.Int32(index);
                w.Error(log is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.None);
                w.String(null);
                w.ArrayLength(producers.Count);
                foreach (var producer in producers)
                {
                    w.Int64(producer.Id);
                    w.Int32(producer.Epoch);
                    w.Int32(producer.LastSequence);
                    w.Int64(producer.LastTimestamp);
                    w.Int32(0);
                    w.Int64(producer.TransactionStart);
                    w.Tags();
                }

                w.Tags();
            }

            w.Tags();
        }

        w.Tags();
    }

    public void Describe(RequestContext request)
    {
        var (r, w) = (request.Reader, request.Writer);
        var ids = r.NullableStringArray() ?? [];
        w.Int32(0);
        w.ArrayLength(ids.Length);
        foreach (var id in ids)
        {
            var found = transactions.Find(id)?.Current;
            var byTopic = (found?.Partitions ?? []).GroupBy(partition => partition.Topic).ToList();
            w.Error(found is null ? ErrorCode.TransactionalIdNotFound : ErrorCode.None);
            w.String(id);
            w.String(found?.State.ToString() ?? "");
            w.Int32(found?.TimeoutMs ?? 0);
            w.Int64(found?.State == TransactionState.Ongoing ? found.StartMs : -1);
            w.Int64(found?.ProducerId ?? -1);
            w.Int16(found?.Epoch ?? -1);
            w.ArrayLength(byTopic.Count);
            foreach (var topic in byTopic)
            {
                w.String(topic.Key);
                w.Int32Array(topic.Select(partition => partition.Partition).ToArray());
                w.Tags();
            }

            w.Tags();
        }

        w.Tags();
    }

    public void List(RequestContext request)
    {
        var (r, w) = (request.Reader, request.Writer);
        var states = r.NullableStringArray() ?? [];
        var producers = new HashSet<long>();
        for (var count = r.ArrayLength(); count > 0; count--) producers.Add(r.Int64());
        var known = Enum.GetNames<TransactionState>();
        var listed = transactions.All.Select(transaction => (transaction.Id, transaction.Current))
            .Where(t => (states.Length == 0 || states.Contains(t.Current.State.ToString())) && (producers.Count == 0 || producers.Contains(t.Current.ProducerId)))
            .ToList();
        var unknown = states.Where(state => !known.Contains(state)).ToList();
        w.Int32(0);
        w.Error(ErrorCode.None);
        w.ArrayLength(unknown.Count);
        foreach (var state in unknown) w.String(state);
        w.ArrayLength(listed.Count);
        foreach (var (id, current) in listed)
        {
            w.String(id);
            w.Int64(current.ProducerId);
            w.String(current.State.ToString());
            w.Tags();
        }

        w.Tags();
    }

    // PRODUCER_FENCED exists since version 2 of these requests; before, the epoch's error said it.
    private static ErrorCode Older(RequestContext request, ErrorCode error) =>
        request.Version < 2 && error == ErrorCode.ProducerFenced ? ErrorCode.InvalidProducerEpoch : error;
}
