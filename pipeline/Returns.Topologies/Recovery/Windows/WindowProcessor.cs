using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Recovery;
using Returns.Streams;
using Returns.Streams.State;
using Returns.Streams.Windows;
using Returns.Topologies.Recovery.Units;

namespace Returns.Topologies.Recovery.Windows;

/// <summary>Adds changes to the windows of their hour, day and month, and sends the figures. See README.md.</summary>
internal sealed class WindowProcessor : Processor, IProcessor<RecoveryChange>, IProcessor<StationHeartbeat>
{
    private static readonly TimeSpan IdleAfter = TimeSpan.FromSeconds(30);

    // A unit may change until it is forgotten, and its windows take that as corrections; a day more for tasks that lag behind.
    private static readonly TimeSpan Retention = TimeSpan.FromMilliseconds(UnitProcessor.Keep) + TimeSpan.FromDays(1);

    /// <summary>Windows of an hour; closed when most of its units are decided.</summary>
    internal static WindowSpec Hourly { get; } = WindowSpec.Tumbling(TimeSpan.FromHours(1), grace: TimeSpan.FromHours(1), Retention);

    /// <summary>Windows of a day of UTC.</summary>
    internal static WindowSpec Daily { get; } = WindowSpec.Tumbling(TimeSpan.FromDays(1), grace: TimeSpan.FromHours(6), Retention);

    /// <summary>Windows of a calendar month of UTC; closed three days after, when the books are.</summary>
    internal static WindowSpec Monthly { get; } = WindowSpec.Monthly(grace: TimeSpan.FromDays(3), Retention);

    private readonly WindowedStore<WindowFigures, RecoveryChange> _hours;
    private readonly WindowedStore<WindowFigures, RecoveryChange> _days;
    private readonly WindowedStore<WindowFigures, RecoveryChange> _months;
    private readonly OriginClock _clock;
    private readonly Output<RecoveryWindow> _windows;
    private readonly RecoveryKey _key = new();

    public WindowProcessor(ProcessorContext context, RecoveryParts parts, ISchemaIds schemas, int origins) : base(context)
    {
        var aggregate = new WindowAggregate(schemas);
        _windows = context.Output(parts.Windows);
        _hours = new(Hourly, context.Store(parts.Hours), context, aggregate, (in WindowResult<WindowFigures> result) => Send(result, WindowSpan.Hour));
        _days = new(Daily, context.Store(parts.Days), context, aggregate, (in WindowResult<WindowFigures> result) => Send(result, WindowSpan.Day));
        _months = new(Monthly, context.Store(parts.Months), context, aggregate, (in WindowResult<WindowFigures> result) => Send(result, WindowSpan.Month));
        _clock = new OriginClock(context.Store(parts.Origins), [_hours.Store, _days.Store, _months.Store], context, origins, IdleAfter);
    }

    public void Process(RecoveryChange message)
    {
        _clock.Observe(message.OriginPartition, message.OriginTime);
        _hours.Add(Context.Key, message.Hour, message);
        _days.Add(Context.Key, message.Hour, message);
        _months.Add(Context.Key, message.Hour, message);
    }

    /// <summary>Nothing: that it moved event time on was all.</summary>
    public void Process(StationHeartbeat message)
    {
    }

    /// <inheritdoc/>
    public override void Wake(KeyValueStore store, ReadOnlySpan<byte> key, long due) => Of(store).Wake(key, due);

    /// <inheritdoc/>
    public override void Ready() => _clock.Ready();

    /// <inheritdoc/>
    public override void Committing()
    {
        _hours.Committing();
        _days.Committing();
        _months.Committing();
    }

    private WindowedStore<WindowFigures, RecoveryChange> Of(KeyValueStore store) =>
        store == _hours.Store ? _hours : store == _days.Store ? _days : _months;

    private void Send(in WindowResult<WindowFigures> result, WindowSpan span)
    {
        var record = result.State.Record;
        RecoveryRates.Fill(result.State.Totals, record);
        record.Span = span;
        record.Start = result.Start;
        record.End = result.End;
        record.Figure = result.Kind switch
        {
            ResultKind.Early => FigureKind.Early,
            ResultKind.Final => FigureKind.Final,
            _ => FigureKind.Correction,
        };
        record.Revision = result.Revision;
        _windows.Send(_key.Of(record), record);
    }
}
