using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Recovery;
using Returns.Streams;
using Returns.Streams.State;
using Returns.Topologies.Wire;

namespace Returns.Topologies.Recovery.Units;

/// <summary>
/// Keeps how each unit counts, and combines what outcomes and settlements change about it: what it counted before is taken
/// off, what it counts now is added. See README.md.
/// </summary>
internal sealed class UnitProcessor : Processor, IProcessor<ItemRouted>, IProcessor<ItemException>, IProcessor<Kept<Settlement>>
{
    private const long Day = 86_400_000;
    private const string UnitUnknown = "UnitUnknown";

    /// <summary>How long after its receipt a unit can change: longer than any triage takes, and than channels and vendors take to pay.</summary>
    internal const long Keep = 120 * Day;

    /// <summary>How long a settlement waits for the decision it is about, by the time of the decisions.</summary>
    internal const long Hold = 7 * Day;

    /// <summary>How many settlements wait for one unit.</summary>
    private const int MostHeld = 8;

    private readonly KeyValueStore _units;
    private readonly ChangeCombiner _combiner;
    private readonly RecoveryTally _tally;
    private readonly UnitStateCodec _codec = new();
    private readonly UnitState _unit = new();
    private readonly WireDecoder<Settlement> _decoder;
    private readonly Settlement _held = new();

    public UnitProcessor(ProcessorContext context, RecoveryParts parts, ISchemaIds schemas, RecoveryMetrics metrics) : base(context)
    {
        _decoder = new WireDecoder<Settlement>(schemas, Topics.Settlements);
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

    public void Process(Kept<Settlement> message)
    {
        Load(Context.Key);
        // It may be read before the decision although it came after it: they are in two topics.
        if (_unit.Decision.Revision == 0 && _unit.Held.Count < MostHeld)
        {
            // From when it was paid: the decisions may be a backlog that is far behind that.
            _unit.HeldUntil = Math.Max(Context.StreamTime, message.Event.PaidAt) + Hold;
            _unit.Held.Add(new HeldSettlement(Context.Offset, new Utf8(message.Bytes.ToArray())));
            _tally.SettlementHeld();
            Save();
            return;
        }
        var before = _unit.Recovery;
        if (Settle(message.Event, out var refusal))
        {
            _combiner.Add(_unit, before, -1);
            _combiner.Add(_unit, _unit.Recovery, 1);
            _tally.Changed();
            Save();
        }
        else if (refusal is { } reason)
        {
            Context.Reject(reason.ErrorClass, reason.Message);
        }
    }

    /// <summary>The unit's time is over, or that of settlements that waited for it. What it counted stays in the figures.</summary>
    public override void Wake(KeyValueStore store, ReadOnlySpan<byte> key, long due)
    {
        Load(key);
        foreach (var held in _unit.Held)
        {
            _tally.SettlementRefused();
            var settlement = new InputRecord(Topics.Settlements, Context.Partition, held.Offset, key, true, held.Bytes.Span, true);
            Context.DeadLetter(settlement, UnitUnknown, $"no decision on the unit has come within {Hold / Day} days: publish the settlement again once it is decided");
        }
        _unit.Held.Clear();
        if (!_unit.IsKnown || due >= _unit.Outcome.ReceivedAt + Keep)
        {
            store.Delete(key);
            return;
        }
        store.Put(key, _codec.Write(_unit), _unit.Outcome.ReceivedAt + Keep);
    }

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
        Load(Context.Key);
        if (_unit.IsKnown || Context.StreamTime < receivedAt + Keep)
        {
            return true;
        }
        Context.Reject(Rejection.TooLate, $"received at {receivedAt} ms since the epoch, which is over {Keep / Day} days ago: whether the unit counts already is not known any more");
        return false;
    }

