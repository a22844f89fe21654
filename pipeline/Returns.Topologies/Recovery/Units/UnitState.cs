using Returns.Contracts;
using Returns.Domain.Recovery;

namespace Returns.Topologies.Recovery.Units;

/// <summary>An outcome of a unit, as far as figures need it; its texts lie in the buffer that it was read from.</summary>
internal struct KnownOutcome
{
    /// <summary>0 where there is none.</summary>
    public int Revision;
    public Origin Origin;
    public Utf8 Program;
    public Utf8 Facility;
    public Utf8 Sku;
    public Utf8 Category;
    public Utf8 Vendor;
    public Utf8 Grade;

    /// <summary>Event time of intake: figures are those of the units received in a window.</summary>
    public long ReceivedAt;
}

/// <summary>A settlement that waits for the decision it is about.</summary>
/// <param name="Offset">Its offset in returns.settlements.</param>
/// <param name="Bytes">Its value there.</param>
internal readonly record struct HeldSettlement(long Offset, Utf8 Bytes);

/// <summary>
/// What is known of one unit: its latest disposition, its latest entry in the manual-review queue, what was paid for it. As in
/// ClickHouse's view <c>items</c>, the higher revision counts, and an entry of the queue counts where it is open and newer than
/// every disposition, or where there is none. Made for reuse.
/// </summary>
internal sealed class UnitState
{
    public KnownOutcome Decision;
    public KnownOutcome Review;
    public bool ReviewOpen;

    /// <summary>The resale channel of the decision; empty for none.</summary>
    public Utf8 Channel;

    /// <summary>What the decision says of recovery, without what was paid.</summary>
    public UnitRecovery Decided;
    public Money? PricePaid;

    /// <summary>Revision of the settlement that counts; 0 for none.</summary>
    public int SettlementRevision;
    public Utf8 SettlementId;
    public Money Settled;

    /// <summary>Settlements that came before the decision, in the order they came.</summary>
    public List<HeldSettlement> Held { get; } = [];

    /// <summary>Stream time at which they are waited for no longer.</summary>
    public long HeldUntil;

    public bool IsKnown => Decision.Revision > 0 || Review.Revision > 0;

    public bool CountsAsReview => Decision.Revision == 0 || (ReviewOpen && Review.Revision > Decision.Revision);

    /// <summary>The outcome that counts.</summary>
    public ref readonly KnownOutcome Outcome => ref CountsAsReview ? ref Review : ref Decision;

    /// <summary>How it counts.</summary>
    public UnitRecovery Recovery
    {
        get
        {
            var recovery = CountsAsReview ? new UnitRecovery(Disposition.ManualReview, 0, 0, null, null, null, null, null) : Decided;
            return SettlementRevision > 0 ? recovery with { Settled = Settled } : recovery;
        }
    }

    public void Clear()
    {
        Decision = Review = default;
        ReviewOpen = false;
        Channel = SettlementId = default;
        Decided = default;
        PricePaid = null;
        SettlementRevision = 0;
        Settled = default;
        Held.Clear();
        HeldUntil = 0;
    }
}
