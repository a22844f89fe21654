using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Requests;

/// <summary>What there is: versions, node, topics, coordinators.</summary>
internal sealed class ClusterRequests(BrokerIdentity broker, TopicCatalog topics, bool autoCreate)
{
    // "Not asked for", in the fields for authorized operations.
    private const int NoOperations = int.MinValue;

    /// <summary>Lists the versions. An error other than none answers a client newer than we are, in version 0's form.</summary>
    public static void ApiVersions(RequestContext request, ErrorCode error)
    {
        var w = request.Writer;
        w.Error(error);
        w.ArrayLength(ApiVersion.Supported.Length);
        foreach (var api in ApiVersion.Supported)
        {
            w.Int16((short)api.Key);
            w.Int16(api.Min);
            w.Int16(api.Max);
            w.Tags();
        }

        if (request.Version >= 1) w.Int32(0);
        w.Tags();
    }

    public void Metadata(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        var count = r.ArrayLength();
        var all = count < 0 || (count == 0 && version == 0);
        var asked = new List<(string? Name, Guid Id)>();
        for (var i = 0; i < count; i++)
        {
            var id = version >= 10 ? r.Uuid() : Guid.Empty;
            asked.Add((version >= 10 ? r.NullableString() : r.String(), id));
            r.Tags();
        }

        var create = (version < 4 || r.Boolean()) && autoCreate;
        if (version >= 3) w.Int32(0);
        w.ArrayLength(1);
        WriteBroker(w, rack: version >= 1);
        if (version >= 2) w.String(broker.ClusterId);
        if (version >= 1) w.Int32(BrokerIdentity.NodeId);
        if (all)
        {
            var known = topics.All;
            w.ArrayLength(known.Count);
            foreach (var topic in known) WriteTopic(w, version, ErrorCode.None, topic.Name, topic.Id, topic);
        }
        else
        {
            w.ArrayLength(asked.Count);
            foreach (var (name, id) in asked)
            {
                if (name is null)
                {
                    var found = topics.Find(id);
                    WriteTopic(w, version, found is null ? ErrorCode.UnknownTopicId : ErrorCode.None, found?.Name, id, found);
                    continue;
                }

                var error = ErrorCode.None;
                var topic = topics.Find(name);
                if (topic is null)
                {
                    error = TopicCatalog.CheckName(name) is not null ? ErrorCode.InvalidTopic : ErrorCode.UnknownTopicOrPartition;
                    if (error != ErrorCode.InvalidTopic && create)
                    {
                        error = topics.Create(name, -1, new Dictionary<string, string>(), false, out topic, out _);
                        if (topic is not null) error = ErrorCode.None;
                    }
                }

                WriteTopic(w, version, error, name, topic?.Id ?? Guid.Empty, topic);
            }
        }

        if (version is >= 8 and <= 10) w.Int32(NoOperations);
        w.Tags();
    }

    public void FindCoordinator(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        string[] keys;
        byte type = 0;
        if (version >= 4)
        {
            type = r.Byte();
            keys = r.NullableStringArray() ?? [];
        }
        else
        {
            keys = [r.String()];
            if (version >= 1) type = r.Byte();
        }

        // Key types: 0 a group, 1 a transactional id; share groups (2) are not served.
        var error = type <= 1 ? ErrorCode.None : ErrorCode.InvalidRequest;
        var message = error == ErrorCode.None ? null : $"coordinator key type {type} is not served here";
        if (version >= 1) w.Int32(0);
        if (version < 4)
        {
            w.Error(error);
            if (version >= 1) w.String(message);
            WriteNode(w);
            w.Tags();
            return;
        }

        w.ArrayLength(keys.Length);
        foreach (var key in keys)
        {
            w.String(key);
            WriteNode(w);
            w.Error(error);
            w.String(message);
            w.Tags();
        }

        w.Tags();
    }

    public void DescribeCluster(RequestContext request)
    {
        var (r, w) = (request.Reader, request.Writer);
        r.Boolean();
        var endpoints = request.Version >= 1 ? r.Byte() : (byte)1;
        var error = endpoints == 1 ? ErrorCode.None : ErrorCode.InvalidRequest;
        w.Int32(0);
        w.Error(error);
        w.String(error == ErrorCode.None ? null : "only the brokers' endpoints (type 1) are known here");
        if (request.Version >= 1) w.Byte(1);
        w.String(broker.ClusterId);
        w.Int32(BrokerIdentity.NodeId);
        w.ArrayLength(1);
        WriteBroker(w, rack: true);
        w.Int32(NoOperations);
        w.Tags();
    }

    private static void WriteTopic(WireWriter w, short version, ErrorCode error, string? name, Guid id, Topic? topic)
    {
        w.Error(error);
        w.String(version >= 12 ? name : name ?? "");
        if (version >= 10) w.Uuid(id);
        if (version >= 1) w.Boolean(false);
        var partitions = topic?.Partitions.Length ?? 0;
        ReadOnlySpan<int> node = [BrokerIdentity.NodeId];
        w.ArrayLength(partitions);
        for (var i = 0; i < partitions; i++)
        {
            w.Error(ErrorCode.None);
            w.Int32(i);
            w.Int32(BrokerIdentity.NodeId);
            if (version >= 7) w.Int32(0);
            w.Int32Array(node);
            w.Int32Array(node);
            if (version >= 5) w.ArrayLength(0);
            w.Tags();
        }

        if (version >= 8) w.Int32(NoOperations);
        w.Tags();
    }

    private void WriteBroker(WireWriter w, bool rack)
    {
        WriteNode(w);
        if (rack) w.String(null);
        w.Tags();
    }

    private void WriteNode(WireWriter w)
    {
        w.Int32(BrokerIdentity.NodeId);
        w.String(broker.Host);
        w.Int32(broker.Port);
    }
}
