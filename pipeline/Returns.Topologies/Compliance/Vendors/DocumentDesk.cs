using Returns.Contracts;
using Returns.Domain.Compliance;
using Returns.Streams;
using Returns.Streams.State;

namespace Returns.Topologies.Compliance.Vendors;

/// <summary>Issues documents, each with the hash of the vendor's one before. For the task's thread.</summary>
internal sealed class DocumentDesk(ProcessorContext context, Output<Chargeback> chargebacks, KeyValueStore store, ComplianceTally tally)
{
    private readonly Chargeback _document = new();
    private readonly VendorKey _vendorKey = new();
    private readonly byte[] _key = new byte[EntryKey.Bytes];
    private readonly byte[] _value = new byte[Entries.SizeOf<ChainEntry>()];

    /// <summary>Charges what is due of a billing window and was not charged yet; where that is nothing, there is no document.</summary>
    public void Issue(Account account, long start, ref BillingEntry billing, long at)
    {
        var agreement = account.Agreement;
        var due = billing.Figures.Due(agreement);
        var difference = due.Less(billing.Charged);
        if (difference.IsNothing())
        {
            return;
        }
        var vendorKey = _vendorKey.Of(account.Program, account.Vendor);
        var chainKey = new EntryKey(EntryKind.Chain, EntryKey.OwnerOf(vendorKey)).Write(_key);
        var chain = store.TryGet(chainKey, out var value) ? Entries.Read<ChainEntry>(value) : default;

        _document.Clear();
        _document.Kind = billing.HasChargeback ? DocumentKind.Correction : DocumentKind.Chargeback;
        _document.Program = account.Program;
        _document.Vendor = account.Vendor;
        _document.Sequence = chain.Sequence + 1;
        _document.PreviousHash = chain.Sequence > 0 ? Hex(chain.Hash) : default(Utf8?);
        _document.Corrects = billing.HasChargeback ? DocumentSeal.IdOf(DocumentKind.Chargeback, Hex(billing.Chargeback)) : default(Utf8?);
        _document.Revision = billing.Revision;
        _document.WindowStart = start;
        _document.WindowEnd = billing.End;
        billing.Figures.Totals.Fill(_document.Figures);
        _document.DefectsCharged = billing.Figures.ChargesDefects(agreement);
        _document.IssuedAt = at;
        _document.Journal.Partition = context.Partition;
        _document.Journal.FirstOffset = billing.FirstOffset;
        _document.Journal.LastOffset = billing.LastOffset;
        _document.Journal.Records = billing.Records;
        _document.Journal.Hash = Hex(billing.JournalHash);
        DocumentSeal.Apply(_document, agreement, difference);

        chain.Sequence++;
        Convert.FromHexString(_document.ContentHash.ToString(), chain.Hash, out _, out _);
        store.Put(chainKey, Entries.Write(chain, _value));
        billing.Charged = due;
        if (!billing.HasChargeback)
        {
            billing.HasChargeback = true;
            billing.Chargeback = chain.Hash;
        }
        chargebacks.Send(vendorKey, _document);
        tally.Document(_document.Kind);
    }

    private static string Hex(in Hash32 hash) => Convert.ToHexStringLower(hash);
}
