using System.Globalization;
using Returns.Contracts;
using Returns.Domain.Compliance;
using Returns.Domain.Grading;
using Returns.Domain.Rules.Yaml;

namespace Returns.Domain.Rules;

/// <summary>Reads one entry of a vendor's <c>compliance</c>: an agreement, as written.</summary>
internal sealed class ComplianceDefinition
{
    private const int MaxHours = 52 * 7 * 24;
    private const int MaxDays = 3650;
    private const int DefaultClearPercent = 80;

    private readonly string _owner;
    private readonly AgreementTerms _terms;
    private readonly List<Located<string>> _grades;
    private readonly List<Located<string>> _criteria;

    private ComplianceDefinition(string owner, int line, AgreementTerms terms, List<Located<string>> grades, List<Located<string>> criteria)
    {
        (_owner, Line, _terms, _grades, _criteria) = (owner, line, terms, grades, criteria);
    }

    /// <summary>Where it begins.</summary>
    public int Line { get; }

    public string Name => _terms.Name.ToString();

    public long? ValidFrom => _terms.ValidFrom;

    public static ComplianceDefinition Parse(YamlNode node, string vendor, RuleErrors errors)
    {
        var label = node.Fields?.Find(f => f.Name == "agreement").Value?.Scalar ?? "?";
        var owner = $"agreement '{label}' of vendor '{vendor}'";
        var map = new MapReader(node, owner, errors);
        var terms = new AgreementTerms();
        var name = map.RequiredText("agreement");
        if (name.Value.Length > 64) map.Error(name.Line, $"agreement '{name.Value}' must be at most 64 characters");
        terms.Name = name.Value;

        var from = Date(map, "valid-from");
        var to = Date(map, "valid-to");
        (terms.ValidFrom, terms.ValidTo) = (from?.Value, to?.Value);
        if (from is { } begin && to is { } end && end.Value <= begin.Value)
            map.Error(end.Line, "valid-to, the first day it no longer holds, must be after valid-from");

        terms.Currency = ChannelsDocument.CurrencyOf(map);
        var coins = CoinDigits.Of(terms.Currency);
        var grades = Defects(map, terms, errors);
        var criteria = new List<Located<string>>();
        Allowed(map, terms, errors);
        Window(map, terms);
        terms.MinimumUnits = (int)map.RequiredNumber("minimum-units", 1, 1_000_000_000, 0).Value;
        terms.ClearPercent = (int)(map.OptionalNumber("clear-percent", 0, 100, 0)?.Value ?? DefaultClearPercent);
        terms.AuthorizationNeeded = map.Flag("authorization-needed");
        foreach (var item in map.List("packaging", required: false))
            Packaging(item, owner, terms, criteria, errors);

        terms.BillingHours = Hours(map, "billing", map.RequiredText("billing"));
        terms.CloseAfterHours = Hours(map, "close-after", map.RequiredText("close-after"));
        terms.CreditPercent = map.BasisPoints("credit-percent") ?? 0;
        terms.HandlingPercent = map.BasisPoints("handling-percent") ?? 0;
        Freight(map, terms, coins, errors);
        Fees(map, terms, coins, errors);
        terms.DisputeDays = (int)map.RequiredNumber("dispute-days", 0, MaxDays, 0).Value;
        terms.ResponseDays = (int)map.RequiredNumber("response-days", 0, MaxDays, 0).Value;
        map.End();
        return new ComplianceDefinition(owner, node.Line, terms, grades, criteria);
    }

    /// <summary>The agreement, checked against the grading rules.</summary>
    public Agreement Compile(string version, GradingRules grading, RuleErrors errors)
    {
        foreach (var grade in _grades)
        {
            if (grading.Scale.IndexOf(grade.Value) < 0)
                errors.Add(grade.Line, $"{_owner}: {GradingDocument.UnknownGrade("grade", grade.Value, grading.Scale)}");
        }

        foreach (var criterion in _criteria)
        {
            var known = false;
            foreach (var checklist in grading.Checklists)
                known |= checklist.IndexOf(CriterionKey.Of(Utf8.From(criterion.Value).Span)) >= 0;
            if (!known) errors.Add(criterion.Line, $"{_owner}: criterion '{criterion.Value}' is in no checklist of the grading rules");
        }

        _terms.Version = version;
        return new Agreement(_terms);
    }

    private static List<Located<string>> Defects(MapReader map, AgreementTerms terms, RuleErrors errors)
    {
        var grades = new List<Located<string>>();
        if (map.Required("defect") is not { } node) return grades;
        var defect = new MapReader(node, $"defect of {map.Owner}", errors);
        if (defect.Has("reasons"))
        {
            var reasons = new SortedSet<ReturnReason>();
            foreach (var reason in defect.Texts("reasons", required: true))
                if (WireNames<ReturnReason>.Parse(defect, "reason", reason) is { } value) reasons.Add(value);
            foreach (var reason in reasons) terms.DefectReasons.Add(reason);
        }

        defect.Optional("reasons");
        if (defect.Has("grades")) grades = defect.Texts("grades", required: true);
        defect.Optional("grades");
        foreach (var grade in grades.OrderBy(g => g.Value, StringComparer.Ordinal)) terms.DefectGrades.Add(grade.Value);
        if (node.Fields is not null && !defect.Has("reasons") && !defect.Has("grades"))
            defect.Error(node.Line, "says no reasons and no grades: name what makes a unit defective");
        defect.End();
        return grades;
    }

