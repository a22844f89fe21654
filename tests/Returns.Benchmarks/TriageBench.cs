using Confluent.Kafka;
using Returns.Contracts;
using Returns.Simulator.Conveyors;
using Returns.Simulator.Feeding;

namespace Returns.Benchmarks;

/// <summary>
/// Triage, exactly once, over a simulated shift that was published before, beside the bare loop: over records of 180 bytes,
/// as the budget has it, and over the very same scans.
/// </summary>
internal sealed class TriageBench : IBenchmark
{
    private const int InputsPerOutput = 4;

    public string Name => "triage";

    public string Usage => "triage over a simulated shift, exactly once, against the bare loop";

    public bool IsBudget => true;

    public async Task RunAsync(BenchmarkRun run)
    {
        var servers = run.Kafka.BootstrapServers;
        await using var pipeline = await TriagePipeline.CreateAsync(run.Kafka);
        var shift = SimulatedShift.Create(pipeline.Rules, new ShiftOptions
        {
            Seed = 1,
            Units = run.Sized(500_000),
            StartsAt = new DateTimeOffset(2026, 1, 5, 5, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(),
        });
        var fed = await Feeder.RunAsync(new ClientConfig { BootstrapServers = servers }, shift, new FeederOptions());
        var scans = (int)fed.Scans;
        var messages = run.Sized(3_000_000);
        var source = await BareLoop.CreateTopicAsync(servers);
        BareLoop.Fill(servers, source, messages);
        // The round before the first is to compile the code for what it does, which takes a fifth of a short run.
        List<double> triage = [], bare = [], same = [], bytes = [], cost = [], bareCost = [];
        var time = "";
        for (var round = -1; round < run.Rounds; round++)
        {
            // In turns, which change their order each time.
            var (progress, spent, onRecords, onScans, bareProcessor) = (default(Progress), "", 0.0, 0.0, TimeSpan.Zero);
            for (var turn = 0; turn < 3; turn++)
            {
                switch ((round + 1 + turn) % 3)
                {
                    case 0:
                        var before = run.Kafka.ProcessorTime;
                        onRecords = messages / await BareLoop.MeasureOnceAsync(servers, source, messages, InputsPerOutput);
                        bareProcessor = run.Kafka.ProcessorTime - before;
                        break;
                    case 1:
                        (progress, spent) = await pipeline.DrainAsync();
                        await pipeline.ResetAsync();
                        break;
                    default:
                        onScans = scans / await BareLoop.MeasureOnceAsync(servers, Topics.Scans, scans, InputsPerOutput);
                        break;
                }
            }
            if (round < 0)
            {
                continue;
            }
            triage.Add(progress.PerSecond);
            bare.Add(onRecords);
            same.Add(onScans);
            bytes.Add((double)progress.BytesAllocated / progress.Records);
            cost.Add(progress.Processor.TotalNanoseconds / progress.Records);
            bareCost.Add(bareProcessor.TotalNanoseconds / messages);
            time = spent;
        }
        await BareLoop.DeleteTopicAsync(servers, source);
        run.Add(new Row { Work = "triage, exactly once", Unit = "scans/s", Ours = triage, Against = "bare loop, 4 in 1 out, 180 bytes", Reference = bare, Target = 0.6 });
        run.Add(new Row { Work = "triage, exactly once", Unit = "scans/s", Ours = triage, Against = "bare loop over the same scans", Reference = same });
        run.Add(new Row { Work = "triage, allocation of the whole process", Unit = "bytes/scan", Ours = bytes });
        run.Add(new Row { Work = $"triage, processor time of {(run.Kafka.IsLocal ? "client and broker" : "the client")}", Unit = "ns/scan", Ours = cost, Against = "bare loop, 4 in 1 out, 180 bytes", Reference = bareCost });
        if (time.Length > 0)
        {
            run.Note($"triage, time of its {TriagePipeline.Threads} threads a scan: {time}");
        }
    }
}
