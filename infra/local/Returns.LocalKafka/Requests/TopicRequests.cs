using Returns.LocalKafka.Groups;
using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Requests;

/// <summary>Creates, grows, empties and deletes topics.</summary>
internal sealed class TopicRequests(TopicCatalog topics, GroupCoordinator groups)
{
    public void Create(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        var asked = new List<NewTopic>();
        for (var count = r.ArrayLength(); count > 0; count--)
        {
            var topic = new NewTopic(r.String(), r.Int32(), r.Int16());
            for (var left = r.ArrayLength(); left > 0; left--)
            {
                r.Int32();
                topic.Assignments.Add(r.Int32Array());
                r.Tags();
            }

            for (var left = r.ArrayLength(); left > 0; left--)
            {
                var name = r.String();
                if (r.NullableString() is { } value) topic.Config[name] = value;
                r.Tags();
            }

            r.Tags();
            asked.Add(topic);
        }

        r.Int32();
        var validateOnly = r.Boolean();
        w.Int32(0);
        w.ArrayLength(asked.Count);
        foreach (var wanted in asked)
        {
            var error = wanted.Check(out var message);
            Topic? topic = null;
            var partitions = wanted.Assignments.Count > 0 ? wanted.Assignments.Count : wanted.Partitions;
            if (error == ErrorCode.None) error = topics.Create(wanted.Name, partitions, wanted.Config, validateOnly, out topic, out message);
            w.String(wanted.Name);
            if (version >= 7) w.Uuid(error == ErrorCode.None && topic is not null ? topic.Id : Guid.Empty);
            w.Error(error);
            w.String(message);
            if (version >= 5) WriteCreated(w, error == ErrorCode.None ? topic : null);
            w.Tags();
        }

        w.Tags();
    }

    public void Delete(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        var asked = new List<(string? Name, Guid Id)>();
        for (var count = r.ArrayLength(); count > 0; count--)
        {
            if (version < 6)
            {
                asked.Add((r.String(), Guid.Empty));
                continue;
            }

            asked.Add((r.NullableString(), r.Uuid()));
            r.Tags();
        }

        w.Int32(0);
        w.ArrayLength(asked.Count);
        foreach (var (name, id) in asked)
        {
            var topic = name is null ? topics.Find(id) : topics.Find(name);
            var error = topic is not null ? Delete(topic.Name) : name is null ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition;
            w.String(version >= 6 ? topic?.Name ?? name : name);
            if (version >= 6) w.Uuid(topic?.Id ?? id);
            w.Error(error);
            if (version >= 5) w.String(null);
            w.Tags();
        }

        w.Tags();
    }

    public void CreatePartitions(RequestContext request)
    {
        var (r, w) = (request.Reader, request.Writer);
        var asked = new List<(string Name, int Count)>();
        for (var count = r.ArrayLength(); count > 0; count--)
        {
            asked.Add((r.String(), r.Int32()));
            for (var left = r.ArrayLength(); left > 0; left--)
            {
                r.Int32Array();
                r.Tags();
            }

            r.Tags();
        }

        r.Int32();
        var validateOnly = r.Boolean();
        w.Int32(0);
        w.ArrayLength(asked.Count);
        foreach (var (name, count) in asked)
        {
            var error = topics.Grow(name, count, validateOnly, out var message);
            w.String(name);
            w.Error(error);
            w.String(message);
            w.Tags();
        }

        w.Tags();
    }

    public void DeleteRecords(RequestContext request)
    {
        var (r, w) = (request.Reader, request.Writer);
        w.Int32(0);
        var count = Math.Max(r.ArrayLength(), 0);
        w.ArrayLength(count);
        for (; count > 0; count--)
        {
            var name = r.String();
            w.String(name);
            var partitions = Math.Max(r.ArrayLength(), 0);
            w.ArrayLength(partitions);
            for (; partitions > 0; partitions--)
            {
                var index = r.Int32();
                var offset = r.Int64();
                r.Tags();
                var error = topics.DeleteRecords(new TopicPartition(name, index), offset, out var start);
                w.Int32(index);
                w.Int64(start);
                w.Error(error);
                w.Tags();
            }

            r.Tags();
            w.Tags();
        }

        w.Tags();
    }

    private static void WriteCreated(WireWriter w, Topic? topic)
    {
        w.Int32(topic?.Partitions.Length ?? -1);
        w.Int16(topic is null ? (short)-1 : (short)1);
        if (topic is null)
        {
            w.ArrayLength(-1);
            return;
        }

        var entries = topic.Config.Describe().ToList();
        w.ArrayLength(entries.Count);
        foreach (var entry in entries)
        {
            w.String(entry.Name);
            w.String(entry.Value);
            w.Boolean(false);
            w.Byte(ConfigRequests.SourceOf(entry));
            w.Boolean(false);
            w.Tags();
        }
    }

    private ErrorCode Delete(string name)
    {
        var error = topics.Delete(name);
        if (error != ErrorCode.None) return error;
        return StorageFault.Guard(() =>
        {
            groups.ForgetTopic(name);
            return ErrorCode.None;
        });
    }

    private sealed record NewTopic(string Name, int Partitions, short Replication)
    {
        public List<int[]> Assignments { get; } = [];

        public Dictionary<string, string> Config { get; } = new(StringComparer.Ordinal);

        public ErrorCode Check(out string? message)
        {
            message = null;
            if (Assignments.Count > 0 && Assignments.Any(replicas => replicas is not [BrokerIdentity.NodeId]))
            {
                message = $"topic '{Name}': the only broker is {BrokerIdentity.NodeId}, so every partition's replicas must be [{BrokerIdentity.NodeId}]";
                return ErrorCode.InvalidReplicaAssignment;
            }

            if (Assignments.Count == 0 && Replication is not (-1 or 1))
            {
                message = $"topic '{Name}': replication factor {Replication} needs more brokers than the one there is; use 1 or -1";
                return ErrorCode.InvalidReplicationFactor;
            }

            return ErrorCode.None;
        }
    }
}
