using System.Security.Cryptography;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Compliance;
using Returns.Streams;
using Returns.Streams.State;
using Returns.Streams.Windows;
using Returns.Topologies.Wire;

namespace Returns.Topologies.Compliance.Vendors;

/// <summary>
/// Sums the journal of units up: rates in windows, which raise and clear alerts, and billing windows, which become documents
/// when they close. See README.md for the states of a billing window.
/// </summary>
internal sealed class VendorProcessor : Processor, IProcessor<Hashed<VendorUnit>>, IProcessor<StationHeartbeat>
{
    /// <summary>How long after its close a billing window takes corrections.</summary>
    internal const long BillingRetention = 400 * 86_400_000L;

    private readonly KeyValueStore _store;
    private readonly OriginClock _clock;
    private readonly Output<VendorWindow> _windows;
    private readonly AlertDesk _alerts;
    private readonly DocumentDesk _documents;
    private readonly ComplianceTally _tally;
    private readonly WireDecoder<VendorUnit> _decoder;
    private readonly WireEncoder<VendorUnit> _encoder;
    private readonly VendorUnit _head = new();
    private readonly VendorWindow _window = new();
    private readonly VendorKey _vendorKey = new();
    private readonly WindowKey _windowKey = new();
    private readonly Dictionary<UInt128, Account> _accounts = [];
    private readonly HashSet<EntryKey> _touched = [];
    private readonly byte[] _key = new byte[EntryKey.Bytes];
    private readonly byte[] _value = new byte[Entries.SizeOf<BillingEntry>()];

    public VendorProcessor(ProcessorContext context, ComplianceParts parts, ISchemaIds schemas, int origins, TimeSpan idleAfter, ComplianceMetrics metrics) : base(context)
    {
        _store = context.Store(parts.Vendors);
        _clock = new OriginClock(context.Store(parts.Origins), [_store], context, origins, idleAfter);
        _windows = context.Output(parts.Windows);
        _tally = new ComplianceTally(metrics);
        _alerts = new AlertDesk(context.Output(parts.Alerts), _tally);
        _documents = new DocumentDesk(context, context.Output(parts.Chargebacks), _store, _tally);
        _decoder = new WireDecoder<VendorUnit>(schemas, Topics.VendorUnits);
        _encoder = new WireEncoder<VendorUnit>(schemas, Topics.VendorUnits);
    }

    public void Process(Hashed<VendorUnit> message)
    {
        var unit = message.Event;
        _clock.Observe(unit.OriginPartition, unit.OriginTime);
        var before = unit.Previous is { } previous ? Find(unit, previous) : null;
        var now = unit.Standing is { } standing ? Find(unit, standing) ?? Open(unit, standing) : null;
        if (before is not null)
        {
            Count(before, unit.Previous!, -1, message.Hash);
        }
        else if (unit.Previous is not null)
        {
            _tally.Missed();
        }
        if (now is not null)
        {
            Count(now, unit.Standing!, 1, message.Hash);
            Judge(now, _clock.Latest);
        }
        if (before is not null && before.Id != now?.Id)
        {
            Judge(before, _clock.Latest);
        }
    }

    /// <summary>Nothing: that it moved event time on was all.</summary>
    public void Process(StationHeartbeat message)
    {
    }

    /// <inheritdoc/>
    public override void Wake(KeyValueStore store, ReadOnlySpan<byte> key, long due)
    {
        var at = EntryKey.Read(key);
        var account = Account(at.Owner);
        if (at.Kind == EntryKind.Part)
        {
            EndPart(account, at, due);
        }
        else
        {
            EndBilling(account, at, due);
        }
    }

    /// <inheritdoc/>
    public override void Ready()
    {
        _clock.Ready();
        _touched.Clear();
        _tally.Drop();
    }

    /// <inheritdoc/>
    public override void Committing()
    {
        foreach (var key in _touched)
        {
            if (!_store.TryGet(key.Write(_key), out var value))
            {
                continue;
            }
            if (key.Kind == EntryKind.Rate)
            {
                SendRate(Account(key.Owner), Entries.Read<RateEntry>(value).Totals);
            }
            else if (Entries.Read<BillingEntry>(value) is { Phase: BillingPhase.Open } billing)
            {
                SendBilling(Account(key.Owner), key.Start, billing, FigureKind.Early);
            }
        }
        _touched.Clear();
        _tally.Publish();
    }

