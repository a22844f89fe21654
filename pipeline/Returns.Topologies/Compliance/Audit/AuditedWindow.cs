using System.Security.Cryptography;
using Returns.Contracts;
using Returns.Domain.Compliance;

namespace Returns.Topologies.Compliance.Audit;

/// <summary>A billing window as the journal has it, summed anew, and the documents that are about it.</summary>
internal sealed class AuditedWindow(Agreement agreement, long start, long end)
{
    private readonly Queue<Chargeback> _documents = [];
    private readonly byte[] _both = new byte[64];
    private BillingFigures _figures;
    private ChargeSums _charged;
    private Utf8? _chargeback;
    private long _first = -1;
    private long _last = -1;
    private long _records;

    public Agreement Agreement => agreement;

    public long Start => start;

    public long Close => end + agreement.Grace;

    /// <summary>How far time had come when the journal last changed it.</summary>
    public long ChangedAt { get; private set; } = long.MinValue;

    /// <summary>Documents come by their number, before the journal.</summary>
    public void Add(Chargeback document) => _documents.Enqueue(document);

    /// <summary>A record of the journal that counts in the window: once, though it may take back and add.</summary>
    public void Count(long offset, ReadOnlySpan<byte> hash, in Standing? previous, in Standing? now, long reached, Action<Chargeback, string> report)
    {
        while (_documents.TryPeek(out var document) && document.Journal.LastOffset < offset)
        {
            Compare(_documents.Dequeue(), report);
        }
        if (previous is { } before)
        {
            _figures.Remove(before);
        }
        if (now is { } after)
        {
            _figures.Add(after);
        }
        hash.CopyTo(_both.AsSpan(32));
        SHA256.HashData(_both, _both);
        _first = _records++ == 0 ? offset : _first;
        _last = offset;
        ChangedAt = reached;
    }

    /// <summary>The journal is at its end.</summary>
    public void End(Action<Chargeback, string> report)
    {
        while (_documents.TryDequeue(out var document))
        {
            Compare(document, report);
        }
    }

    /// <summary>What is due and no document charges, or the other way round; null where all is charged as it is due.</summary>
    public decimal? Open()
    {
        var difference = _figures.Due(agreement).Less(_charged);
        if (difference.IsNothing())
        {
            return null;
        }
        var sum = 0m;
        for (var kind = 0; kind < Charges.Kinds; kind++)
        {
            sum += difference[kind].Amount;
        }
        return sum;
    }

    private void Compare(Chargeback document, Action<Chargeback, string> report)
    {
        var totals = _figures.Totals;
        Differ("journal.firstOffset", document.Journal.FirstOffset, _first);
        Differ("journal.lastOffset", document.Journal.LastOffset, _last);
        Differ("journal.records", document.Journal.Records, _records);
        Differ("journal.hash", document.Journal.Hash.ToString(), Convert.ToHexStringLower(_both.AsSpan(0, 32)));
        Differ("windowStart", document.WindowStart, start);
        Differ("windowEnd", document.WindowEnd, end);
        Differ("units", document.Figures.Units, totals.Units);
        Differ("defects", document.Figures.Defects, totals.Defects);
        Differ("valuedUnits", document.Figures.ValuedUnits, totals.ValuedUnits);
        Differ("value", document.Figures.Value, totals.Value);
        Differ("defectValue", document.Figures.DefectValue, totals.DefectValue);
        Differ("defectsCharged", document.DefectsCharged, _figures.ChargesDefects(agreement));
        var due = _figures.Due(agreement);
        var lines = due.Less(_charged);
        for (var kind = default(ChargeKind); kind < ChargeKind.Other; kind++)
        {
            var units = document.Lines.Where(l => l.Kind == kind).Sum(l => l.Units);
            var amount = document.Lines.Where(l => l.Kind == kind).Sum(l => l.Amount);
            Differ($"units of {kind.ToSymbol()}", units, lines[(int)kind].Units);
            Differ($"amount of {kind.ToSymbol()}", amount, lines[(int)kind].Amount);
        }
        if (document.Corrects != _chargeback)
        {
            report(document, $"it corrects '{document.Corrects}', and the window's chargeback is '{_chargeback}'");
        }
        _charged = due;
        _chargeback ??= document.DocumentId;

        void Differ<T>(string what, T said, T found) where T : IEquatable<T>
        {
            if (!said.Equals(found))
            {
                report(document, FormattableString.Invariant($"{what} is {said}, and the journal gives {found}"));
            }
        }
    }
}