    private static void Allowed(MapReader map, AgreementTerms terms, RuleErrors errors)
    {
        if (map.Required("allowed-percent") is not { } node) return;
        var allowed = new MapReader(node, $"allowed-percent of {map.Owner}", errors);
        terms.AllowedUnits = allowed.BasisPoints("units");
        terms.AllowedValue = allowed.BasisPoints("value");
        if (node.Fields is not null && !allowed.Has("units") && !allowed.Has("value"))
            allowed.Error(node.Line, "says neither units nor value: allow a percentage of one of them at least");
        allowed.End();
    }

    private static void Window(MapReader map, AgreementTerms terms)
    {
        var text = map.RequiredText("window");
        if (text.Value.Length == 0) return;
        var space = text.Value.IndexOf(' ', StringComparison.Ordinal);
        var kind = space < 0 ? text.Value : text.Value[..space];
        if (space < 0 || kind is not ("tumbling" or "rolling"))
        {
            map.Error(text.Line, $"window '{text.Value}' must be 'tumbling' or 'rolling' and a length, such as 'rolling 52w'");
            return;
        }

        terms.WindowKind = kind == "tumbling" ? RateWindowKind.Tumbling : RateWindowKind.Rolling;
        terms.WindowHours = Hours(map, "window", text with { Value = text.Value[(space + 1)..] });
    }

    private static void Packaging(YamlNode node, string owner, AgreementTerms terms, List<Located<string>> criteria, RuleErrors errors)
    {
        var map = new MapReader(node, $"packaging of {owner}", errors);
        var criterion = map.RequiredText("criterion");
        if (criterion.Value.Length > 0) criteria.Add(criterion);
        var least = map.OptionalNumber("at-least", -1_000_000_000, 1_000_000_000, 6);
        var most = map.OptionalNumber("at-most", -1_000_000_000, 1_000_000_000, 6);
        if (node.Fields is not null && !map.Has("at-least") && !map.Has("at-most"))
            map.Error(node.Line, "says neither at-least nor at-most, so nothing breaks it");
        if (least is { } low && most is { } high && high.Value < low.Value)
            map.Error(high.Line, string.Create(CultureInfo.InvariantCulture, $"at-most {high.Value} is below at-least {low.Value}"));
        map.End();
        var term = terms.Packaging.Add();
        term.Criterion = criterion.Value;
        term.AtLeast = (double?)least?.Value;
        term.AtMost = (double?)most?.Value;
    }

    private static void Freight(MapReader map, AgreementTerms terms, int coins, RuleErrors errors)
    {
        if (map.Optional("freight") is not { } node) return;
        var freight = new MapReader(node, $"freight of {map.Owner}", errors);
        var payer = freight.RequiredText("paid-by");
        switch (payer.Value)
        {
            case "vendor": terms.Freight = freight.RequiredNumber("per-unit", 0, 1_000_000, coins).Value; break;
            case "retailer" or "": break;
            default: freight.Error(payer.Line, $"paid-by '{payer.Value}' is not known; known are vendor, retailer"); break;
        }

        freight.End();
    }

    private static void Fees(MapReader map, AgreementTerms terms, int coins, RuleErrors errors)
    {
        if (map.Optional("fees") is not { } node) return;
        var fees = new MapReader(node, $"fees of {map.Owner}", errors);
        var authorization = fees.OptionalNumber("no-authorization", 0, 1_000_000, coins);
        var packaging = fees.OptionalNumber("packaging", 0, 1_000_000, coins);
        terms.FeeNoAuthorization = authorization?.Value ?? 0;
        terms.FeePackaging = packaging?.Value ?? 0;
        terms.FeeMisShipped = fees.OptionalNumber("mis-shipped", 0, 1_000_000, coins)?.Value ?? 0;
        if (authorization is { } never && !terms.AuthorizationNeeded)
            fees.Error(never.Line, "no-authorization is never charged: set authorization-needed, or leave the fee out");
        if (packaging is { } idle && terms.Packaging.Count == 0)
            fees.Error(idle.Line, "packaging is never charged: say under packaging what was agreed, or leave the fee out");
        fees.End();
    }

    /// <summary>A day, as midnight UTC in milliseconds since the epoch.</summary>
    private static Located<long>? Date(MapReader map, string name)
    {
        if (map.OptionalText(name) is not { } text) return null;
        if (DateOnly.TryParseExact(text.Value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            return new Located<long>(new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeMilliseconds(), text.Line);
        map.Error(text.Line, $"{name} '{text.Value}' must be a day such as 2026-01-31");
        return null;
    }

    /// <summary>A length of time: a whole number of hours (h), days (d) or weeks (w).</summary>
    private static int Hours(MapReader map, string name, Located<string> text)
    {
        if (text.Value.Length == 0) return 1;
        var hours = text.Value[^1] switch { 'h' => 1, 'd' => 24, 'w' => 168, _ => 0 };
        if (hours > 0 && int.TryParse(text.Value[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count is > 0 and <= MaxHours && count * hours <= MaxHours) return count * hours;
        map.Error(text.Line, $"{name} '{text.Value}' must be from 1h to 52w: a whole number and h, d or w");
        return 1;
    }
}
