using System.Globalization;
using System.Reflection;
using System.Text;
using Returns.Contracts;
using Returns.Domain.Recovery;

namespace Returns.Cli.Reports;

/// <summary>A month's recovery for a CFO and an operations lead: one HTML file that needs nothing else.</summary>
internal sealed class ReportPage
{
    private const int MostFindings = 10;
    private const int MostLines = 12;

    private static readonly string Style = ReadStyle();

    private readonly StringBuilder _page = new();
    private readonly Period _month;
    private readonly PeriodFigures _figures;
    private readonly Period? _pinned;
    private readonly PeriodFigures? _before;

    private ReportPage(Period month, PeriodFigures figures, Period? pinned, PeriodFigures? before) => (_month, _figures, _pinned, _before) = (month, figures, pinned, before);

    /// <summary>Writes it. Whatever came from events is escaped.</summary>
    /// <param name="month">The month.</param>
    /// <param name="figures">Its figures, of at least one population.</param>
    /// <param name="pinned">The baseline; null where none is pinned.</param>
    /// <param name="before">Its figures.</param>
    /// <param name="writtenAt">When the page is written.</param>
    public static string Write(Period month, PeriodFigures figures, Period? pinned, PeriodFigures? before, DateTimeOffset writtenAt)
    {
        var page = new ReportPage(month, figures, pinned, before);
        page.Write(writtenAt);
        return page._page.ToString();
    }

