using System.Globalization;
using System.Net;
using System.Text;
using Returns.Contracts;
using Returns.Domain.Compliance;

namespace Returns.Cli.Chargebacks;

/// <summary>A document with its units as a page to print: one HTML file that needs nothing else.</summary>
internal static class DocumentPage
{
    private const string Style =
        """
        body { font: 10pt/1.4 sans-serif; color: #111; max-width: 60em; margin: 2em auto; padding: 0 1em; }
        h1 { font-size: 16pt; margin: 0 0 .2em; } h2 { font-size: 12pt; margin: 1.6em 0 .4em; }
        table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .2em .6em .2em 0; vertical-align: top; border-bottom: 1px solid #ddd; }
        td.n, th.n { text-align: right; } tr.total td { font-weight: bold; border-top: 2px solid #111; }
        code { font-size: 8pt; word-break: break-all; } thead { display: table-header-group; } tr { break-inside: avoid; }
        @media print { body { margin: 0; max-width: none; } }
        """;

    /// <summary>Writes it. Whatever came from events is escaped.</summary>
    public static string Write(Chargeback document, IReadOnlyList<ChargedUnit> units)
    {
        var terms = document.Terms;
        var currency = terms.Currency.ToString();
        var page = new StringBuilder();
        var title = document.Kind == DocumentKind.Correction ? (document.Total < 0 ? "Credit note" : "Debit note") : "Chargeback";
        page.Append(CultureInfo.InvariantCulture, $"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} {Text(document.DocumentId)}</title><style>{Style}</style></head><body>\n");
        page.Append(CultureInfo.InvariantCulture, $"<h1>{title}</h1>\n<p><code>{Text(document.DocumentId)}</code>, number {document.Sequence} from <b>{Text(document.Program)}</b> to vendor <b>{Text(document.Vendor)}</b></p>\n");
        page.Append("<table>\n");
        Row("Period (UTC)", $"{Times.Minute(document.WindowStart)} to {Times.Minute(document.WindowEnd)}, the end not included");
        Row("Agreement", $"{Text(terms.Name)}, rules version {Text(terms.Version)}, <code>{Text(terms.Id)}</code>");
        if (document.Corrects is { } corrects)
        {
            Row("Corrects", $"<code>{Text(corrects)}</code>, revision {document.Revision}");
        }
        Row("Issued (UTC)", Times.Minute(document.IssuedAt));
        Row("Answer due (UTC)", Times.Minute(document.RespondBy));
        Row("May be disputed until (UTC)", Times.Minute(document.DisputeUntil));
        page.Append("</table>\n<h2>Figures</h2>\n<table><thead><tr><th></th><th class=\"n\">defective</th><th class=\"n\">of</th><th class=\"n\">rate</th><th class=\"n\">allowed</th></tr></thead>\n");
        var figures = document.Figures;
        Figure("Units", Number(figures.Defects), Number(figures.Units), figures.Units == 0 ? 0 : (decimal)figures.Defects / figures.Units, terms.AllowedUnits);
        Figure($"Value, {currency}", Amount(figures.DefectValue), Amount(figures.Value), figures.Value == 0 ? 0 : figures.DefectValue / figures.Value, terms.AllowedValue);
        page.Append(CultureInfo.InvariantCulture, $"</table>\n<p>{(document.DefectsCharged ? "The rate is over what is allowed: defective units are charged." : "The rate is within what is allowed, or there are too few units to tell: defective units are not charged as such.")}</p>\n");
        page.Append(CultureInfo.InvariantCulture, $"<h2>Charges</h2>\n<table><thead><tr><th>for</th><th class=\"n\">units</th><th class=\"n\">{currency}</th></tr></thead>\n");
        foreach (var line in document.Lines)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Words(line.Kind.ToSymbol())}</td><td class=\"n\">{Number(line.Units)}</td><td class=\"n\">{Amount(line.Amount)}</td></tr>\n");
        }
        page.Append(CultureInfo.InvariantCulture, $"<tr class=\"total\"><td>Total</td><td></td><td class=\"n\">{Amount(document.Total)}</td></tr></table>\n");
        page.Append("<h2>Units</h2>\n<table><thead><tr><th>unit</th><th>received</th><th>why</th><th>findings</th><th class=\"n\">charge</th></tr></thead>\n");
        foreach (var charged in units)
        {
            Unit(charged);
        }
        page.Append(CultureInfo.InvariantCulture, $"</table>\n<h2>Proof</h2>\n<table>\n");
        Row("Content hash", $"<code>{Text(document.ContentHash)}</code>");
        Row("Hash of the document before", document.PreviousHash is { } before ? $"<code>{Text(before)}</code>" : "none: this is the first");
        Row("Journal", $"{Topics.VendorUnits}, partition {document.Journal.Partition}, offsets {document.Journal.FirstOffset} to {document.Journal.LastOffset}, {document.Journal.Records} records, <code>{Text(document.Journal.Hash)}</code>");
        page.Append("</table>\n</body></html>\n");
        return page.ToString();

        void Row(string name, string html) => page.Append(CultureInfo.InvariantCulture, $"<tr><th>{name}</th><td>{html}</td></tr>\n");

        void Figure(string name, string defective, string all, decimal rate, int? allowed) => page.Append(CultureInfo.InvariantCulture,
            $"<tr><td>{name}</td><td class=\"n\">{defective}</td><td class=\"n\">{all}</td><td class=\"n\">{rate * 100:0.00} %</td><td class=\"n\">{(allowed is { } a ? $"{a / 100m:0.00} %" : "–")}</td></tr>\n");

        void Unit(ChargedUnit charged)
        {
            var unit = charged.Unit;
            var sum = unit.Standing!.Charges.Where(c => document.DefectsCharged || !Charges.ForDefects(c.Kind)).Sum(c => c.Amount);
            page.Append(CultureInfo.InvariantCulture, $"<tr><td><b>{Text(unit.Lpn)}</b><br>{Text(unit.Sku)}{(unit.SerialNumber is { } serial ? $"<br>serial {Text(serial)}" : "")}</td>");
            page.Append(CultureInfo.InvariantCulture, $"<td>{Times.Minute(unit.ReceivedAt)}<br>{Text(unit.Facility)}</td>");
            page.Append(CultureInfo.InvariantCulture, $"<td>{string.Join(", ", unit.Standing.Violations.Select(v => Words(v.ToSymbol())))}<br>reason {Words(unit.ReturnReason?.ToSymbol() ?? "unspecified")}, grade {Text(unit.Grade ?? "none")}<br>rules {Text(unit.RuleVersion)}</td><td>");
            foreach (var finding in unit.Findings)
            {
                var scan = unit.Scans[finding.Scan];
                page.Append(CultureInfo.InvariantCulture, $"{Text(finding.Criterion)} = {finding.Value}{(scan.Grader is { } grader ? $", by {Text(grader)}" : "")}{(finding.Evidence is { } photo ? $", <code>{Text(photo)}</code>" : "")} <code>[{scan.Partition}] @{scan.Offset}</code><br>");
            }
            page.Append(CultureInfo.InvariantCulture, $"<code>journal [{charged.Partition}] @{charged.Offset}</code></td><td class=\"n\">{Amount(sum)}</td></tr>\n");
        }
    }

    private static string Text(Utf8 text) => WebUtility.HtmlEncode(text.ToString());

    private static string Words(string symbol) => symbol.Replace('_', ' ');

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Amount(decimal amount) => amount.ToString("#,##0.00##", CultureInfo.InvariantCulture);
}
