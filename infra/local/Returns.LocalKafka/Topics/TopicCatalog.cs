using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Storage;

namespace Returns.LocalKafka.Topics;

/// <summary>All topics of the broker, kept in the <see cref="StateStore"/>. Thread safe; lookups take no lock.</summary>
internal sealed class TopicCatalog : IDisposable
{
    private const string TopicKey = "topic\0";
    private const string StartKey = "start\0";
    private const int MaxNameLength = 249;
    private const int MaxPartitions = 10_000;
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, Topic> _byName = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Guid, Topic> _byId = new();
    private readonly ConcurrentDictionary<string, Topic>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly StateStore _state;
    private readonly LocalKafkaOptions _options;
    private readonly BrokerLog _log;
    private readonly string _folder;

    public TopicCatalog(StateStore state, LocalKafkaOptions options, BrokerLog log)
    {
        _state = state;
        _options = options;
        _log = log;
        _folder = Path.Combine(options.DataFolder, "topics");
        _bySpan = _byName.GetAlternateLookup<ReadOnlySpan<char>>();
        Directory.CreateDirectory(_folder);
        Load();
    }

    public ICollection<Topic> All => _byName.Values;

    public Topic? Find(string name) => _byName.GetValueOrDefault(name);

    public Topic? Find(Guid id) => _byId.GetValueOrDefault(id);

    /// <summary>Finds a topic by the UTF-8 bytes of its name, without making a string of them.</summary>
    public Topic? Find(ReadOnlySpan<byte> name)
    {
        if (name.Length > MaxNameLength) return null;
        Span<char> chars = stackalloc char[MaxNameLength];
        return _bySpan.TryGetValue(chars[..Encoding.UTF8.GetChars(name, chars)], out var topic) ? topic : null;
    }

    public PartitionLog? Find(TopicPartition partition) => Find(partition.Topic)?.Partition(partition.Partition);

    /// <summary>What is wrong with a topic name, or null.</summary>
    public static string? CheckName(string name)
    {
        if (name.Length is 0 or > MaxNameLength) return $"a topic name has 1 to {MaxNameLength} characters, this one has {name.Length}";
        if (name is "." or "..") return $"'{name}' cannot be a topic name";
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-'))
                return $"topic name '{name}': letters, digits, '.', '_' and '-' are allowed";
        }