    private void Write(DateTimeOffset writtenAt)
    {
        Line($"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Recovery, {_month}</title>\n<style>{Style}</style></head><body>");
        Line($"<a class=\"skip\" href=\"#main\">To the figures</a>\n<header><h1>Recovery of returned goods, {_month}</h1>");
        Line($"<p class=\"soft\">Units received in {_month} (UTC), and what has become of them up to now. Written on {writtenAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC.</p>");
        Line(_pinned is { } pinned
            ? $"<p class=\"soft\">Changes are against the baseline, {pinned}.</p>"
            : "<p class=\"soft\">No baseline is pinned, so no changes are shown: <code>returns baseline pin --from DAY --to DAY</code>.</p>");
        var populations = _figures.Populations;
        if (populations.Count > 1)
        {
            Line($"<nav aria-label=\"Retailers\"><p>{string.Join(" · ", populations.Select((of, i) => $"<a href=\"#r{i}\">{Title(of)}</a>"))}</p></nav>");
        }
        Line("</header>\n<main id=\"main\">");
        for (var i = 0; i < populations.Count; i++)
        {
            Section(populations[i], i);
        }
        Line("</main>");
        Notes();
        Line("</body></html>");
    }

    private void Section(Population of, int number)
    {
        var whole = _figures.Whole(of);
        var before = _before?.Whole(of);
        Line($"<section aria-labelledby=\"r{number}\"><h2 id=\"r{number}\">{Title(of)}</h2>");
        Line($"<p class=\"soft\">{StateOf(_figures.State[of])} {OriginOf(of.Origin)}</p>");
        Cards(of, whole, before);
        Findings(of, whole);
        WriteOffs(of, whole);
        Recovery(of);
        Chargebacks(of);
        Costs(of);
        Channels(of);
        Vendors(of, whole);
        Floor(of);
        ProductLines(of, whole);
        Line("</section>");
    }

    private void Cards(Population of, RecoveryTotals whole, RecoveryTotals? before)
    {
        Line("<h3>At a glance</h3>\n<ul class=\"cards\">");
        Card("Write-off rate, units", Words.Percent(RecoveryRates.WriteOffUnits(whole)), $"{Words.Count(whole.WrittenOff)} of {Words.Count(whole.Decided)} decided units", Change(RecoveryRates.WriteOffUnits(whole), before is null ? null : RecoveryRates.WriteOffUnits(before), moreIsBetter: false));
        foreach (var amounts in whole.Currencies)
        {
            var then = before?.In(amounts.Currency);
            var code = amounts.Currency.ToString();
            if (amounts.DecidedValue > 0)
            {
                Card($"Write-off rate, value in {code}", Words.Percent(RecoveryRates.WriteOffValue(amounts)), $"{Words.Money(amounts.WrittenOffValue)} of {Words.Money(amounts.DecidedValue)} at cost", Change(RecoveryRates.WriteOffValue(amounts), then is { } t1 ? RecoveryRates.WriteOffValue(t1) : null, moreIsBetter: false));
            }
            if (amounts.ResaleValue > 0)
            {
                Card($"Recovery rate, {code}", Words.Percent(RecoveryRates.Recovery(amounts)), $"{Words.Money(amounts.RatedRecovery)} net of {Words.Money(amounts.ResaleValue)} resale value as new", Change(RecoveryRates.Recovery(amounts), then is { } t2 ? RecoveryRates.Recovery(t2) : null, moreIsBetter: true));
            }
            Card($"Net recovery value, {code}", Words.Money(amounts.NetRecovery), $"proceeds {Words.Money(amounts.Proceeds)}, of these settled {Words.Money(amounts.SettledProceeds)}", null);
            if (amounts.CostedUnits > 0)
            {
                Card($"Cost per return, {code}", Words.Money(RecoveryRates.CostPerReturn(amounts)), $"{Words.Money(amounts.HandlingCost)} over {Words.Count(amounts.CostedUnits)} units", ChangeOfMoney(RecoveryRates.CostPerReturn(amounts), then is { } t3 ? RecoveryRates.CostPerReturn(t3) : null));
            }
        }
        foreach (var (currency, charged, defects) in ChargesOf(_figures, of.Program))
        {
            var then = _before is null ? null : ChargesOf(_before, of.Program).Where(c => c.Currency == currency).Select(c => RecoveryRates.Chargeback(c.Charged, c.Defects)).FirstOrDefault();
            Card($"Chargeback recovery, {currency}", Words.Percent(RecoveryRates.Chargeback(charged, defects)), $"{Words.Money(charged)} charged for defects worth {Words.Money(defects)}", Change(RecoveryRates.Chargeback(charged, defects), then, moreIsBetter: true));
        }
        Card("Dwell, median", Words.Duration(whole.Dwell.Quantile(0.5)), $"nine in ten within {Words.Duration(whole.Dwell.Quantile(0.9))}", ChangeOfTime(whole.Dwell.Quantile(0.5), before?.Dwell.Quantile(0.5)));
        Card("Received", Words.Count(whole.Units), $"units; {Words.Count(whole.Units - whole.Decided)} wait for a decision", null);
        Card("Kept from landfill", $"{Words.Count(whole.KeptGrams / 1000)} kg", "of units not disposed of", null);
        Line("</ul>");
        var days = Enumerable.Range(0, _month.To.DayNumber - _month.From.DayNumber).Select(d => _month.From.AddDays(d))
            .Select(day => (day, _figures.Days.GetValueOrDefault((of, day)).Units, _figures.Days.GetValueOrDefault((of, day)).WrittenOff)).ToList();
        var busiest = days.MaxBy(d => d.Units);
        _page.Append(Charts.Columns($"Units received on each day of {_month}, and of these written off. The busiest day is {busiest.day.ToString("d MMMM", CultureInfo.InvariantCulture)} with {Words.Count(busiest.Units)} units.", days));
    }

    private void Findings(Population of, RecoveryTotals whole)
    {
        var findings = new List<(double Weight, string Html)>();
        foreach (var (dimension, what) in new[] { ("category", "Category"), ("vendor", "Vendor"), ("facility", "Facility"), ("product_line", "Product line") })
        {
            foreach (var (value, part) in _figures.By(of, dimension))
            {
                if (Outliers.ExcessWriteOffs(part, whole) is { } excess)
                {
                    findings.Add((excess / whole.Decided * 100, $"<b>{what} {Value(value)}</b> writes off {Words.Percent(RecoveryRates.WriteOffUnits(part))} of its units ({Words.Count(part.WrittenOff)} of {Words.Count(part.Decided)}) against {Words.Percent(RecoveryRates.WriteOffUnits(whole))} overall: {excess.ToString("0.0", CultureInfo.InvariantCulture)} units more than that rate gives."));
                }
                foreach (var amounts in part.Currencies)
                {
                    var all = whole.In(amounts.Currency);
                    if (dimension is "category" or "vendor" or "facility" && Outliers.RecoveryShortfall(amounts, all) is { } shortfall)
                    {
                        findings.Add(((double)(shortfall / all.RatedRecovery) * 100, $"<b>{what} {Value(value)}</b> recovers {Words.Percent(RecoveryRates.Recovery(amounts))} of its resale value against {Words.Percent(RecoveryRates.Recovery(all))} overall: {Words.Money(shortfall)} {amounts.Currency} less than that rate gives."));
                    }
                }
            }
        }
        foreach (var (value, part) in _figures.By(of, "channel"))
        {
            foreach (var amounts in part.Currencies)
            {
                if (Outliers.SettlementShortfall(amounts) is { } shortfall)
                {
                    findings.Add(((double)(shortfall / Math.Max(1, whole.In(amounts.Currency).Proceeds)) * 100, $"<b>Channel {Value(value)}</b> has paid {Words.Percent(RecoveryRates.Settlement(amounts))} of what was expected of the {Words.Count(amounts.SettledUnits)} units it settled: {Words.Money(shortfall)} {amounts.Currency} less."));
                }
            }
        }
        if (whole.Of(Disposition.ManualReview) > 0)
        {
            findings.Add((whole.Of(Disposition.ManualReview) * 10.0 / whole.Units, $"<b>{Words.Count(whole.Of(Disposition.ManualReview))} units</b>, {Words.Percent((double)whole.Of(Disposition.ManualReview) / whole.Units)} of what was received, wait in manual review."));
        }
        Line("<h3>What stands out</h3>");
        if (findings.Count == 0)
        {
            Line("<p>Nothing differs from the whole by more than chance explains.</p>");
            return;
        }
        Line("<p class=\"soft\">The heaviest first. A rate stands out where chance does not explain it (95 %).</p>\n<ol class=\"findings\">");
        foreach (var (_, html) in findings.OrderByDescending(f => f.Weight).Take(MostFindings))
        {
            Line($"<li>{html}</li>");
        }
        Line("</ol>");
    }

    private void WriteOffs(Population of, RecoveryTotals whole)
    {
        var parts = _figures.By(of, "category").OrderByDescending(p => Outliers.ExcessWriteOffs(p.Totals, whole) ?? 0).ThenByDescending(p => RecoveryRates.WriteOffUnits(p.Totals) ?? -1).ToList();
        Line("<h3>Write-off rate by category</h3>");
        _page.Append(Charts.Bars($"Share of units written off by category. {string.Join("; ", parts.Select(p => $"{Words.Name(p.Value)} {Words.Percent(RecoveryRates.WriteOffUnits(p.Totals))}"))}.",
            [.. parts.Select(p => new Bar(Words.Name(p.Value), RecoveryRates.WriteOffUnits(p.Totals), Words.Percent(RecoveryRates.WriteOffUnits(p.Totals)), Before(of, "category", p.Value) is { } before ? RecoveryRates.WriteOffUnits(before) : null, Outliers.ExcessWriteOffs(p.Totals, whole) is not null))]));
        Legend();
        Table("Units and cost with a final disposition. A dot marks what stands out.", ["Category", "Decided", "Written off", "Rate, units", "Change", "Currency", "Decided value", "Written off", "Rate, value", "Change"],
            parts.SelectMany(p => Rows(p.Totals, Outliers.ExcessWriteOffs(p.Totals, whole) is not null, (amounts, first) =>
            {
                var before = Before(of, "category", p.Value);
                return
                [
                    Value(p.Value), first ? Words.Count(p.Totals.Decided) : "", first ? Words.Count(p.Totals.WrittenOff) : "", first ? Words.Percent(RecoveryRates.WriteOffUnits(p.Totals)) : "",
                    first ? Change(RecoveryRates.WriteOffUnits(p.Totals), before is null ? null : RecoveryRates.WriteOffUnits(before), moreIsBetter: false) ?? Words.None : "",
                    amounts.Currency.ToString(), Words.Money(amounts.DecidedValue), Words.Money(amounts.WrittenOffValue), Words.Percent(RecoveryRates.WriteOffValue(amounts)),
                    Change(RecoveryRates.WriteOffValue(amounts), before is null ? null : RecoveryRates.WriteOffValue(before.In(amounts.Currency)), moreIsBetter: false) ?? Words.None,
                ];
            }, amounts => amounts.ValuedUnits > 0)));
    }

    private void Recovery(Population of)
    {
        var parts = _figures.By(of, "grade").OrderBy(p => p.Value.Length == 0).ThenBy(p => p.Value, StringComparer.Ordinal).ToList();
        Line("<h3>Recovery rate by grade</h3>");
        foreach (var currency in parts.SelectMany(p => p.Totals.Currencies.ToArray()).Where(c => c.ResaleValue > 0).Select(c => c.Currency).Distinct().Order())
        {
            var rated = parts.Where(p => p.Totals.In(currency).ResaleValue > 0).ToList();
            _page.Append(Charts.Bars($"Net recovery as a share of resale value as new, by grade, in {currency}. {string.Join("; ", rated.Select(p => $"{Words.Name(p.Value)} {Words.Percent(RecoveryRates.Recovery(p.Totals.In(currency)))}"))}.",
                [.. rated.Select(p => new Bar($"{Words.Name(p.Value)}, {currency}", RecoveryRates.Recovery(p.Totals.In(currency)), Words.Percent(RecoveryRates.Recovery(p.Totals.In(currency))), Before(of, "grade", p.Value) is { } before ? RecoveryRates.Recovery(before.In(currency)) : null, RecoveryRates.Recovery(p.Totals.In(currency)) < 0))]));
        }
        Legend();
        Table("Units whose net recovery and reference price are known in one currency.", ["Grade", "Units", "Currency", "Rated", "Resale value", "Net recovery", "Rate", "Change"],
            parts.SelectMany(p => Rows(p.Totals, false, (amounts, first) =>
            [
                Value(p.Value), first ? Words.Count(p.Totals.Units) : "", amounts.Currency.ToString(), Words.Count(amounts.RatedUnits), Words.Money(amounts.ResaleValue), Words.Money(amounts.RatedRecovery),
                Words.Percent(RecoveryRates.Recovery(amounts)), Change(RecoveryRates.Recovery(amounts), Before(of, "grade", p.Value) is { } before ? RecoveryRates.Recovery(before.In(amounts.Currency)) : null, moreIsBetter: true) ?? Words.None,
            ], amounts => amounts.RatedUnits > 0)));
    }

    private void Chargebacks(Population of)
    {
        Line("<h3>Vendor chargeback recovery</h3>");
        var charges = _figures.Charges.GetValueOrDefault(of.Program, []).OrderByDescending(c => c.DefectValue).ThenBy(c => c.Vendor, StringComparer.Ordinal).ToList();
        if (charges.Count == 0)
        {
            Line("<p>No vendor's billing window ended in this month.</p>");
            return;
        }
        Table("Billing windows that ended in the month: what vendors were charged, corrections included, of the cost of their defective units. Over 100 % where fees and freight are charged beside the goods.",
            ["Vendor", "Currency", "Units", "Defective", "Defective value", "Charged", "Documents", "Recovery"],
            charges.Select(c => (false, (IReadOnlyList<string>)[Value(c.Vendor), c.Currency.ToString(), Words.Count(c.Units), Words.Count(c.Defects), Words.Money(c.DefectValue), Words.Money(c.Charged), Words.Count(c.Documents), Words.Percent(c.Recovery)])));
    }

    private void Costs(Population of)
    {
        Line("<h3>Cost per return</h3>");
        Table("Processing, refurbishment and freight by the units they were spent on.", ["Category", "Currency", "Units", "Cost", "Per return", "Change"],
            _figures.By(of, "category").SelectMany(p => Rows(p.Totals, false, (amounts, first) =>
            [
                Value(p.Value), amounts.Currency.ToString(), Words.Count(amounts.CostedUnits), Words.Money(amounts.HandlingCost), Words.Money(RecoveryRates.CostPerReturn(amounts)),
                ChangeOfMoney(RecoveryRates.CostPerReturn(amounts), Before(of, "category", p.Value) is { } before ? RecoveryRates.CostPerReturn(before.In(amounts.Currency)) : null) ?? Words.None,
            ], amounts => amounts.CostedUnits > 0)).OrderByDescending(r => decimal.Parse(r.Cells[4].Replace('−', '-'), CultureInfo.InvariantCulture)));
    }

    private void Channels(Population of)
    {
        var parts = _figures.By(of, "channel").OrderByDescending(p => p.Totals.Currencies.ToArray().Select(a => Outliers.SettlementShortfall(a) ?? 0).DefaultIfEmpty().Max()).ThenByDescending(p => p.Totals.Units).ToList();
        Line("<h3>Channels</h3>");
        _page.Append(Charts.Bars($"Units by channel. {string.Join("; ", parts.Select(p => $"{Words.Name(p.Value)} {Words.Count(p.Totals.Units)}"))}.",
            [.. parts.OrderByDescending(p => p.Totals.Units).Select(p => new Bar(Words.Name(p.Value), p.Totals.Units, Words.Count(p.Totals.Units)))]));
        Table("Where units went. Those that are not resold stand under their disposition. A dot marks who paid less than expected.", ["Channel", "Units", "Currency", "Expected", "Settled units", "Settled", "Of expected", "Handling", "Net recovery", "Dwell, median"],
            parts.SelectMany(p => Rows(p.Totals, p.Totals.Currencies.ToArray().Any(a => Outliers.SettlementShortfall(a) is not null), (amounts, first) =>
            [
                Value(p.Value), first ? Words.Count(p.Totals.Units) : "", amounts.Currency.ToString(), Words.Money(amounts.ExpectedProceeds), Words.Count(amounts.SettledUnits), Words.Money(amounts.SettledProceeds),
                Words.Percent(RecoveryRates.Settlement(amounts)), Words.Money(amounts.HandlingCost), Words.Money(amounts.NetRecovery), first ? Words.Duration(p.Totals.Dwell.Quantile(0.5)) : "",
            ], _ => true)));
    }

    private void Vendors(Population of, RecoveryTotals whole)
    {
        var parts = _figures.By(of, "vendor").OrderByDescending(p => Outliers.ExcessWriteOffs(p.Totals, whole) ?? 0).ThenBy(p => p.Totals.Currencies.ToArray().Select(a => RecoveryRates.Recovery(a) ?? 1).DefaultIfEmpty(1).Min()).ToList();
        Line("<h3>Vendors</h3>");
        Table("By write-offs beyond the usual, then by the lowest recovery. A dot marks what stands out.", ["Vendor", "Units", "Sent back", "Written off", "Rate, units", "Currency", "Value at cost", "Net recovery", "Recovery rate", "Change"],
            parts.SelectMany(p => Rows(p.Totals, Outliers.ExcessWriteOffs(p.Totals, whole) is not null, (amounts, first) =>
            [
                Value(p.Value), first ? Words.Count(p.Totals.Units) : "", first ? Words.Count(p.Totals.Of(Disposition.ReturnToVendor)) : "", first ? Words.Count(p.Totals.WrittenOff) : "", first ? Words.Percent(RecoveryRates.WriteOffUnits(p.Totals)) : "",
                amounts.Currency.ToString(), Words.Money(amounts.ReceivedValue), Words.Money(amounts.NetRecovery), Words.Percent(RecoveryRates.Recovery(amounts)),
                Change(RecoveryRates.Recovery(amounts), Before(of, "vendor", p.Value) is { } before ? RecoveryRates.Recovery(before.In(amounts.Currency)) : null, moreIsBetter: true) ?? Words.None,
            ], _ => true)));
    }

    private void Floor(Population of)
    {
        Line("<h3>Facilities</h3>");
        Table("Dwell is the time from intake to the final disposition.", ["Facility", "Units", "Decided", "In review", "Quarantined", "Written off", "Dwell, median", "Dwell, 9 in 10", "Change of median", "Kept from landfill, kg"],
            _figures.By(of, "facility").OrderByDescending(p => p.Totals.Dwell.Quantile(0.9) ?? 0).Select(p => (false, (IReadOnlyList<string>)
            [
                Value(p.Value), Words.Count(p.Totals.Units), Words.Count(p.Totals.Decided), Words.Count(p.Totals.Of(Disposition.ManualReview)), Words.Count(p.Totals.Of(Disposition.Quarantine)), Words.Percent(RecoveryRates.WriteOffUnits(p.Totals)),
                Words.Duration(p.Totals.Dwell.Quantile(0.5)), Words.Duration(p.Totals.Dwell.Quantile(0.9)), ChangeOfTime(p.Totals.Dwell.Quantile(0.5), Before(of, "facility", p.Value)?.Dwell.Quantile(0.5)) ?? Words.None, Words.Count(p.Totals.KeptGrams / 1000),
            ])));
    }

    private void ProductLines(Population of, RecoveryTotals whole)
    {
        var parts = _figures.By(of, "product_line").SelectMany(p => p.Totals.Currencies.ToArray().Select(a => (p.Value, p.Totals, Amounts: a, Lost: a.ResaleValue - a.RatedRecovery)))
            .Where(p => p.Lost > 0).OrderByDescending(p => p.Lost).Take(MostLines).ToList();
        if (parts.Count == 0)
        {
            return;
        }
        Line("<h3>Product lines that lose most</h3>");
        Table("Resale value as new less net recovery. A product line is the SKU without the letters behind its number. A dot marks write-offs that stand out.", ["Product line", "Units", "Written off", "Currency", "Resale value", "Net recovery", "Recovery rate", "Lost"],
            parts.Select(p => (Outliers.ExcessWriteOffs(p.Totals, whole) is not null, (IReadOnlyList<string>)
            [
                Value(p.Value), Words.Count(p.Totals.Units), Words.Count(p.Totals.WrittenOff), p.Amounts.Currency.ToString(), Words.Money(p.Amounts.ResaleValue), Words.Money(p.Amounts.RatedRecovery), Words.Percent(RecoveryRates.Recovery(p.Amounts)), Words.Money(p.Lost),
            ])));
    }

    private void Notes()
    {
        Line("<footer><h2>How to read it</h2>\n<ul>");
        Line("<li>Every figure is the sum of its units. A unit counts in the month it was received in, whenever it was decided or paid for, so a rate and what it is a rate of are of the same units.</li>");
        Line("<li>Write-off rate: disposed of, of the units with a final disposition; in value, of their cost by the catalogue. Quarantine and manual review are not final.</li>");
        Line("<li>Recovery rate: net recovery, of the estimated resale value as new. Net recovery: what was paid, or else is expected, less processing, refurbishment and freight.</li>");
        Line("<li>Chargeback recovery: what vendors were charged, corrections included, of the cost of their defective units.</li>");
        Line("<li>Dwell is known within 0.8 % of its value. Changes of rates are in percentage points (pp).</li>");
        Line("<li>Amounts are in the currency beside them, and are never converted or added across currencies. A dash: there is nothing to be a share of.</li>");
        Line("</ul></footer>");
    }

    private void Legend()
    {
        if (_before is not null)
        {
            Line("<p class=\"soft\">The upright line on a bar is the baseline.</p>");
        }
    }

    private RecoveryTotals? Before(Population of, string dimension, string value) => _before?.Totals.GetValueOrDefault(new Slice(of, dimension, value));

    private static List<(Currency Currency, decimal Charged, decimal Defects)> ChargesOf(PeriodFigures figures, string program) =>
        [.. figures.Charges.GetValueOrDefault(program, []).GroupBy(c => c.Currency).OrderBy(g => g.Key).Select(g => (g.Key, g.Sum(c => c.Charged), g.Sum(c => c.DefectValue)))];

    /// <summary>A row for each currency; one without amounts where there is none.</summary>
    private static IEnumerable<(bool StandsOut, IReadOnlyList<string> Cells)> Rows(RecoveryTotals totals, bool standsOut, Func<CurrencyTotals, bool, IReadOnlyList<string>> cells, Func<CurrencyTotals, bool> counts)
    {
        var first = true;
        foreach (var amounts in totals.Currencies.ToArray().Where(counts))
        {
            yield return (standsOut, cells(amounts, first));
            first = false;
        }
    }

    private void Table(string caption, IReadOnlyList<string> heads, IEnumerable<(bool StandsOut, IReadOnlyList<string> Cells)> rows)
    {
        // Names and currencies stand left, figures right.
        static string Class(string head) => head is "Currency" ? "" : " class=\"n\"";
        Line($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{Words.Html(heads[0])}: {Words.Html(caption)}\"><table><caption>{caption}</caption>\n<thead><tr>{string.Concat(heads.Select((head, i) => $"<th scope=\"col\"{(i == 0 ? "" : Class(head))}>{head}</th>"))}</tr></thead><tbody>");
        foreach (var (standsOut, cells) in rows)
        {
            Line($"<tr{(standsOut ? " class=\"out\"" : "")}><th scope=\"row\">{cells[0]}{(standsOut ? "<span class=\"vh\"> (stands out)</span>" : "")}</th>{string.Concat(cells.Skip(1).Select((cell, i) => $"<td{Class(heads[i + 1])}>{cell}</td>"))}</tr>");
        }
        Line("</tbody></table></div>");
    }

    private void Card(string name, string figure, string detail, string? change) =>
        Line($"<li class=\"card\">{name}<b>{figure}</b><small>{detail}</small>{(change is null ? "" : $"<small>{change} against the baseline</small>")}</li>");

    /// <summary>A difference of rates in percentage points; null where one is missing.</summary>
    private static string? Change(double? now, double? before, bool moreIsBetter) => now is { } a && before is { } b
        ? Signed(Math.Round((a - b) * 100, 1), "0.0 pp", moreIsBetter)
        : null;

    private static string? ChangeOfMoney(decimal? now, decimal? before) => now is { } a && before is { } b
        ? Signed((double)decimal.Round(a - b, 2), "0.00", moreIsBetter: false)
        : null;

    private static string? ChangeOfTime(long? now, long? before) => now is { } a && before is { } b
        ? Signed(Math.Round((a - b) / 1000.0), $"'{Words.Duration(Math.Abs(a - b))}'", moreIsBetter: false)
        : null;

    private static string Signed(double difference, string format, bool moreIsBetter)
    {
        var text = difference.ToString($"+{format};−{format};±{format}", CultureInfo.InvariantCulture);
        if (difference == 0)
        {
            return text;
        }
        var isBetter = difference > 0 == moreIsBetter;
        return $"<span class=\"{(isBetter ? "better" : "worse")}\">{(difference > 0 ? "▲" : "▼")} {text}<span class=\"vh\"> ({(isBetter ? "better" : "worse")})</span></span>";
    }

    private static string Title(Population of) => Words.Html(of.Program) + (of.Origin == "station" ? "" : $" ({Words.Html(of.Origin)})");

    private static string Value(string value) => Words.Html(Words.Name(value));

    private static string StateOf(string figure) => figure switch
    {
        "final" => "These figures are final: the month is closed.",
        "correction" => "The month is closed, and was corrected since by what came later.",
        _ => "Provisional: the month is not closed yet.",
    };

    private static string OriginOf(string origin) => origin switch
    {
        "station" => "",
        "replayed" => "Receipts, products and prices are those of a file; conditions, inspections, vendors and payments are simulated.",
        _ => "These units are simulated.",
    };

    private void Line(FormattableString line) => _page.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private void Line(string line) => _page.Append(line).Append('\n');

    private static string ReadStyle()
    {
        using var style = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("report.css")!);
        return style.ReadToEnd();
    }
}
