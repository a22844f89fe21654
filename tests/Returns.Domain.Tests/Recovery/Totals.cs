using Returns.Contracts;
using Returns.Domain.Recovery;
using Returns.Domain.Tests.Models;

namespace Returns.Domain.Tests.Recovery;

public sealed class Totals
{
    private static readonly Currency Pounds = Currency.Parse("GBP");
    private static readonly Currency Dollars = Currency.Parse("USD");

    [Fact]
    public void Every_figure_is_the_sum_of_its_units_by_the_words_of_the_schema() => Cases.Each(300, random =>
    {
        var units = Enumerable.Range(0, random.Next(1, 60)).Select(_ => Unit(random)).ToList();
        var totals = new RecoveryTotals();
        foreach (var unit in units) totals.Add(unit);
        var decided = units.Where(u => u.Disposition is not (Disposition.Quarantine or Disposition.ManualReview)).ToList();

        Assert.Equal(units.Count, totals.Units);
        Assert.Equal(decided.Count, totals.Decided);
        Assert.Equal(units.Count, Enum.GetValues<Disposition>().Sum(totals.Of));
        Assert.Equal(decided.Where(u => u.Disposition != Disposition.Dispose).Sum(u => (long)u.Grams), totals.KeptGrams);
        Assert.Equal(decided.Sum(u => u.DwellMillis), totals.DwellMillis);
        foreach (var currency in new[] { Pounds, Dollars })
        {
            decimal Sum(IEnumerable<UnitRecovery> of, Func<UnitRecovery, Money?> amount) =>
                of.Select(amount).Where(m => m?.Currency == currency).Sum(m => m!.Value.Amount);
            var sums = totals.In(currency);
            Assert.Equal(Sum(units, u => u.Cost), sums.ReceivedValue);
            Assert.Equal(Sum(decided, u => u.Cost), sums.DecidedValue);
            Assert.Equal(Sum(units.Where(u => u.Disposition == Disposition.Dispose), u => u.Cost), sums.WrittenOffValue);
            Assert.Equal(Sum(decided, u => u.HandlingCost), sums.HandlingCost);
            Assert.Equal(Sum(units, u => u.Settled), sums.SettledProceeds);
            Assert.Equal(Sum(decided, u => u.ExpectedValue) + Sum(decided.Where(u => u.ExpectedValue?.Currency == currency), u => u.HandlingCost), sums.ExpectedProceeds);
            var rated = units.Where(u => u.ReferencePrice?.Currency == currency && (u.Settled ?? (decided.Contains(u) ? u.ExpectedValue : null))?.Currency == currency).ToList();
            Assert.Equal(rated.Count, sums.RatedUnits);
            Assert.Equal(Sum(rated, u => u.ReferencePrice), sums.ResaleValue);
            Assert.Equal(rated.Sum(u => u.Settled is { } paid ? paid.Amount - (u.HandlingCost?.Currency == currency ? u.HandlingCost.Value.Amount : 0) : u.ExpectedValue!.Value.Amount), sums.RatedRecovery);
        }
    });

    [Fact]
    public void The_order_and_the_grouping_of_units_make_no_difference_and_one_that_was_added_can_be_taken_out() => Cases.Each(200, random =>
    {
        var units = Enumerable.Range(0, random.Next(1, 40)).Select(_ => Unit(random)).ToArray();
        var all = new RecoveryTotals();
        foreach (var unit in units) all.Add(unit);
        random.Shuffle(units);
        RecoveryTotals[] parts = [new(), new()];
        foreach (var unit in units)
        {
            var part = random.Any(parts);
            part.Add(unit);
            // A change of mind, taken back within the part or only by another.
            var mistaken = Unit(random);
            part.Add(mistaken);
            random.Any(parts).Add(mistaken, -1);
        }
        var merged = new RecoveryTotals();
        foreach (var part in parts)
        {
            var written = new RecoveryFigures();
            part.Fill(written);
            merged.Add(written);
        }
        Assert.Equal(Written(all), Written(merged));
    });

