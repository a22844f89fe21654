using System.IO.Hashing;
using Returns.Contracts;
using Returns.Domain.Recovery;
using Returns.Simulator.Conveyors;

namespace Returns.Simulator.Settlements;

/// <summary>
/// What channels and vendors pay for simulated and replayed units: it watches one partition of the decisions, and says what is paid
/// once event time has come to it. The same decisions give the same settlements, byte for byte. Not thread safe.
/// </summary>
/// <remarks>
/// A channel pays for most units it was given: as a rule a little less than expected, for some nothing, and never more than the
/// price. A vendor credits what it agreed, and disputes some. The same settlement is sent twice now and then, and some are
/// corrected later. Units of stations are never paid for here, and what the retailer sells itself is settled by nobody.
/// </remarks>
public sealed class SettlementDesk
{
    private const int Minute = 60_000;
    private const int Day = 24 * 60 * Minute;

    private readonly Dictionary<Utf8, Pending> _pending = new(Utf8Comparer.Instance);
    private readonly PriorityQueue<Due, (long At, long Offset)> _due = new();
    private readonly Queue<Settlement> _ready = new();
    private readonly ulong _seed;
    private long _now = long.MinValue;

    /// <summary>Makes the desk of a partition.</summary>
    /// <param name="seed">Seed of what is paid.</param>
    public SettlementDesk(ulong seed) => _seed = seed;

    private sealed record Pending(int Revision, long Offset);

    private sealed record Due(Settlement Settlement, long DecisionOffset, int Decision, bool IsLast);

    /// <summary>Offset of the first decision that something is still to be paid for; null where there is none.</summary>
    public long? FirstPending => _pending.Count == 0 ? null : _pending.Values.Min(p => p.Offset);

    /// <summary>Takes in a decision, in the order of the partition.</summary>
    public void Observe(ItemRouted decision, long offset)
    {
        ArgumentNullException.ThrowIfNull(decision);
        if (decision.Origin != Origin.Station)
        {
            // A decision that takes the place of another takes the place of what would have been paid for it.
            _pending.Remove(decision.Lpn);
            Plan(decision, offset);
        }
        if (decision.RoutedAt > _now)
        {
            _now = decision.RoutedAt;
            Release();
        }
    }

    /// <summary>The next settlement whose time has come; false where there is none.</summary>
    public bool TryNext(out Settlement settlement) => _ready.TryDequeue(out settlement!);

    private void Plan(ItemRouted decision, long offset)
    {
        var draws = new Draws(_seed ^ XxHash3.HashToUInt64(decision.Lpn.Span), decision.Revision);
        if (decision.ReferencePrice is not { } price || new UnitRecovery(decision.Disposition, 0, 0, null, null, decision.ExpectedValue, decision.HandlingCost, null).ExpectedProceeds is not { } expected
            || expected.Currency != price.Currency || expected.Amount <= 0)
        {
            return;
        }
        int percent;
        switch (decision.Disposition)
        {
            case Disposition.Resell when decision.Channel is not null && !draws.Chance(60_000):
                // What nobody bought is settled with nothing.
                percent = draws.Chance(25_000) ? 0 : draws.Between(82, 104);
                break;
            case Disposition.ReturnToVendor when decision.Vendor is not null && !draws.Chance(40_000):
                percent = draws.Chance(120_000) ? draws.Between(40, 90) : 100;
                break;
            default:
                return;
        }
        // A shift's units are paid for within its day, those of a file as slowly as the world does.
        var after = decision.Origin == Origin.Replayed ? draws.Between(3 * Day, 20 * Day) : draws.Between(150 * Minute, 300 * Minute);
        var amount = Math.Min(price.Amount, decimal.Round(expected.Amount * percent / 100, 2, MidpointRounding.AwayFromZero));
        var isCorrected = draws.Chance(10_000);
        var first = Make(decision, 1, expected with { Amount = amount }, decision.RoutedAt + after);
        Add(first, offset, decision.Revision, isLast: !isCorrected);
        if (draws.Chance(10_000))
        {
            Add(first, offset, decision.Revision, isLast: false);
        }
        if (isCorrected)
        {
            var corrected = Make(decision, 2, expected with { Amount = decimal.Round(amount * draws.Between(80, 100) / 100, 2, MidpointRounding.AwayFromZero) }, first.PaidAt + after / 4);
            Add(corrected, offset, decision.Revision, isLast: true);
        }
        _pending[decision.Lpn.Copy()] = new Pending(decision.Revision, offset);
    }

    private static Settlement Make(ItemRouted decision, int revision, Money amount, long at)
    {
        var isSale = decision.Disposition == Disposition.Resell;
        var settlement = new Settlement
        {
            Lpn = decision.Lpn.Copy(),
            Program = decision.Program.Copy(),
            Payer = isSale ? Payer.Channel : Payer.Vendor,
            PayerName = (isSale ? decision.Channel : decision.Vendor).GetValueOrDefault().Copy(),
            Revision = revision,
            Amount = amount,
            PaidAt = at,
            Origin = decision.Origin,
        };
        settlement.SettlementId = SettlementId.Of(settlement);
        return settlement;
    }

    private void Add(Settlement settlement, long offset, int decision, bool isLast) => _due.Enqueue(new Due(settlement, offset, decision, isLast), (settlement.PaidAt, offset));

    private void Release()
    {
        while (_due.TryPeek(out _, out var next) && next.At <= _now)
        {
            var due = _due.Dequeue();
            if (!_pending.TryGetValue(due.Settlement.Lpn, out var pending) || pending.Revision != due.Decision || pending.Offset != due.DecisionOffset)
            {
                continue;
            }
            _ready.Enqueue(due.Settlement);
            if (due.IsLast)
            {
                _pending.Remove(due.Settlement.Lpn);
            }
        }
    }
}
