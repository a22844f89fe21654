using Returns.Contracts;
using Returns.Domain.Channels;
using Returns.Domain.Grading;
using Returns.Domain.Routing;

namespace Returns.Domain.Rules;

/// <summary>
/// Everything decisions of one program go by, compiled from documents that fit together. Immutable; safe for concurrent use.
/// </summary>
public sealed class ProgramRules
{
    private readonly HardBlockSet _beforeGrading;

    internal ProgramRules(string program, GradingRules grading, ChannelRules channels, VendorRules vendors,
        RoutingRules routing, CategoryKeywords? keywords)
    {
        Program = program;
        Grading = grading;
        Channels = channels;
        Vendors = vendors;
        Routing = routing;
        Keywords = keywords;
        RoutingVersion = $"grading:{grading.Version} routing:{routing.Version} channels:{channels.Version} agreements:{vendors.Version}";
        byte before = 0;
        foreach (var block in Enum.GetValues<HardBlock>())
            if (routing[block].BeforeGrading) before |= (byte)(1 << (int)block);
        _beforeGrading = new HardBlockSet(before);
    }

    /// <summary>The retailer, or <see cref="RuleDocument.AnyProgram"/>.</summary>
    public string Program { get; }

    /// <summary>Checklists and scale.</summary>
    public GradingRules Grading { get; }

    /// <summary>Resale channels, and figures of the other dispositions.</summary>
    public ChannelRules Channels { get; }

    /// <summary>Vendors' terms.</summary>
    public VendorRules Vendors { get; }

    /// <summary>Hard blocks and routing table.</summary>
    public RoutingRules Routing { get; }

    /// <summary>Words that tell a category; null where the program has none.</summary>
    public CategoryKeywords? Keywords { get; }

    /// <summary>Versions of the four documents that a grade and a disposition go by, as ItemRouted records them.</summary>
    public Utf8 RoutingVersion { get; }

    /// <summary>True where one of the blocks routes a unit without waiting for its grade.</summary>
    public bool DecidesBeforeGrading(HardBlockSet blocks) => (blocks.Bits & _beforeGrading.Bits) != 0;
}
