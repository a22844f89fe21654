using System.Net;

namespace Returns.LocalKafka;

/// <summary>How a <see cref="LocalKafkaServer"/> runs.</summary>
public sealed record LocalKafkaOptions
{
    /// <summary>The folder that holds everything the broker keeps; created when missing. One broker at a time may use it.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The address to listen on, which is also the one clients are told, unless <see cref="Advertised"/> says otherwise.
    /// Loopback by default.</summary>
    public IPAddress Host { get; init; } = IPAddress.Loopback;

    /// <summary>The port; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Where clients are told to connect to, as behind a proxy (Kafka's advertised.listeners); null for where it listens.</summary>
    public DnsEndPoint? Advertised { get; init; }

    /// <summary>Users and their passwords, of whom a client has to be one, by SASL/PLAIN; null lets everyone in.</summary>
    public IReadOnlyDictionary<string, string>? Users { get; init; }

    /// <summary>The segment.bytes of topics that do not set it, in bytes.</summary>
    public int SegmentBytes { get; init; } = 128 * 1024 * 1024;

    /// <summary>The number of partitions of topics created without one (Kafka's num.partitions).</summary>
    public int DefaultPartitions { get; init; } = 1;

    /// <summary>Whether a metadata request that allows it creates the topics it names.</summary>
    public bool AutoCreateTopics { get; init; } = true;

    /// <summary>How long an empty group waits for more members before its first generation.</summary>
    public TimeSpan InitialRebalanceDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The largest request frame taken, in bytes; a larger one closes its connection.</summary>
    public int MaxRequestBytes { get; init; } = 100 * 1024 * 1024;

    /// <summary>How often old segments are looked for; Kafka's default (log.retention.check.interval.ms).</summary>
    public TimeSpan RetentionInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often compaction looks for work; Kafka's default (log.cleaner.backoff.ms).</summary>
    public TimeSpan CompactionInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long to wait for another broker to let go of the data folder.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where complaints go; normal operation writes nothing. Standard error by default.</summary>
    public TextWriter? Log { get; init; }

    /// <summary>The clock of timestamps, timeouts and retention.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
