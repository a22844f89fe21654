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
    private readonly List<Input> _tableRecords = [];
    private readonly List<Input> _uncommitted = [];
    private readonly Dictionary<(string Topic, int Partition, long Offset), string> _poison = [];
    private readonly Dictionary<(string SubTopology, int Partition), long> _streamTimes = [];
    private readonly List<DriverRecord> _sent = [];
    private List<GlobalTable> _tables = [];

    private sealed record Input(string Topic, int Partition, long Offset, byte[]? Key, byte[]? Value)
    {
        public InputRecord Record => new(Topic, Partition, Offset, Key, Key is not null, Value, Value is not null);
    }

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
    /// or in <paramref name="partition"/>. If the processor throws, what was not committed is taken back and processed again,
    /// and the record goes to the dead letters.</summary>
    /// <param name="topic">A source, or a global table's topic.</param>
    /// <param name="key">Null for a record without one.</param>
    /// <param name="value">Null for a tombstone.</param>
    /// <param name="partition">Null for the one of the key.</param>
    /// <param name="offset">The record's offset in its partition, later ones follow from it; null for the next.</param>
    /// <exception cref="ArgumentException">The topic is none that the topology reads.</exception>
    public void Pipe(string topic, byte[]? key, byte[]? value, int? partition = null, long? offset = null)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var at = partition ?? (key is null ? 0 : Murmur2.Partition(key, _partitions));
        var isTable = _topology.Tables.Any(t => t.Topic == topic);
        if (!isTable && !_bySource.ContainsKey((topic, at)))
        {
            throw new ArgumentException($"topic '{topic}' partition {at} is no source of the topology '{_topology.Application}'", nameof(topic));
        }
        if (offset is { } given)
        {
            _offsets[(topic, at)] = given;
        }
        var input = Next(topic, at, key, value);
        if (isTable)
        {
            _tableRecords.Add(input);
            Apply(input, tell: true);
            return;
        }
        _uncommitted.Add(input);
        Run(() => Process(input));
    }

    /// <summary>The same with text as the key.</summary>
    /// <exception cref="ArgumentException">The topic is none that the topology reads.</exception>
    public void Pipe(string topic, string key, byte[]? value) => Pipe(topic, Encoding.UTF8.GetBytes(key), value);

    /// <summary>Commits the transaction of every task. What it sent to a topic that the topology reads is processed then, as
    /// part of the next transaction.</summary>
    public void Commit()
    {
        foreach (var task in _tasks)
        {
            task.Flush();
            task.Committed();
            _streamTimes[(task.SubTopology.Name, task.Partition)] = task.StreamTime;
        }
        var changelogs = _topology.SubTopologies.SelectMany(s => s.Stores).Select(_topology.ChangelogOf).ToHashSet();
        var sent = _sent.ToList();
        _sent.Clear();
        _uncommitted.Clear();
        foreach (var record in sent)
        {
            if (changelogs.Contains(record.Topic))
            {
                ListOf(_changelogs, (record.Topic, record.Partition)).Add(record);
                continue;
            }
            ListOf(_committed, record.Topic).Add(record);
            if (_bySource.ContainsKey((record.Topic, record.Partition)))
            {
                _uncommitted.Add(Next(record.Topic, record.Partition, record.Key, record.Value));
            }
        }
        Run(Again);
    }

    /// <summary>Aborts the transaction, takes back what it did to the stores, and processes its input again, as after a broker's
    /// refusal to commit. What of a follower had not waited for records of its leader, as they were not there, waits for them now.</summary>
    public void Abort()
    {
        RollBack();
        Run(Again);
    }

    /// <summary>Throws every task away as a crash would, rebuilds the stores from the committed changelogs, and processes what was
    /// not committed again, as <see cref="Abort"/> does.</summary>
    public void Restart()
    {
        _sent.Clear();
        Start();
        Run(Again);
    }

    /// <summary>Whether the sources hold more than was piped, as while a task catches up on a backlog: nothing that was not heard
    /// of can then be said not to be there.</summary>
    public bool Behind { get; set; }

    /// <summary>Lets the wall clock, in milliseconds since the epoch, be <paramref name="now"/>.</summary>
    public void AdvanceWallClock(long now)
    {
        foreach (var task in _tasks)
        {
            task.Punctuate(now, atEnd: !Behind);
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
        // A crash has no metrics left either, and here they outlive it.
        _tasks.ForEach(t => t.Close());
        _tasks.Clear();
        _bySource.Clear();
        _tables = [.. _topology.Tables.Select(t => t.Create())];
        foreach (var record in _tableRecords)
        {
            Apply(record, tell: false);
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

    private Input Next(string topic, int partition, byte[]? key, byte[]? value)
    {
        var offset = _offsets.GetValueOrDefault((topic, partition));
        _offsets[(topic, partition)] = offset + 1;
        return new Input(topic, partition, offset, key, value);
    }

    private void Run(Action work)
    {
        while (true)
        {
            try
            {
                work();
                return;
            }
            catch (ProcessorException error) when (_poison.TryAdd((error.Topic, error.Partition, error.Offset), error.Message))
            {
                RollBack();
                work = Again;
            }
        }
    }

    private void RollBack()
    {
        _sent.Clear();
        foreach (var task in _tasks)
        {
            task.RollBack();
            task.Ready();
        }
    }

    /// <summary>Processes what is not committed: leaders in the order they came, and a follower's records when they may.</summary>
    private void Again()
    {
        foreach (var records in _uncommitted.GroupBy(input => _bySource[(input.Topic, input.Partition)]).ToList())
        {
            var task = records.Key;
            var leader = new Queue<Input>(records.Where(r => SourceOf(task, r) == 0));
            var followers = records.Where(r => SourceOf(task, r) != 0).GroupBy(r => r.Topic).Select(g => new Queue<Input>(g)).ToList();
            while (leader.Count > 0 || followers.Exists(f => f.Count > 0))
            {
                if (followers.Find(f => f.Count > 0 && (leader.Count == 0 || !MustWait(task, f.Peek()))) is { } follower)
                {
                    Process(follower.Dequeue());
                }
                else
                {
                    Process(leader.Dequeue());
                }
            }
        }
    }

    private static int SourceOf(StreamTask task, Input input) => task.SubTopology.Sources.TakeWhile(s => s.Topic != input.Topic).Count();

    private static bool MustWait(StreamTask task, Input input) =>
        task.TryEventTime(SourceOf(task, input), input.Record, out var time) && time > task.StreamTime;

    private void Process(Input input)
    {
        var task = _bySource[(input.Topic, input.Partition)];
        if (_poison.TryGetValue((input.Topic, input.Partition, input.Offset), out var error))
        {
            task.DeadLetter(input.Record, new Rejection("ProcessorFailed", error));
            return;
        }
        task.Process(SourceOf(task, input), input.Record);
    }

    private void Apply(Input input, bool tell)
    {
        for (var i = 0; i < _tables.Count; i++)
        {
            if (_topology.Tables[i].Topic == input.Topic && _tables[i].TryApply(input.Record, out _) && tell)
            {
                foreach (var task in _tasks)
                {
                    task.TableChanged(_tables[i], input.Key);
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
