using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Rules;
using Returns.Topologies.Triage;

namespace Returns.Benchmarks;

/// <summary>
/// Triage as a worker runs it, on topics that are there for the benchmark alone, with the shipped rules. It can be run again
/// from the start: outputs, changelog and the group's places are removed between rounds, the inputs stay.
/// </summary>
internal sealed class TriagePipeline : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Inputs = [Topics.Scans, Topics.Overrides, Topics.Heartbeats, Topics.Catalog, Topics.Rules];
    private static readonly string[] Outputs = [Topics.Grades, Topics.Dispositions, Topics.Exceptions, Topics.DeadLetters];
    private static readonly string Changelog = $"{TriageTopology.Application}-items-changelog";
    private readonly KafkaAddress _kafka;
    private readonly IAdminClient _admin;

    private TriagePipeline(KafkaAddress kafka, RuleBook rules, IAdminClient admin) => (_kafka, Rules, _admin) = (kafka, rules, admin);

    /// <summary>Stream threads, as a worker takes them where nothing is said.</summary>
    public static int Threads => Math.Min(Environment.ProcessorCount, 4);

    /// <summary>The rules that were published.</summary>
    public RuleBook Rules { get; }

    /// <summary>Creates the topics and publishes the rules.</summary>
    /// <exception cref="InvalidOperationException">The broker has such topics: a pipeline runs there, and the benchmark would delete what is its.</exception>
    public static async Task<TriagePipeline> CreateAsync(KafkaAddress kafka)
    {
        var servers = kafka.BootstrapServers;
        var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();
        if (admin.GetMetadata(Patience).Topics.Select(t => t.Topic).Intersect([.. Inputs, .. Outputs, Changelog]).FirstOrDefault() is { } taken)
        {
            admin.Dispose();
            throw new InvalidOperationException($"{servers} has a topic '{taken}', which the benchmark would delete: take a broker without a pipeline");
        }
        var files = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "rules"), "*.yaml").Select(path => new RuleFile(path, File.ReadAllBytes(path)));
        if (!RuleFile.TryCompile(files, out var documents, out var rules, out var errors))
        {
            throw new InvalidOperationException(string.Join(Environment.NewLine, errors));
        }
        var pipeline = new TriagePipeline(kafka, rules, admin);
        await pipeline.CreateTopicsAsync(Inputs);
        await pipeline.CreateTopicsAsync(Outputs);
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = servers, Partitioner = Partitioner.Murmur2Random }).Build();
        var (record, encoder) = (new RuleSet(), new WireEncoder<RuleSet>());
        foreach (var document in documents)
        {
            document.Fill(1, record);
            await producer.ProduceAsync(Topics.Rules, new Message<byte[], byte[]> { Key = document.Key.Span.ToArray(), Value = encoder.Encode(record).ToArray() });
        }
        return pipeline;
    }

    /// <summary>Runs triage until all scans are committed.</summary>
    /// <returns>Scans/s, bytes allocated a scan, and where the time of its thread went, by the runtime's metrics.</returns>
    public async Task<(Progress Progress, string Time)> DrainAsync()
    {
        var registry = Metrics.NewCustomRegistry();
        await using var running = Start(registry);
        var progress = await Progress.OfAsync(_kafka, TriageTopology.Application, Topics.Scans, TimeSpan.FromMinutes(5), running.ThrowIfFailed);
        var records = await Samples.SumAsync(registry, "returns_streams_records_total");
        return (progress, await Samples.TimePerRecordAsync(registry, records));
    }

    /// <summary>Starts triage.</summary>
    /// <param name="registry">Takes its metrics.</param>
    public RunningApplication Start(CollectorRegistry registry)
    {
        var metrics = Metrics.WithCustomRegistry(registry);
        return new RunningApplication(TriageTopology.Build(LocalSchemaIds.BuiltIn, metrics, NullLogger.Instance), _kafka.BootstrapServers, metrics, Threads);
    }

    /// <summary>Removes what triage wrote.</summary>
    public async Task ResetAsync()
    {
        await DeleteAsync([.. Outputs, Changelog]);
        try
        {
            await _admin.DeleteGroupsAsync([TriageTopology.Application]);
        }
        catch (DeleteGroupsException e) when (e.Results.TrueForAll(r => r.Error.Code is ErrorCode.NoError or ErrorCode.GroupIdNotFound))
        {
            // It had committed nothing.
        }
        await CreateTopicsAsync(Outputs);
    }

    public async ValueTask DisposeAsync()
    {
        await ResetAsync();
        await DeleteAsync([.. Inputs, .. Outputs]);
        _admin.Dispose();
    }

    private async Task DeleteAsync(string[] topics)
    {
        try
        {
            await _admin.DeleteTopicsAsync(topics);
        }
        catch (DeleteTopicsException e) when (e.Results.TrueForAll(r => r.Error.Code is ErrorCode.NoError or ErrorCode.UnknownTopicOrPart))
        {
            // What is not there need not go.
        }
    }

    private async Task CreateTopicsAsync(IEnumerable<string> topics)
    {
        var missing = topics.ToList();
        var deadline = Stopwatch.GetTimestamp() + Stopwatch.Frequency * 60;
        while (missing.Count > 0)
        {
            try
            {
                await _admin.CreateTopicsAsync(missing.Select(topic => new TopicSpecification
                {
                    Name = topic,
                    ReplicationFactor = 1,
                    NumPartitions = topic == Topics.Rules ? 1 : topic == Topics.Catalog ? 4 : BareLoop.Partitions,
                    Configs = topic == Topics.Rules || topic == Topics.Catalog ? new() { ["cleanup.policy"] = "compact" } : null,
                }));
                return;
            }
            catch (CreateTopicsException e) when (Stopwatch.GetTimestamp() < deadline && e.Results.TrueForAll(r => r.Error.Code is ErrorCode.NoError or ErrorCode.TopicAlreadyExists))
            {
                // A broker may still be deleting those of the round before.
                missing = [.. e.Results.Where(r => r.Error.Code != ErrorCode.NoError).Select(r => r.Topic)];
                await Task.Delay(100);
            }
        }
    }
}
