using Returns.Contracts;
using Returns.Domain;
using Returns.Domain.Channels;
using Returns.Streams;
using Returns.Streams.State;
using Returns.Topologies.Rules;
using Returns.Topologies.Triage.State;
using Returns.Topologies.Triage.Tables;

namespace Returns.Topologies.Triage;

/// <summary>
/// Keeps what is known of each unit, decides anew whenever that changes, and publishes what is news. See README.md for the
/// states of a unit.
/// </summary>
internal sealed class TriageProcessor : Processor, IProcessor<ItemScan>, IProcessor<OperatorOverride>, IProcessor<StationHeartbeat>
{
    private const long Hour = 3_600_000;

    /// <summary>How long the catalogue, or intake, is waited for: until it is there, no checklist names a deadline.</summary>
    internal const long DefaultDeadline = 72 * Hour;

    /// <summary>A routed unit is forgotten when its scans are gone from their topic, too.</summary>
    internal const long KeepRouted = 7 * 24 * Hour;

    /// <summary>A unit in review is kept as long as the topic keeps overrides, and its exception.</summary>
    internal const long KeepInReview = 30 * 24 * Hour;

    private readonly KeyValueStore _items;
    private readonly CatalogTable _catalog;
    private readonly RulesTable _rules;
    private readonly Announcer _announcer;
    private readonly TriageTally _tally;
    private readonly HeldUnits _held;
    private readonly StationBacklog _backlog;
    private readonly ItemState _state = new();
    private readonly ItemStateCodec _codec = new();
    private readonly Decision _decision = new();

    public TriageProcessor(ProcessorContext context, TriageParts parts, TriageMetrics metrics) : base(context)
    {
        _items = context.Store(parts.Items);
        _catalog = context.Table(parts.Catalog);
        _rules = context.Table(parts.Rules);
        _tally = new TriageTally(metrics);
        _held = new HeldUnits();
        _backlog = new StationBacklog(metrics);
        _announcer = new Announcer(context.Output(parts.Grades), context.Output(parts.Dispositions), context.Output(parts.Exceptions), _tally);
    }

    public void Process(ItemScan message)
    {
        var lpn = Context.Key;
        var known = _items.TryGet(lpn, out var bytes);
        if (known)
        {
            Load(lpn, bytes);
        }
        else
        {
            _state.Begin(Context.StreamTime);
        }
        var effect = _state.Apply(message, Context.StreamTime, out var ignored);
        _tally.Scan(effect, late: _state.Outcome.Status != UnitStatus.Open);
        _tally.Ignored(ignored);
        switch (effect)
        {
            case ScanEffect.Repeated:
                Unload(lpn);
                return;
            case ScanEffect.Noted when known:
                Unload(lpn);
                _items.Put(lpn, _codec.Write(_state), _items.WakeOf(lpn));
                return;
            default:
                Decide(lpn, message.QualitySample ? DecisionCause.QualitySample : DecisionCause.Scan);
                return;
        }
    }

    /// <summary>A unit that no scan is known of yet keeps the decision until one comes, or its deadline passes.</summary>
    public void Process(OperatorOverride message)
    {
        var lpn = Context.Key;
        if (_items.TryGet(lpn, out var bytes))
        {
            Load(lpn, bytes);
        }
        else
        {
            _state.Begin(Context.StreamTime);
        }
        if (!_state.Apply(message, out var repeated))
        {
            Unload(lpn);
            _tally.OverrideIgnored(repeated);
            return;
        }
        Decide(lpn, DecisionCause.Override);
        _tally.OverrideTaken(_decision.OverrideRefused);
    }

    /// <summary>Nothing: that it moved event time on was all.</summary>
    public void Process(StationHeartbeat message)
    {
    }

    /// <inheritdoc/>
    public override void Wake(KeyValueStore store, ReadOnlySpan<byte> key, long due)
    {
        if (!_items.TryGet(key, out var bytes))
        {
            return;
        }
        Load(key, bytes);
        if (_state.Outcome.Status == UnitStatus.Open)
        {
            _tally.DeadlinePassed();
            _state.DeadlinePassed = true;
            Decide(key, DecisionCause.Deadline);
            return;
        }
        _tally.Forgotten();
        _items.Delete(key);
    }

    /// <inheritdoc/>
    public override void TableChanged(GlobalTable table, ReadOnlySpan<byte> key)
    {
        if (table == _catalog)
        {
            Retry(_held.Of(key), DecisionCause.Catalog);
        }
        else
        {
            Retry(_held.All(), DecisionCause.Rules);
        }
    }

