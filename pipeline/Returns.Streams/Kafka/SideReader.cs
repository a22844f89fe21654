using Confluent.Kafka;

namespace Returns.Streams.Kafka;

/// <summary>
/// Reads what no group assigns: every partition of the global tables, and the followers' partitions that belong to the
/// thread's tasks. They are few records beside the leaders', so a change of the set just assigns all of them again.
/// </summary>
internal sealed class SideReader : IDisposable
{
    private const int MostWaiting = 1000;
    private readonly IConsumer<Ignore, Ignore> _consumer;
    private readonly RecordReader _reader;
    private readonly Dictionary<(string Topic, int Partition), SideInput> _inputs = [];

    public SideReader(ClientSettings settings, int thread)
    {
        _consumer = settings.Reader($"thread-{thread}-side");
        _reader = new RecordReader(_consumer);
    }

    /// <summary>What went wrong, after <see cref="Polled.Error"/>.</summary>
    public Error Error => _reader.Error;

    public bool IsEmpty => _inputs.Count == 0;

    /// <summary>Begins to read all partitions of a table's topic from their beginning.</summary>
    public void AddTable(int table, string topic, int partitions)
    {
        for (var partition = 0; partition < partitions; partition++)
        {
            _inputs.Add((topic, partition), new SideInput(topic, partition, table));
        }
    }

    /// <summary>Begins to read the followers of a task where it stands.</summary>
    public void Add(AssignedTask task)
    {
        for (var source = 1; source < task.Sources.Length; source++)
        {
            var position = task.Sources[source];
            _inputs[(position.Topic, task.Partition)] = new SideInput(position.Topic, task.Partition, task, source) { Next = position.Next };
        }
    }

    /// <summary>Stops reading the followers of a task.</summary>
    public void Remove(AssignedTask task)
    {
        for (var source = 1; source < task.Sources.Length; source++)
        {
            _inputs.Remove((task.Sources[source].Topic, task.Partition));
        }
    }

    /// <summary>Makes what was added and removed count; each input goes on at its place.</summary>
    public void Assign()
    {
        _reader.Discard();
        _consumer.Assign(_inputs.Values.Select(i => new TopicPartitionOffset(i.Topic, i.Partition, i.Next)));
        // A partition stays paused over an assignment.
        _consumer.Resume(_inputs.Values.Where(i => !i.Paused).Select(i => new TopicPartition(i.Topic, i.Partition)));
        _consumer.Pause(_inputs.Values.Where(i => i.Paused).Select(i => new TopicPartition(i.Topic, i.Partition)));
    }

    /// <summary>Keeps a copy of a record until the leader has come so far; with many kept, no more are read.</summary>
    public void Hold(SideInput input, in InputRecord record, long eventTime)
    {
        input.Waiting.Enqueue(new WaitingRecord(record, eventTime));
        if (!input.Paused && input.Waiting.Count >= MostWaiting)
        {
            input.Paused = true;
            _consumer.Pause([new TopicPartition(input.Topic, input.Partition)]);
        }
    }

    /// <summary>Reads on once few enough records wait.</summary>
    public void Resume(SideInput input)
    {
        if (input.Paused && input.Waiting.Count < MostWaiting / 2)
        {
            input.Paused = false;
            Assign();
        }
    }

    /// <summary>A record of one of the inputs, or an end.</summary>
    public Polled Poll(int timeoutMs, out SideInput? input, out InputRecord record)
    {
        var polled = _reader.Poll(timeoutMs, out record);
        input = null;
        if (polled is Polled.Nothing or Polled.Error)
        {
            return polled;
        }
        // What an earlier assignment had fetched, or what comes although its input is paused, is not asked for now.
        if (!_inputs.TryGetValue((record.Topic, record.Partition), out input) || input.Paused || record.Offset < input.Next)
        {
            return Polled.Nothing;
        }
        if (polled == Polled.End)
        {
            (input.AtEnd, input.Next) = (true, record.Offset);
            return polled;
        }
        (input.AtEnd, input.Next) = (false, record.Offset + 1);
        return polled;
    }

    /// <summary>The inputs of a task.</summary>
    public IEnumerable<SideInput> Of(AssignedTask task) => _inputs.Values.Where(i => i.Task == task);

    /// <summary>Whether every table was read to its end.</summary>
    public bool TablesAtEnd => _inputs.Values.All(i => i.Task is not null || i.AtEnd);

    public void Dispose()
    {
        _reader.Dispose();
        _consumer.Dispose();
    }
}

/// <summary>A partition that is read by hand: of a table, or of a task's follower.</summary>
internal sealed class SideInput
{
    public SideInput(string topic, int partition, int table) => (Topic, Partition, Table, Source) = (topic, partition, table, -1);

    public SideInput(string topic, int partition, AssignedTask task, int source) => (Topic, Partition, Table, Task, Source) = (topic, partition, -1, task, source);

    public string Topic { get; }

    public int Partition { get; }

    /// <summary>Index of the table in the topology; -1 for a follower.</summary>
    public int Table { get; }

    /// <summary>The follower's task; null for a table.</summary>
    public AssignedTask? Task { get; }

    /// <summary>Index of the source in the task's sub-topology.</summary>
    public int Source { get; }

    /// <summary>The next offset to read.</summary>
    public long Next { get; set; }

    /// <summary>Whether all that could be read has been.</summary>
    public bool AtEnd { get; set; }

    /// <summary>The records that wait for the leader, in their order.</summary>
    public Queue<WaitingRecord> Waiting { get; } = new();

    /// <summary>Whether so many wait that no more are read.</summary>
    public bool Paused { get; set; }

    /// <summary>Goes back to <paramref name="offset"/>.</summary>
    public void Rewind(long offset)
    {
        Waiting.Clear();
        (Next, AtEnd, Paused) = (offset, false, false);
    }
}

/// <summary>A copy of a follower's record.</summary>
internal sealed class WaitingRecord
{
    private readonly string _topic;
    private readonly int _partition;
    private readonly byte[]? _key;
    private readonly byte[]? _value;

    public WaitingRecord(in InputRecord record, long eventTime)
    {
        (_topic, _partition, Offset, EventTime) = (record.Topic, record.Partition, record.Offset, eventTime);
        _key = record.HasKey ? record.Key.ToArray() : null;
        _value = record.HasValue ? record.Value.ToArray() : null;
    }

    public long Offset { get; }

    public long EventTime { get; }

    public InputRecord Record => new(_topic, _partition, Offset, _key, _key is not null, _value, _value is not null);
}
