using System.Globalization;
using System.Text;
using Returns.Streams.State;

namespace Returns.Streams.Tests;

/// <summary>A processor that sends a line for whatever is called, and does what a test gave it to do.</summary>
internal sealed class Probe : Processor, IProcessor<Tick>, IProcessor<Tock>
{
    public const string Input = "ticks";
    public const string Follower = "tocks";
    public const string Log = "log";
    public const string Dead = "dead";

    private readonly Output<Line> _log;
    private readonly Script _script;

    public Probe(ProcessorContext context, Sink<Line> log, StoreSpec store, Script script) : base(context)
    {
        _log = context.Output(log);
        _script = script;
        Store = context.Store(store);
        script.Made?.Invoke(this);
    }

    public KeyValueStore Store { get; }

    public new ProcessorContext Context => base.Context;

    public static (Topology Topology, StoreSpec Store) Topology(Script script, string? deadLetters = Dead, Action<TopologyBuilder>? more = null)
    {
        var builder = new TopologyBuilder("app", deadLetters);
        var store = builder.Store("items");
        var log = builder.Sink(Log, () => new LineEncoder());
        more?.Invoke(builder);
        builder.SubTopology("probe", [store], context => new Probe(context, log, store, script))
            .Source(Input, () => new TickDecoder())
            .Source(Follower, () => new TockDecoder());
        return (builder.Build(), store);
    }

    public static string Text(ReadOnlySpan<byte> key) => Encoding.UTF8.GetString(key);

    public void Say(string text) => _log.Send("log"u8, new Line(text));

    public void Process(Tick message)
    {
        Say(string.Create(CultureInfo.InvariantCulture, $"tick {Text(Context.Key)} {message.At} at {Context.StreamTime}"));
        _script.OnTick?.Invoke(this, message);
    }

    public void Process(Tock message) => Say(string.Create(CultureInfo.InvariantCulture, $"tock {Text(Context.Key)} {message.At} at {Context.StreamTime}"));

    public override void Ready() => _script.OnReady?.Invoke(this);

    public override void Wake(KeyValueStore store, ReadOnlySpan<byte> key, long due)
    {
        Say(string.Create(CultureInfo.InvariantCulture, $"wake {Text(key)} {due} at {Context.StreamTime}"));
        _script.OnWake?.Invoke(this, Text(key));
    }

    public override void TableChanged(GlobalTable table, ReadOnlySpan<byte> key) => _script.OnTableChanged?.Invoke(this, Text(key));

    /// <summary>What a test has the probe do, beside logging.</summary>
    internal sealed class Script
    {
        public Action<Probe>? Made { get; init; }

        public Action<Probe>? OnReady { get; init; }

        public Action<Probe, Tick>? OnTick { get; init; }

        public Action<Probe, string>? OnWake { get; init; }

        public Action<Probe, string>? OnTableChanged { get; init; }
    }
}
