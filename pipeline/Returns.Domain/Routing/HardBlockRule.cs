using Returns.Contracts;
using Returns.Domain.Rules.Yaml;

namespace Returns.Domain.Routing;

/// <summary>What a hard block forbids, and where a blocked unit goes. Immutable.</summary>
/// <remarks>
/// Either <see cref="Force"/> or <see cref="Fallback"/> holds dispositions, in order of preference. Forced: the routing
/// table is not asked. Fallback: the table is asked, less what is forbidden, and the fallback is for units it leaves
/// nowhere to go.
/// </remarks>
public sealed class HardBlockRule
{
    internal HardBlockRule(HardBlock block, DispositionSet forbids, Disposition[] force, Disposition[] fallback,
        bool beforeGrading)
    {
        Block = block;
        Forbids = forbids;
        ForceArray = force;
        FallbackArray = fallback;
        BeforeGrading = beforeGrading;
        Text = $"hard block {WireNames<HardBlock>.Of(block)}";
    }

    /// <summary>The block.</summary>
    public HardBlock Block { get; }

    /// <summary>Dispositions no blocked unit gets, whatever value, vendor or operator say.</summary>
    public DispositionSet Forbids { get; }

    /// <summary>Dispositions to take instead of the table's.</summary>
    public IReadOnlyList<Disposition> Force => ForceArray;

    /// <summary>Dispositions to take where the table leaves none.</summary>
    public IReadOnlyList<Disposition> Fallback => FallbackArray;

    /// <summary>True where the unit is routed at once, without waiting for its grade. Only with <see cref="Force"/>.</summary>
    public bool BeforeGrading { get; }

    internal Disposition[] ForceArray { get; }

    internal Disposition[] FallbackArray { get; }

    internal Utf8 Text { get; }
}