    private void Load(ReadOnlySpan<byte> key)
    {
        if (_units.TryGet(key, out var state))
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
            _combiner.Add(_unit, _unit.Recovery, -1);
            _tally.Changed();
        }
        else
        {
            _tally.Counted();
        }
    }

    private void Count()
    {
        if (_unit.Decision.Revision > 0 && _unit.Held.Count > 0)
        {
            SettleHeld();
        }
        _combiner.Add(_unit, _unit.Recovery, 1);
        Save();
    }

    private void Save()
    {
        var wake = _unit.IsKnown ? _unit.Outcome.ReceivedAt + Keep : long.MaxValue;
        _units.Put(Context.Key, _codec.Write(_unit), _unit.Held.Count > 0 ? Math.Min(wake, _unit.HeldUntil) : wake);
    }

    private void SettleHeld()
    {
        foreach (var held in _unit.Held)
        {
            if (!_decoder.TryDecode(held.Bytes.Span, _held, out var error))
            {
                throw new InvalidDataException($"a settlement that waits for its unit cannot be read: {error}");
            }
            if (!Settle(_held, out var refusal) && refusal is { } reason)
            {
                var settlement = new InputRecord(Topics.Settlements, Context.Partition, held.Offset, Context.Key, true, held.Bytes.Span, true);
                Context.DeadLetter(settlement, reason.ErrorClass, reason.Message);
            }
            else if (_unit.SettlementId == _held.SettlementId)
            {
                // The next one is decoded into the same memory.
                _unit.SettlementId = _unit.SettlementId.Copy();
            }
        }
        _unit.Held.Clear();
    }

    /// <summary>Takes a settlement in; false where it changes nothing, with the reason where it has to be refused.</summary>
    private bool Settle(Settlement message, out Rejection? refusal)
    {
        refusal = null;
        var amount = message.Amount;
        var verdict = _unit.Outcome.Program != message.Program ? default(SettlementVerdict?)
            : SettlementCheck.Judge(_unit.Decided, _unit.PricePaid, amount, message.Revision, _unit.SettlementRevision, _unit.SettlementId == message.SettlementId);
        switch (verdict)
        {
            case SettlementVerdict.Accepted:
                _unit.SettlementRevision = message.Revision;
                _unit.SettlementId = message.SettlementId;
                _unit.Settled = amount;
                _tally.SettlementAccepted();
                return true;
            case SettlementVerdict.Repeated:
                _tally.SettlementRepeated();
                return false;
            case SettlementVerdict.Superseded:
                _tally.SettlementSuperseded();
                return false;
        }
        _tally.SettlementRefused();
        refusal = verdict switch
        {
            null => new Rejection(UnitUnknown, $"unit '{message.Lpn}' is of program '{_unit.Outcome.Program}', and the settlement of '{message.Program}'"),
            SettlementVerdict.SettledTwice => new Rejection("SettledTwice", $"unit '{message.Lpn}' is settled with {_unit.Settled} by '{_unit.SettlementId}': to correct it, publish with revision {_unit.SettlementRevision + 1}"),
            SettlementVerdict.NoPrice => new Rejection("SettledWithoutPrice", $"unit '{message.Lpn}' has neither price nor cost to hold {amount} against: publish it to the catalogue, and the settlement again once the unit is decided anew"),
            SettlementVerdict.OtherCurrency => new Rejection("SettledInOtherCurrency", $"{amount} for unit '{message.Lpn}', whose price is {Text(_unit.Decided.ReferencePrice)}, cost {Text(_unit.Decided.Cost)}, paid {Text(_unit.PricePaid)}: amounts are never converted; publish in the currency of one of them"),
            SettlementVerdict.OverPrice => new Rejection("SettledOverPrice", $"{amount} for unit '{message.Lpn}' is more than its price of {Text(_unit.Decided.ReferencePrice)}, its cost of {Text(_unit.Decided.Cost)} and what the customer paid, {Text(_unit.PricePaid)}: check the amount, or the catalogue"),
            _ => new Rejection("SettledBelowZero", $"{amount} for unit '{message.Lpn}': what a channel takes back is a settlement of a higher revision, of 0"),
        };
        return false;
    }

    private static string Text(Money? money) => money?.ToString() ?? "unknown";
}
