using System.Text;
using Returns.Streams.State;
using Returns.Streams.Tasks;

namespace Returns.Streams.Testing;

/// <summary>
/// Runs a topology in the caller's thread without a broker: the same tasks, stores and windows, transactions included. What
/// was sent can be read once it is committed, as by a consumer that reads committed. Not safe for concurrent use.
/// </summary>
public sealed class TopologyTestDriver
{
    private readonly Topology _topology;
    private readonly int _partitions;
    private readonly Dictionary<(string Topic, int Partition), StreamTask> _bySource = [];
    private readonly List<StreamTask> _tasks = [];
    private readonly Dictionary<string, List<DriverRecord>> _committed = [];
    private readonly Dictionary<(string Topic, int Partition), List<DriverRecord>> _changelogs = [];
    private readonly Dictionary<(string Topic, int Partition), long> _offsets = [];
    private readonly List<DriverRecord> _tableRecords = [];
    private readonly List<(string Topic, int Partition, long Offset, byte[]? Key, byte[]? Value)> _uncommittedInput = [];
    private readonly Dictionary<(string SubTopology, int Partition), long> _streamTimes = [];
    private readonly List<DriverRecord> _sent = [];
    private List<GlobalTable> _tables = [];

    /// <summary>Starts every task with empty stores.</summary>
    /// <param name="topology">The topology.</param>
    /// <param name="partitions">Partitions of every source.</param>
    public TopologyTestDriver(Topology topology, int partitions = 1)
    {
        ArgumentNullException.ThrowIfNull(topology);
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        (_topology, _partitions) = (topology, partitions);
        Start();
    }

