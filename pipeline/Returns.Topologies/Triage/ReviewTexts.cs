using Returns.Contracts;

namespace Returns.Topologies.Triage;

/// <summary>What an operator reads in the manual-review queue where routing has no rule to quote.</summary>
internal static class ReviewTexts
{
    private static readonly Utf8[] ByReason = [.. Enum.GetValues<ExceptionReason>().Select(r => Utf8.From(Text(r)))];

    public static Utf8 Resolved { get; } = "Decided, or being waited for again: nothing is left to do here.";

    public static Utf8 Of(ExceptionReason reason) => ByReason[(int)reason];

    private static string Text(ExceptionReason reason) => reason switch
    {
        ExceptionReason.DeadlinePassed => "Mandatory findings have not come before the category's deadline: inspect the unit, or decide.",
        ExceptionReason.UnknownSku => "The catalogue does not know the unit's SKU, or no scan named one: add it to the catalogue, or scan the unit in again with the right one.",
        ExceptionReason.NoIntake => "The unit was scanned or decided, but never taken in, or so long ago that it is forgotten: scan it in.",
        ExceptionReason.LowConfidence => "The image model is less sure of its grade than the category asks for: look at the unit, and decide.",
        ExceptionReason.GradesDisagree => "Two gradings of the unit disagree, of which the image model's may be one: look at the unit, and decide.",
        ExceptionReason.RulesMissing => "No rules are in force for the program, or none for the unit's category: publish them, or correct the category in the catalogue.",
        _ => "An operator must decide.",
    };
}
