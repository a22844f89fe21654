using System.Text;
using Returns.ClickHouse.Rows;
using Returns.Contracts;
using Returns.Contracts.Avro;
using Returns.Contracts.Wire;

namespace Returns.ClickHouse.Sink;

/// <summary>One of the topics the sink reads: how its records become rows.</summary>
/// <remarks>For the thread that polls the consumer.</remarks>
internal abstract class OutcomeTopic(string name, RowTable table, RowTable? latest = null)
{
    private readonly byte[] _name = Encoding.UTF8.GetBytes(name);

    /// <summary>The topic's name.</summary>
    public string Name { get; } = name;

    /// <summary>Where its rows go.</summary>
    public RowTable Table { get; } = table;

    /// <summary>Where they go as well, before, and as often as need be: it keeps the latest row of each key. Null for none.</summary>
    public RowTable? Latest { get; } = latest;

    /// <summary>The topics of the pipeline.</summary>
    public static IReadOnlyList<OutcomeTopic> All(ISchemaIds schemas) =>
    [
        new RecordTopic<ItemGraded, GradeRows>(Topics.Grades, schemas),
        new RecordTopic<ItemRouted, DispositionRows>(Topics.Dispositions, schemas),
        new RecordTopic<ItemException, ExceptionRows>(Topics.Exceptions, schemas),
        new RecordTopic<VendorWindow, VendorWindowRows>(Topics.VendorWindows, schemas),
        new RecordTopic<VendorAlert, VendorAlertRows>(Topics.VendorAlerts, schemas),
        new RecordTopic<Chargeback, ChargebackRows>(Topics.Chargebacks, schemas),
        new RecordTopic<Settlement, SettlementRows>(Topics.Settlements, schemas),
        new RecordTopic<RecoveryWindow, RecoveryRows>(Topics.Recovery, schemas),
        new DeadLetterTopic(Topics.DeadLetters),
    ];

    /// <summary>Appends the record as one row to <paramref name="batch"/>, or as a dead letter where it cannot be read.</summary>
    /// <exception cref="SchemaRegistryException">The registry could not be asked for the record's schema; nothing was appended.</exception>
    public abstract void Append(in OutcomeRecord record, RangeBatch batch);

    /// <summary>Begins a row with its lineage.</summary>
    protected void Lineage(RowBuffer row, in OutcomeRecord record)
    {
        row.Bytes(_name);
        row.Int32(record.Partition);
        row.Int64(record.Offset);
    }

    /// <summary>Appends the record to the batch's dead letters, as one that was found bad here.</summary>
    protected void Bury(in OutcomeRecord record, RangeBatch batch, string errorClass, string errorMessage)
    {
        Lineage(batch.DeadLetters, record);
        DeadLetterRows.Append(
            new DeadLetter
            {
                Key = record.Key.Span,
                HasKey = !record.Key.IsNull,
                Value = record.Value.Span,
                HasValue = !record.Value.IsNull,
                SourceTopic = Name,
                SourcePartition = record.Partition,
                SourceOffset = record.Offset,
                ErrorClass = errorClass,
                ErrorMessage = errorMessage,
                RecordedAt = record.TimestampMillis,
            },
            batch.DeadLetters);
        batch.EndRow(record.Offset, isDeadLetter: true);
    }

    /// <summary>A topic of events that have a table.</summary>
    private sealed class RecordTopic<T, TFormat>(string name, ISchemaIds schemas)
        : OutcomeTopic(name, RowTable.Of(TFormat.Table, TFormat.Columns), TFormat.LatestTable is { } latest ? RowTable.Of(latest, TFormat.Columns) : null)
        where T : class, IAvroRecord<T>, new()
        where TFormat : IRowFormat<T>
    {
        private readonly WireDecoder<T> _decoder = new(schemas, name);
        private readonly T _record = new();

        public override void Append(in OutcomeRecord record, RangeBatch batch)
        {
            if (record.Value.IsNull)
            {
                Bury(record, batch, "Tombstone", "the record has no value: nothing is taken back by one here");
            }
            else if (!_decoder.TryDecode(record.Value.Span, _record, out var error))
            {
                Bury(record, batch, error.Class.ToString(), error.ToString());
            }
            else if (TFormat.Problem(_record) is { } problem)
            {
                Bury(record, batch, nameof(DecodeErrorClass.BadValue), problem);
            }
            else
            {
                Lineage(batch.Rows, record);
                TFormat.Append(_record, batch.Rows);
                batch.EndRow(record.Offset, isDeadLetter: false);
            }
        }
    }

    /// <summary>The topic of dead letters: the bytes as they are, and the headers that say where from and why.</summary>
    private sealed class DeadLetterTopic(string name) : OutcomeTopic(name, RowTable.DeadLetters)
    {
        public override void Append(in OutcomeRecord record, RangeBatch batch)
        {
            var headers = DeadLetterHeaders.Read(record.Headers);
            Lineage(batch.Rows, record);
            DeadLetterRows.Append(
                new DeadLetter
                {
                    Key = record.Key.Span,
                    HasKey = !record.Key.IsNull,
                    Value = record.Value.Span,
                    HasValue = !record.Value.IsNull,
                    SourceTopic = headers.Topic,
                    SourcePartition = headers.Partition,
                    SourceOffset = headers.Offset,
                    ErrorClass = headers.ErrorClass,
                    ErrorMessage = headers.ErrorMessage,
                    RecordedAt = record.TimestampMillis,
                },
                batch.Rows);
            batch.EndRow(record.Offset, isDeadLetter: false);
        }
    }
}
