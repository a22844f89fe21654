using Returns.Contracts;
using Returns.Domain.Compliance;
using Returns.Domain.Tests.Models;

namespace Returns.Domain.Tests.Compliance;

public sealed class Rates
{
    /// <summary>Values found by bisection of the equation below, to 40 digits.</summary>
    [Theory]
    [InlineData(0, 10, 0)]
    [InlineData(1, 10, 0.0178762)]
    [InlineData(5, 10, 0.2365931)]
    [InlineData(10, 10, 0.7224672)]
    [InlineData(1, 1, 0.2065493)]
    [InlineData(30, 1000, 0.0210937)]
    [InlineData(0, 0, 0)]
    public void The_lower_bound_is_wilsons(int defects, int units, double bound) =>
        Assert.Equal(bound, WilsonBound.Lower(units == 0 ? 0 : (double)defects / units, units), 6);

    [Fact]
    public void The_bound_solves_the_equation_it_comes_from_and_rises_with_trials() => Cases.Each(1000, random =>
    {
        var trials = random.Next(1, 100_000);
        var share = random.Next(1, trials + 1) / (double)trials;
        var bound = WilsonBound.Lower(share, trials);
        Assert.InRange(bound, 0, share);
        // Where the observed share is just 1.96 standard errors above the bound.
        Assert.Equal((share - bound) * (share - bound), 1.959963984540054 * 1.959963984540054 * bound * (1 - bound) / trials, 9);
        Assert.True(WilsonBound.Lower(share, trials * 2) >= bound);
    });

    [Fact]
    public void Units_of_one_value_tell_as_much_as_they_are_and_one_dear_one_tells_little()
    {
        var totals = default(DefectTotals);
        for (var i = 0; i < 100; i++) totals = totals.Add(Sound(20m));
        Assert.Equal(100, totals.EffectiveUnits, 9);
        Assert.InRange(totals.Add(Sound(100_000m)).EffectiveUnits, 1, 1.1);
    }

    [Fact]
    public void What_is_added_and_removed_in_any_order_is_as_if_it_had_not_been() => Cases.Each(200, random =>
    {
        var agreement = Terms.Agreement();
        var stay = Enumerable.Range(0, random.Next(30)).Select(_ => agreement.Assess(UnitsAssessed.Some(random), Terms.Findings())).ToList();
        var go = Enumerable.Range(0, random.Next(30)).Select(_ => agreement.Assess(UnitsAssessed.Some(random), Terms.Findings())).ToList();
        var steps = stay.Concat(go).Select(s => (s, 1)).Concat(go.Select(s => (s, -1))).ToArray();
        random.Shuffle(steps);
        var totals = default(DefectTotals);
        foreach (var (unit, sign) in steps) totals = sign > 0 ? totals.Add(unit) : totals.Remove(unit);
        var expected = new DefectTotals(stay.Count, stay.Count(s => s.IsDefect), stay.Count(s => s.Value is not null), stay.Sum(s => s.Value ?? 0),
            stay.Where(s => s.IsDefect).Sum(s => s.Value ?? 0), totals.Squares);
        Assert.Equal(expected, totals);
    });

    [Fact]
    public void An_alert_needs_the_bound_above_what_is_allowed_and_units_enough()
    {
        var agreement = Terms.Agreement(t => (t.AllowedUnits, t.MinimumUnits) = (1000, 40));
        Assert.False(Of(agreement, defects: 39, units: 39).Alerts(false)); // all defective, and too few to tell
        Assert.True(Of(agreement, defects: 40, units: 40).Alerts(false));
        Assert.False(Of(agreement, defects: 6, units: 40).Alerts(false)); // 15 %, and it may be chance
        Assert.True(Of(agreement, defects: 150, units: 1000).Alerts(false));
    }

    [Fact]
    public void An_alert_clears_at_the_lower_mark_and_not_before()
    {
        var agreement = Terms.Agreement(t => (t.AllowedUnits, t.MinimumUnits, t.ClearPercent) = (1000, 40, 80));
        Assert.True(Of(agreement, defects: 90, units: 1000).Alerts(true));
        Assert.False(Of(agreement, defects: 80, units: 1000).Alerts(true));
        Assert.True(Of(agreement, defects: 1, units: 2).Alerts(true));
        Assert.False(Of(agreement, defects: 0, units: 2).Alerts(true));
        Assert.False(Of(agreement, defects: 0, units: 0).Alerts(true));
    }

