namespace Returns.Streams.Tests.Topologies;

/// <summary>What cannot work is refused where it is built, by the name of the thing and the way out.</summary>
public sealed class TopologyMistakes
{
    private readonly TopologyBuilder _builder = new("app", "dead");

    [Fact]
    public void Nothing_to_do() => Refuses(() => _builder.Build(), "topology 'app'", "no sub-topology");

    [Fact]
    public void No_application() => Assert.Throws<ArgumentException>(() => new TopologyBuilder(" "));

    [Fact]
    public void A_sub_topology_without_source()
    {
        _builder.SubTopology("idle", [], c => new Quiet(c));
        Refuses(() => _builder.Build(), "sub-topology 'idle'", "add one by Source()");
    }

    [Fact]
    public void A_source_of_two()
    {
        _builder.SubTopology("one", [], c => new Quiet(c)).Source("ticks", () => new TickDecoder());
        _builder.SubTopology("two", [], c => new Quiet(c)).Source("ticks", () => new TickDecoder());
        Refuses(() => _builder.Build(), "topic 'ticks'", "one group reads a topic once");
    }

    [Fact]
    public void A_source_that_is_a_table_too()
    {
        _builder.SubTopology("one", [], c => new Quiet(c)).Source("ticks", () => new TickDecoder());
        _builder.Table("ticks", () => new Names());
        Refuses(() => _builder.Build(), "topic 'ticks'", "choose one");
    }

    [Fact]
    public void Dead_letters_that_are_read_again()
    {
        _builder.SubTopology("one", [], c => new Quiet(c)).Source("dead", () => new TickDecoder());
        Refuses(() => _builder.Build(), "topic 'dead'", "dead letters", "another topic");
    }

    [Fact]
    public void A_source_whose_type_the_processor_does_not_process() =>
        Refuses(() => _builder.SubTopology("one", [], c => new Quiet(c)).Source("tocks", () => new TockDecoder()), "sub-topology 'one'", "topic 'tocks' gives Tock", "Quiet is no IProcessor<Tock>");

    [Fact]
    public void A_name_twice()
    {
        _builder.SubTopology("one", [], c => new Quiet(c));
        Refuses(() => _builder.SubTopology("one", [], c => new Quiet(c)), "sub-topology 'one'", "choose another name");
    }

    [Fact]
    public void A_sink_twice()
    {
        _builder.Sink("log", () => new LineEncoder());
        Refuses(() => _builder.Sink("log", () => new LineEncoder()), "topic 'log'", "use that one");
    }

    [Fact]
    public void A_table_twice()
    {
        _builder.Table("names", () => new Names());
        Refuses(() => _builder.Table("names", () => new Names()), "topic 'names'", "use that one");
    }

    [Fact]
    public void A_store_twice()
    {
        _builder.Store("items");
        Refuses(() => _builder.Store("items"), "store 'items'", "choose another name");
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("größe")]
    [InlineData("a/b")]
    public void A_store_whose_name_can_be_no_topics(string name) => Refuses(() => _builder.Store(name), $"store '{name}'", "letters, digits, dots, dashes and underscores");

    [Fact]
    public void A_store_with_too_long_a_name() => Refuses(() => _builder.Store(new string('s', 101)), "1 to 100");

    [Fact]
    public void A_store_of_another_topology() =>
        Refuses(() => _builder.SubTopology("one", [new TopologyBuilder("other").Store("foreign")], c => new Quiet(c)), "sub-topology 'one'", "store 'foreign'", "add it by Store()");

    [Fact]
    public void A_store_of_another_sub_topology()
    {
        var store = _builder.Store("items");
        _builder.SubTopology("one", [store], c => new Quiet(c));
        Refuses(() => _builder.SubTopology("two", [store], c => new Quiet(c)), "sub-topology 'two'", "store 'items'", "belongs to 'one'");
    }

    [Fact]
    public void A_store_that_nobody_uses()
    {
        _builder.Store("items");
        _builder.SubTopology("one", [], c => new Quiet(c)).Source("ticks", () => new TickDecoder());
        Refuses(() => _builder.Build(), "store 'items'", "give it to one, or remove it");
    }

    [Fact]
    public void A_sink_of_another_topology()
    {
        var foreign = new TopologyBuilder("other").Sink("elsewhere", () => new LineEncoder());
        _builder.SubTopology("one", [], c => new Sender(c, foreign)).Source("ticks", () => new TickDecoder());
        Refuses(() => _ = new Testing.TopologyTestDriver(_builder.Build()), "topic 'elsewhere'", "topology 'app'", "add it by Sink()");
    }

    private static void Refuses(Action build, params string[] said)
    {
        var message = Assert.Throws<TopologyException>(build).Message;
        Assert.All(said, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    private sealed class Quiet(ProcessorContext context) : Processor(context), IProcessor<Tick>
    {
        public void Process(Tick message)
        {
        }
    }

    private sealed class Sender(ProcessorContext context, Sink<Line> sink) : Processor(context), IProcessor<Tick>
    {
        private readonly Output<Line> _output = context.Output(sink);

        public void Process(Tick message) => _output.SendTombstone(Context.Key);
    }
}