    [Fact]
    public void Rates_are_shares_of_sums_and_none_where_there_is_nothing_to_be_a_share_of()
    {
        var totals = new RecoveryTotals();
        Assert.Null(RecoveryRates.WriteOffUnits(totals));
        Assert.Null(RecoveryRates.WriteOffValue(totals.In(Pounds)));
        Assert.Null(RecoveryRates.Recovery(totals.In(Pounds)));
        Assert.Null(RecoveryRates.CostPerReturn(totals.In(Pounds)));
        Assert.Null(RecoveryRates.Chargeback(5m, 0m));

        totals.Add(Sold(cost: 10m, price: 20m, net: 12m, handling: 0.50m));
        totals.Add(Sold(cost: 30m, price: 50m, net: 20m, handling: 1m, settled: 18m));
        totals.Add(Sold(cost: 60m, price: 80m, net: -0.30m, handling: 0.30m) with { Disposition = Disposition.Dispose });
        totals.Add(new UnitRecovery(Disposition.ManualReview, 0, 500, new Money(9m, Pounds), null, null, null, null));
        var pounds = totals.In(Pounds);
        Assert.Equal(1 / 3.0, RecoveryRates.WriteOffUnits(totals)!.Value, 12);
        Assert.Equal(0.6, RecoveryRates.WriteOffValue(pounds)!.Value, 12);
        Assert.Equal(109m, pounds.ReceivedValue);
        // 12 expected; 18 paid less 1; and 0.30 lost: of 150.
        Assert.Equal(28.70 / 150, RecoveryRates.Recovery(pounds)!.Value, 12);
        Assert.Equal(0.6m, RecoveryRates.CostPerReturn(pounds));
        Assert.Equal(12.5m + 18m - 1.8m, pounds.NetRecovery);
        Assert.Equal(18 / 21.0, RecoveryRates.Settlement(pounds)!.Value, 12);
        Assert.Equal(0.75, RecoveryRates.Chargeback(60m, 80m)!.Value, 12);
        Assert.Equal(2_000, totals.KeptGrams);
    }

    [Fact]
    public void Amounts_of_two_currencies_are_never_added()
    {
        var unit = Sold(cost: 10m, price: 20m, net: 12m, handling: 1m) with { Cost = new Money(14m, Dollars), Settled = new Money(15m, Dollars) };
        var totals = new RecoveryTotals();
        totals.Add(unit);
        var (pounds, dollars) = (totals.In(Pounds), totals.In(Dollars));
        Assert.Equal(14m, dollars.ReceivedValue);
        Assert.Equal(0m, pounds.ReceivedValue);
        Assert.Equal(15m, dollars.SettledProceeds);
        Assert.Equal(0m, dollars.SettledExpected);
        Assert.Equal(13m, pounds.ExpectedProceeds);
        // What was paid is in another currency than the price, so there is no rate; nor are the costs taken off it.
        Assert.Equal(0, pounds.RatedUnits);
        Assert.Equal(0, dollars.RatedUnits);
        Assert.Equal(15m, dollars.NetRecovery);
        Assert.Equal(["GBP", "USD"], totals.Currencies.ToArray().Select(c => c.Currency.ToString()));
    }

    [Theory]
    [InlineData("85123A", "85123")]
    [InlineData("85123", "85123")]
    [InlineData("15056BL", "15056")]
    [InlineData("NG-100012", "NG-100012")]
    [InlineData("POST", "POST")]
    [InlineData("", "")]
    [InlineData("gift_0001_AB", "gift_0001_AB")]
    public void A_product_line_is_the_number_of_an_article(string sku, string line) =>
        Assert.Equal(line, System.Text.Encoding.UTF8.GetString(ProductLine.Of(System.Text.Encoding.UTF8.GetBytes(sku))));

    private static UnitRecovery Sold(decimal cost, decimal price, decimal net, decimal handling, decimal? settled = null) => new(Disposition.Resell, 60_000, 1_000,
        new Money(cost, Pounds), new Money(price, Pounds), new Money(net, Pounds), new Money(handling, Pounds), settled is { } paid ? new Money(paid, Pounds) : null);

    internal static UnitRecovery Unit(Random random)
    {
        Money? Amount(int most) => random.OneIn(4) ? null : new Money(random.Amount(most), random.OneIn(4) ? Dollars : Pounds);
        var expected = Amount(80);
        var handling = random.OneIn(4) ? null : new Money(random.Amount(5), expected?.Currency ?? Pounds) as Money?;
        return new UnitRecovery(random.Any(Enum.GetValues<Disposition>()), random.Next(3_600_000), random.Next(5_000), Amount(50), Amount(100),
            expected is { } value ? value with { Amount = value.Amount - 3 } : null, handling, random.OneIn(3) ? Amount(90) : null);
    }

    private static string Written(RecoveryTotals totals)
    {
        var written = new RecoveryFigures();
        totals.Fill(written);
        return System.Text.Json.JsonSerializer.Serialize(new
        {
            written.Units,
            written.Restocked,
            written.Refurbished,
            written.Resold,
            written.ReturnedToVendor,
            written.Donated,
            written.WrittenOff,
            written.Quarantined,
            written.InReview,
            written.KeptGrams,
            written.DwellMillis,
            Dwell = written.Dwell.Buckets.Zip(written.Dwell.Counts).Select(b => $"{b.First}:{b.Second}"),
            Currencies = written.Currencies.Select(c => $"{c.Currency} {c.ValuedUnits} {c.ReceivedValue:0.0000} {c.DecidedValue:0.0000} {c.WrittenOffValue:0.0000} {c.CostedUnits} {c.HandlingCost:0.0000} {c.ExpectedUnits} {c.ExpectedProceeds:0.0000} {c.SettledUnits} {c.SettledProceeds:0.0000} {c.SettledExpected:0.0000} {c.RatedUnits} {c.ResaleValue:0.0000} {c.RatedRecovery:0.0000}"),
        });
    }
}
