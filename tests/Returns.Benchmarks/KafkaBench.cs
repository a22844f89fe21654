namespace Returns.Benchmarks;

/// <summary>The bare loop on the local broker, and on the one of RETURNS_TEST_KAFKA, by turns.</summary>
internal sealed class KafkaBench : IBenchmark
{
    private const int InputsPerOutput = 4;

    public string Name => "kafka";

    public string Usage => "the local broker against that of RETURNS_TEST_KAFKA, both with the bare loop";

    public bool IsBudget => true;

    public async Task RunAsync(BenchmarkRun run)
    {
        const string work = "local Kafka, bare loop 4 in 1 out";
        if (run.Kafka.IsLocal)
        {
            run.Add(new Row
            {
                Work = work,
                Unit = "records/s",
                Against = "Apache Kafka 4",
                Target = 1,
                NotMeasured = "it needs an Apache Kafka on this machine: RETURNS_TEST_KAFKA=HOST:PORT make bench ROWS=kafka",
            });
            return;
        }
        var messages = run.Sized(1_500_000);
        using var local = KafkaAddress.StartLocal();
        var (ourTopic, theirTopic) = (await FillAsync(local, messages), await FillAsync(run.Kafka, messages));
        await LoopAsync(local, ourTopic, messages);
        var (ours, theirs) = await run.InTurnsAsync(() => LoopAsync(local, ourTopic, messages), () => LoopAsync(run.Kafka, theirTopic, messages));
        run.Add(new Row { Work = work, Unit = "records/s", Ours = ours, Against = $"the same on {run.Kafka.BootstrapServers}", Reference = theirs, Target = 1 });
        await BareLoop.DeleteTopicAsync(run.Kafka.BootstrapServers, theirTopic);
    }

    private static async Task<string> FillAsync(KafkaAddress kafka, int messages)
    {
        var topic = await BareLoop.CreateTopicAsync(kafka.BootstrapServers);
        BareLoop.Fill(kafka.BootstrapServers, topic, messages);
        return topic;
    }

    private static async Task<double> LoopAsync(KafkaAddress kafka, string topic, int messages) =>
        messages / await BareLoop.MeasureOnceAsync(kafka.BootstrapServers, topic, messages, InputsPerOutput);
}
