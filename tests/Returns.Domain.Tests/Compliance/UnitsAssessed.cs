using Returns.Contracts;
using Returns.Domain.Compliance;
using Returns.Domain.Tests.Models;

namespace Returns.Domain.Tests.Compliance;

public sealed class UnitsAssessed
{
    [Fact]
    public void A_sound_unit_is_charged_for_nothing()
    {
        var standing = Terms.Agreement().Assess(Terms.Unit(), Terms.Findings(("box", 1)));
        Assert.True(standing.Violations.IsEmpty);
        Assert.Equal(60m, standing.Value);
        Assert.All(Kinds, kind => Assert.Equal(0m, standing.Charges.Of(kind)));
    }

    [Theory]
    [InlineData(ReturnReason.Defective, "A")]
    [InlineData(ReturnReason.ChangedMind, "X")]
    [InlineData(ReturnReason.Defective, "X")]
    public void A_reason_or_a_grade_makes_a_unit_defective_once(ReturnReason reason, string grade)
    {
        var standing = Terms.Agreement().Assess(Terms.Unit(reason, grade, authorized: true), Terms.Findings());
        Assert.True(standing.IsDefect);
        Assert.Equal([60m, 2.00m, 2.40m, 0m, 0m, 0m], Kinds.Select(k => standing.Charges.Of(k)));
    }

    [Fact]
    public void A_unit_without_a_grade_is_defective_by_its_reason_alone() =>
        Assert.False(Terms.Agreement().Assess(Terms.Unit(grade: ""), Terms.Findings()).IsDefect);

    [Fact]
    public void A_defective_unit_needs_an_authorization_and_a_sound_one_does_not()
    {
        Assert.Equal(4m, Terms.Agreement().Assess(Terms.Unit(ReturnReason.Defective), Terms.Findings()).Charges.Of(ChargeKind.NoAuthorization));
        Assert.Equal(0m, Terms.Agreement(t => t.AuthorizationNeeded = false).Assess(Terms.Unit(ReturnReason.Defective), Terms.Findings()).Charges.Of(ChargeKind.NoAuthorization));
        Assert.False(Terms.Agreement().Assess(Terms.Unit(), Terms.Findings()).Violations.Contains(Violation.NoAuthorization));
    }

    [Fact]
    public void Packaging_breaks_the_agreement_where_a_finding_is_out_of_bounds_and_not_where_nobody_looked()
    {
        Assert.Equal(1.5m, Terms.Agreement().Assess(Terms.Unit(), Terms.Findings(("box", 2))).Charges.Of(ChargeKind.Packaging));
        Assert.True(Terms.Agreement().Assess(Terms.Unit(), Terms.Findings(("used", 2))).Violations.IsEmpty);
    }

    [Fact]
    public void A_wrong_item_is_charged_as_mis_shipped()
    {
        var standing = Terms.Agreement().Assess(Terms.Unit(ReturnReason.WrongItem), Terms.Findings());
        Assert.True(standing.Violations.Contains(Violation.MisShipped));
        Assert.Equal(12m, standing.Charges.Of(ChargeKind.MisShipped));
    }

    [Theory]
    [InlineData(60, "USD")]
    [InlineData(-1, "GBP")]
    [InlineData(10_000_001, "GBP")]
    public void A_unit_with_a_cost_that_cannot_be_counted_counts_in_units_and_is_charged_fixed_amounts(int cost, string currency)
    {
        var standing = Terms.Agreement().Assess(Terms.Unit(ReturnReason.Defective, cost: cost, currency: currency), Terms.Findings());
        Assert.Null(standing.Value);
        Assert.Equal([0m, 0m, 2.40m, 4m, 0m, 0m], Kinds.Select(k => standing.Charges.Of(k)));
    }

    [Theory]
    [InlineData("GBP", "33.3333", "1.11")]
    [InlineData("GBP", "0.1502", "0.01")] // 0.0050…: half a penny and a little
    [InlineData("GBP", "0.1501", "0.00")]
    [InlineData("JPY", "1000", "33")]
    [InlineData("KWD", "10", "0.333")]
    public void Each_amount_is_rounded_once_to_the_smallest_coin(string currency, string cost, string handling)
    {
        var agreement = Terms.Agreement(t => t.Currency = Currency.Parse(currency));
        var amount = decimal.Parse(cost, System.Globalization.CultureInfo.InvariantCulture);
        var charged = agreement.Assess(Terms.Unit(ReturnReason.Defective, cost: amount, currency: currency), Terms.Findings()).Charges.Of(ChargeKind.Handling);
        Assert.Equal(decimal.Parse(handling, System.Globalization.CultureInfo.InvariantCulture), charged);
    }

    [Fact]
    public void A_standing_that_is_written_reads_as_it_was() => Cases.Each(300, random =>
    {
        var standing = Terms.Agreement().Assess(Some(random), Terms.Findings(("box", random.Next(3))));
        var written = new UnitStanding();
        standing.Fill(written);
        var read = Standing.Of(written);
        Assert.Equal((standing.Violations, standing.Value), (read.Violations, read.Value));
        Assert.Equal(Kinds.Select(k => standing.Charges.Of(k)), Kinds.Select(k => read.Charges.Of(k)));
    });

    internal static readonly ChargeKind[] Kinds = [ChargeKind.Credit, ChargeKind.Handling, ChargeKind.Freight, ChargeKind.NoAuthorization, ChargeKind.Packaging, ChargeKind.MisShipped];

    internal static UnitFacts Some(Random random) => Terms.Unit(random.Any(Enum.GetValues<ReturnReason>()), random.Any(["A", "D", "X", ""]), random.OneIn(2),
        random.OneIn(8) ? null : random.Amount(300), random.OneIn(8) ? "USD" : "GBP");
}