    /// <summary>The account that a standing counts in, or null where it is forgotten, or was never there.</summary>
    private Account? Find(VendorUnit unit, UnitStanding standing)
    {
        var id = EntryKey.OwnerOf(_vendorKey.Of(unit.Program, unit.Vendor), standing.AgreementId);
        return _store.TryGet(new EntryKey(EntryKind.Account, id).Write(_key), out _) ? Account(id) : null;
    }

    private Account Open(VendorUnit unit, UnitStanding standing)
    {
        var id = EntryKey.OwnerOf(_vendorKey.Of(unit.Program, unit.Vendor), standing.AgreementId);
        _head.Clear();
        _head.Program = unit.Program;
        _head.Vendor = unit.Vendor;
        new Agreement(unit.Terms!).Fill(_head.SetTerms());
        _store.Put(new EntryKey(EntryKind.Account, id).Write(_key), _encoder.Encode(_head));
        Put(new EntryKey(EntryKind.Rate, id), default(RateEntry));
        return Account(id);
    }

    private Account Account(UInt128 id)
    {
        if (_accounts.TryGetValue(id, out var account))
        {
            return account;
        }
        if (!_store.TryGet(new EntryKey(EntryKind.Account, id).Write(_key), out var head) || !_decoder.TryDecode(head, _head, out _) || _head.Terms is null)
        {
            throw new InvalidDataException($"store '{_store.Name}': the account {id:x32} is missing or cannot be read");
        }
        account = new Account(id, _head.Program.Copy(), _head.Vendor.Copy(), new Agreement(_head.Terms));
        _accounts.Add(id, account);
        return account;
    }

    private void Count(Account account, UnitStanding written, int sign, ReadOnlySpan<byte> hash)
    {
        var standing = Standing.Of(written);
        var rateKey = new EntryKey(EntryKind.Rate, account.Id);
        var rate = Get<RateEntry>(rateKey) ?? throw new InvalidDataException($"store '{_store.Name}': the account {account.Id:x32} has no rate");
        CountPart(account, written.ReceivedAt, standing, sign, ref rate);
        CountBilling(account, written.ReceivedAt, standing, sign, hash, ref rate);
        Put(rateKey, rate);
        _touched.Add(rateKey);
    }

    private void CountPart(Account account, long receivedAt, in Standing standing, int sign, ref RateEntry rate)
    {
        var start = account.Agreement.PartOf(receivedAt);
        var key = new EntryKey(EntryKind.Part, account.Id, start);
        var end = start + account.Agreement.WindowMillis;
        if (Get<DefectTotals>(key) is not { } part)
        {
            // Past the window; or it never came into it.
            if (sign < 0 || end <= _clock.Time)
            {
                return;
            }
            part = default;
            rate.Entries++;
        }
        part = sign > 0 ? part.Add(standing) : part.Remove(standing);
        rate.Totals = sign > 0 ? rate.Totals.Add(standing) : rate.Totals.Remove(standing);
        Put(key, part, end);
    }

    private void CountBilling(Account account, long receivedAt, in Standing standing, int sign, ReadOnlySpan<byte> hash, ref RateEntry rate)
    {
        var (start, end) = account.Agreement.BillingWindow(receivedAt);
        var key = new EntryKey(EntryKind.Billing, account.Id, start);
        var close = end + account.Agreement.Grace;
        var expiry = close + BillingRetention;
        if (Get<BillingEntry>(key) is not { } billing)
        {
            if (sign < 0 || expiry <= _clock.Time)
            {
                _tally.Missed();
                return;
            }
            billing = new BillingEntry { Phase = close <= _clock.Time ? BillingPhase.Closed : BillingPhase.Open, End = end, FirstOffset = Context.Offset, LastOffset = -1 };
            rate.Entries++;
        }
        var wake = billing.Phase switch
        {
            BillingPhase.Open => close,
            BillingPhase.Closed => Math.Min(_clock.Time + account.Agreement.Grace, expiry),
            _ => _store.WakeOf(key.Write(_key)),
        };
        if (billing.Phase == BillingPhase.Closed)
        {
            billing.Phase = BillingPhase.Corrected;
        }
        if (sign > 0)
        {
            billing.Figures.Add(standing);
        }
        else
        {
            billing.Figures.Remove(standing);
        }
        // A record that changes a unit within the window is one record of it.
        if (billing.LastOffset != Context.Offset)
        {
            billing.LastOffset = Context.Offset;
            billing.Records++;
            Span<byte> both = stackalloc byte[64];
            ((ReadOnlySpan<byte>)billing.JournalHash).CopyTo(both);
            hash.CopyTo(both[32..]);
            SHA256.HashData(both, billing.JournalHash);
        }
        Put(key, billing, wake);
        _touched.Add(key);
    }

