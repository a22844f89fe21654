using Returns.Contracts;

namespace Returns.Simulator.Conveyors;

/// <summary>One scan of a unit to come.</summary>
/// <param name="PublishAfter">When it is published, milliseconds after intake.</param>
/// <param name="ScanAfter">When it is scanned: its event time, milliseconds after intake. Never after it is published.</param>
/// <param name="Kind">What the station does.</param>
/// <param name="Findings">On inspection: the criteria that are observed, one bit each.</param>
internal record struct Step(int PublishAfter, int ScanAfter, ScanKind Kind, ulong Findings)
{
    /// <summary>Who scans, as an index among the facility's stations of the kind.</summary>
    public byte Station;

    /// <summary>Who observes.</summary>
    public byte Grader;

    /// <summary>The step whose scan is published again; -1 for none.</summary>
    public sbyte Repeats = -1;

    /// <summary>The criterion that is misread; -1 for none.</summary>
    public sbyte Misread = -1;

    /// <summary>What it is misread as.</summary>
    public double MisreadAs;

    /// <summary>On intake: the label is misread, as a SKU that nobody knows.</summary>
    public bool WrongSku;

    /// <summary>The second grading of a quality sample.</summary>
    public bool QualitySample;
}

/// <summary>A unit on a belt: what it is, its true condition, and its scans to come, in the order of publication. Reused.</summary>
internal sealed class Journey
{
    /// <summary>Most scans a unit has.</summary>
    public const int MaxSteps = 16;

    public Arrival Arrival;
    public long Unit;
    public ReturnReason Reason;
    public bool HasAuthorization;
    public int WeightGrams;
    public int TrueGrade;
    public int ImageGrade;
    public double ImageConfidence;
    public bool NeverComplete;

    /// <summary>The criteria whose flaw was photographed, one bit each.</summary>
    public ulong Photographed;

    /// <summary>Readings by criterion, of the first grading and of the quality sample.</summary>
    public readonly double[] Readings = new double[64];
    public readonly double[] QualityReadings = new double[64];

    public readonly Step[] Steps = new Step[MaxSteps];
    public readonly long[] Sequences = new long[MaxSteps];
    public int StepCount;
    public int NextStep;

    /// <summary>When the next scan is published, event time.</summary>
    public long NextAt => Arrival.At + Steps[NextStep].PublishAfter;

    public ref Step Add(Step step)
    {
        Steps[StepCount] = step;
        return ref Steps[StepCount++];
    }

    /// <summary>Puts the steps in the order of publication: steps of one time in the order they were added.</summary>
    public void SortSteps()
    {
        for (var i = 1; i < StepCount; i++)
        {
            for (var j = i; j > 0 && Steps[j - 1].PublishAfter > Steps[j].PublishAfter; j--)
                (Steps[j - 1], Steps[j]) = (Steps[j], Steps[j - 1]);
        }
    }
}
