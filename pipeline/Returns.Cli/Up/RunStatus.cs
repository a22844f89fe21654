namespace Returns.Cli.Up;

/// <summary>How far a run is, as a person sees it while it goes on.</summary>
internal sealed record RunStatus
{
    /// <summary>What goes on, such as <c>streaming</c> or <c>draining</c>.</summary>
    public required string Phase { get; init; }

    /// <summary>Units whose scans have been published, all processes of this run together.</summary>
    public long Units { get; init; }

    /// <summary>Units of the whole run; null where that is not known yet.</summary>
    public long? UnitsExpected { get; init; }

    /// <summary>Scans published, all processes of this run together.</summary>
    public long Scans { get; init; }

    /// <summary>Scans that triage has processed, per second, since the status before.</summary>
    public double ScansPerSecond { get; init; }

    /// <summary>Scans that triage has not processed yet.</summary>
    public long TriageLag { get; init; }

    /// <summary>Scans, decisions and journal records that compliance has not processed yet.</summary>
    public long ComplianceLag { get; init; }

    /// <summary>Records that recovery has still to read.</summary>
    public long RecoveryLag { get; init; }

    /// <summary>Outcomes that have not reached ClickHouse yet.</summary>
    public long SinkLag { get; init; }

    /// <summary>What ClickHouse holds of the run.</summary>
    public TableCounts Tables { get; init; } = TableCounts.Empty;

    /// <summary>Since the run began in this process.</summary>
    public TimeSpan Elapsed { get; init; }
}

/// <summary>What the tables hold of a run: rows, so a unit decided twice counts twice.</summary>
/// <param name="Graded">Rows of grades.</param>
/// <param name="Dispositions">Rows of dispositions, by disposition.</param>
/// <param name="Exceptions">Rows of exceptions: raised or resolved.</param>
/// <param name="DeadLetters">Rows of dead letters.</param>
internal sealed record TableCounts(long Graded, IReadOnlyDictionary<string, long> Dispositions, long Exceptions, long DeadLetters)
{
    /// <summary>Nothing.</summary>
    public static TableCounts Empty { get; } = new(0, new Dictionary<string, long>(), 0, 0);
}
