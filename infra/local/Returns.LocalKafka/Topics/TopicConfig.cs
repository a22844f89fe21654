using System.Globalization;

namespace Returns.LocalKafka.Topics;

/// <summary>A topic's configuration: what was set, and the values it comes to. Immutable.</summary>
internal sealed class TopicConfig
{
    private static readonly Dictionary<string, ConfigKey> Keys = new ConfigKey[]
    {
        new("cleanup.policy", "delete", ConfigType.List),
        new("retention.ms", "604800000", ConfigType.Long, -1),
        new("retention.bytes", "-1", ConfigType.Long, -1),
        new("segment.bytes", "134217728", ConfigType.Int, 1024, int.MaxValue),
        new("segment.ms", "604800000", ConfigType.Long, 1),
        new("max.message.bytes", "1048588", ConfigType.Int, 0, int.MaxValue),
        new("message.timestamp.type", "CreateTime", ConfigType.String),
        new("min.cleanable.dirty.ratio", "0.5", ConfigType.Double),
        new("min.compaction.lag.ms", "0", ConfigType.Long, 0),
        new("max.compaction.lag.ms", "9223372036854775807", ConfigType.Long, 1),
        new("delete.retention.ms", "86400000", ConfigType.Long, 0),
        new("compression.type", "producer", ConfigType.String),
        // Known to every Kafka, and without meaning on one node that flushes on stop only.
        new("min.insync.replicas", "1", ConfigType.Int, 1, int.MaxValue),
        new("unclean.leader.election.enable", "false", ConfigType.Boolean),
        new("file.delete.delay.ms", "60000", ConfigType.Long, 0),
        new("flush.messages", "9223372036854775807", ConfigType.Long, 1),
        new("flush.ms", "9223372036854775807", ConfigType.Long, 0),
        new("index.interval.bytes", "4096", ConfigType.Int, 0, int.MaxValue),
        new("segment.index.bytes", "10485760", ConfigType.Int, 4, int.MaxValue),
        new("segment.jitter.ms", "0", ConfigType.Long, 0),
        new("preallocate", "false", ConfigType.Boolean),
        new("message.timestamp.before.max.ms", "9223372036854775807", ConfigType.Long, 0),
        new("message.timestamp.after.max.ms", "9223372036854775807", ConfigType.Long, 0),
    }.ToDictionary(key => key.Name, StringComparer.Ordinal);

    private readonly int _defaultSegmentBytes;

    private TopicConfig(IReadOnlyDictionary<string, string> set, int defaultSegmentBytes)
    {
        Set = set;
        _defaultSegmentBytes = defaultSegmentBytes;
        var policy = Value("cleanup.policy").Split(',', StringSplitOptions.TrimEntries);
        Compact = policy.Contains("compact");
        Delete = policy.Contains("delete");
        RetentionMs = Long("retention.ms");
        RetentionBytes = Long("retention.bytes");
        SegmentBytes = (int)Long("segment.bytes");
        SegmentMs = Long("segment.ms");
        MaxMessageBytes = (int)Long("max.message.bytes");
        LogAppendTime = Value("message.timestamp.type") == "LogAppendTime";
        MinCleanableDirtyRatio = double.Parse(Value("min.cleanable.dirty.ratio"), CultureInfo.InvariantCulture);
        MinCompactionLagMs = Long("min.compaction.lag.ms");
        MaxCompactionLagMs = Long("max.compaction.lag.ms");
        DeleteRetentionMs = Long("delete.retention.ms");
    }

    /// <summary>What was set on the topic, by name; everything else has its default.</summary>
    public IReadOnlyDictionary<string, string> Set { get; }

    public bool Compact { get; }

    public bool Delete { get; }

    public long RetentionMs { get; }

    public long RetentionBytes { get; }

    public int SegmentBytes { get; }

    public long SegmentMs { get; }

    /// <summary>The largest batch taken, in bytes as it comes over the wire.</summary>
    public int MaxMessageBytes { get; }

    public bool LogAppendTime { get; }

    public double MinCleanableDirtyRatio { get; }

    public long MinCompactionLagMs { get; }

    public long MaxCompactionLagMs { get; }

    public long DeleteRetentionMs { get; }

    /// <summary>Checks and reads a set of configurations.</summary>
    /// <param name="set">Names and values as the client gave them.</param>
    /// <param name="defaultSegmentBytes">segment.bytes where it is not set, in bytes.</param>
    /// <param name="error">What is wrong with which one, or null.</param>
    public static TopicConfig? TryCreate(IReadOnlyDictionary<string, string> set, int defaultSegmentBytes, out string? error)
    {
        foreach (var (name, value) in set)
        {
            error = Keys.TryGetValue(name, out var key) ? key.Check(value) : $"unknown topic config '{name}'; known are {string.Join(", ", Keys.Keys)}";
            if (error is not null) return null;
        }

        error = null;
        return new TopicConfig(set, defaultSegmentBytes);
    }

    /// <summary>Every known name in order, for DescribeConfigs.</summary>
    public IEnumerable<ConfigEntry> Describe() =>
        Keys.Values.Select(key => new ConfigEntry(key.Name, Value(key.Name), key.Type, Set.ContainsKey(key.Name)));

    public static bool IsList(string name) => Keys.TryGetValue(name, out var key) && key.Type == ConfigType.List;

    public string Value(string name)
    {
        if (Set.TryGetValue(name, out var value)) return value;
        return name == "segment.bytes" ? _defaultSegmentBytes.ToString(CultureInfo.InvariantCulture) : Keys[name].Default;
    }

    private long Long(string name) => long.Parse(Value(name), CultureInfo.InvariantCulture);

    private sealed record ConfigKey(string Name, string Default, ConfigType Type, long Min = long.MinValue, long Max = long.MaxValue)
    {
        public string? Check(string value)
        {
            switch (Type)
            {
                case ConfigType.Int or ConfigType.Long:
                    if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return $"{Name}: '{value}' is not a whole number";
                    return number < Min || number > Max ? $"{Name}: {number} is not between {Min} and {Max}" : null;
                case ConfigType.Double:
                    return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 0 and <= 1 ? null : $"{Name}: '{value}' is not a number from 0 to 1";
                case ConfigType.Boolean:
                    return value is "true" or "false" ? null : $"{Name}: '{value}' is neither true nor false";
                default:
                    return Name switch
                    {
                        "cleanup.policy" => value.Split(',', StringSplitOptions.TrimEntries).All(part => part is "delete" or "compact") ? null : $"{Name}: '{value}' is not delete, compact or compact,delete",
                        "message.timestamp.type" => value is "CreateTime" or "LogAppendTime" ? null : $"{Name}: '{value}' is neither CreateTime nor LogAppendTime",
                        "compression.type" => value == "producer" ? null : $"{Name}: only 'producer' is supported here, batches stay as their producer compressed them; '{value}' was asked for",
                        _ => null,
                    };
            }
        }
    }
}

/// <summary>The type of a configuration, by its number in DescribeConfigs.</summary>
internal enum ConfigType : byte
{
    Boolean = 1,
    String = 2,
    Int = 3,
    Long = 5,
    Double = 6,
    List = 7,
}

/// <summary>One configuration as DescribeConfigs shows it.</summary>
internal readonly record struct ConfigEntry(string Name, string Value, ConfigType Type, bool IsSet);
