using Returns.Contracts;
using Returns.Domain.Recovery;
using Returns.Streams;
using Returns.Streams.State;

namespace Returns.Topologies.Recovery.Units;

/// <summary>
/// Keeps how each unit counts, and combines what outcomes and settlements change about it: what it counted before is taken
/// off, what it counts now is added. See README.md.
/// </summary>
internal sealed class UnitProcessor : Processor, IProcessor<ItemRouted>, IProcessor<ItemException>, IProcessor<Settlement>
{
    /// <summary>How long after its receipt a unit can change: longer than any triage takes, and than channels and vendors take to pay.</summary>
    internal const long Keep = 120 * 86_400_000L;

    private readonly KeyValueStore _units;
    private readonly ChangeCombiner _combiner;
    private readonly RecoveryTally _tally;
    private readonly UnitStateCodec _codec = new();
    private readonly UnitState _unit = new();

    public UnitProcessor(ProcessorContext context, RecoveryParts parts, RecoveryMetrics metrics) : base(context)
    {
        _units = context.Store(parts.Units);
        _tally = new RecoveryTally(metrics);
        _combiner = new ChangeCombiner(context, context.Output(parts.Changes), _tally);
    }

    public void Process(ItemRouted message)
    {
        if (!TryLoad(message.IntakeAt))
        {
            return;
        }
        if (message.Revision < Math.Max(1, _unit.Decision.Revision))
        {
            _tally.Superseded();
            return;
        }
        TakeOff();
        _unit.Decision = new KnownOutcome
        {
            Revision = message.Revision,
            Origin = message.Origin,
            Program = message.Program,
            Facility = message.Facility,
            Sku = message.Sku,
            Category = message.Category,
            Vendor = message.Vendor ?? default,
            Grade = message.Grade ?? default,
            ReceivedAt = message.IntakeAt,
        };
        _unit.Channel = message.Channel ?? default;
        _unit.Decided = new UnitRecovery(message.Disposition, Math.Max(0, message.DwellMillis), Math.Max(0, message.WeightGrams ?? 0), message.Cost,
            message.ReferencePrice, message.ExpectedValue, message.HandlingCost, null);
        _unit.PricePaid = message.PricePaid;
        Count();
    }

    public void Process(ItemException message)
    {
        if (!TryLoad(message.IntakeAt ?? message.RaisedAt))
        {
            return;
        }
        if (message.Revision < Math.Max(1, _unit.Review.Revision))
        {
            _tally.Superseded();
            return;
        }
        TakeOff();
        _unit.Review = new KnownOutcome
        {
            Revision = message.Revision,
            Origin = message.Origin,
            Program = message.Program,
            Facility = message.Facility,
            Sku = message.Sku ?? default,
            Category = message.Category ?? default,
            Vendor = message.Vendor ?? default,
            Grade = message.Grade ?? default,
            ReceivedAt = message.IntakeAt ?? message.RaisedAt,
        };
        _unit.ReviewOpen = message.State == ExceptionState.Open;
        Count();
    }

    public void Process(Settlement message)
    {
        Load();
        if (!_unit.IsKnown || _unit.Outcome.Program != message.Program)
        {
            Refuse("UnitUnknown", $"unit '{message.Lpn}' of program '{message.Program}' has no outcome, or had its last long ago: a settlement comes after the decision, within {Keep / 86_400_000} days of the receipt");
            return;
        }
        var amount = message.Amount;
        switch (SettlementCheck.Judge(_unit.Decided, _unit.PricePaid, amount, message.Revision, _unit.SettlementRevision, _unit.SettlementId == message.SettlementId))
        {
            case SettlementVerdict.Accepted:
                TakeOff();
                _unit.SettlementRevision = message.Revision;
                _unit.SettlementId = message.SettlementId;
                _unit.Settled = amount;
                _tally.SettlementAccepted();
                Count();
                break;
            case SettlementVerdict.Repeated:
                _tally.SettlementRepeated();
                break;
            case SettlementVerdict.Superseded:
                _tally.SettlementSuperseded();
                break;
            case SettlementVerdict.SettledTwice:
                Refuse("SettledTwice", $"unit '{message.Lpn}' is settled with {_unit.Settled} by '{_unit.SettlementId}': to correct it, publish with revision {_unit.SettlementRevision + 1}");
                break;
            case SettlementVerdict.NoPrice:
                Refuse("SettledWithoutPrice", $"unit '{message.Lpn}' has neither price nor cost to hold {amount} against: publish it to the catalogue, and the settlement again once the unit is decided");
                break;
            case SettlementVerdict.OtherCurrency:
                Refuse("SettledInOtherCurrency", $"{amount} for unit '{message.Lpn}', whose price is {Text(_unit.Decided.ReferencePrice)}, cost {Text(_unit.Decided.Cost)}, paid {Text(_unit.PricePaid)}: amounts are never converted; publish in the currency of one of them");
                break;
            case SettlementVerdict.OverPrice:
                Refuse("SettledOverPrice", $"{amount} for unit '{message.Lpn}' is more than its price of {Text(_unit.Decided.ReferencePrice)}, its cost of {Text(_unit.Decided.Cost)} and what the customer paid, {Text(_unit.PricePaid)}: check the amount, or the catalogue");
                break;
            default:
                Refuse("SettledBelowZero", $"{amount} for unit '{message.Lpn}': what a channel takes back is a settlement of a higher revision, of 0");
                break;
        }
    }

    /// <summary>The unit's time is over. What it counted stays in the figures.</summary>
    public override void Wake(KeyValueStore store, ReadOnlySpan<byte> key, long due) => store.Delete(key);

    /// <inheritdoc/>
    public override void Ready()
    {
        _combiner.Drop();
        _combiner.Mark();
        _tally.Drop();
    }

    /// <inheritdoc/>
    public override void Committing()
    {
        _combiner.Send();
        _combiner.Mark();
        _tally.Publish();
    }

    /// <summary>Loads the unit; false where it is forgotten, so that nobody can tell whether it counts already.</summary>
    private bool TryLoad(long receivedAt)
    {
        Load();
        if (_unit.IsKnown || Context.StreamTime < receivedAt + Keep)
        {
            return true;
        }
        Context.Reject(Rejection.TooLate, $"received at {receivedAt} ms since the epoch, which is over {Keep / 86_400_000} days ago: whether the unit counts already is not known any more");
        return false;
    }

    private void Load()
    {
        if (_units.TryGet(Context.Key, out var state))
        {
            _codec.Read(state, _unit);
        }
        else
        {
            _unit.Clear();
        }
    }

    private void TakeOff()
    {
        if (_unit.IsKnown)
        {
            _combiner.Add(_unit, -1);
            _tally.Changed();
        }
        else
        {
            _tally.Counted();
        }
    }

    private void Count()
    {
        _combiner.Add(_unit, 1);
        _units.Put(Context.Key, _codec.Write(_unit), _unit.Outcome.ReceivedAt + Keep);
    }

    private void Refuse(string errorClass, string message)
    {
        _tally.SettlementRefused();
        Context.Reject(errorClass, message);
    }

    private static string Text(Money? money) => money?.ToString() ?? "unknown";
}
