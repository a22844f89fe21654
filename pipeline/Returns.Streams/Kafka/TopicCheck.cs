using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace Returns.Streams.Kafka;

/// <summary>
/// Before the first record: every topic is there, followers are partitioned as their leader is, and every store has its
/// changelog, compacted and with a partition for each task; one that is missing is created.
/// </summary>
internal sealed class TopicCheck(Topology topology, StreamsOptions options, IAdminClient admin, Patience patience, ILogger log)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Partitions of every topic that the topology reads.</summary>
    /// <exception cref="StreamsException">Something is missing or does not fit, or no broker answered for too long.</exception>
    public Dictionary<string, int> Run(CancellationToken stop)
    {
        var counts = Counts(stop);
        foreach (var topic in topology.Sinks.Select(s => s.Topic)
            .Concat(topology.Tables.Select(t => t.Topic))
            .Concat(topology.SubTopologies.SelectMany(s => s.Sources).Select(s => s.Topic))
            .Concat(topology.DeadLetters is { } letters ? [letters] : []))
        {
            if (!counts.ContainsKey(topic))
            {
                throw new StreamsException($"topic '{topic}' of the application '{topology.Application}' does not exist: create it, then start again");
            }
        }
        foreach (var sub in topology.SubTopologies)
        {
            var lead = sub.Sources[0].Topic;
            foreach (var follower in sub.Sources.Skip(1).Where(s => counts[s.Topic] != counts[lead]))
            {
                throw new StreamsException($"sub-topology '{sub.Name}': topic '{follower.Topic}' has {counts[follower.Topic]} partitions and '{lead}' has {counts[lead]}: "
                    + "records of one key would meet different tasks; create one of them again with as many as the other");
            }
            foreach (var store in sub.Stores)
            {
                CheckChangelog(topology.ChangelogOf(store), store, lead, counts, stop);
            }
        }
        return counts;
    }

    private void CheckChangelog(string changelog, StoreSpec store, string lead, Dictionary<string, int> counts, CancellationToken stop)
    {
        if (!counts.TryGetValue(changelog, out var found))
        {
            Create(changelog, counts[lead], stop);
            var created = Counts(stop);
            if (!created.TryGetValue(changelog, out found))
            {
                throw new StreamsException($"changelog topic '{changelog}' was created and is not there: see the broker's log");
            }
        }
        if (found != counts[lead])
        {
            throw new StreamsException($"changelog topic '{changelog}' of store '{store.Name}' has {found} partitions and '{lead}' has {counts[lead]}: each task needs the one of its number. "
                + $"Was '{lead}' given more partitions? Keys moved then, so the state has to be built again: stop the application, delete '{changelog}', "
                + $"set the group '{topology.Application}' back to the beginning of its topics, and start again");
        }
        var policy = Call($"cannot read the configuration of '{changelog}'", () => admin.DescribeConfigsAsync(
            [new ConfigResource { Type = ResourceType.Topic, Name = changelog }]), stop)[0].Entries.GetValueOrDefault("cleanup.policy")?.Value;
        if (policy is not null && policy.Contains("delete", StringComparison.Ordinal))
        {
            throw new StreamsException($"changelog topic '{changelog}' has cleanup.policy '{policy}': retention would delete state that is still in use; set it to 'compact'");
        }
    }

    private void Create(string changelog, int partitions, CancellationToken stop)
    {
        try
        {
            Call($"cannot create the changelog topic '{changelog}'", async () =>
            {
                await admin.CreateTopicsAsync([new TopicSpecification
                {
                    Name = changelog, NumPartitions = partitions, ReplicationFactor = options.ChangelogReplicas,
                    Configs = ChangelogConfigs.All,
                }]).ConfigureAwait(false);
                return true;
            }, stop);
            log.LogInformation("created the changelog topic '{Topic}' with {Partitions} partitions", changelog, partitions);
        }
        catch (CreateTopicsException error) when (error.Results.TrueForAll(r => r.Error.Code is ErrorCode.TopicAlreadyExists or ErrorCode.NoError))
        {
            // Another instance was faster.
        }
        catch (CreateTopicsException error)
        {
            throw new StreamsException($"cannot create the changelog topic '{changelog}': {string.Join("; ", error.Results.Select(r => r.Error.Reason))}: create it with {partitions} partitions and cleanup.policy=compact", error);
        }
    }

    private Dictionary<string, int> Counts(CancellationToken stop) =>
        Call("cannot read the topics", () => Task.FromResult(admin.GetMetadata(CallTimeout)), stop).Topics
            .Where(t => t.Error.Code == ErrorCode.NoError && t.Partitions.Count > 0)
            .ToDictionary(t => t.Topic, t => t.Partitions.Count);

    private T Call<T>(string what, Func<Task<T>> call, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                var result = call().GetAwaiter().GetResult();
                patience.Succeeded();
                return result;
            }
            catch (KafkaException error) when (error is not CreateTopicsException || error.Error.Code is ErrorCode.Local_TimedOut or ErrorCode.Local_Transport)
            {
                patience.Failed($"{what}: {error.Error.Reason} ({error.Error.Code})", error, stop);
            }
        }
    }
}
