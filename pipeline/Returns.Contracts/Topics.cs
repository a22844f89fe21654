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

    /// <summary><see cref="VendorUnit"/>, keyed by program|vendor: the journal of compliance, kept for good.</summary>
    public const string VendorUnits = "returns.vendor-units";

    /// <summary><see cref="VendorWindow"/>, keyed by window, compacted.</summary>
    public const string VendorWindows = "returns.vendor-windows";

    /// <summary><see cref="VendorAlert"/>, keyed by program|vendor.</summary>
    public const string VendorAlerts = "returns.vendor-alerts";

    /// <summary><see cref="Chargeback"/>, keyed by program|vendor, kept for good.</summary>
    public const string Chargebacks = "returns.chargebacks";

    /// <summary><see cref="Settlement"/>, keyed by LPN.</summary>
    public const string Settlements = "returns.settlements";

    /// <summary><see cref="RecoveryChange"/>, keyed by program|origin|dimension|value: between the two parts of recovery.</summary>
    public const string RecoveryChanges = "returns.recovery-changes";

    /// <summary><see cref="RecoveryWindow"/>, keyed by window, compacted.</summary>
    public const string Recovery = "returns.recovery";

    /// <summary>What could not be processed: the raw bytes, with the reason in the headers.</summary>
    public const string DeadLetters = "returns.dlq";
}