    [Fact]
    public void An_alert_that_was_raised_does_not_clear_on_the_figures_that_raised_it() => Cases.Each(2000, random =>
    {
        var agreement = Terms.Agreement(t => (t.AllowedUnits, t.MinimumUnits, t.ClearPercent) = (random.Next(10_001), random.Next(1, 50), random.Next(101)));
        var units = random.Next(1, 200);
        var rate = Of(agreement, random.Next(units + 1), units);
        Assert.True(!rate.Alerts(false) || rate.Alerts(true));
    });

    [Fact]
    public void A_rate_of_value_goes_by_value()
    {
        var agreement = Terms.Agreement(t => (t.AllowedUnits, t.AllowedValue) = (null, 1000));
        var totals = default(DefectTotals);
        for (var i = 0; i < 500; i++) totals = totals.Add(Sound(1m));
        for (var i = 0; i < 50; i++) totals = totals.Add(agreement.Assess(Terms.Unit(ReturnReason.Defective, cost: 20m), Terms.Findings()));
        Assert.Null(DefectRate.Of(agreement, RateMeasure.Units, totals));
        var rate = DefectRate.Of(agreement, RateMeasure.Value, totals)!.Value;
        Assert.Equal(1000.0 / 1500, rate.Rate, 12);
        Assert.True(rate.Alerts(false));
    }

    [Fact]
    public void A_bill_charges_for_defects_where_the_rate_is_over_what_is_allowed_and_not_where_it_is_just_that()
    {
        var agreement = Terms.Agreement(t => (t.AllowedUnits, t.MinimumUnits) = (1000, 10));
        Assert.False(Figures(agreement, defects: 10, units: 100).ChargesDefects(agreement));
        Assert.True(Figures(agreement, defects: 11, units: 100).ChargesDefects(agreement));
        Assert.False(Figures(agreement, defects: 9, units: 9).ChargesDefects(agreement));
        Assert.True(Figures(agreement, defects: 10, units: 10).ChargesDefects(agreement));
        var due = Figures(agreement, defects: 10, units: 100).Due(agreement);
        Assert.Equal(default, due[(int)ChargeKind.Credit]);
        Assert.Equal(new ChargeSum(10, 40m), due[(int)ChargeKind.NoAuthorization]);
    }

    [Fact]
    public void Sums_are_those_of_the_units_to_the_cent() => Cases.Each(200, random =>
    {
        var agreement = Terms.Agreement();
        var units = Enumerable.Range(0, random.Next(60)).Select(_ => agreement.Assess(UnitsAssessed.Some(random), Terms.Findings(("box", random.Next(3))))).ToList();
        var figures = default(BillingFigures);
        foreach (var unit in units) figures.Add(unit);
        for (var i = units.Count - 1; i >= 0; i--)
        {
            if (!random.OneIn(3)) continue;
            figures.Remove(units[i]);
            units.RemoveAt(i);
        }

        var over = units.Count >= 10 && units.Count(u => u.IsDefect) * 10 > units.Count;
        Assert.Equal(over, figures.ChargesDefects(agreement));
        var due = figures.Due(agreement);
        foreach (var kind in UnitsAssessed.Kinds)
        {
            var charged = over || !Charges.ForDefects(kind);
            var amounts = units.Select(u => u.Charges.Of(kind)).Where(a => charged && a != 0).ToList();
            Assert.Equal(new ChargeSum(amounts.Count, amounts.Sum()), due[(int)kind]);
        }
    });

    private static Standing Sound(decimal cost) => Terms.Agreement().Assess(Terms.Unit(cost: cost), Terms.Findings());

    private static DefectRate Of(Agreement agreement, int defects, int units) =>
        DefectRate.Of(agreement, RateMeasure.Units, Figures(agreement, defects, units).Totals)!.Value;

    private static BillingFigures Figures(Agreement agreement, int defects, int units)
    {
        var figures = default(BillingFigures);
        for (var i = 0; i < units; i++)
            figures.Add(agreement.Assess(Terms.Unit(i < defects ? ReturnReason.Defective : ReturnReason.ChangedMind), Terms.Findings()));
        return figures;
    }
}
