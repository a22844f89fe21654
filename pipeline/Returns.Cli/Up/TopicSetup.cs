using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Returns.Contracts;

namespace Returns.Cli.Up;

/// <summary>Creates the topics that are missing, as section 3 of the design has them.</summary>
internal static class TopicSetup
{
    /// <summary>Partitions of every topic keyed by LPN or vendor, which are joined with others and so must agree.</summary>
    public const int Partitions = 12;

    /// <summary>Partitions of the recovery figures, which are joined with nothing: each costs ClickHouse inserts of its own.</summary>
    public const int FigurePartitions = 4;

    private const string Compact = "compact";
    private const string Delete = "delete";

    private static readonly (string Name, int Partitions, string Cleanup, int Days)[] Wanted =
    [
        (Topics.Scans, Partitions, Delete, 7),
        (Topics.Overrides, Partitions, Delete, 30),
        (Topics.Heartbeats, Partitions, Delete, 7),
        (Topics.Catalog, 4, Compact, 0),
        (Topics.Rules, 1, Compact, 0),
        (Topics.Grades, Partitions, Delete, 7),
        (Topics.Dispositions, Partitions, Delete, 30),
        (Topics.Exceptions, Partitions, Delete, 30),
        (Topics.DeadLetters, Partitions, Delete, 30),
        // Kept for good: chargebacks rest on the journal.
        (Topics.VendorUnits, Partitions, Delete, 0),
        (Topics.VendorWindows, Partitions, Compact, 0),
        (Topics.VendorAlerts, Partitions, Delete, 90),
        (Topics.Chargebacks, Partitions, Delete, 0),
        (Topics.Settlements, Partitions, Delete, 30),
        (Topics.RecoveryChanges, Partitions, Delete, 7),
        (Topics.Recovery, FigurePartitions, Compact, 0),
    ];

    /// <summary>Creates what is missing and checks what is there.</summary>
    /// <exception cref="UpException">The broker does not answer, refuses, or has a topic with another number of partitions.</exception>
    public static async Task EnsureAsync(IAdminClient admin, string bootstrap)
    {
        Metadata metadata;
        try
        {
            metadata = admin.GetMetadata(TimeSpan.FromSeconds(30));
        }
        catch (KafkaException error)
        {
            throw new UpException($"Kafka at {bootstrap} does not answer: {error.Error.Reason}; check the address given with --kafka");
        }
        var there = metadata.Topics.Where(t => t.Error.Code == ErrorCode.NoError).ToDictionary(t => t.Topic, t => t.Partitions.Count);
        foreach (var (name, partitions, _, _) in Wanted)
        {
            if (there.TryGetValue(name, out var count) && count != partitions)
            {
                throw new UpException($"topic {name} at {bootstrap} has {count} partitions, and {partitions} are needed: topics that are joined must agree; delete it, or use another broker");
            }
        }
        var missing = Wanted.Where(w => !there.ContainsKey(w.Name)).Select(w => new TopicSpecification
        {
            Name = w.Name,
            NumPartitions = w.Partitions,
            ReplicationFactor = -1,
            Configs = new Dictionary<string, string>
            {
                ["cleanup.policy"] = w.Cleanup,
                // Replays carry event times of years ago: retention goes by when a record arrived.
                ["message.timestamp.type"] = "LogAppendTime",
                ["retention.ms"] = w.Days == 0 ? "-1" : ((long)TimeSpan.FromDays(w.Days).TotalMilliseconds).ToString(System.Globalization.CultureInfo.InvariantCulture),
            },
        }).ToList();
        if (missing.Count == 0)
        {
            return;
        }
        try
        {
            await admin.CreateTopicsAsync(missing);
        }
        catch (CreateTopicsException error)
        {
            var failed = error.Results.Where(r => r.Error.Code is not (ErrorCode.NoError or ErrorCode.TopicAlreadyExists)).ToList();
            if (failed.Count > 0)
            {
                throw new UpException($"Kafka at {bootstrap} refuses topic {failed[0].Topic}: {failed[0].Error.Reason}");
            }
        }
    }
}
