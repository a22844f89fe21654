using Returns.Streams.Tasks;

namespace Returns.Streams.Replay;

/// <summary>A record of history.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="Partition">Its partition.</param>
/// <param name="Offset">Its offset.</param>
/// <param name="Key">The key; null where it has none.</param>
/// <param name="Value">The value; null for a tombstone.</param>
public sealed record ReplayRecord(string Topic, int Partition, long Offset, byte[]? Key, byte[]? Value)
{
    internal InputRecord Record => new(Topic, Partition, Offset, Key, Key is not null, Value, Value is not null);
}

/// <summary>A record that a topology would have sent.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Key">The key; null where it has none.</param>
/// <param name="Value">The value; null for a tombstone.</param>
/// <param name="Rejection">Why it is a dead letter; null where it is none.</param>
public sealed record ReplayOutput(string Topic, byte[]? Key, byte[]? Value, Rejection? Rejection);

/// <summary>
/// Runs tasks of a topology over records of history, with the processors, stores and windows that run against Kafka. What they send
/// is handed to the caller: there is no producer here, and so no way to write to a topic.
/// </summary>
/// <remarks>
/// It is what a worker does that begins with empty stores and has the whole backlog before it: a follower's record waits until stream
/// time has come to it or the leader is at its end, and a record that the processor throws on is taken back and becomes a dead letter.
/// Wall clocks stand still. In memory are the global tables, the stores of the task that runs, and what it sent since its last
/// commit. Not safe for concurrent use.
/// </remarks>
public sealed class TopologyReplay
{
    private const int CommitEvery = 1000;
    private readonly Topology _topology;
    private readonly List<GlobalTable> _tables;

    /// <summary>A replay with empty global tables.</summary>
    public TopologyReplay(Topology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        _topology = topology;
        _tables = [.. topology.Tables.Select(t => t.Create())];
    }

    /// <summary>Applies a record to its global table, before anything is run.</summary>
    /// <returns>False where the table does not take it.</returns>
    /// <exception cref="ArgumentException">The topic is no global table of the topology.</exception>
    public bool Apply(ReplayRecord record, out Rejection rejection)
    {
        ArgumentNullException.ThrowIfNull(record);
        for (var i = 0; i < _tables.Count; i++)
        {
            if (_topology.Tables[i].Topic == record.Topic)
            {
                return _tables[i].TryApply(record.Record, out rejection);
            }
        }
        throw new ArgumentException($"topic '{record.Topic}' is no global table of the topology '{_topology.Application}'", nameof(record));
    }

    /// <summary>Runs a task, from empty stores to the end of its sources.</summary>
    /// <param name="subTopology">Name of the sub-topology.</param>
    /// <param name="partition">The task's partition.</param>
    /// <param name="sources">The records of each source, in the sub-topology's order of sources and each in the order of its partition.</param>
    /// <param name="sent">Receives what was sent, once it is committed.</param>
    /// <exception cref="ArgumentException">There is no such sub-topology, or it has another number of sources.</exception>
    /// <exception cref="InvalidOperationException">The processor threw where no record is at fault.</exception>
    public void Run(string subTopology, int partition, IReadOnlyList<IEnumerable<ReplayRecord>> sources, Action<ReplayOutput> sent)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(sent);
        var sub = _topology.SubTopologies.FirstOrDefault(s => s.Name == subTopology)
            ?? throw new ArgumentException($"the topology '{_topology.Application}' has no sub-topology '{subTopology}': {string.Join(", ", _topology.SubTopologies.Select(s => s.Name))}", nameof(subTopology));
        if (sources.Count != sub.Sources.Count)
        {
            throw new ArgumentException($"sub-topology '{subTopology}' has {sub.Sources.Count} sources, and records of {sources.Count} are given", nameof(sources));
        }
        var run = new TaskRun(_topology, sub, partition, _tables, sent);
        var inputs = sources.Select(s => s.GetEnumerator()).ToArray();
        try
        {
            run.All(inputs);
        }
        finally
        {
            foreach (var input in inputs)
            {
                input.Dispose();
            }
        }
    }

    private sealed class TaskRun : ITaskOutput
    {
        private readonly StreamTask _task;
        private readonly Action<ReplayOutput> _sent;
        private readonly List<ReplayOutput> _uncommitted = [];
        private readonly List<(int Source, ReplayRecord Record)> _processed = [];
        private readonly Dictionary<(int Source, long Offset), string> _poison = [];

        public TaskRun(Topology topology, SubTopology sub, int partition, IReadOnlyList<GlobalTable> tables, Action<ReplayOutput> sent)
        {
            _sent = sent;
            _task = new StreamTask(topology, sub, partition, this, tables, long.MinValue);
            _task.Ready();
        }

        public void All(IEnumerator<ReplayRecord>[] inputs)
        {
            var waiting = new ReplayRecord?[inputs.Length];
            for (var source = 1; source < inputs.Length; source++)
            {
                waiting[source] = Next(inputs[source]);
            }
            while (Next(inputs[0]) is { } record)
            {
                Process(0, record);
                Release(atEnd: false);
            }
            Release(atEnd: true);
            Commit();

            void Release(bool atEnd)
            {
                for (var source = 1; source < inputs.Length; source++)
                {
                    while (waiting[source] is { } follower && (atEnd || !_task.TryEventTime(source, follower.Record, out var time) || time <= _task.StreamTime))
                    {
                        Process(source, follower);
                        waiting[source] = Next(inputs[source]);
                    }
                }
            }
        }

        public void Send(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _uncommitted.Add(new ReplayOutput(topic, key.ToArray(), value.ToArray(), null));

        public void SendTombstone(string topic, ReadOnlySpan<byte> key) => _uncommitted.Add(new ReplayOutput(topic, key.ToArray(), null, null));

        public void SendChange(string topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue)
        {
            // Nobody will restore it.
        }

        public void SendDeadLetter(string topic, in InputRecord record, in Rejection rejection) =>
            _uncommitted.Add(new ReplayOutput(topic, record.HasKey ? record.Key.ToArray() : null, record.HasValue ? record.Value.ToArray() : null, rejection));

        private static ReplayRecord? Next(IEnumerator<ReplayRecord> input) => input.MoveNext() ? input.Current : null;

        private void Process(int source, ReplayRecord record)
        {
            _processed.Add((source, record));
            for (var from = _processed.Count - 1; from < _processed.Count; from++)
            {
                var (input, next) = _processed[from];
                if (_poison.TryGetValue((input, next.Offset), out var reason))
                {
                    _task.DeadLetter(next.Record, new Rejection(Kafka.DeadLetterHeaders.ProcessorFailed, reason));
                    continue;
                }
                try
                {
                    _task.Process(input, next.Record);
                }
                catch (ProcessorException error) when (_poison.TryAdd((input, next.Offset), error.Message))
                {
                    _uncommitted.Clear();
                    _task.RollBack();
                    _task.Ready();
                    from = -1;
                }
            }
            if (_processed.Count >= CommitEvery)
            {
                Commit();
            }
        }

        private void Commit()
        {
            _task.Flush();
            _task.Committed();
            foreach (var output in _uncommitted)
            {
                _sent(output);
            }
            _uncommitted.Clear();
            _processed.Clear();
            _poison.Clear();
        }
    }
}
