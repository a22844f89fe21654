using Returns.Contracts;
using Returns.Contracts.Wire;

namespace Returns.Cli.Replay;

/// <summary>What became of a unit, as its grades, dispositions and exceptions say, the highest revision of each: as the view items has it.</summary>
internal sealed class UnitOutcome
{
    private int _gradeRevision = -1;
    private int _routeRevision = -1;
    private int _exceptionRevision = -1;
    private Disposition _disposition;
    private bool _isOpen;

    /// <summary>The grade; null where there is none.</summary>
    public string? Grade { get; private set; }

    /// <summary>The channel; null where it has none.</summary>
    public string? Channel { get; private set; }

    /// <summary>Expected net recovery value; null where it has none.</summary>
    public Money? Value { get; private set; }

    /// <summary>Version of the rules that it was routed by, or graded by where it was not.</summary>
    public string? RuleVersion { get; private set; }

    /// <summary>The disposition's symbol; <c>open</c> where nothing has become of it yet.</summary>
    public string Disposition =>
        _routeRevision < 0 ? _isOpen ? Contracts.Disposition.ManualReview.ToSymbol() : "open"
        : _isOpen && _exceptionRevision > _routeRevision ? Contracts.Disposition.ManualReview.ToSymbol()
        : _disposition.ToSymbol();

    /// <summary>Whether a person would say that something else became of it.</summary>
    public bool Differs(UnitOutcome other) => Disposition != other.Disposition || Grade != other.Grade || Channel != other.Channel;

    public void Apply(ItemGraded graded)
    {
        if (graded.Revision >= _gradeRevision)
        {
            _gradeRevision = graded.Revision;
            Grade = graded.Grade.ToString();
            RuleVersion ??= graded.RuleVersion.ToString();
        }
    }

    public void Apply(ItemRouted routed)
    {
        if (routed.Revision >= _routeRevision)
        {
            _routeRevision = routed.Revision;
            _disposition = routed.Disposition;
            Channel = routed.Channel?.ToString();
            Value = routed.ExpectedValue;
            RuleVersion = routed.RuleVersion.ToString();
        }
    }

    public void Apply(ItemException exception)
    {
        if (exception.Revision >= _exceptionRevision)
        {
            _exceptionRevision = exception.Revision;
            _isOpen = exception.State == ExceptionState.Open;
        }
    }
}

/// <summary>A unit, what became of it, and what would have.</summary>
/// <param name="intake">Its intake; what is needed of it is copied.</param>
internal sealed class UnitPair(ItemScan intake)
{
    public string Lpn { get; } = intake.Lpn.ToString();

    public string Program { get; } = intake.Program.ToString();

    public string Facility { get; } = intake.Facility.ToString();

    public string? Sku { get; } = intake.Sku?.ToString();

    public UnitOutcome Before { get; } = new();

    public UnitOutcome After { get; } = new();
}

/// <summary>Reads what triage says of units. For one thread.</summary>
/// <param name="schemas">Where schema ids come from.</param>
internal sealed class OutcomeReader(ISchemaIds schemas)
{
    private readonly WireDecoder<ItemGraded> _grades = new(schemas, Topics.Grades);
    private readonly WireDecoder<ItemRouted> _routes = new(schemas, Topics.Dispositions);
    private readonly WireDecoder<ItemException> _exceptions = new(schemas, Topics.Exceptions);
    private readonly ItemGraded _graded = new();
    private readonly ItemRouted _routed = new();
    private readonly ItemException _exception = new();

    /// <summary>The topics that hold it.</summary>
    public static IReadOnlyList<string> Outcomes { get; } = [Topics.Grades, Topics.Dispositions, Topics.Exceptions];

    /// <summary>Applies a record of one of the topics to its unit's outcome. One that cannot be decoded says nothing.</summary>
    public void Apply(string topic, byte[]? value, UnitOutcome outcome)
    {
        switch (topic)
        {
            case Topics.Grades when _grades.TryDecode(value, _graded, out _):
                outcome.Apply(_graded);
                break;
            case Topics.Dispositions when _routes.TryDecode(value, _routed, out _):
                outcome.Apply(_routed);
                break;
            case Topics.Exceptions when _exceptions.TryDecode(value, _exception, out _):
                outcome.Apply(_exception);
                break;
        }
    }
}
