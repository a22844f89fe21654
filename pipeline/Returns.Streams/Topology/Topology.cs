using Returns.Streams.Tasks;

namespace Returns.Streams;

/// <summary>
/// What an application does with its records: sub-topologies with their sources and stores, sinks and global tables. Built
/// once, by <see cref="TopologyBuilder"/>, and read-only from then on.
/// </summary>
public sealed class Topology
{
    internal Topology(string application, string? deadLetters, IReadOnlyList<SubTopology> subTopologies, IReadOnlyList<Sink> sinks, IReadOnlyList<TableSource> tables)
    {
        Application = application;
        DeadLetters = deadLetters;
        SubTopologies = subTopologies;
        Sinks = sinks;
        Tables = tables;
    }

    /// <summary>Name of the application: its consumer group, and what its internal topics begin with.</summary>
    public string Application { get; }

    /// <summary>Topic for records that cannot be processed.</summary>
    public string? DeadLetters { get; }

    /// <summary>The sub-topologies, in the order they were added.</summary>
    public IReadOnlyList<SubTopology> SubTopologies { get; }

    /// <summary>The sinks, in the order they were added.</summary>
    public IReadOnlyList<Sink> Sinks { get; }

    /// <summary>The global tables, in the order they were added.</summary>
    public IReadOnlyList<TableSource> Tables { get; }

    /// <summary>The changelog topic of a store: <c>APPLICATION-STORE-changelog</c>, as Kafka Streams names it.</summary>
    public string ChangelogOf(StoreSpec store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return $"{Application}-{store.Name}-changelog";
    }
}

/// <summary>Sources that are partitioned alike, and the processor that a task of them runs.</summary>
public sealed class SubTopology
{
    internal SubTopology(string name, IReadOnlyList<Source> sources, IReadOnlyList<StoreSpec> stores, Func<ProcessorContext, Processor> processor)
    {
        Name = name;
        Sources = sources;
        Stores = stores;
        Processor = processor;
    }

    /// <summary>Name, for metrics and messages.</summary>
    public string Name { get; }

    /// <summary>The sources; the first one leads: its partitions are what the group assigns, and the others follow it.</summary>
    public IReadOnlyList<Source> Sources { get; }

    /// <summary>The stores its processor may use.</summary>
    public IReadOnlyList<StoreSpec> Stores { get; }

    internal Func<ProcessorContext, Processor> Processor { get; }
}

/// <summary>A topic that is read, and how.</summary>
public abstract class Source
{
    private protected Source(string topic) => Topic = topic;

    /// <summary>The topic.</summary>
    public string Topic { get; }

    /// <summary>Makes a check of whether a task would take a record as it is decoded, or send it to the dead letters: what a processor
    /// makes of it is not asked. It throws what the decoder throws. For one thread.</summary>
    public abstract RecordCheck Check();

    internal abstract SourceInput Open(Processor processor);

    internal abstract bool Fits(Type processor);

    internal abstract Type MessageType { get; }
}

/// <summary>Whether a record of a source can be decoded, and where not, why.</summary>
public delegate bool RecordCheck(in InputRecord record, out Rejection rejection);

internal sealed class Source<T>(string topic, Func<IDecoder<T>> decoder) : Source(topic) where T : class, new()
{
    internal override Type MessageType => typeof(T);

    public override RecordCheck Check()
    {
        var (check, message) = (decoder(), new T());
        return (in record, out rejection) => check.TryDecode(record, message, out _, out rejection);
    }

    internal override SourceInput Open(Processor processor) => new SourceInput<T>(decoder(), (IProcessor<T>)processor);

    internal override bool Fits(Type processor) => typeof(IProcessor<T>).IsAssignableFrom(processor);
}

/// <summary>A topic that is written.</summary>
public abstract class Sink
{
    private protected Sink(string topic) => Topic = topic;

    /// <summary>The topic.</summary>
    public string Topic { get; }
}

/// <summary>A topic that messages of one type are written to.</summary>
public sealed class Sink<T> : Sink where T : class
{
    internal Sink(string topic, Func<IEncoder<T>> encoder) : base(topic) => Encoder = encoder;

    internal Func<IEncoder<T>> Encoder { get; }
}

/// <summary>A store with a changelog.</summary>
public sealed class StoreSpec
{
    internal StoreSpec(string name) => Name = name;

    /// <summary>Name, unique in the topology.</summary>
    public string Name { get; }
}

/// <summary>A global table and the topic it is read from.</summary>
public abstract class TableSource
{
    private protected TableSource(string topic) => Topic = topic;

    /// <summary>The topic, all of whose partitions are read from their beginning.</summary>
    public string Topic { get; }

    internal abstract GlobalTable Create();
}

/// <summary>A global table of one type.</summary>
public sealed class TableSource<TTable> : TableSource where TTable : GlobalTable
{
    private readonly Func<TTable> _create;

    internal TableSource(string topic, Func<TTable> create) : base(topic) => _create = create;

    internal override GlobalTable Create() => _create();
}
