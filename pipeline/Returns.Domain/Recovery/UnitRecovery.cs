using Returns.Contracts;

namespace Returns.Domain.Recovery;

/// <summary>What is known of one unit's recovery. All figures are sums of what these say.</summary>
/// <param name="Disposition">Where it goes.</param>
/// <param name="DwellMillis">Time from intake to the disposition, in milliseconds.</param>
/// <param name="Grams">Its weight; 0 where unknown.</param>
/// <param name="Cost">The catalogue's cost.</param>
/// <param name="ReferencePrice">Estimated resale value as new.</param>
/// <param name="ExpectedValue">Expected net recovery value of the decision.</param>
/// <param name="HandlingCost">What the decision costs; in the currency of the expected value where there is one.</param>
/// <param name="Settled">What was paid for it.</param>
public readonly record struct UnitRecovery(Disposition Disposition, long DwellMillis, int Grams, Money? Cost, Money? ReferencePrice,
    Money? ExpectedValue, Money? HandlingCost, Money? Settled)
{
    /// <summary>Whether the disposition is the unit's last: quarantine and manual review are interim.</summary>
    public bool IsDecided => Disposition is not (Disposition.Quarantine or Disposition.ManualReview);

    /// <summary>Whether it is written off: disposed of.</summary>
    public bool IsWrittenOff => Disposition == Disposition.Dispose;

    /// <summary>What it is expected to bring before handling: the expected value is net of that.</summary>
    public Money? ExpectedProceeds => !IsDecided || ExpectedValue is not { } net ? null
        : HandlingCost is { } cost && cost.Currency == net.Currency ? net + cost : net;

    /// <summary>
    /// Net recovery value: settled proceeds, or expected ones where it was not paid for yet, less processing, refurbishment and
    /// freight. Where the costs are in another currency than the proceeds, they are not taken off: amounts are never converted.
    /// </summary>
    public Money? NetRecovery => Settled is not { } paid ? (IsDecided ? ExpectedValue : null)
        : HandlingCost is { } cost && cost.Currency == paid.Currency ? paid - cost : paid;
}
