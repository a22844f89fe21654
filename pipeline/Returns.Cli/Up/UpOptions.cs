using Confluent.Kafka;

namespace Returns.Cli.Up;

/// <summary>What <c>returns up</c> was asked to do.</summary>
internal sealed record UpOptions
{
    /// <summary>A file to replay, or null to simulate.</summary>
    public string? Input { get; init; }

    /// <summary>Units per second to simulate; 0 goes as fast as the pipeline takes them.</summary>
    public int UnitsPerSecond { get; init; }

    /// <summary>Seed of everything that is simulated.</summary>
    public ulong Seed { get; init; }

    /// <summary>Units of one simulated shift; or the most units of a file to replay, null for all.</summary>
    public long? Units { get; init; }

    /// <summary>Whether one simulated shift follows the other, without end.</summary>
    public bool ShiftAfterShift { get; init; }

    /// <summary>Whether to end when every unit has reached ClickHouse.</summary>
    public bool ExitWhenDrained { get; init; }

    /// <summary>Where to write the JSON summary, or null.</summary>
    public string? Summary { get; init; }

    /// <summary>Folder of everything that is kept.</summary>
    public required string Data { get; init; }

    /// <summary>HOST:PORT of a Kafka to use instead of starting the local one.</summary>
    public string? Kafka { get; init; }

    /// <summary>Settings of every Kafka client of the run. May hold secrets: not for logs.</summary>
    public ClientConfig KafkaClient { get; init; } = new();

    /// <summary>File of these settings, for the workers; null for none.</summary>
    public string? KafkaConfig { get; init; }

    /// <summary>URL of a ClickHouse to use instead of starting the local one.</summary>
    public string? ClickHouse { get; init; }

    /// <summary>URL of an Alertmanager that hears of vendor alerts; null for none.</summary>
    public string? Alertmanager { get; init; }

    /// <summary>Where vendor alerts are posted, comma-separated; null for nowhere. May hold secrets: not for logs.</summary>
    public string? Webhooks { get; init; }

    /// <summary>File of the secret that signs what is posted; null leaves it unsigned.</summary>
    public string? WebhookSecretFile { get; init; }

    /// <summary>Port of the live page: this one where it is free, else any; null for no page.</summary>
    public int? PagePort { get; init; }
}