    /// <summary>Processes a record of a source, or applies one of a global table, in the partition that murmur2 of its key gives,
    /// or in <paramref name="partition"/>.</summary>
    /// <exception cref="ArgumentException">The topic is none that the topology reads.</exception>
    public void Pipe(string topic, byte[]? key, byte[]? value, int? partition = null)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var at = partition ?? (key is null ? 0 : Murmur2.Partition(key, _partitions));
        var offset = _offsets.GetValueOrDefault((topic, at));
        _offsets[(topic, at)] = offset + 1;
        if (_topology.Tables.Any(t => t.Topic == topic))
        {
            var record = new DriverRecord(topic, at, key, value, null);
            _tableRecords.Add(record);
            Apply(record, offset, tell: true);
            return;
        }
        if (!_bySource.ContainsKey((topic, at)))
        {
            throw new ArgumentException($"topic '{topic}' partition {at} is no source of the topology '{_topology.Application}'", nameof(topic));
        }
        _uncommittedInput.Add((topic, at, offset, key, value));
        Process(topic, at, offset, key, value);
    }

    /// <summary>The same with text as the key.</summary>
    /// <exception cref="ArgumentException">The topic is none that the topology reads.</exception>
    public void Pipe(string topic, string key, byte[]? value) => Pipe(topic, Encoding.UTF8.GetBytes(key), value);

    /// <summary>Commits the transaction of every task.</summary>
    public void Commit()
    {
        foreach (var task in _tasks)
        {
            task.Flush();
            task.Committed();
            _streamTimes[(task.SubTopology.Name, task.Partition)] = task.StreamTime;
        }
        foreach (var record in _sent)
        {
            if (_topology.SubTopologies.SelectMany(s => s.Stores).Any(s => _topology.ChangelogOf(s) == record.Topic))
            {
                ListOf(_changelogs, (record.Topic, record.Partition)).Add(record);
            }
            else
            {
                ListOf(_committed, record.Topic).Add(record);
            }
        }
        _sent.Clear();
        _uncommittedInput.Clear();
    }

    /// <summary>Aborts the transaction, takes back what it did to the stores, and processes its input again, as after a broker's
    /// refusal to commit.</summary>
    public void Abort()
    {
        _sent.Clear();
        foreach (var task in _tasks)
        {
            task.RollBack();
            task.Ready();
        }
        Again();
    }

    /// <summary>Throws every task away as a crash would, rebuilds the stores from the committed changelogs, and processes what was
    /// not committed again.</summary>
    public void Restart()
    {
        _sent.Clear();
        Start();
        Again();
    }

    /// <summary>Lets the wall clock, in milliseconds since the epoch, be <paramref name="now"/>.</summary>
    public void AdvanceWallClock(long now)
    {
        foreach (var task in _tasks)
        {
            task.Punctuate(now);
        }
    }

    /// <summary>The committed records of a topic that were not read before, in the order they were sent.</summary>
    public IReadOnlyList<DriverRecord> Read(string topic) => _committed.Remove(topic, out var records) ? records : [];

    /// <summary>A store of a partition's task, as it stands, committed or not.</summary>
    /// <exception cref="TopologyException">No sub-topology uses it.</exception>
    public KeyValueStore Store(StoreSpec store, int partition = 0)
    {
        var task = _tasks.Find(t => t.Partition == partition && t.SubTopology.Stores.Contains(store));
        return task is null ? throw new TopologyException($"no task of partition {partition} uses the store") : task.StoreOf(store);
    }

    /// <summary>Records in a store's committed changelog, all partitions.</summary>
    public int ChangelogLength(StoreSpec store)
    {
        var topic = _topology.ChangelogOf(store);
        return _changelogs.Where(c => c.Key.Topic == topic).Sum(c => c.Value.Count);
    }

    private void Start()
    {
        _tasks.Clear();
        _bySource.Clear();
        _tables = [.. _topology.Tables.Select(t => t.Create())];
        foreach (var record in _tableRecords)
        {
            Apply(record, 0, tell: false);
        }
        foreach (var sub in _topology.SubTopologies)
        {
            for (var partition = 0; partition < _partitions; partition++)
            {
                var task = new StreamTask(_topology, sub, partition, new Collector(this), _tables, _streamTimes.GetValueOrDefault((sub.Name, partition), long.MinValue));
                _tasks.Add(task);
                foreach (var source in sub.Sources)
                {
                    _bySource.Add((source.Topic, partition), task);
                }
                for (var store = 0; store < sub.Stores.Count; store++)
                {
                    foreach (var change in _changelogs.GetValueOrDefault((_topology.ChangelogOf(sub.Stores[store]), partition), []))
                    {
                        task.Restore(store, change.Key, change.Value, change.Value is not null);
                    }
                }
            }
        }
        foreach (var task in _tasks)
        {
            task.Ready();
        }
    }

    private void Again()
    {
        foreach (var (topic, partition, offset, key, value) in _uncommittedInput.ToList())
        {
            Process(topic, partition, offset, key, value);
        }
    }

    private void Process(string topic, int partition, long offset, byte[]? key, byte[]? value)
    {
        var task = _bySource[(topic, partition)];
        var source = task.SubTopology.Sources.Select((s, i) => (s, i)).First(p => p.s.Topic == topic).i;
        task.Process(source, new InputRecord(topic, partition, offset, key, key is not null, value, value is not null));
    }

    private void Apply(DriverRecord record, long offset, bool tell)
    {
        for (var i = 0; i < _tables.Count; i++)
        {
            if (_topology.Tables[i].Topic == record.Topic
                && _tables[i].TryApply(new InputRecord(record.Topic, record.Partition, offset, record.Key, record.Key is not null, record.Value, record.Value is not null), out _)
                && tell)
            {
                foreach (var task in _tasks)
                {
                    task.TableChanged(_tables[i], record.Key);
                }
            }
        }
    }

    private static List<DriverRecord> ListOf<TKey>(Dictionary<TKey, List<DriverRecord>> lists, TKey key) where TKey : notnull
    {
        if (!lists.TryGetValue(key, out var list))
        {
            lists.Add(key, list = []);
        }
        return list;
    }

    private sealed class Collector(TopologyTestDriver driver) : ITaskOutput
    {
        public void Send(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
            driver._sent.Add(new DriverRecord(topic, Murmur2.Partition(key, driver._partitions), key.ToArray(), value.ToArray(), null));

        public void SendTombstone(string topic, ReadOnlySpan<byte> key) =>
            driver._sent.Add(new DriverRecord(topic, Murmur2.Partition(key, driver._partitions), key.ToArray(), null, null));

        public void SendChange(string topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue) =>
            driver._sent.Add(new DriverRecord(topic, partition, key.ToArray(), hasValue ? value.ToArray() : null, null));

        public void SendDeadLetter(string topic, in InputRecord record, in Rejection rejection) =>
            driver._sent.Add(new DriverRecord(topic, record.Partition, record.HasKey ? record.Key.ToArray() : null, record.HasValue ? record.Value.ToArray() : null, rejection));
    }
}

/// <summary>A record that a topology sent.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Key">The key; null where it has none.</param>
/// <param name="Value">The value; null for a tombstone.</param>
/// <param name="Rejection">Why it is a dead letter; null where it is none.</param>
public sealed record DriverRecord(string Topic, int Partition, byte[]? Key, byte[]? Value, Rejection? Rejection);
