using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.Cli.Rules;
using Returns.Cli.Up;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams.Replay;
using Returns.Topologies.Triage;

namespace Returns.Cli.Replay;

/// <summary>
/// Runs history through triage, partition by partition, and holds what it says beside what was said. Nothing here can write to Kafka:
/// there are consumers of a group that is never joined and never commits, an administrator that asks, and
/// <see cref="TopologyReplay"/>, which has no producer.
/// </summary>
/// <param name="client">How to reach Kafka.</param>
/// <param name="schemas">Where schema ids come from.</param>
/// <param name="cancel">Stops it.</param>
internal sealed class ReplayRun(ClientConfig client, ISchemaIds schemas, CancellationToken cancel)
{
    private const string Group = "returns.replay";

    /// <summary>How much earlier than the range is read: scans of a unit that were written before its intake.</summary>
    private static readonly TimeSpan Lead = TimeSpan.FromHours(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly string[] Inputs = [Topics.Scans, Topics.Overrides, Topics.Heartbeats];

    /// <summary>Replays units whose intake was written in a range of time.</summary>
    /// <param name="from">Then or later; null for from the first that is kept.</param>
    /// <param name="to">Before; null for to the last.</param>
    /// <param name="rules">Folder of the rules to decide by; null for those that are published.</param>
    /// <param name="changed">Receives the units of which something else would have become; null for nobody.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <exception cref="UpException">The broker does not answer, topics are missing or do not fit, or the rules are wrong.</exception>
    public Comparison Run(DateTimeOffset? from, DateTimeOffset? to, string? rules, ChangedUnits? changed, Progress progress)
    {
        if (schemas is RegistrySchemaIds registry)
        {
            TriageTopology.Register(registry);
        }
        using var reader = new TopicReader(client, Group, cancel);
        using var overrides = new TopicReader(client, Group, cancel);
        using var heartbeats = new TopicReader(client, Group, cancel);
        var replay = new TopologyReplay(TriageTopology.Build(schemas, Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()), NullLogger.Instance));
        ReadTables(replay, reader, rules, progress);

        // The ends of what was said come after the places of what was read, so that nothing that was read has its outcome left out.
        var processed = Processed(reader);
        var partitions = processed[Topics.Scans].Count;
        var outcomes = OutcomeReader.Outcomes.ToDictionary(topic => topic, topic => Range(reader, topic, from, reader.Offsets(topic).Select(o => o.High.Value).ToList()));
        var inputs = Inputs.ToDictionary(topic => topic, topic => Range(reader, topic, from, processed[topic]));
        foreach (var (topic, ranges) in outcomes.Concat(inputs))
        {
            if (ranges.Count != partitions)
            {
                throw new UpException($"topic {topic} has {ranges.Count} partitions, and {Topics.Scans} {partitions}: they cannot be of one pipeline");
            }
        }
        var (first, last) = (from is { } start ? reader.OffsetsAt(Topics.Scans, start) : null, to is { } end ? reader.OffsetsAt(Topics.Scans, end) : null);
        progress.Expect(outcomes.Concat(inputs).Sum(t => t.Value.Sum(r => r.End - r.Start)));

        var comparison = new Comparison();
        var (outcomeReader, decoder, scan) = (new OutcomeReader(schemas), new WireDecoder<ItemScan>(schemas, Topics.Scans), new ItemScan());
        for (var partition = 0; partition < partitions; partition++)
        {
            var units = new Dictionary<string, UnitPair>(StringComparer.Ordinal);
            var (begin, finish) = (first?[partition] ?? 0, last?[partition] ?? long.MaxValue);
            replay.Run(TriageTopology.SubTopology, partition,
                [History(reader, Topics.Scans, partition, Note), History(overrides, Topics.Overrides, partition, null), History(heartbeats, Topics.Heartbeats, partition, null)],
                output =>
                {
                    if (output.Rejection is { } rejection)
                    {
                        comparison.DeadLetters[rejection.ErrorClass] = comparison.DeadLetters.GetValueOrDefault(rejection.ErrorClass) + 1;
                    }
                    else if (units.TryGetValue(KeyOf(output.Key), out var unit))
                    {
                        outcomeReader.Apply(output.Topic, output.Value, unit.After);
                    }
                });
            foreach (var (topic, ranges) in outcomes)
            {
                foreach (var record in Counted(reader, topic, partition, ranges[partition]))
                {
                    if (units.TryGetValue(KeyOf(record.Message.Key), out var unit))
                    {
                        outcomeReader.Apply(topic, record.Message.Value, unit.Before);
                    }
                }
            }
            foreach (var unit in units.Values)
            {
                if (comparison.Add(unit))
                {
                    changed?.Add(unit);
                }
            }

            void Note(ConsumeResult<byte[]?, byte[]?> record)
            {
                if (record.Offset.Value < begin || record.Offset.Value >= finish || !decoder.TryDecode(record.Message.Value, scan, out _) || scan.Kind != ScanKind.Intake)
                {
                    return;
                }
                var lpn = scan.Lpn.ToString();
                if (lpn == KeyOf(record.Message.Key))
                {
                    units.TryAdd(lpn, new UnitPair(scan));
                }
            }
        }
        return comparison;

        IEnumerable<ReplayRecord> History(TopicReader source, string topic, int partition, Action<ConsumeResult<byte[]?, byte[]?>>? note)
        {
            foreach (var record in Counted(source, topic, partition, inputs[topic][partition]))
            {
                comparison.Records++;
                note?.Invoke(record);
                yield return new ReplayRecord(topic, partition, record.Offset.Value, record.Message.Key, record.Message.Value);
            }
        }

        IEnumerable<ConsumeResult<byte[]?, byte[]?>> Counted(TopicReader source, string topic, int partition, (long Start, long End) range)
        {
            var done = range.Start;
            foreach (var record in source.Range(topic, partition, range.Start, range.End - 1))
            {
                progress.Advance(record.Offset.Value + 1 - done);
                done = record.Offset.Value + 1;
                yield return record;
            }
            progress.Advance(range.End - done);
        }
    }