    /// <summary>Finds the units that wait, and decides those whose wait is over: catalogue and rules may have come while this
    /// task was elsewhere, or in a transaction that was rolled back.</summary>
    public override void Ready()
    {
        _tally.Drop();
        _held.Clear();
        _backlog.Clear();
        var held = new List<Utf8>();
        _items.ForEach((lpn, state) =>
        {
            _backlog.Add(state);
            if (ItemStateCodec.IsHeld(state))
            {
                held.Add(Utf8.From(lpn));
            }
        });
        held.Sort();
        foreach (var lpn in held)
        {
            _items.TryGet(lpn.Span, out var state);
            _codec.Read(state, _state);
            Hold(lpn.Span);
        }
        _backlog.Show();
        Retry(held, DecisionCause.Rules);
    }

    /// <inheritdoc/>
    public override void Committing()
    {
        _tally.Publish();
        _backlog.Show();
    }

    /// <inheritdoc/>
    public override void Closed()
    {
        _backlog.Clear();
        _backlog.Show();
    }

    /// <summary>Decides those of the units that have rules and a catalogue entry now.</summary>
    private void Retry(IReadOnlyList<Utf8> units, DecisionCause cause)
    {
        foreach (var lpn in units)
        {
            if (!_items.TryGet(lpn.Span, out var bytes) || !ItemStateCodec.IsHeld(bytes))
            {
                continue;
            }
            Load(lpn.Span, bytes);
            if (_catalog.Find(_state.Program.Span, _state.Sku.Span) is { } facts
                && _rules.Find(_state.Program.Span)?.Grading.Find(facts.Category.Span) is not null)
            {
                Decide(lpn.Span, cause);
            }
            else
            {
                Unload(lpn.Span);
            }
        }
    }

    /// <summary>Decides by all that is known, publishes what is news, and keeps the state.</summary>
    private void Decide(ReadOnlySpan<byte> lpn, DecisionCause cause)
    {
        var facts = _state.Facts;
        var program = _state.Program.Span;
        facts.Catalog = _state.Sku.IsEmpty ? null : _catalog.Find(program, _state.Sku.Span);
        facts.DecidedAt = _state.DecidedAt;
        _decision.Decide(_rules.Find(program), facts, _state.Operator?.Decision, new UnlimitedCapacity());
        if (_decision.State != DecisionState.Open)
        {
            _state.DeadlinePassed = false;
        }
        else if (_state.Outcome.Status != UnitStatus.Open && !_state.DeadlinePassed)
        {
            _state.BeginWait(Context.StreamTime);
        }
        _announcer.Announce(lpn, _state, _decision, cause);
        var held = _state.Held;
        _state.Held = IsHeld();
        if (_state.Held && !held)
        {
            _tally.Held();
        }
        Unload(lpn);
        _items.Put(lpn, _codec.Write(_state), WakeAt());
    }

    /// <summary>True where a change of catalogue or rules is what the unit waits for.</summary>
    private bool IsHeld() => _decision.Review == ExceptionReason.RulesMissing
        || (_decision is { State: DecisionState.Open, WaitsFor: WaitsFor.Catalog } && !_state.Sku.IsEmpty);

    /// <summary>Reads a state; while it is changed, its SKU and station too perhaps, the unit is not among those held, and waits
    /// nowhere.</summary>
    private void Load(ReadOnlySpan<byte> lpn, ReadOnlySpan<byte> bytes)
    {
        _codec.Read(bytes, _state);
        _backlog.Remove(_state);
        if (_state.Held)
        {
            _held.Remove(_catalog.Key(_state.Program.Span, _state.Sku.Span), lpn);
        }
    }

    /// <summary>Puts the unit back where it waits, and among those held, if it is one of them.</summary>
    private void Unload(ReadOnlySpan<byte> lpn)
    {
        _backlog.Add(_state);
        Hold(lpn);
    }

    private void Hold(ReadOnlySpan<byte> lpn)
    {
        if (_state.Held)
        {
            _held.Add(_catalog.Key(_state.Program.Span, _state.Sku.Span), lpn);
        }
    }

    /// <summary>An open unit's deadline; when a decided one is forgotten.</summary>
    private long WakeAt() => _state.Outcome.Status switch
    {
        UnitStatus.Routed => Context.StreamTime + KeepRouted,
        UnitStatus.Review => Context.StreamTime + KeepInReview,
        _ => _state.WaitingSince + (_state.Facts.IntakeAt is null ? DefaultDeadline : _decision.Checklist?.DeadlineMillis ?? DefaultDeadline),
    };
}
