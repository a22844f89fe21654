namespace Returns.Topologies.Triage;

/// <summary>What made a unit be decided anew.</summary>
internal enum DecisionCause
{
    Scan,
    QualitySample,
    Override,
    Catalog,
    Rules,
    Deadline,
}
