namespace Returns.Simulator.Conveyors;

/// <summary>How often what happens on a belt, in cases of a million units.</summary>
internal sealed record Habits
{
    /// <summary>Units with a second inspection bench.</summary>
    public int TwoBenches { get; init; } = 120_000;

    /// <summary>Units that are not weighed.</summary>
    public int Unweighed { get; init; } = 60_000;

    /// <summary>Units without a picture.</summary>
    public int Unpictured { get; init; } = 90_000;

    /// <summary>Units one of whose scans is published late, behind later ones.</summary>
    public int Late { get; init; } = 40_000;

    /// <summary>Units one of whose scans is published twice, half of them minutes later.</summary>
    public int Repeated { get; init; } = 15_000;

    /// <summary>Units with a misread finding that a second bench corrects before all findings are in.</summary>
    public int Misread { get; init; } = 20_000;

    /// <summary>Units that never get one of their mandatory findings.</summary>
    public int Withheld { get; init; } = 4_000;

    /// <summary>Units without a return authorization.</summary>
    public int Unauthorized { get; init; } = 60_000;

    /// <summary>Pictures the image model is not sure of.</summary>
    public int Blurred { get; init; } = 15_000;

    /// <summary>Units whose label is misread at intake, as a SKU nobody knows, and read again.</summary>
    public int WrongSku { get; init; }

    /// <summary>Units with a finding that is corrected after they were graded.</summary>
    public int Regraded { get; init; }

    /// <summary>Units that are graded a second time for quality assurance.</summary>
    public int Sampled { get; init; }

    /// <summary>Findings that a lenient or strict grader reads one step off.</summary>
    public int Bias { get; init; }

    /// <summary>A replay: each unit is graded once, by findings that are true.</summary>
    public static Habits Replay { get; } = new();

    /// <summary>A shift: people and readers err, and some errors are found after the fact.</summary>
    public static Habits Shift { get; } = new() { WrongSku = 6_000, Regraded = 8_000, Sampled = 10_000, Bias = 60_000 };
}
