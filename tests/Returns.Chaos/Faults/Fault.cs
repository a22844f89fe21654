namespace Returns.Chaos.Faults;

/// <summary>What is done to a process or a connection.</summary>
internal enum FaultKind
{
    KillWorker,
    FreezeWorker,
    WorkerLeaves,
    WorkerJoins,
    KillBroker,
    KillClickHouse,
    CutBroker,
    CutClickHouse,
    RefuseCommits,
}

/// <summary>One of a round's faults, as its seed draws it.</summary>
/// <param name="At">When, from the round's begin.</param>
/// <param name="Kind">What.</param>
/// <param name="Pick">To whom, from 0 to below 1 of those there are then; the share of the connections that is cut.</param>
/// <param name="For">How long something stays away, frozen or refused.</param>
internal sealed record Fault(TimeSpan At, FaultKind Kind, double Pick, TimeSpan For)
{
    private static readonly (FaultKind Kind, int Weight)[] Weights =
    [
        (FaultKind.KillWorker, 6), (FaultKind.FreezeWorker, 3), (FaultKind.WorkerLeaves, 2), (FaultKind.WorkerJoins, 2),
        (FaultKind.KillBroker, 2), (FaultKind.KillClickHouse, 2), (FaultKind.CutBroker, 3), (FaultKind.CutClickHouse, 2),
        (FaultKind.RefuseCommits, 4),
    ];

    /// <summary>Draws a round's faults.</summary>
    /// <param name="seed">The round's seed.</param>
    /// <param name="over">The time that they fall into.</param>
    /// <param name="session">The workers' session timeout, past which they are frozen.</param>
    /// <param name="isBrokerOurs">Whether the broker may be killed, and connections to it be cut.</param>
    public static IReadOnlyList<Fault> Draw(int seed, TimeSpan over, TimeSpan session, bool isBrokerOurs)
    {
        // Its own draws, so that a round's faults do not depend on its input.
        var random = new Random(seed ^ 0x0FA17);
        var kinds = Weights.Where(w => isBrokerOurs || w.Kind is not (FaultKind.KillBroker or FaultKind.CutBroker or FaultKind.RefuseCommits))
            .SelectMany(w => Enumerable.Repeat(w.Kind, w.Weight)).ToArray();
        return [.. Enumerable.Range(0, random.Next(4, 8)).Select(_ =>
        {
            var (kind, at, pick, share) = (kinds[random.Next(kinds.Length)], random.NextDouble(), random.NextDouble(), random.NextDouble());
            return new Fault(over * at * (kind == FaultKind.FreezeWorker ? 0.4 : 1), kind, pick, kind switch
            {
                FaultKind.FreezeWorker => session + TimeSpan.FromSeconds(0.5 + (1.5 * share)),
                FaultKind.RefuseCommits => TimeSpan.FromSeconds(0.2 + (0.8 * share)),
                _ => TimeSpan.FromSeconds(1.5 * share),
            });
        }).OrderBy(f => f.At)];
    }
}