        return null;
    }

    /// <summary>Creates a topic, or only checks whether it could be.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="partitions">The number of partitions; -1 for the broker's default.</param>
    /// <param name="set">Configurations that differ from the defaults.</param>
    /// <param name="validateOnly">Check, but create nothing.</param>
    /// <param name="topic">The new topic, or the one that has the name already.</param>
    /// <param name="message">Why it failed.</param>
    public ErrorCode Create(string name, int partitions, IReadOnlyDictionary<string, string> set, bool validateOnly, out Topic? topic, out string? message)
    {
        topic = null;
        message = CheckName(name);
        if (message is not null) return ErrorCode.InvalidTopic;
        if (partitions == -1) partitions = _options.DefaultPartitions;
        if (partitions is < 1 or > MaxPartitions)
        {
            message = $"topic '{name}': {partitions} partitions; 1 to {MaxPartitions} are possible";
            return ErrorCode.InvalidPartitions;
        }

        var config = TopicConfig.TryCreate(set, _options.SegmentBytes, out message);
        if (config is null) return ErrorCode.InvalidConfig;
        lock (_lock)
        {
            if (_byName.TryGetValue(name, out topic))
            {
                message = $"topic '{name}' exists already";
                return ErrorCode.TopicAlreadyExists;
            }

            if (validateOnly) return ErrorCode.None;
            try
            {
                var id = Guid.NewGuid();
                var logs = new PartitionLog[partitions];
                for (var i = 0; i < partitions; i++) logs[i] = Open(name, id, i, 0, config);
                _state.Apply(Save(name, id, partitions, config));
                Publish(topic = new Topic(name, id, config, logs));
                return ErrorCode.None;
            }
            catch (IOException e)
            {
                message = e.Message;
                _log.WriteLimited("storage", $"topic '{name}' cannot be created: {e.Message}");
                return ErrorCode.StorageError;
            }
        }
    }

    public ErrorCode Grow(string name, int partitions, bool validateOnly, out string? message)
    {
        lock (_lock)
        {
            message = null;
            if (!_byName.TryGetValue(name, out var topic)) return ErrorCode.UnknownTopicOrPartition;
            var old = topic.Partitions;
            if (partitions <= old.Length || partitions > MaxPartitions)
            {
                message = $"topic '{name}' has {old.Length} partitions; it can be grown to {MaxPartitions} at most, not set to {partitions}";
                return ErrorCode.InvalidPartitions;
            }

            if (validateOnly) return ErrorCode.None;
            try
            {
                PartitionLog[] grown = [.. old, .. Enumerable.Range(old.Length, partitions - old.Length).Select(i => Open(name, topic.Id, i, 0, topic.Config))];
                _state.Apply(Save(name, topic.Id, partitions, topic.Config));
                topic.Partitions = grown;
                return ErrorCode.None;
            }
            catch (IOException e)
            {
                message = e.Message;
                return ErrorCode.StorageError;
            }
        }
    }

    /// <summary>Sets a topic's configuration to exactly the one given.</summary>
    public ErrorCode Configure(string name, Func<IReadOnlyDictionary<string, string>, IReadOnlyDictionary<string, string>> change, bool validateOnly, out string? message)
    {
        lock (_lock)
        {
            message = null;
            if (!_byName.TryGetValue(name, out var topic)) return ErrorCode.UnknownTopicOrPartition;
            var config = TopicConfig.TryCreate(change(topic.Config.Set), _options.SegmentBytes, out message);
            if (config is null) return ErrorCode.InvalidConfig;
            if (validateOnly) return ErrorCode.None;
            try
            {
                _state.Apply(Save(name, topic.Id, topic.Partitions.Length, config));
                topic.Config = config;
                return ErrorCode.None;
            }
            catch (IOException e)
            {
                message = e.Message;
                return ErrorCode.StorageError;
            }
        }
    }

    /// <summary>Deletes a topic with all its records.</summary>
    public ErrorCode Delete(string name)
    {
        Topic? topic;
        lock (_lock)
        {
            if (!_byName.TryGetValue(name, out topic)) return ErrorCode.UnknownTopicOrPartition;
            try
            {
                var changes = new List<StateChange> { new(TopicKey + name, null) };
                for (var i = 0; i < topic.Partitions.Length; i++) changes.Add(new StateChange(StartOf(topic.Id, i), null));
                _state.Apply([.. changes]);
            }
            catch (IOException)
            {
                return ErrorCode.StorageError;
            }

            _byName.TryRemove(name, out _);
            _byId.TryRemove(topic.Id, out _);
        }

        foreach (var partition in topic.Partitions) partition.Delete();
        DeleteFolder(FolderOf(topic.Name, topic.Id));
        return ErrorCode.None;
    }

    /// <summary>Makes records below an offset unreadable for good.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">The new first offset; -1 for the end of the log.</param>
    /// <param name="start">The first offset after it, or -1.</param>
    public ErrorCode DeleteRecords(TopicPartition partition, long offset, out long start)
    {
        start = -1;
        if (Find(partition.Topic) is not { } topic || topic.Partition(partition.Partition) is not { } log) return ErrorCode.UnknownTopicOrPartition;
        var end = log.End;
        if (offset == -1) offset = end;
        if (offset < 0 || offset > end) return ErrorCode.OffsetOutOfRange;
        try
        {
            _state.Apply(new StateChange(StartOf(topic.Id, partition.Partition), BitConverter.GetBytes(Math.Max(offset, log.Start))));
        }
        catch (IOException)
        {
            return ErrorCode.StorageError;
        }

        log.AdvanceStart(offset);
        start = log.Start;
        return ErrorCode.None;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var topic in All)
            {
                foreach (var partition in topic.Partitions) partition.Dispose();
            }
        }
    }

    private static StateChange Save(string name, Guid id, int partitions, TopicConfig config) =>
        new(TopicKey + name, JsonSerializer.SerializeToUtf8Bytes(new StoredTopic(id, partitions, new Dictionary<string, string>(config.Set))));

    private static string StartOf(Guid id, int partition) => $"{StartKey}{id:N}\0{partition.ToString(CultureInfo.InvariantCulture)}";

    private string FolderOf(string name, Guid id) => Path.Combine(_folder, $"{name}-{id:N}");

    private PartitionLog Open(string name, Guid id, int partition, long start, TopicConfig config)
    {
        try
        {
            return PartitionLog.Open(
                new TopicPartition(name, partition), Path.Combine(FolderOf(name, id), partition.ToString(CultureInfo.InvariantCulture)), start, config, _options.Time, _log);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private void Publish(Topic topic)
    {
        _byId[topic.Id] = topic;
        _byName[topic.Name] = topic;
    }

    private void Load()
    {
        var starts = _state.Read(StartKey).ToDictionary(pair => pair.Key, pair => BitConverter.ToInt64(pair.Value), StringComparer.Ordinal);
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in _state.Read(TopicKey))
        {
            var name = key[TopicKey.Length..];
            var stored = JsonSerializer.Deserialize<StoredTopic>(value)!;
            // A broker that knows fewer configurations than the one before still opens the data.
            var config = TopicConfig.TryCreate(stored.Config, _options.SegmentBytes, out var error);
            if (config is null)
            {
                _log.Write($"topic '{name}': {error}; it runs with the defaults until it is configured again");
                config = TopicConfig.TryCreate(new Dictionary<string, string>(), _options.SegmentBytes, out _)!;
            }

            var logs = new PartitionLog[stored.Partitions];
            for (var i = 0; i < logs.Length; i++) logs[i] = Open(name, stored.Id, i, starts.GetValueOrDefault(StartOf(stored.Id, i)), config);
            Publish(new Topic(name, stored.Id, config, logs));
            known.Add(FolderOf(name, stored.Id));
        }

        // Left by a topic whose creation or deletion was cut off.
        foreach (var folder in Directory.GetDirectories(_folder))
        {
            if (!known.Contains(folder)) DeleteFolder(folder);
        }
    }

    private void DeleteFolder(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.Write($"{folder}: cannot delete: {e.Message}; the next start tries again");
        }
    }

    private sealed record StoredTopic(Guid Id, int Partitions, Dictionary<string, string> Config);
}
