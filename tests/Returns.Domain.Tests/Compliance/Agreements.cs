using Returns.Contracts;
using Returns.Domain.Compliance;
using Returns.Domain.Tests.Models;
using Returns.Domain.Tests.Rules;

namespace Returns.Domain.Tests.Compliance;

public sealed class Agreements
{
    [Fact]
    public void An_agreement_is_read_as_it_is_written()
    {
        var agreement = Assert.Single(ShippedRules.Any().Vendors.AgreementsWith("V-1001"u8).All);
        var terms = new AgreementTerms();
        agreement.Fill(terms);
        Assert.Equal("2026", terms.Name.ToString());
        Assert.Equal("2026.11.2", terms.Version.ToString());
        Assert.Equal(Terms.NewYear, terms.ValidFrom);
        Assert.Null(terms.ValidTo);
        Assert.Equal([ReturnReason.Defective, ReturnReason.Warranty], terms.DefectReasons);
        Assert.Equal(["D", "X"], terms.DefectGrades.Select(g => g.ToString()));
        Assert.Equal((2000, 2500), (terms.AllowedUnits, terms.AllowedValue));
        Assert.Equal((RateWindowKind.Rolling, 52 * 7 * 24), (terms.WindowKind, terms.WindowHours));
        Assert.Equal((50, 80, true), (terms.MinimumUnits, terms.ClearPercent, terms.AuthorizationNeeded));
        Assert.Equal((4 * 168, 72), (terms.BillingHours, terms.CloseAfterHours));
        Assert.Equal((10_000, 500, 2.40m), (terms.CreditPercent, terms.HandlingPercent, terms.Freight));
        Assert.Equal((4m, 1.5m, 12m), (terms.FeeNoAuthorization, terms.FeePackaging, terms.FeeMisShipped));
        Assert.Equal((30, 10), (terms.DisputeDays, terms.ResponseDays));
        Assert.Equal(("accessories-complete", 1.0, null), (terms.Packaging[0].Criterion.ToString(), terms.Packaging[0].AtLeast, terms.Packaging[0].AtMost));
    }

    [Fact]
    public void A_vendor_without_an_agreement_has_none() => Assert.Null(ShippedRules.Any().Vendors.AgreementsWith("V-9"u8).At(Terms.NewYear));

    [Fact]
    public void Of_two_that_overlap_the_one_that_began_last_holds_while_it_lasts()
    {
        var vendor = ShippedRules.Any().Vendors.AgreementsWith("V-2001"u8);
        var begin = DateTimeOffset.Parse("2026-12-01T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
        var end = DateTimeOffset.Parse("2027-02-01T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
        Assert.Equal("general", vendor.At(begin - 1)!.Name.ToString());
        Assert.Equal("holidays", vendor.At(begin)!.Name.ToString());
        Assert.Equal("holidays", vendor.At(end - 1)!.Name.ToString());
        Assert.Equal("general", vendor.At(end)!.Name.ToString());
    }

    [Fact]
    public void The_id_is_of_what_the_terms_say_and_not_of_the_documents_version()
    {
        var id = Terms.Agreement().Id;
        Assert.Equal(16, id.Length);
        Assert.Equal(id, Terms.Agreement(t => (t.Version, t.Id) = ("2", "x")).Id);
        Action<AgreementTerms>[] changes =
        [
            t => t.Name = "other", t => t.ValidFrom = null, t => t.ValidTo = Terms.NewYear + Terms.Day, t => t.Currency = Currency.Parse("EUR"),
            t => t.DefectReasons.Add(ReturnReason.Warranty), t => t.DefectGrades.Add("D"), t => t.AllowedUnits = null, t => t.AllowedValue = 1,
            t => t.WindowKind = RateWindowKind.Tumbling, t => t.WindowHours++, t => t.MinimumUnits++, t => t.ClearPercent++, t => t.AuthorizationNeeded = false,
            t => t.Packaging[0].AtLeast = 0, t => t.Packaging[0].AtMost = null, t => t.Packaging[0].Criterion = "seal", t => t.BillingHours++,
            t => t.CloseAfterHours++, t => t.CreditPercent++, t => t.HandlingPercent++, t => t.Freight++, t => t.FeeNoAuthorization++,
            t => t.FeePackaging++, t => t.FeeMisShipped++, t => t.DisputeDays++, t => t.ResponseDays++,
        ];
        Assert.Equal(changes.Length + 1, changes.Select(c => Terms.Agreement(c).Id).Append(id).Distinct().Count());
    }

    [Fact]
    public void Terms_that_are_read_again_are_the_same() => Cases.Each(200, random =>
    {
        var agreement = Terms.Agreement(t => (t.ValidTo, t.AllowedValue, t.ClearPercent) = (Terms.NewYear + random.Next(1, 9) * Terms.Day, random.Next(10_000), random.Next(101)));
        var terms = new AgreementTerms();
        agreement.Fill(terms);
        Assert.Equal(agreement.Id, new Agreement(terms).Id);
    });

    [Fact]
    public void Billing_windows_follow_each_other_from_the_begin_and_the_last_ends_with_the_agreement() => Cases.Each(500, random =>
    {
        var length = random.Next(1, 200);
        var days = random.Next(1, 60);
        var anchored = random.OneIn(2);
        var agreement = Terms.Agreement(t => (t.ValidFrom, t.ValidTo, t.BillingHours) = (anchored ? Terms.NewYear : null, Terms.NewYear + days * Terms.Day, length));
        var time = Terms.NewYear + random.NextInt64(days * Terms.Day);
        var (start, end) = agreement.BillingWindow(time);
        Assert.InRange(time, start, end - 1);
        Assert.True(end == start + length * Terms.Hour || end == agreement.ValidTo);
        Assert.Equal(0, (start - (anchored ? Terms.NewYear : 0)) % (length * Terms.Hour));
        Assert.Equal((start, end), agreement.BillingWindow(start));
        Assert.Equal((start, end), agreement.BillingWindow(end - 1));
        if (end < agreement.ValidTo) Assert.Equal(end, agreement.BillingWindow(end).Start);
    });

    [Fact]
    public void A_rolling_window_is_summed_from_sixty_parts_and_a_tumbling_one_from_itself()
    {
        var year = Terms.Agreement(t => t.WindowHours = 52 * 168);
        Assert.Equal(year.WindowMillis, 60 * year.PartMillis);
        Assert.Equal(Terms.Hour / 60, Terms.Agreement(t => t.WindowHours = 1).PartMillis);
        Assert.Equal(24 * Terms.Hour, Terms.Agreement(t => t.WindowKind = RateWindowKind.Tumbling).PartMillis);
        Assert.Equal(Terms.NewYear + year.PartMillis, year.PartOf(Terms.NewYear + 2 * year.PartMillis - 1));
        Assert.Equal(Terms.NewYear - year.PartMillis, year.PartOf(Terms.NewYear - 1));
    }
}
