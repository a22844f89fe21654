namespace Returns.Contracts;

/// <summary>The names of the topics; see schemas/README.md for what each holds.</summary>
public static class Topics
{
    /// <summary><see cref="ItemScan"/>, keyed by LPN.</summary>
    public const string Scans = "returns.scans";

    /// <summary><see cref="OperatorOverride"/>, keyed by LPN.</summary>
    public const string Overrides = "returns.overrides";

    /// <summary><see cref="StationHeartbeat"/>, one to every partition.</summary>
    public const string Heartbeats = "returns.heartbeats";

    /// <summary><see cref="CatalogItem"/>, keyed by program|SKU, compacted.</summary>
    public const string Catalog = "returns.catalog";

    /// <summary><see cref="RuleSet"/>, keyed by program|kind, compacted.</summary>
    public const string Rules = "returns.rules";

    /// <summary><see cref="ItemGraded"/>, keyed by LPN.</summary>
    public const string Grades = "returns.grades";

    /// <summary><see cref="ItemRouted"/>, keyed by LPN.</summary>
    public const string Dispositions = "returns.dispositions";

    /// <summary><see cref="ItemException"/>, keyed by LPN.</summary>
    public const string Exceptions = "returns.exceptions";

    /// <summary>What could not be processed: the raw bytes, with the reason in the headers.</summary>
    public const string DeadLetters = "returns.dlq";
}
