using Confluent.Kafka;
using Returns.Cli.Up;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Compliance;
using Returns.Topologies.Compliance.Audit;

namespace Returns.Cli.Chargebacks;

/// <summary>The documents of returns.chargebacks, and what they rest on.</summary>
/// <param name="client">How to reach Kafka.</param>
/// <param name="schemas">Where schema ids come from: a registry has been asked for those of compliance's topics.</param>
/// <param name="progress">Told how far reading is.</param>
/// <param name="cancel">Ends what is read.</param>
internal sealed class DocumentStore(ClientConfig client, ISchemaIds schemas, Progress progress, CancellationToken cancel) : IDisposable
{
    private readonly TopicReader _reader = new(client, "returns.chargebacks.reader", cancel);

    /// <summary>Every document, each vendor's in order.</summary>
    /// <exception cref="UpException">A document cannot be decoded, or the broker does not answer.</exception>
    public IReadOnlyList<Chargeback> Documents()
    {
        Expect(Topics.Chargebacks);
        var documents = new List<Chargeback>();
        var decoder = new WireDecoder<Chargeback>(schemas, Topics.Chargebacks);
        _reader.ReadAll(Topics.Chargebacks, record =>
        {
            var document = new Chargeback();
            if (!decoder.TryDecode(record.Message.Value, document, out var error))
            {
                throw new UpException($"{Topics.Chargebacks} [{record.Partition.Value}] @{record.Offset}: {error}");
            }
            documents.Add(document);
        }, progress);
        return documents;
    }

    /// <summary>The units of a document that break the agreement, as they stood when it was issued, by LPN.</summary>
    public IReadOnlyList<ChargedUnit> Units(Chargeback document)
    {
        var units = new SortedDictionary<string, ChargedUnit>(StringComparer.Ordinal);
        var decoder = new WireDecoder<VendorUnit>(schemas, Topics.VendorUnits);
        var agreement = new Agreement(document.Terms);
        var journal = document.Journal;
        _reader.Read(Topics.VendorUnits, journal.Partition, journal.FirstOffset, journal.LastOffset, record =>
        {
            var unit = new VendorUnit();
            if (!decoder.TryDecode(record.Message.Value, unit, out var error))
            {
                throw new UpException($"{Topics.VendorUnits} [{record.Partition.Value}] @{record.Offset}: {error}");
            }
            if (unit.Program != document.Program || unit.Vendor != document.Vendor)
            {
                return;
            }
            var lpn = unit.Lpn.ToString();
            if (IsOfWindow(unit.Previous))
            {
                units.Remove(lpn);
            }
            if (IsOfWindow(unit.Standing) && unit.Standing!.Violations.Count > 0)
            {
                units[lpn] = new ChargedUnit(unit, record.Partition.Value, record.Offset.Value);
            }
        });
        return [.. units.Values];

        bool IsOfWindow(UnitStanding? standing) =>
            standing is not null && standing.AgreementId == agreement.Id && agreement.BillingWindow(standing.ReceivedAt).Start == document.WindowStart;
    }

    /// <summary>Recomputes every document from the journal, the scans and the decisions; one that cannot be decoded is among what differs.</summary>
    public (ChargebackAudit Audit, IReadOnlyList<AuditFinding> Findings) Verify()
    {
        var audit = new ChargebackAudit(schemas, Math.Max(1, _reader.Offsets(Topics.Scans).Count), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        foreach (var topic in new[] { Topics.Scans, Topics.Dispositions })
        {
            var offsets = _reader.Offsets(topic);
            for (var partition = 0; partition < offsets.Count; partition++)
            {
                audit.Retain(topic, partition, offsets[partition].Low.Value);
            }
        }
        Expect(Topics.Chargebacks, Topics.VendorUnits, Topics.Scans, Topics.Dispositions);
        // The documents first: what comes while the journal is read is in neither.
        _reader.ReadAll(Topics.Chargebacks, r => audit.Document(r.Partition.Value, r.Offset.Value, r.Message.Value ?? []), progress);
        _reader.ReadAll(Topics.VendorUnits, r => audit.Journal(r.Partition.Value, r.Offset.Value, r.Message.Value ?? [], r.Message.Timestamp.UnixTimestampMs), progress);
        _reader.ReadAll(Topics.Scans, r => audit.Scan(r.Partition.Value, r.Offset.Value, r.Message.Value ?? []), progress);
        _reader.ReadAll(Topics.Dispositions, r => audit.Disposition(r.Partition.Value, r.Offset.Value, r.Message.Value ?? []), progress);
        return (audit, audit.Finish());
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    private void Expect(params ReadOnlySpan<string> topics)
    {
        foreach (var topic in topics)
        {
            progress.Expect(_reader.Offsets(topic).Sum(o => o.High - o.Low));
        }
    }
}

/// <summary>A unit of a document, and where its record in the journal is.</summary>
internal sealed record ChargedUnit(VendorUnit Unit, int Partition, long Offset);
