using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using Returns.Chaos.Faults;
using Returns.Chaos.Feed;
using Returns.Chaos.Oracle;
using Returns.Chaos.Processes;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Rules;

namespace Returns.Chaos;

/// <summary>Rounds of input and faults, each held against the oracle once everything has come to rest.</summary>
internal sealed class ChaosRun
{
    /// <summary>Rounds on one set of servers and topics, which grow: then everything begins anew.</summary>
    private const int RoundsOfAStage = 10;

    private static readonly TimeSpan FeedTime = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan DrainBound = TimeSpan.FromMinutes(2);

    /// <summary>A worker hears of a late catalogue item some time after it is published, which no offset tells: what differs is looked at again.</summary>
    private const int LooksAtDifferences = 6;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2);
    private readonly ChaosOptions _options;
    private readonly IReadOnlyList<RuleDocument> _documents;
    private readonly RuleBook _rules;
    private readonly SortedDictionary<FaultKind, int> _faults = [];
    private readonly Stopwatch _clock = new();
    private int _rounds;
    private long _units;
    private long _records;
    private long _compared;
    private int _alerts;
    private int _chargebacks;
    private int _corrections;
    private int _endedByThemselves;
    private int _differences;

    private ChaosRun(ChaosOptions options, IReadOnlyList<RuleDocument> documents, RuleBook rules) => (_options, _documents, _rules) = (options, documents, rules);

    /// <summary>Runs all rounds, and says what came of them; the last line is the number of differences.</summary>
    /// <returns>The number of differences.</returns>
    public static async Task<int> RunAsync(ChaosOptions options, CancellationToken cancel)
    {
        var files = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "chaos-rules"), "*.yaml").Select(path => new RuleFile(path, File.ReadAllBytes(path)));
        if (!RuleFile.TryCompile(files, out var documents, out var rules, out var errors))
        {
            throw new InvalidOperationException($"the rules are not valid: {string.Join("; ", errors)}");
        }
        var run = new ChaosRun(options, documents, rules);
        await run.RunAsync(cancel);
        return run._differences;
    }

    private async Task RunAsync(CancellationToken cancel)
    {
        Console.WriteLine($"{_options.Rounds} rounds of {_options.Units} units from seed {_options.Seed}"
            + (_options.Kafka is null ? "" : $", on the broker at {_options.Kafka}: it is not killed, and connections to it are not cut"));
        var started = Stopwatch.GetTimestamp();
        try
        {
            var seed = _options.Seed;
            while (_rounds < _options.Rounds)
            {
                var batches = new List<Batch>();
                while (batches.Count < (_options.Kafka is null ? RoundsOfAStage : int.MaxValue) && _rounds + batches.Count < _options.Rounds)
                {
                    batches.Add(Batch.Create(seed, batches.Count, _options.Units, _rules, batches.LastOrDefault()));
                    seed = new Random(seed).Next();
                }
                await RunStageAsync(batches, cancel);
            }
        }
        finally
        {
            Summarize(Stopwatch.GetElapsedTime(started));
        }
    }

    private void Summarize(TimeSpan took)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{_rounds} rounds in {took.TotalSeconds:0} s: {_units} units, {_records} records published, {_compared} compared, of these {_alerts} alerts, {_chargebacks} chargebacks and {_corrections} corrections; {string.Join(", ", _faults.Select(f => $"{f.Key} {f.Value}"))}; workers that ended by themselves {_endedByThemselves}"));
        Console.WriteLine($"differences: {_differences}");
    }

    /// <summary>Runs rounds on servers and topics of their own.</summary>
    private async Task RunStageAsync(List<Batch> batches, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("returns-chaos-").FullName;
        var before = _differences;
        var isToBeKept = true;
        try
        {
            _clock.Restart();
            await using var stage = await Stage.StartAsync(_options, folder, Say);
            var oracles = new Oracles(new TriageOracle(_rules, Stage.Partitions), new WindowsOracle(Stage.Partitions), new ComplianceOracle(_rules, Stage.Partitions));
            using var publisher = new Publisher(stage.Client);
            await publisher.PublishAsync([.. Rules(), .. batches.SelectMany(b => b.Catalogue)], TimeSpan.Zero, cancel);
            stage.Fleet.Start();
            foreach (var batch in batches)
            {
                Console.WriteLine($"round {_rounds + 1}, seed {batch.Seed}");
                await RunRoundAsync(stage, batch, publisher, oracles, cancel);
            }
            (_alerts, _chargebacks, _corrections) = (_alerts + oracles.Compliance.Seen.Alerts, _chargebacks + oracles.Compliance.Seen.Chargebacks, _corrections + oracles.Compliance.Seen.Corrections);
            _endedByThemselves += stage.Fleet.EndedByThemselves;
            isToBeKept = _differences != before;
        }
        catch (OperationCanceledException)
        {
            isToBeKept = false;
            throw;
        }
        finally
        {
            if (isToBeKept)
            {
                Console.WriteLine($"data and logs are kept in {folder}");
            }
            else
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private async Task RunRoundAsync(Stage stage, Batch batch, Publisher publisher, Oracles oracles, CancellationToken cancel)
    {
        _clock.Restart();
        var injection = new FaultInjection(stage, Say);
        var faults = injection.RunAsync(Fault.Draw(batch.Seed, FeedTime, _options.SessionTimeout, stage.Kafka is not null), cancel);
        await publisher.PublishAsync(batch.Records, FeedTime, cancel);
        await faults;
        var differences = new Differences();
        await DrainAsync(stage, differences, cancel);
        await publisher.PublishToAllAsync(Heartbeat(batch.EndsAt), Stage.Partitions, cancel);
        await DrainAsync(stage, differences, cancel);
        await publisher.PublishAsync(batch.Closing, TimeSpan.Zero, cancel);
        await DrainAsync(stage, differences, cancel);
        // What a record makes due comes with the next one: with these, which move nothing on.
        await publisher.PublishToAllAsync(Heartbeat(batch.EndsAt), Stage.Partitions, cancel);
        await DrainAsync(stage, differences, cancel);
        if (publisher.Failed > 0)
        {
            Say($"{publisher.Failed} records could not be published: what counts is what stands in the topics");
        }
        var log = await CompareAsync(stage, batch, oracles, differences, cancel);
        foreach (var (kind, count) in injection.Done)
        {
            _faults[kind] = _faults.GetValueOrDefault(kind) + count;
        }
        _rounds++;
        _units += batch.Units.Count;
        _records += batch.Records.Count + batch.Closing.Count;
        _compared += log;
        _differences += differences.Count;
        Say(string.Create(CultureInfo.InvariantCulture, $"{batch.Records.Count + batch.Closing.Count} records in, {log} compared, differences: {differences.Count}"));
        foreach (var difference in differences.Named)
        {
            Console.WriteLine($"  {difference}");
        }
    }

    private static async Task DrainAsync(Stage stage, Differences differences, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        List<string> left = [];
        while (true)
        {
            try
            {
                left = await stage.LeftAsync();
            }
            catch (Exception error) when (error is KafkaException or TimeoutException)
            {
                left = [error.Message];
            }
            if (left.Count == 0)
            {
                return;
            }
            if (Stopwatch.GetElapsedTime(started) > DrainBound)
            {
                differences.Add("drain", $"within {DrainBound}", "all read and decided", string.Join("; ", left.Take(10)));
                return;
            }
            await Task.Delay(100, cancel);
        }
    }

    /// <summary>Compares everything, and returns how many records were.</summary>
    private static async Task<long> CompareAsync(Stage stage, Batch batch, Oracles oracles, Differences differences, CancellationToken cancel)
    {
        using var rows = new LandedRows(new Uri($"http://{stage.ClickHouse.Direct}"));
        for (var look = 1; ; look++)
        {
            var found = new Differences();
            var log = await Task.Run(() => CommittedLog.Read(stage.Client, oracles.AllTopics), cancel);
            oracles.Triage.Take(log, batch);
            oracles.Windows.Take(log);
            oracles.Compliance.Take(log);
            oracles.Triage.Compare(log, batch, found);
            oracles.Windows.Compare(log, found);
            oracles.Compliance.Compare(log, batch, found);
            await rows.CompareAsync(log, found, cancel);
            if (found.Count == 0 || look == LooksAtDifferences)
            {
                differences.Add(found);
                return log.Count;
            }
            await Task.Delay(BetweenLooks, cancel);
        }
    }

    /// <summary>Those of a stage.</summary>
    private sealed record Oracles(TriageOracle Triage, WindowsOracle Windows, ComplianceOracle Compliance)
    {
        public IEnumerable<string> AllTopics => Triage.AllTopics.Union(Windows.AllTopics).Union(Compliance.AllTopics);
    }

    private IEnumerable<Publication> Rules()
    {
        var (encoder, record) = (new WireEncoder<RuleSet>(), new RuleSet());
        foreach (var document in _documents)
        {
            document.Fill(0, record);
            yield return new Publication(Topics.Rules, document.Key.Span.ToArray(), encoder.Encode(record).ToArray());
        }
    }

    private static Publication Heartbeat(long at) =>
        new(Topics.Heartbeats, "chaos"u8.ToArray(), new WireEncoder<StationHeartbeat>().Encode(new StationHeartbeat { Facility = "all", Station = "chaos", At = at }).ToArray());

    private void Say(string what) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {_clock.Elapsed.TotalSeconds,5:0.0} s  {what}"));
}
