using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Returns.Contracts;
using Returns.Domain.Grading;

namespace Returns.Domain.Compliance;

/// <summary>What was agreed with a vendor for a time. Immutable; safe for concurrent use.</summary>
public sealed class Agreement
{
    /// <summary>The whole, in hundredths of a percent.</summary>
    public const int Whole = 10_000;

    /// <summary>The greatest value of a unit, in major units: a cost above it is taken for a mistake, and the unit for one without
    /// a value. So sums stay within what the wire holds.</summary>
    public const decimal MaxUnitValue = 10_000_000m;

    private const long MillisPerHour = 3_600_000;
    private const long MillisPerDay = 24 * MillisPerHour;

    private readonly AgreementTerms _terms = new();
    private readonly uint _defectReasons;
    private readonly GradeCode[] _defectGrades;
    private readonly (CriterionKey Criterion, double AtLeast, double AtMost)[] _packaging;
    private readonly int _digits;

    /// <summary>Takes the terms over; nothing of their memory is kept. The id is made anew from what they say.</summary>
    public Agreement(AgreementTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        Copy(terms, _terms, text => text.Copy());
        foreach (var reason in _terms.DefectReasons) _defectReasons |= 1u << (int)reason;
        _defectGrades = [.. _terms.DefectGrades.Select(g => GradeCode.TryParse(g.Span, out var code) ? code : default).Where(c => !c.IsNone)];
        _packaging = [.. _terms.Packaging.Select(p => (CriterionKey.Of(p.Criterion.Span), p.AtLeast ?? double.NegativeInfinity, p.AtMost ?? double.PositiveInfinity))];
        _digits = CoinDigits.Of(_terms.Currency);
        ClearShare = _terms.ClearPercent / 100.0;
        _terms.Id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Canonical(_terms))))[..16];
    }

    /// <summary>The same terms, the same id: a new version of the document that leaves them as they are changes nothing.</summary>
    public Utf8 Id => _terms.Id;

    /// <summary>Its name in the rules.</summary>
    public Utf8 Name => _terms.Name;

    /// <summary>Currency of every amount charged.</summary>
    public Currency Currency => _terms.Currency;

    /// <summary>Units received from then on, milliseconds since the epoch, included; the least long where it has held ever since.</summary>
    public long ValidFrom => _terms.ValidFrom ?? long.MinValue;

    /// <summary>Units received before then, milliseconds since the epoch, not included; the greatest long where it has no end.</summary>
    public long ValidTo => _terms.ValidTo ?? long.MaxValue;

    /// <summary>Defective units allowed, in hundredths of a percent; null where only the value counts.</summary>
    public int? AllowedUnits => _terms.AllowedUnits;

    /// <summary>Defective value allowed, in hundredths of a percent; null where only the units count.</summary>
    public int? AllowedValue => _terms.AllowedValue;

    /// <summary>Fewer units tell no rate.</summary>
    public int MinimumUnits => _terms.MinimumUnits;

    /// <summary>Share of what is allowed at which an alert clears, 0 to 1.</summary>
    public double ClearShare { get; }

    /// <summary>How long after its end a billing window takes units in time, milliseconds.</summary>
    public long Grace => _terms.CloseAfterHours * MillisPerHour;

    /// <summary>How the windows follow each other whose rates raise alerts.</summary>
    public RateWindowKind WindowKind => _terms.WindowKind;

    /// <summary>Length of a rate window, milliseconds.</summary>
    public long WindowMillis => _terms.WindowHours * MillisPerHour;

    /// <summary>Length of the parts a rate window is summed from, milliseconds: all of a tumbling one, a sixtieth of a rolling
    /// one, which moves on by that.</summary>
    public long PartMillis => WindowKind == RateWindowKind.Tumbling ? WindowMillis : WindowMillis / 60;

    /// <summary>The rate allowed, 0 to 1; null where the agreement sets none of the measure.</summary>
    public double? Allowed(RateMeasure measure) => (measure == RateMeasure.Units ? AllowedUnits : AllowedValue) / (double)Whole;

    /// <summary>Whether units received at a time, milliseconds since the epoch, are under it.</summary>
    public bool Holds(long time) => time >= ValidFrom && time < ValidTo;

    /// <summary>Start of the part of the rate window that a time is in. Parts are counted from the agreement's begin, or from the epoch.</summary>
    public long PartOf(long time) => Floor(time, _terms.ValidFrom ?? 0, PartMillis);

    /// <summary>The billing window that a time is in. Windows follow each other from the agreement's begin, or from the epoch; the
    /// last one ends with the agreement.</summary>
    /// <param name="time">Milliseconds since the epoch.</param>
    /// <returns>Start, included, and end, not included.</returns>
    public (long Start, long End) BillingWindow(long time)
    {
        var length = _terms.BillingHours * MillisPerHour;
        var start = Floor(time, _terms.ValidFrom ?? 0, length);
        return (start, Math.Min(start + length, ValidTo));
    }

    /// <summary>End of the time in which a document may be disputed, the last moment included.</summary>
    public long DisputeUntil(long issuedAt) => issuedAt + _terms.DisputeDays * MillisPerDay;

    /// <summary>When the vendor has to have answered a document.</summary>
    public long RespondBy(long issuedAt) => issuedAt + _terms.ResponseDays * MillisPerDay;

    /// <summary>How a unit counts. It is charged what it costs the retailer, each amount rounded once to the currency's smallest
    /// coin, halves away from zero, so that sums are exact.</summary>
    /// <param name="facts">What is known of the unit.</param>
    /// <param name="findings">Its findings; of a criterion that nobody looked at, nothing is held against the vendor.</param>
    public Standing Assess(in UnitFacts facts, FindingList findings)
    {
        ArgumentNullException.ThrowIfNull(findings);
        var violations = default(ViolationSet);
        var charges = default(Charges);
        var value = facts.Cost is { } cost && cost.Currency == Currency && cost.Amount is >= 0 and <= MaxUnitValue ? cost.Amount : default(decimal?);
        if ((_defectReasons >> (int)facts.Reason & 1) != 0 || (!facts.Grade.IsNone && Array.IndexOf(_defectGrades, facts.Grade) >= 0))
        {
            violations = violations.With(Violation.Defect);
            charges[(int)ChargeKind.Credit] = Share(value, _terms.CreditPercent);
            charges[(int)ChargeKind.Handling] = Share(value, _terms.HandlingPercent);
            charges[(int)ChargeKind.Freight] = _terms.Freight;
            if (_terms.AuthorizationNeeded && !facts.HasAuthorization)
            {
                violations = violations.With(Violation.NoAuthorization);
                charges[(int)ChargeKind.NoAuthorization] = _terms.FeeNoAuthorization;
            }
        }

        if (BreaksPackaging(findings))
        {
            violations = violations.With(Violation.Packaging);
            charges[(int)ChargeKind.Packaging] = _terms.FeePackaging;
        }

        if (facts.Reason == ReturnReason.WrongItem)
        {
            violations = violations.With(Violation.MisShipped);
            charges[(int)ChargeKind.MisShipped] = _terms.FeeMisShipped;
        }

        return new Standing(violations, value, charges);
    }

    /// <summary>Writes the terms; their text is not copied, as it does not change.</summary>
    public void Fill(AgreementTerms into)
    {
        ArgumentNullException.ThrowIfNull(into);
        Copy(_terms, into, static text => text);
    }

    private bool BreaksPackaging(FindingList findings)
    {
        foreach (var (criterion, atLeast, atMost) in _packaging)
        {
            foreach (ref readonly var finding in findings.Items)
                if (finding.Criterion == criterion && !(finding.Value >= atLeast && finding.Value <= atMost)) return true;
        }

        return false;
    }

    private decimal Share(decimal? value, int hundredths) =>
        decimal.Round(value.GetValueOrDefault() * hundredths / Whole, _digits, MidpointRounding.AwayFromZero);

    private static long Floor(long time, long anchor, long length)
    {
        var since = time - anchor;
        var rest = since % length;
        return time - (rest < 0 ? rest + length : rest);
    }

    private static void Copy(AgreementTerms from, AgreementTerms into, Func<Utf8, Utf8> text)
    {
        into.Clear();
        into.Id = text(from.Id);
        into.Name = text(from.Name);
        into.Version = text(from.Version);
        into.ValidFrom = from.ValidFrom;
        into.ValidTo = from.ValidTo;
        into.Currency = from.Currency;
        foreach (var reason in from.DefectReasons) into.DefectReasons.Add(reason);
        foreach (var grade in from.DefectGrades) into.DefectGrades.Add(text(grade));
        into.AllowedUnits = from.AllowedUnits;
        into.AllowedValue = from.AllowedValue;
        into.WindowKind = from.WindowKind;
        into.WindowHours = from.WindowHours;
        into.MinimumUnits = from.MinimumUnits;
        into.ClearPercent = from.ClearPercent;
        into.AuthorizationNeeded = from.AuthorizationNeeded;
        foreach (var packaging in from.Packaging)
        {
            var copy = into.Packaging.Add();
            copy.Criterion = text(packaging.Criterion);
            copy.AtLeast = packaging.AtLeast;
            copy.AtMost = packaging.AtMost;
        }

        into.BillingHours = from.BillingHours;
        into.CloseAfterHours = from.CloseAfterHours;
        into.CreditPercent = from.CreditPercent;
        into.HandlingPercent = from.HandlingPercent;
        into.Freight = from.Freight;
        into.FeeNoAuthorization = from.FeeNoAuthorization;
        into.FeePackaging = from.FeePackaging;
        into.FeeMisShipped = from.FeeMisShipped;
        into.DisputeDays = from.DisputeDays;
        into.ResponseDays = from.ResponseDays;
    }

    /// <summary>One line for each term, without id and version. Chargebacks are hashed with it: it never changes.</summary>
    internal static string Canonical(AgreementTerms terms)
    {
        var text = new StringBuilder(512);
        Line("name", Escape(terms.Name));
        Line("valid-from", terms.ValidFrom);
        Line("valid-to", terms.ValidTo);
        Line("currency", terms.Currency);
        Line("defect-reasons", string.Join(' ', terms.DefectReasons.Select(r => r.ToSymbol())));
        Line("defect-grades", string.Join(' ', terms.DefectGrades.Select(g => Escape(g))));
        Line("allowed-units", terms.AllowedUnits);
        Line("allowed-value", terms.AllowedValue);
        Line("window", FormattableString.Invariant($"{terms.WindowKind.ToSymbol()} {terms.WindowHours}"));
        Line("minimum-units", terms.MinimumUnits);
        Line("clear-percent", terms.ClearPercent);
        Line("authorization-needed", terms.AuthorizationNeeded ? 1 : 0);
        foreach (var packaging in terms.Packaging)
            Line("packaging", FormattableString.Invariant($"{Escape(packaging.Criterion)} {packaging.AtLeast:R} {packaging.AtMost:R}"));
        Line("billing-hours", terms.BillingHours);
        Line("close-after-hours", terms.CloseAfterHours);
        Line("credit-percent", terms.CreditPercent);
        Line("handling-percent", terms.HandlingPercent);
        Line("freight", terms.Freight.ToString("F4", CultureInfo.InvariantCulture));
        Line("fee-no-authorization", terms.FeeNoAuthorization.ToString("F4", CultureInfo.InvariantCulture));
        Line("fee-packaging", terms.FeePackaging.ToString("F4", CultureInfo.InvariantCulture));
        Line("fee-mis-shipped", terms.FeeMisShipped.ToString("F4", CultureInfo.InvariantCulture));
        Line("dispute-days", terms.DisputeDays);
        Line("response-days", terms.ResponseDays);
        return text.ToString();

        void Line(string name, object? value) => text.Append(CultureInfo.InvariantCulture, $"{name}={value}\n");
    }

    /// <summary>Text on one line, so that no field can pass for two.</summary>
    internal static string Escape(Utf8? text) => text is not { } bytes ? ""
        : bytes.ToString().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal);
}
