using System.Globalization;
using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Requests;

/// <summary>Configurations of topics, and the few of the broker that clients look at.</summary>
internal sealed class ConfigRequests(TopicCatalog topics, LocalKafkaOptions options)
{
    private const byte TopicResource = 2;
    private const byte BrokerResource = 4;
    private const byte FromTopic = 1;
    private const byte FromStaticBroker = 4;
    private const byte FromDefault = 5;

    public static byte SourceOf(ConfigEntry entry) => entry.IsSet ? FromTopic : FromDefault;

    public void Describe(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        var asked = new List<(byte Type, string Name, string[]? Keys)>();
        for (var count = r.ArrayLength(); count > 0; count--)
        {
            asked.Add((r.Byte(), r.String(), r.NullableStringArray()));
            r.Tags();
        }

        var synonyms = r.Boolean();
        w.Int32(0);
        w.ArrayLength(asked.Count);
        foreach (var (type, name, keys) in asked)
        {
            var (error, message, entries) = Find(type, name);
            if (keys is { Length: > 0 }) entries = entries.FindAll(entry => keys.Contains(entry.Name));
            w.Error(error);
            w.String(message);
            w.Byte(type);
            w.String(name);
            w.ArrayLength(entries.Count);
            foreach (var entry in entries)
            {
                var source = type == BrokerResource ? FromStaticBroker : SourceOf(entry);
                w.String(entry.Name);
                w.String(entry.Value);
                w.Boolean(type == BrokerResource);
                w.Byte(source);
                w.Boolean(false);
                w.ArrayLength(synonyms ? 1 : 0);
                if (synonyms)
                {
                    w.String(entry.Name);
                    w.String(entry.Value);
                    w.Byte(source);
                    w.Tags();
                }

                if (version >= 3)
                {
                    w.Byte((byte)entry.Type);
                    w.String(null);
                }

                w.Tags();
            }

            w.Tags();
        }

        w.Tags();
    }

    public void Alter(RequestContext request)
    {
        var r = request.Reader;
        var asked = new List<Alteration>();
        for (var count = r.ArrayLength(); count > 0; count--)
        {
            var (type, name) = (r.Byte(), r.String());
            var next = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var left = r.ArrayLength(); left > 0; left--)
            {
                var key = r.String();
                if (r.NullableString() is { } value) next[key] = value;
                r.Tags();
            }

            r.Tags();
            asked.Add(new Alteration(type, name, _ => (next, null)));
        }

        Apply(request, asked, r.Boolean());
    }

    public void IncrementalAlter(RequestContext request)
    {
        var r = request.Reader;
        var asked = new List<Alteration>();
        for (var count = r.ArrayLength(); count > 0; count--)
        {
            var (type, name) = (r.Byte(), r.String());
            var operations = new List<(string Key, byte Operation, string? Value)>();
            for (var left = r.ArrayLength(); left > 0; left--)
            {
                operations.Add((r.String(), r.Byte(), r.NullableString()));
                r.Tags();
            }

            r.Tags();
            asked.Add(new Alteration(type, name, config => Change(config, operations)));
        }

        Apply(request, asked, r.Boolean());
    }

    private static (Dictionary<string, string> Next, string? Error) Change(TopicConfig config, List<(string Key, byte Operation, string? Value)> operations)
    {
        var next = new Dictionary<string, string>(config.Set, StringComparer.Ordinal);
        foreach (var (key, operation, value) in operations)
        {
            if (operation == 1)
            {
                next.Remove(key);
                continue;
            }

            if (value is null) return (next, $"{key}: a value is needed");
            if (operation == 0)
            {
                next[key] = value;
                continue;
            }

            if (!TopicConfig.IsList(key)) return (next, $"{key}: append and subtract are for lists");
            var list = (next.GetValueOrDefault(key) ?? config.Value(key)).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToList();
            if (operation == 2 && !list.Contains(value)) list.Add(value);
            else if (operation == 3) list.Remove(value);
            next[key] = string.Join(',', list);
        }

        return (next, null);
    }

    private void Apply(RequestContext request, List<Alteration> asked, bool validateOnly)
    {
        var w = request.Writer;
        w.Int32(0);
        w.ArrayLength(asked.Count);
        foreach (var alteration in asked)
        {
            var (error, message) = Apply(alteration, validateOnly);
            w.Error(error);
            w.String(message);
            w.Byte(alteration.Type);
            w.String(alteration.Name);
            w.Tags();
        }

        w.Tags();
    }

    private (ErrorCode Error, string? Message) Apply(Alteration alteration, bool validateOnly)
    {
        if (alteration.Type != TopicResource)
            return (ErrorCode.InvalidRequest, "only topics can be configured while the broker runs; its own settings are command line options");
        if (topics.Find(alteration.Name) is not { } topic) return (ErrorCode.UnknownTopicOrPartition, null);
        var (next, problem) = alteration.Change(topic.Config);
        if (problem is not null) return (ErrorCode.InvalidConfig, problem);
        var error = topics.Configure(alteration.Name, _ => next, validateOnly, out var message);
        return (error, message);
    }

    private (ErrorCode Error, string? Message, List<ConfigEntry> Entries) Find(byte type, string name)
    {
        switch (type)
        {
            case TopicResource:
                return topics.Find(name) is { } topic ? (ErrorCode.None, null, [.. topic.Config.Describe()]) : (ErrorCode.UnknownTopicOrPartition, null, []);
            case BrokerResource:
                return (ErrorCode.None, null,
                [
                    Entry("auto.create.topics.enable", options.AutoCreateTopics ? "true" : "false", ConfigType.Boolean),
                    Entry("num.partitions", options.DefaultPartitions.ToString(CultureInfo.InvariantCulture), ConfigType.Int),
                    Entry("log.segment.bytes", options.SegmentBytes.ToString(CultureInfo.InvariantCulture), ConfigType.Int),
                    Entry("socket.request.max.bytes", options.MaxRequestBytes.ToString(CultureInfo.InvariantCulture), ConfigType.Int),
                    Entry("default.replication.factor", "1", ConfigType.Int),
                    Entry("offset.metadata.max.bytes", GroupOffsetRequests.MaxMetadata.ToString(CultureInfo.InvariantCulture), ConfigType.Int),
                ]);
            default:
                return (ErrorCode.InvalidRequest, $"resource type {type} has no configurations here", []);
        }

        static ConfigEntry Entry(string name, string value, ConfigType type) => new(name, value, type, true);
    }

    private sealed record Alteration(byte Type, string Name, Func<TopicConfig, (Dictionary<string, string> Next, string? Error)> Change);
}
