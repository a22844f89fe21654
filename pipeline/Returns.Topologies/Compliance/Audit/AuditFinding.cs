namespace Returns.Topologies.Compliance.Audit;

/// <summary>Something that is not as the documents say.</summary>
/// <param name="Subject">What it is about: a document's id, or a record's topic, partition and offset.</param>
/// <param name="Problem">What differs, with both values.</param>
public sealed record AuditFinding(string Subject, string Problem)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Subject}: {Problem}";
}
