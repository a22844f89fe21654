using System.Globalization;
using Returns.Contracts;

namespace Returns.Simulator.Conveyors;

/// <summary>A scanner or inspection point, with its own counter.</summary>
internal sealed class Station(string name)
{
    public Utf8 Name { get; } = name;

    /// <summary>Sequence of the scan that was published last.</summary>
    public long Sequence { get; set; }
}

/// <summary>A distribution centre: its name, its stations by what they do, and the people at its benches.</summary>
internal sealed class Facility
{
    private const int Benches = 6;
    private const int Graders = 8;

    public Facility(string name)
    {
        Name = name;
        Intakes = Many("intake", 2);
        Scales = Many("scale", 1);
        Cameras = Many("camera", 2);
        InspectionBenches = Many("bench", Benches);
        QualityBenches = Many("quality", 1);
        GraderNames = [.. Enumerable.Range(1, Graders).Select(n =>
            Utf8.From(string.Create(CultureInfo.InvariantCulture, $"{name[3..]}-{n:00}/tablet-{(n - 1) % 4 + 1}")))];
    }

    public Utf8 Name { get; }

    public Station[] Intakes { get; }

    public Station[] Scales { get; }

    public Station[] Cameras { get; }

    public Station[] InspectionBenches { get; }

    public Station[] QualityBenches { get; }

    /// <summary>Person and device of each grader.</summary>
    public Utf8[] GraderNames { get; }

    /// <summary>Sets every counter.</summary>
    public void StartCounting(long sequence)
    {
        foreach (var station in Intakes.Concat(Scales).Concat(Cameras).Concat(InspectionBenches).Concat(QualityBenches)) station.Sequence = sequence;
    }

    private static Station[] Many(string kind, int count) =>
        [.. Enumerable.Range(1, count).Select(n => new Station(string.Create(CultureInfo.InvariantCulture, $"{kind}-{n}")))];
}