    /// <summary>The catalogue as it is, and the rules: both as of now, as a worker has them that starts now.</summary>
    private void ReadTables(TopologyReplay replay, TopicReader reader, string? folder, Progress progress)
    {
        var tables = folder is null ? new[] { Topics.Catalog, Topics.Rules } : [Topics.Catalog];
        foreach (var topic in tables)
        {
            progress.Expect(reader.Offsets(topic).Sum(o => o.High.Value - o.Low.Value));
            reader.ReadAll(topic, record =>
            {
                replay.Apply(new ReplayRecord(topic, record.Partition.Value, record.Offset.Value, record.Message.Key, record.Message.Value), out _);
                progress.Advance();
            });
        }
        if (folder is not null)
        {
            var (documents, _) = RulePublisher.Read(folder);
            var (encoder, rules) = (new WireEncoder<RuleSet>(schemas, Topics.Rules), new RuleSet());
            foreach (var document in documents)
            {
                document.Fill(0, rules);
                if (!replay.Apply(new ReplayRecord(Topics.Rules, 0, 0, document.Key.Span.ToArray(), encoder.Encode(rules).ToArray()), out var rejection))
                {
                    throw new UpException($"{document}: {rejection.Message}");
                }
            }
        }
    }

    /// <summary>Up to where triage has processed each input; to the end where it never ran.</summary>
    private Dictionary<string, IReadOnlyList<long>> Processed(TopicReader reader)
    {
        var ends = Inputs.ToDictionary(topic => topic, reader.Offsets);
        using var admin = new AdminClientBuilder(new AdminClientConfig(new Dictionary<string, string>(client))).SetErrorHandler((_, _) => { }).Build();
        var committed = new Dictionary<TopicPartition, long>();
        try
        {
            var asked = Inputs.SelectMany(topic => ends[topic].Select((_, p) => new TopicPartition(topic, p))).ToList();
            var groups = admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(TriageTopology.Application, asked)]).WaitAsync(Patience, cancel).GetAwaiter().GetResult();
            foreach (var place in groups[0].Partitions.Where(p => p.Error.Code == ErrorCode.NoError && p.Offset.Value >= 0))
            {
                committed[place.TopicPartition] = place.Offset.Value;
            }
        }
        catch (ListConsumerGroupOffsetsException error) when (error.Results.All(r => r.Error.Code is ErrorCode.GroupIdNotFound or ErrorCode.NoError))
        {
            // Triage never ran here.
        }
        catch (Exception error) when (error is KafkaException or TimeoutException)
        {
            throw new UpException($"Kafka at {client.BootstrapServers} does not say how far {TriageTopology.Application} is: {error.Message}");
        }
        return ends.ToDictionary(e => e.Key, e => (IReadOnlyList<long>)[.. e.Value.Select((end, p) =>
            committed.Count == 0 ? end.High.Value : Math.Min(end.High.Value, committed.GetValueOrDefault(new TopicPartition(e.Key, p), end.Low.Value)))]);
    }

    private static IReadOnlyList<(long Start, long End)> Range(TopicReader reader, string topic, DateTimeOffset? from, IReadOnlyList<long> ends)
    {
        var starts = from is { } time ? reader.OffsetsAt(topic, time - Lead) : [.. reader.Offsets(topic).Select(o => o.Low.Value)];
        return [.. starts.Zip(ends, (start, end) => (Math.Min(start, end), end))];
    }

    private static string KeyOf(byte[]? key) => key is null ? "" : System.Text.Encoding.UTF8.GetString(key);
}
