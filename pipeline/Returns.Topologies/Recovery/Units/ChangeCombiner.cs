using System.IO.Hashing;
using Returns.Contracts;
using Returns.Domain.Recovery;
using Returns.Streams;

namespace Returns.Topologies.Recovery.Units;

/// <summary>
/// Combines what units change between two commits, so that a change is sent for each figure and hour rather than for each unit.
/// For the task's thread.
/// </summary>
internal sealed class ChangeCombiner(ProcessorContext context, Output<RecoveryChange> changes, RecoveryTally tally)
{
    /// <summary>How many changes are kept before they are sent: bounds memory where every unit is of another kind.</summary>
    private const int MaxChanges = 10_000;

    private const long Hour = 3_600_000;

    /// <summary>2000-01-01, before which nothing is received: where no decision has come yet.</summary>
    private const long Earliest = 946_684_800_000;

    private static readonly byte[][] WaysOut = [.. DispositionSymbols.All.Select(s => System.Text.Encoding.ASCII.GetBytes(s))];

    private readonly Dictionary<UInt128, Change> _changes = [];
    private readonly List<Change> _used = [];
    private readonly Stack<Change> _free = [];
    private readonly RecoveryChange _message = new();
    private readonly RecoveryKey _key = new();
    private long _sentUpTo = long.MinValue;

    /// <summary>Adds a unit as it counts, or takes it off.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="recovery">How it counts.</param>
    /// <param name="sign">1 or -1.</param>
    public void Add(UnitState unit, in UnitRecovery recovery, int sign)
    {
        ref readonly var outcome = ref unit.Outcome;
        Add(outcome, RecoveryDimension.Program, default, recovery, sign);
        Add(outcome, RecoveryDimension.Facility, outcome.Facility.Span, recovery, sign);
        Add(outcome, RecoveryDimension.Category, outcome.Category.Span, recovery, sign);
        Add(outcome, RecoveryDimension.ProductLine, ProductLine.Of(outcome.Sku.Span), recovery, sign);
        Add(outcome, RecoveryDimension.Grade, outcome.Grade.Span, recovery, sign);
        // Where a unit goes: the resale channel, and for all others the disposition.
        var channel = recovery.Disposition == Disposition.Resell && !unit.Channel.IsEmpty ? unit.Channel.Span : WaysOut[(int)recovery.Disposition];
        Add(outcome, RecoveryDimension.Channel, channel, recovery, sign);
        Add(outcome, RecoveryDimension.Vendor, outcome.Vendor.Span, recovery, sign);
        if (_used.Count > MaxChanges)
        {
            Send();
        }
    }

    /// <summary>Sends what was combined.</summary>
    public void Send()
    {
        // As far as the commit before had come: what came since is in these changes, of which none is to find its window closed by
        // another. While a backlog is read, days of event time may lie between two commits.
        // Nor do units that wait in manual review, which may be read ahead of all decisions, say how far those have come.
        var time = Math.Max(_sentUpTo, Earliest);
        foreach (var change in _used)
        {
            _message.Clear();
            change.Totals.Fill(_message.Figures);
            // A unit that was taken off and added again as it was leaves nothing to say.
            if (change.Touches != 0 && !IsNothing(_message.Figures))
            {
                _message.Program = change.Program;
                _message.Origin = change.Origin;
                _message.Dimension = change.Dimension;
                _message.Value = change.Value;
                _message.Hour = change.Hour;
                _message.OriginPartition = context.Partition;
                _message.OriginTime = time;
                changes.Send(change.Key, _message);
                tally.Change();
            }
        }
        Drop();
    }

    /// <summary>The transaction ends, or has been taken back: what comes now comes after stream time as it is.</summary>
    public void Mark() => _sentUpTo = context.StreamTime;

    /// <summary>Forgets what was combined.</summary>
    public void Drop()
    {
        foreach (var change in _used)
        {
            _free.Push(change);
        }
        _used.Clear();
        _changes.Clear();
    }

    private void Add(in KnownOutcome outcome, RecoveryDimension dimension, ReadOnlySpan<byte> value, in UnitRecovery recovery, int sign)
    {
        var hour = outcome.ReceivedAt - outcome.ReceivedAt % Hour;
        var key = _key.Of(outcome.Program.Span, outcome.Origin, dimension, value);
        var id = XxHash128.HashToUInt128(key, hour);
        if (!_changes.TryGetValue(id, out var change))
        {
            change = _free.TryPop(out var free) ? free : new Change();
            change.Begin(key, outcome.Program.Span, outcome.Origin, dimension, value, hour);
            _changes.Add(id, change);
            _used.Add(change);
        }
        change.Totals.Add(recovery, sign);
        change.Touches++;
    }

    private static bool IsNothing(RecoveryFigures figures) =>
        figures.Units == 0 && figures.Restocked == 0 && figures.Refurbished == 0 && figures.Resold == 0 && figures.ReturnedToVendor == 0 && figures.Donated == 0
        && figures.WrittenOff == 0 && figures.Quarantined == 0 && figures.InReview == 0 && figures.KeptGrams == 0 && figures.DwellMillis == 0
        && figures.Currencies.Count == 0 && figures.Dwell.Buckets.Count == 0;

    /// <summary>What is to be added to the figures of one hour and value; used again.</summary>
    private sealed class Change
    {
        private byte[] _bytes = new byte[256];
        private int _keyLength;

        public RecoveryTotals Totals { get; } = new();

        public int Touches;
        public long Hour;
        public Origin Origin;
        public RecoveryDimension Dimension;
        public Utf8 Program;
        public Utf8 Value;

        public ReadOnlySpan<byte> Key => _bytes.AsSpan(0, _keyLength);

        public void Begin(ReadOnlySpan<byte> key, ReadOnlySpan<byte> program, Origin origin, RecoveryDimension dimension, ReadOnlySpan<byte> value, long hour)
        {
            var length = key.Length + program.Length + value.Length;
            if (length > _bytes.Length)
            {
                _bytes = new byte[length * 2];
            }
            key.CopyTo(_bytes);
            program.CopyTo(_bytes.AsSpan(key.Length));
            value.CopyTo(_bytes.AsSpan(key.Length + program.Length));
            _keyLength = key.Length;
            Program = new Utf8(_bytes, key.Length, program.Length);
            Value = new Utf8(_bytes, key.Length + program.Length, value.Length);
            (Origin, Dimension, Hour, Touches) = (origin, dimension, hour, 0);
            Totals.Clear();
        }
    }
}
