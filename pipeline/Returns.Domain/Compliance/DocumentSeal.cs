using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Returns.Contracts;

namespace Returns.Domain.Compliance;

/// <summary>
/// What makes a document one that holds up: its lines add up to its total, its deadlines are the agreement's, and a hash over all
/// it says, and over the hash of the one before, gives it its id.
/// </summary>
/// <remarks>
/// The hash is SHA-256 over the canonical form: UTF-8, a line <c>name=value</c> for each field in the schema's order, fields of
/// records within as lines of their own; times in milliseconds since the epoch, amounts with four decimals, nothing after the
/// sign for what is absent, every line ended by a line feed. Not in it are documentId and contentHash, which come of it. Text
/// from rules and catalogue has a line feed, a carriage return or a backslash written as \n, \r or \\, so no field can pass
/// for two.
/// </remarks>
public static class DocumentSeal
{
    private const int IdDigits = 24;

    /// <summary>Sets the lines, the total, the deadlines, and last the hash and the id; everything else is set already.</summary>
    /// <param name="document">The document.</param>
    /// <param name="agreement">Its agreement, whose terms it gets.</param>
    /// <param name="charges">What is charged: kinds with neither units nor amount get no line.</param>
    public static void Apply(Chargeback document, Agreement agreement, in ChargeSums charges)
    {
        ArgumentNullException.ThrowIfNull(document);
        ArgumentNullException.ThrowIfNull(agreement);
        agreement.Fill(document.Terms);
        document.Lines.Clear();
        document.Total = 0;
        for (var kind = default(ChargeKind); kind < ChargeKind.Other; kind++)
        {
            var sum = charges[(int)kind];
            if (sum == default) continue;
            var line = document.Lines.Add();
            line.Kind = kind;
            line.Units = sum.Units;
            line.Amount = sum.Amount;
            document.Total += sum.Amount;
        }

        document.DisputeUntil = agreement.DisputeUntil(document.IssuedAt);
        document.RespondBy = agreement.RespondBy(document.IssuedAt);
        var hash = Hash(document);
        document.ContentHash = hash;
        document.DocumentId = IdOf(document.Kind, hash);
    }

    /// <summary>SHA-256 of the document's canonical form, 64 lower-case hexadecimal digits.</summary>
    public static string Hash(Chargeback document) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Canonical(document))));

    /// <summary>What is wrong with a document in itself and after the one before it; nothing where it is as it was issued.</summary>
    /// <param name="document">The document.</param>
    /// <param name="before">The retailer's document to the vendor before it; null where it is the first one known.</param>
    public static IReadOnlyList<string> Check(Chargeback document, Chargeback? before)
    {
        ArgumentNullException.ThrowIfNull(document);
        var problems = new List<string>();
        var hash = Hash(document);
        if (!document.ContentHash.Equals(Utf8.From(hash)))
            problems.Add($"the content hash is {document.ContentHash}, and what the document says has {hash}: it was edited");
        if (!document.DocumentId.Equals(Utf8.From(IdOf(document.Kind, document.ContentHash.ToString()))))
            problems.Add($"the id is not made of the content hash {document.ContentHash}");
        var sum = document.Lines.Sum(l => l.Amount);
        if (sum != document.Total)
            problems.Add(FormattableString.Invariant($"the lines add up to {sum}, and the total is {document.Total}"));
        var agreement = new Agreement(document.Terms);
        if (agreement.Id != document.Terms.Id)
            problems.Add($"the terms have the id {agreement.Id}, and the document says {document.Terms.Id}: they were edited");
        if (document.DisputeUntil != agreement.DisputeUntil(document.IssuedAt))
            problems.Add(FormattableString.Invariant($"the dispute ends at {document.DisputeUntil}, and by the terms at {agreement.DisputeUntil(document.IssuedAt)}"));
        if (document.RespondBy != agreement.RespondBy(document.IssuedAt))
            problems.Add(FormattableString.Invariant($"the answer is due at {document.RespondBy}, and by the terms at {agreement.RespondBy(document.IssuedAt)}"));
        if (document.Sequence != (before?.Sequence ?? 0) + 1)
        {
            var (from, to) = ((before?.Sequence ?? 0) + 1, document.Sequence - 1);
            problems.Add(from > to ? $"its number {document.Sequence} was given before" : from == to ? $"document {from} before it is missing" : $"documents {from} to {to} before it are missing");
        }
        else if (before is not null && document.PreviousHash != before.ContentHash)
        {
            problems.Add($"it follows a document with the hash {document.PreviousHash}, and the one before it has {before.ContentHash}");
        }

        if (document.Sequence == 1 && document.PreviousHash is { } none)
            problems.Add($"it is the first, and follows a document with the hash {none}");
        return problems;
    }

    /// <summary>The text that is hashed.</summary>
    public static string Canonical(Chargeback document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var text = new StringBuilder(2048);
        Line("kind", document.Kind.ToSymbol());
        Text("program", document.Program);
        Text("vendor", document.Vendor);
        Line("sequence", document.Sequence);
        Text("corrects", document.Corrects);
        Line("revision", document.Revision);
        Text("terms.id", document.Terms.Id);
        Text("terms.version", document.Terms.Version);
        text.Append(Agreement.Canonical(document.Terms));
        Line("windowStart", document.WindowStart);
        Line("windowEnd", document.WindowEnd);
        Line("figures.units", document.Figures.Units);
        Line("figures.defects", document.Figures.Defects);
        Line("figures.valuedUnits", document.Figures.ValuedUnits);
        Amount("figures.value", document.Figures.Value);
        Amount("figures.defectValue", document.Figures.DefectValue);
        Line("defectsCharged", document.DefectsCharged ? 1 : 0);
        foreach (var line in document.Lines)
        {
            Line("line.kind", line.Kind.ToSymbol());
            Line("line.units", line.Units);
            Amount("line.amount", line.Amount);
        }

        Amount("total", document.Total);
        Line("issuedAt", document.IssuedAt);
        Line("disputeUntil", document.DisputeUntil);
        Line("respondBy", document.RespondBy);
        Line("journal.partition", document.Journal.Partition);
        Line("journal.firstOffset", document.Journal.FirstOffset);
        Line("journal.lastOffset", document.Journal.LastOffset);
        Line("journal.records", document.Journal.Records);
        Text("journal.hash", document.Journal.Hash);
        Text("previousHash", document.PreviousHash);
        return text.ToString();

        void Line(string name, object value) => text.Append(CultureInfo.InvariantCulture, $"{name}={value}\n");
        void Amount(string name, decimal value) => text.Append(CultureInfo.InvariantCulture, $"{name}={value:F4}\n");
        void Text(string name, Utf8? value) => text.Append(CultureInfo.InvariantCulture, $"{name}={Agreement.Escape(value)}\n");
    }

    /// <summary>The id of a document with a content hash.</summary>
    public static string IdOf(DocumentKind kind, string contentHash) =>
        (kind == DocumentKind.Correction ? "CC-" : "CB-") + contentHash[..Math.Min(IdDigits, contentHash.Length)];
}
