using Confluent.Kafka;

namespace Returns.Streams.Kafka;

/// <summary>How a <see cref="StreamsApplication"/> runs.</summary>
public sealed record StreamsOptions
{
    /// <summary>How to reach Kafka: bootstrap servers and security. It is copied; what the runtime rests on (isolation, commits,
    /// idempotence, transactions) is set over it.</summary>
    public required ClientConfig Client { get; init; }

    /// <summary>Stream threads, each with a consumer and a producer of its own.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>The longest time between the first record of a transaction and its commit, while the thread keeps up.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// The same while the thread is behind, that is, has always found a record waiting since the last commit. What comes out is then
    /// old by the backlog anyway, and the fewer commits stand still less, and write fewer changes of the same key. Where it is
    /// less than <see cref="CommitInterval"/>, that one holds.
    /// </summary>
    public TimeSpan CommitIntervalBehind { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// A name that this instance keeps over restarts, unique in its application; null where it has none. With it, a restart
    /// within the session timeout moves no partition, and what a crash left open is aborted at once rather than by timeout.
    /// </summary>
    public string? GroupInstanceId { get; init; }

    /// <summary>How long a broker may be away, or refuse to commit, before the application stops.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a stop may take: what is not committed by then is processed again after the next start.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long without a heartbeat the group gives a member's partitions to others.</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long the broker aborts the transaction of an instance that is gone. It is also the longest time
    /// that a record may take to be delivered.</summary>
    public TimeSpan TransactionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Replicas of the changelog topics that are created; -1 takes the broker's default.</summary>
    public short ChangelogReplicas { get; init; } = -1;

    /// <exception cref="ArgumentException">A value makes no sense; the message names it and its bound.</exception>
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Client);
        if (string.IsNullOrWhiteSpace(Client.BootstrapServers))
        {
            throw new ArgumentException($"{nameof(Client)}: bootstrap.servers is not set: name Kafka's brokers as host:port,…");
        }
        InRange(Threads is >= 1 and <= 256, nameof(Threads), Threads, "1 to 256");
        InRange(CommitInterval >= TimeSpan.FromMilliseconds(1) && CommitInterval < TransactionTimeout, nameof(CommitInterval), CommitInterval,
            $"1 ms up to less than {nameof(TransactionTimeout)}");
        InRange(CommitIntervalBehind >= TimeSpan.Zero && CommitIntervalBehind < TransactionTimeout, nameof(CommitIntervalBehind), CommitIntervalBehind,
            $"0 up to less than {nameof(TransactionTimeout)}");
        InRange(TransactionTimeout >= TimeSpan.FromSeconds(1) && TransactionTimeout <= TimeSpan.FromMinutes(15), nameof(TransactionTimeout), TransactionTimeout, "1 s to 15 min");
        InRange(SessionTimeout >= TimeSpan.FromSeconds(1) && SessionTimeout <= TimeSpan.FromMinutes(5), nameof(SessionTimeout), SessionTimeout, "1 s to 5 min");
        InRange(Patience >= TimeSpan.Zero, nameof(Patience), Patience, "0 or more");
        InRange(StopTimeout >= TimeSpan.Zero, nameof(StopTimeout), StopTimeout, "0 or more");
    }

    private static void InRange(bool holds, string name, object value, string range)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name} is {value}: it has to be {range}");
        }
    }
}