    /// <summary>The rate window has moved on past the part.</summary>
    private void EndPart(Account account, EntryKey key, long due)
    {
        var rateKey = new EntryKey(EntryKind.Rate, account.Id);
        var rate = Get<RateEntry>(rateKey) ?? throw new InvalidDataException($"store '{_store.Name}': the account {account.Id:x32} has no rate");
        rate.Totals -= Get<DefectTotals>(key).GetValueOrDefault();
        Put(rateKey, rate);
        _touched.Add(rateKey);
        Judge(account, due);
        Remove(account, key);
    }

    private void EndBilling(Account account, EntryKey key, long due)
    {
        if (Get<BillingEntry>(key) is not { } billing)
        {
            return;
        }
        var expiry = billing.End + account.Agreement.Grace + BillingRetention;
        if (billing.Phase != BillingPhase.Closed)
        {
            if (billing.Phase == BillingPhase.Corrected)
            {
                billing.Revision++;
            }
            SendBilling(account, key.Start, billing, billing.Phase == BillingPhase.Open ? FigureKind.Final : FigureKind.Correction);
            _documents.Issue(account, key.Start, ref billing, due);
            billing.Phase = BillingPhase.Closed;
        }
        if (due >= expiry)
        {
            Remove(account, key);
            return;
        }
        Put(key, billing, expiry);
    }

    /// <summary>Forgets a window, and with the last one the account.</summary>
    private void Remove(Account account, EntryKey key)
    {
        _store.Delete(key.Write(_key));
        var rateKey = new EntryKey(EntryKind.Rate, account.Id);
        var rate = Get<RateEntry>(rateKey).GetValueOrDefault();
        if (--rate.Entries > 0)
        {
            Put(rateKey, rate);
            return;
        }
        SendRate(account, rate.Totals);
        _store.Delete(rateKey.Write(_key));
        _store.Delete(new EntryKey(EntryKind.Account, account.Id).Write(_key));
        _accounts.Remove(account.Id);
    }

    private void Judge(Account account, long at)
    {
        var key = new EntryKey(EntryKind.Rate, account.Id);
        if (Get<RateEntry>(key) is { } rate && _alerts.Judge(account, ref rate, at, WindowEnd(account, at), Context))
        {
            Put(key, rate);
        }
    }

    /// <summary>End of the rate window as of a time: that of the part the time is in.</summary>
    private static long WindowEnd(Account account, long at) => account.Agreement.PartOf(at) + account.Agreement.PartMillis;

    private void SendRate(Account account, in DefectTotals totals)
    {
        var end = WindowEnd(account, _clock.Latest);
        Send(account, VendorWindowKind.Rate, end - account.Agreement.WindowMillis, end, FigureKind.Early, 0, totals);
    }

    private void SendBilling(Account account, long start, in BillingEntry billing, FigureKind figure) =>
        Send(account, VendorWindowKind.Billing, start, billing.End, figure, billing.Revision, billing.Figures.Totals);

    private void Send(Account account, VendorWindowKind kind, long start, long end, FigureKind figure, int revision, in DefectTotals totals)
    {
        _window.Clear();
        _window.Program = account.Program;
        _window.Vendor = account.Vendor;
        _window.AgreementId = account.Agreement.Id;
        _window.Agreement = account.Agreement.Name;
        _window.Kind = kind;
        _window.Start = start;
        _window.End = end;
        _window.Figure = figure;
        _window.Revision = revision;
        _window.Currency = account.Agreement.Currency;
        totals.Fill(_window.Figures);
        _windows.Send(_windowKey.Of(_window), _window);
    }

    private T? Get<T>(EntryKey key) where T : unmanaged => _store.TryGet(key.Write(_key), out var value) ? Entries.Read<T>(value) : null;

    private void Put<T>(EntryKey key, in T entry, long wake = KeyValueStore.Never) where T : unmanaged =>
        _store.Put(key.Write(_key), Entries.Write(entry, _value), wake);
}
