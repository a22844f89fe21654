using System.IO.Hashing;
using Confluent.Kafka;
using Returns.Contracts;
using Returns.Contracts.Wire;

namespace Returns.Cli.Up;

/// <summary>Counts a run's units from the outcome topics themselves, as any consumer would: read committed, the latest revision counts.</summary>
internal sealed class OutcomeCount
{
    private readonly Dictionary<ulong, Outcome> _units = [];

    private readonly record struct Outcome(int Revision, bool Graded, Disposition? Routed, bool InReview);

    /// <summary>Units with a grade.</summary>
    public long Graded { get; private set; }

    /// <summary>Units whose latest outcome is a disposition.</summary>
    public long Routed { get; private set; }

    /// <summary>Units whose latest outcome waits for an operator.</summary>
    public long ManualReview { get; private set; }

    /// <summary>Dead letters of the run's units.</summary>
    public long DeadLettered { get; private set; }

    /// <summary>Routed units by disposition, every disposition listed.</summary>
    public SortedDictionary<string, long> Dispositions { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads the topics to their ends and counts the units whose LPN begins with <paramref name="label"/>.</summary>
    /// <exception cref="UpException">A record of an outcome topic cannot be decoded, or the broker does not answer.</exception>
    public static OutcomeCount Read(ClientConfig client, string label, CancellationToken cancel)
    {
        var count = new OutcomeCount();
        var prefix = Utf8.From(label);
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(new Dictionary<string, string>(client))
        {
            GroupId = "returns.recount",
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnablePartitionEof = true,
        }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var partitions = new[] { Topics.Grades, Topics.Dispositions, Topics.Exceptions, Topics.DeadLetters }
            .SelectMany(topic => admin.GetMetadata(topic, TimeSpan.FromSeconds(30)).Topics[0].Partitions.Select(p => new TopicPartitionOffset(topic, p.PartitionId, Offset.Beginning)))
            .ToList();
        consumer.Assign(partitions);
        var open = partitions.Count;
        var (graded, routed, exception) = (new ItemGraded(), new ItemRouted(), new ItemException());
        var (gradedDecoder, routedDecoder, exceptionDecoder) = (new WireDecoder<ItemGraded>(), new WireDecoder<ItemRouted>(), new WireDecoder<ItemException>());
        while (open > 0)
        {
            cancel.ThrowIfCancellationRequested();
            if (consumer.Consume(TimeSpan.FromSeconds(1)) is not { } record)
            {
                continue;
            }
            if (record.IsPartitionEOF)
            {
                open--;
                continue;
            }
            var key = record.Message.Key ?? [];
            if (!key.AsSpan().StartsWith(prefix.Span))
            {
                continue;
            }
            var id = XxHash3.HashToUInt64(key);
            var unit = count._units.GetValueOrDefault(id);
            var error = default(Contracts.Avro.DecodeError);
            var ok = true;
            switch (record.Topic)
            {
                case Topics.Grades:
                    ok = gradedDecoder.TryDecode(record.Message.Value, graded, out error);
                    unit = unit with { Graded = true };
                    break;
                case Topics.Dispositions:
                    ok = routedDecoder.TryDecode(record.Message.Value, routed, out error);
                    if (ok && routed.Revision >= unit.Revision)
                    {
                        var review = routed.Disposition == Disposition.ManualReview;
                        unit = unit with { Revision = routed.Revision, Routed = review ? null : routed.Disposition, InReview = review };
                    }
                    break;
                case Topics.Exceptions:
                    ok = exceptionDecoder.TryDecode(record.Message.Value, exception, out error);
                    if (ok && exception.State == ExceptionState.Open && exception.Revision >= unit.Revision)
                    {
                        unit = unit with { Revision = exception.Revision, Routed = null, InReview = true };
                    }
                    break;
                default:
                    count.DeadLettered++;
                    continue;
            }
            if (!ok)
            {
                throw new UpException($"{record.TopicPartitionOffset}: {error}");
            }
            count._units[id] = unit;
        }
        foreach (var disposition in Enum.GetValues<Disposition>().Where(d => d != Disposition.ManualReview))
        {
            count.Dispositions[Name(disposition)] = 0;
        }
        foreach (var unit in count._units.Values)
        {
            count.Graded += unit.Graded ? 1 : 0;
            count.ManualReview += unit.InReview ? 1 : 0;
            if (unit.Routed is { } disposition)
            {
                count.Routed++;
                count.Dispositions[Name(disposition)]++;
            }
        }
        return count;
    }

    private static string Name(Disposition disposition) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(disposition.ToString());
}
