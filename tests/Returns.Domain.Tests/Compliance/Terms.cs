using Returns.Contracts;
using Returns.Domain.Compliance;
using Returns.Domain.Grading;

namespace Returns.Domain.Tests.Compliance;

/// <summary>Agreements, units and findings to test with.</summary>
internal static class Terms
{
    public const long Hour = 3_600_000;
    public const long Day = 24 * Hour;

    /// <summary>2026-01-01.</summary>
    public const long NewYear = 1_767_225_600_000;

    public static readonly Currency Pounds = Currency.Parse("GBP");

    public static AgreementTerms Usual()
    {
        var terms = new AgreementTerms
        {
            Name = "usual",
            Version = "1",
            ValidFrom = NewYear,
            Currency = Pounds,
            AllowedUnits = 1000,
            WindowKind = RateWindowKind.Rolling,
            WindowHours = 24,
            MinimumUnits = 10,
            ClearPercent = 80,
            AuthorizationNeeded = true,
            BillingHours = 168,
            CloseAfterHours = 24,
            CreditPercent = 10_000,
            HandlingPercent = 333,
            Freight = 2.40m,
            FeeNoAuthorization = 4m,
            FeePackaging = 1.50m,
            FeeMisShipped = 12m,
            DisputeDays = 30,
            ResponseDays = 10,
        };
        terms.DefectReasons.Add(ReturnReason.Defective);
        terms.DefectGrades.Add("X");
        var packaging = terms.Packaging.Add();
        packaging.Criterion = "box";
        packaging.AtMost = 1;
        return terms;
    }

    public static Agreement Agreement(Action<AgreementTerms>? change = null)
    {
        var terms = Usual();
        change?.Invoke(terms);
        return new Agreement(terms);
    }

    public static UnitFacts Unit(ReturnReason reason = ReturnReason.ChangedMind, string grade = "B", bool authorized = false, decimal? cost = 60m, string currency = "GBP") =>
        new(reason, GradeCode.TryParse(Utf8.From(grade).Span, out var code) ? code : default, authorized, cost is { } amount ? new Money(amount, Currency.Parse(currency)) : null);

    public static FindingList Findings(params (string Criterion, double Value)[] findings)
    {
        var list = new FindingList();
        foreach (var (criterion, value) in findings)
            list.Observe(new Observation(CriterionKey.Of(Utf8.From(criterion).Span), value, default));
        return list;
    }
}
