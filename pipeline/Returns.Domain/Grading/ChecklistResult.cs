namespace Returns.Domain.Grading;

/// <summary>What a checklist makes of a set of findings. Bit i of a mask stands for the criterion at position i.</summary>
/// <param name="Grade">Index on the scale. Meaningful only where nothing is missing.</param>
/// <param name="Points">0 to 100.</param>
/// <param name="Missing">Mandatory criteria without a valid finding.</param>
/// <param name="Limits">The criteria whose cap is the worst one; empty where nothing is capped.</param>
/// <param name="Signals">What the findings say beyond the grade.</param>
/// <param name="Rejected">Number of findings with a value the criterion does not admit; they count as not made.</param>
/// <param name="Unknown">Number of findings whose criterion the checklist does not have; they are passed over.</param>
public readonly record struct ChecklistResult(byte Grade, byte Points, ulong Missing, ulong Limits,
    FindingSignals Signals, byte Rejected, byte Unknown)
{
    /// <summary>True where every mandatory criterion has a valid finding.</summary>
    public bool IsComplete => Missing == 0;
}
