namespace Returns.Streams;

/// <summary>Builds a <see cref="Topology"/>, and says at once what does not fit.</summary>
public sealed class TopologyBuilder
{
    private readonly string _application;
    private readonly string? _deadLetters;
    private readonly List<SubTopologyBuilder> _subTopologies = [];
    private readonly List<Sink> _sinks = [];
    private readonly List<StoreSpec> _stores = [];
    private readonly List<TableSource> _tables = [];

    /// <summary>Begins a topology.</summary>
    /// <param name="application">Consumer group, and what internal topics begin with.</param>
    /// <param name="deadLetters">Topic for records that cannot be processed; null where none can come.</param>
    public TopologyBuilder(string application, string? deadLetters = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(application);
        _application = application;
        _deadLetters = deadLetters;
    }

    /// <summary>Adds a topic to write to.</summary>
    /// <param name="topic">The topic; records go to the partition that murmur2 of their key gives, as with the Java client.</param>
    /// <param name="encoder">Makes an encoder for a task.</param>
    /// <exception cref="TopologyException">The topic is written to already.</exception>
    public Sink<T> Sink<T>(string topic, Func<IEncoder<T>> encoder) where T : class
    {
        if (_sinks.Any(s => s.Topic == topic))
        {
            throw new TopologyException($"topic '{topic}' has a sink already: use that one");
        }
        var sink = new Sink<T>(topic, encoder);
        _sinks.Add(sink);
        return sink;
    }

    /// <summary>Adds a store.</summary>
    /// <param name="name">Name, of letters, digits, dots, dashes and underscores: it becomes part of a topic's name.</param>
    /// <exception cref="TopologyException">The name is taken, or cannot be part of a topic's name.</exception>
    public StoreSpec Store(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > 100 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_')))
        {
            throw new TopologyException($"store '{name}': a name has 1 to 100 letters, digits, dots, dashes and underscores, as it becomes part of a topic's name");
        }
        if (_stores.Any(s => s.Name == name))
        {
            throw new TopologyException($"store '{name}' is there already: use that one, or choose another name");
        }
        var store = new StoreSpec(name);
        _stores.Add(store);
        return store;
    }

    /// <summary>Adds a topic that every task reads as a whole.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="create">Makes the table for a stream thread.</param>
    /// <exception cref="TopologyException">The topic is a table already.</exception>
    public TableSource<TTable> Table<TTable>(string topic, Func<TTable> create) where TTable : GlobalTable
    {
        if (_tables.Any(t => t.Topic == topic))
        {
            throw new TopologyException($"topic '{topic}' is a global table already: use that one");
        }
        var table = new TableSource<TTable>(topic, create);
        _tables.Add(table);
        return table;
    }

    /// <summary>Adds a sub-topology: its sources are added to what is returned.</summary>
    /// <param name="name">Name, for metrics and messages.</param>
    /// <param name="stores">The stores its processor uses; a store belongs to one sub-topology.</param>
    /// <param name="processor">Makes the processor of a task.</param>
    /// <exception cref="TopologyException">The name is taken, or a store is another topology's or sub-topology's.</exception>
    public SubTopologyBuilder SubTopology<TProcessor>(string name, IReadOnlyList<StoreSpec> stores, Func<ProcessorContext, TProcessor> processor)
        where TProcessor : Processor
    {
        ArgumentNullException.ThrowIfNull(stores);
        if (_subTopologies.Any(s => s.Name == name))
        {
            throw new TopologyException($"sub-topology '{name}' is there already: choose another name");
        }
        foreach (var store in stores)
        {
            if (!_stores.Contains(store))
            {
                throw new TopologyException($"sub-topology '{name}': store '{store.Name}' is not of this topology: add it by Store()");
            }
            if (_subTopologies.FirstOrDefault(s => s.Stores.Contains(store)) is { } other)
            {
                throw new TopologyException($"sub-topology '{name}': store '{store.Name}' belongs to '{other.Name}': a task cannot reach into another's store");
            }
        }
        var sub = new SubTopologyBuilder(name, stores, typeof(TProcessor), processor);
        _subTopologies.Add(sub);
        return sub;
    }

    /// <summary>The topology.</summary>
    /// <exception cref="TopologyException">A sub-topology has no source, a topic is read twice or holds the dead letters, or a
    /// store is used by none.</exception>
    public Topology Build()
    {
        if (_subTopologies.Count == 0)
        {
            throw new TopologyException($"topology '{_application}' has no sub-topology: it would do nothing");
        }
        if (_subTopologies.Find(s => s.Sources.Count == 0) is { } idle)
        {
            throw new TopologyException($"sub-topology '{idle.Name}' has no source: add one by Source()");
        }
        if (_subTopologies.SelectMany(s => s.Sources).GroupBy(s => s.Topic).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new TopologyException($"topic '{twice.Key}' is the source of two sub-topologies: one group reads a topic once");
        }
        if (_subTopologies.SelectMany(s => s.Sources).FirstOrDefault(s => _tables.Exists(t => t.Topic == s.Topic)) is { } both)
        {
            throw new TopologyException($"topic '{both.Topic}' is a source and a global table: choose one");
        }
        if (_subTopologies.SelectMany(s => s.Sources).FirstOrDefault(s => s.Topic == _deadLetters) is { } dead)
        {
            throw new TopologyException($"topic '{dead.Topic}' is a source and takes the dead letters, which would come back for ever: send them to another topic");
        }
        if (_stores.Find(store => !_subTopologies.Exists(s => s.Stores.Contains(store))) is { } unused)
        {
            throw new TopologyException($"store '{unused.Name}' is used by no sub-topology: give it to one, or remove it");
        }
        return new Topology(_application, _deadLetters,
            [.. _subTopologies.Select(s => new SubTopology(s.Name, s.Sources, s.Stores, s.Processor))], _sinks, _tables);
    }
}

/// <summary>Adds sources to a sub-topology.</summary>
public sealed class SubTopologyBuilder
{
    private readonly Type _processorType;
    private readonly List<Source> _sources = [];

    internal SubTopologyBuilder(string name, IReadOnlyList<StoreSpec> stores, Type processorType, Func<ProcessorContext, Processor> processor)
    {
        Name = name;
        Stores = stores;
        _processorType = processorType;
        Processor = processor;
    }

    internal string Name { get; }

    internal IReadOnlyList<StoreSpec> Stores { get; }

    internal IReadOnlyList<Source> Sources => _sources;

    internal Func<ProcessorContext, Processor> Processor { get; }

    /// <summary>
    /// Adds a source. The first one leads: the group assigns its partitions, and a task reads the same partition of the
    /// others, which must have as many. A record of a follower waits until the task has processed the leader's records up to
    /// the follower's event time, or all there are, so that a quiet topic cannot run ahead of a busy one's backlog.
    /// </summary>
    /// <param name="topic">The topic.</param>
    /// <param name="decoder">Makes a decoder for a task.</param>
    /// <exception cref="TopologyException">The processor does not process <typeparamref name="T"/>.</exception>
    public SubTopologyBuilder Source<T>(string topic, Func<IDecoder<T>> decoder) where T : class, new()
    {
        var source = new Source<T>(topic, decoder);
        if (!source.Fits(_processorType))
        {
            throw new TopologyException($"sub-topology '{Name}': topic '{topic}' gives {typeof(T).Name}, and {_processorType.Name} is no IProcessor<{typeof(T).Name}>");
        }
        _sources.Add(source);
        return this;
    }
}

/// <summary>A topology that cannot work; the message names the part and the way out.</summary>
public sealed class TopologyException(string message) : Exception(message);
