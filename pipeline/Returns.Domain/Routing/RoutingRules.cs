using Returns.Contracts;

namespace Returns.Domain.Routing;

/// <summary>The hard blocks and the routing table of a rule set. Immutable; safe for concurrent use.</summary>
public sealed class RoutingRules
{
    private readonly HardBlockRule[] _blocks;
    private readonly RoutingRow[] _rows;
    private readonly short[] _lookup;
    private readonly int[] _lossPerDay;
    private readonly int[] _weights;
    private readonly int _grades;
    private readonly int _reasons;

    internal RoutingRules(Utf8 version, HardBlockRule[] blocks, RoutingRow[] rows, short[] lookup, int grades,
        int reasons, int[] lossPerDay, int[] weights)
    {
        Version = version;
        _blocks = blocks;
        _rows = rows;
        _lookup = lookup;
        _grades = grades;
        _reasons = reasons;
        _lossPerDay = lossPerDay;
        _weights = weights;
    }

    /// <summary>Version of the document.</summary>
    public Utf8 Version { get; }

    /// <summary>The rows, in the table's order.</summary>
    public ReadOnlySpan<RoutingRow> Rows => _rows;

    /// <summary>What the block forbids and forces.</summary>
    public HardBlockRule this[HardBlock block] => _blocks[(int)block];

    /// <summary>The first row that matches, or null.</summary>
    public RoutingRow? Match(int category, int grade, ReturnReason reason)
    {
        var row = _lookup[(category * _grades + grade) * _reasons + (int)reason];
        return row < 0 ? null : _rows[row];
    }

    /// <summary>Value a unit of the category loses per day, in basis points of its proceeds.</summary>
    public int LossPerDay(int category) => _lossPerDay[category];

    /// <summary>Weight assumed for units of the category that nobody weighed, in grams.</summary>
    public int AssumedWeight(int category) => _weights[category];
}
