using Returns.Contracts;
using Returns.Domain.Channels;

namespace Returns.Domain.Routing;

/// <summary>How a row's candidates are chosen from.</summary>
public enum RoutingPolicy
{
    /// <summary>The first that can have the unit.</summary>
    Priority,

    /// <summary>The one with the highest net recovery value less the bid price; of equals the first.</summary>
    Value,
}

/// <summary>One place a row allows.</summary>
/// <param name="Disposition">The disposition.</param>
/// <param name="Outlet">What it takes, brings and costs; null for return to vendor, quarantine and manual review.</param>
public readonly record struct RoutingOption(Disposition Disposition, Outlet? Outlet)
{
    /// <summary>Index of the resale channel, or -1.</summary>
    public int Channel => Outlet?.Index ?? -1;
}

/// <summary>A row of the routing table: what is allowed, in order of priority. Immutable.</summary>
public sealed class RoutingRow
{
    private readonly RoutingOption[] _options;

    internal RoutingRow(string name, RoutingPolicy policy, RoutingOption[] options)
    {
        Name = name;
        Policy = policy;
        Text = $"row '{name}'";
        _options = options;
    }

    /// <summary>Name, for people.</summary>
    public string Name { get; }

    /// <summary>How to choose.</summary>
    public RoutingPolicy Policy { get; }

    /// <summary>What is allowed, in order of priority.</summary>
    public ReadOnlySpan<RoutingOption> Options => _options;

    internal Utf8 Text { get; }
}
