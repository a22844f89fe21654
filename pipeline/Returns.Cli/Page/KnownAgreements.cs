using System.Collections.Concurrent;
using Confluent.Kafka;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Compliance;
using Returns.Domain.Rules;

namespace Returns.Cli.Page;

/// <summary>
/// The vendors' agreements, as returns.rules has them: those in force, and those that have been since this began, because a
/// window goes on under the agreement that it began with.
/// </summary>
/// <remarks>Safe across threads. A document that cannot be read changes nothing: the roles say so, in their dead letters.</remarks>
internal sealed class KnownAgreements : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, Agreement> _agreements = new();
    private readonly Dictionary<Utf8, RuleDocument> _documents = new(Utf8Comparer.Instance);
    private readonly IConsumer<Ignore, byte[]?> _consumer;
    private readonly Thread _thread;
    private RuleBook _book = RuleBook.Empty;
    private volatile bool _stopping;

    /// <summary>Follows the topic, from its beginning.</summary>
    public KnownAgreements(ClientConfig client)
    {
        _consumer = new ConsumerBuilder<Ignore, byte[]?>(new ConsumerConfig(new Dictionary<string, string>(client))
        {
            GroupId = "returns.page",
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnablePartitionEof = true,
        }).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        // Rules are one partition, so that what is published together is read in order.
        _consumer.Assign(new TopicPartitionOffset(Topics.Rules, 0, Offset.Beginning));
        _thread = new Thread(Follow) { IsBackground = true, Name = "page-rules" };
        _thread.Start();
    }

    /// <summary>Those known, in no order.</summary>
    public IReadOnlyCollection<Agreement> All => [.. _agreements.Values];

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping = true;
        _thread.Join();
        _consumer.Dispose();
    }

    private void Follow()
    {
        var (decoder, record, changed) = (new WireDecoder<RuleSet>(), new RuleSet(), false);
        while (!_stopping)
        {
            ConsumeResult<Ignore, byte[]?>? next;
            try
            {
                next = _consumer.Consume(Poll);
            }
            catch (ConsumeException)
            {
                // The broker is on its way back, or the topic on its way: librdkafka goes on by itself.
                continue;
            }
            if (next is { IsPartitionEOF: false, Message.Value: { } value } && decoder.TryDecode(value, record, out _) && RuleDocument.TryRead(record, out var document, out _))
            {
                _documents[document!.Key] = document;
                changed = true;
            }
            else if (changed && next is null or { IsPartitionEOF: true })
            {
                // At the end of what there is: documents that are published one after the other are compiled together.
                changed = false;
                _book = RuleBook.Build(_documents.Values, _book, out _);
                foreach (var agreement in _book.Programs.SelectMany(program => program.Vendors.Agreements))
                {
                    _agreements[agreement.Id.ToString()] = agreement;
                }
            }
        }
    }
}
