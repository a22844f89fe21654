namespace Returns.Domain.Compliance;

/// <summary>The agreements with one vendor. Immutable; safe for concurrent use.</summary>
public sealed class VendorAgreements
{
    private readonly Agreement[] _latestFirst;

    internal VendorAgreements(IEnumerable<Agreement> agreements) => _latestFirst = [.. agreements.OrderByDescending(a => a.ValidFrom)];

    /// <summary>Without an agreement.</summary>
    public static VendorAgreements None { get; } = new([]);

    /// <summary>All of them, the one that began last first.</summary>
    public IReadOnlyList<Agreement> All => _latestFirst;

    /// <summary>
    /// The agreement that a unit received at a time is under: of those that hold then, the one that began last; no two begin at
    /// once. So one that was made for a season takes the place of the general one while it lasts. Null where none holds.
    /// </summary>
    /// <param name="receivedAt">Milliseconds since the epoch.</param>
    public Agreement? At(long receivedAt)
    {
        foreach (var agreement in _latestFirst)
            if (agreement.Holds(receivedAt)) return agreement;
        return null;
    }
}
