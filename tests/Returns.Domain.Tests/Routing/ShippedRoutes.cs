using Returns.Contracts;
using Returns.Domain.Channels;
using Returns.Domain.Tests.Models;
using Returns.Domain.Tests.Rules;

namespace Returns.Domain.Tests.Routing;

/// <summary>Where the shipped rules send units that a person can picture.</summary>
public sealed class ShippedRoutes
{
    private const long Day = 86_400_000;

    private static readonly Dictionary<string, (string, double)[]> Sound = new()
    {
        ["electronics"] = [("powers-on", 1), ("functional-test", 0), ("cosmetic", 0), ("accessories-complete", 1)],
        ["apparel"] = [("tags-attached", 1), ("stains", 0), ("odour", 0), ("fabric-damage", 0)],
        ["homeware"] = [("damage", 0), ("set-complete", 1), ("used", 0)],
        ["toys"] = [("safety-parts-complete", 1), ("small-parts-loose", 0), ("pieces-missing", 0), ("packaging", 0)],
        ["beauty"] = [("seal-intact", 1), ("expiry-months", 24), ("leakage", 0)],
    };

    [Theory]
    [InlineData("electronics")]
    [InlineData("apparel")]
    [InlineData("homeware")]
    [InlineData("toys")]
    [InlineData("beauty")]
    public void A_unit_without_a_flaw_goes_back_to_stock(string category) =>
        Assert.Equal((Disposition.Restock, RoutingCause.Policy), Route(Unit(category)));

    [Theory]
    [InlineData("electronics", "cosmetic", 4)]
    [InlineData("apparel", "stains", 3)]
    [InlineData("homeware", "damage", 4)]
    [InlineData("toys", "small-parts-loose", 1)]
    [InlineData("beauty", "expiry-months", -1)]
    public void What_nobody_can_use_is_disposed_of(string category, string criterion, double value) =>
        Assert.Equal((Disposition.Dispose, RoutingCause.Policy), Route(Unit(category, (criterion, value))));

    [Fact]
    public void A_worn_phone_brings_most_at_a_channel_and_the_others_say_less()
    {
        var decision = Decide(Unit("electronics", ("cosmetic", 2)));
        Assert.Equal(Disposition.Resell, decision.Route.Disposition);
        var best = decision.Route.Chosen.Value;
        foreach (var candidate in decision.Route.Candidates)
            if (candidate.Outcome == CandidateOutcome.LowerValue) Assert.True(candidate.Value <= best);
    }

    [Theory]
    [InlineData("electronics", "earpiece-seal")]
    [InlineData("apparel", "hygiene-liner")]
    [InlineData("homeware", "bedding-seal")]
    [InlineData("toys", "teether-seal")]
    [InlineData("beauty", "seal-intact")]
    public void Hygiene_goods_are_sold_again_only_with_their_seal(string category, string seal)
    {
        var intact = Unit(category, (seal, 1));
        intact = intact with { Catalog = intact.Catalog! with { Hygiene = true } };
        Assert.Equal(Disposition.Restock, Route(intact).Disposition);

        var opened = Unit(category, (seal, 0));
        opened = opened with { Catalog = opened.Catalog! with { Hygiene = true } };
        Assert.Equal(Disposition.Dispose, Route(opened).Disposition);
    }

    [Theory]
    [InlineData("electronics", "data-wiped")]
    [InlineData("homeware", "memory-cleared")]
    [InlineData("toys", "profiles-cleared")]
    public void Data_leaves_the_building_on_nothing(string category, string wipe)
    {
        var wiped = Unit(category, (wipe, 1));
        wiped = wiped with { Catalog = wiped.Catalog! with { DataBearing = true } };
        Assert.Equal(Disposition.Restock, Route(wiped).Disposition);

        foreach (var (criterion, value) in new[] { (Sound[category][0].Item1, Sound[category][0].Item2), Worst(category) })
        {
            var full = Unit(category, (wipe, 0), (criterion, value));
            full = full with { Catalog = full.Catalog! with { DataBearing = true } };
            Assert.Contains(Route(full).Disposition, new[] { Disposition.Quarantine, Disposition.Refurbish });
        }
    }

    private static (string, double) Worst(string category) => category switch
    {
        "electronics" => ("cosmetic", 4),
        "homeware" => ("damage", 4),
        _ => ("small-parts-loose", 1),
    };

    [Fact]
    public void A_recall_or_a_hazard_is_routed_at_once_without_a_grade()
    {
        var recalled = Unit("toys") with { Findings = [] };
        recalled = recalled with { Catalog = recalled.Catalog! with { Recalled = true } };
        Assert.Equal((Disposition.Quarantine, RoutingCause.HardBlock), Route(recalled));
        recalled = recalled with { Catalog = recalled.Catalog! with { Vendor = "V-4001" }, Reason = ReturnReason.Recall };
        Assert.Equal((Disposition.ReturnToVendor, RoutingCause.HardBlock), Route(recalled));

        var swollen = Unit("electronics") with { Findings = [new FindingModel("battery-swollen", 1, default)] };
        Assert.Equal((Disposition.Quarantine, RoutingCause.HardBlock), Route(swollen));
    }

    [Theory]
    [InlineData("V-1001", true, Disposition.ReturnToVendor, null)]
    [InlineData("V-1001", false, Disposition.ManualReview, ExceptionReason.AuthorizationMissing)]
    public void A_warranty_return_goes_to_its_vendor_with_an_authorization(string vendor, bool authorized,
        Disposition disposition, ExceptionReason? review)
    {
        var unit = Unit("electronics", ("functional-test", 2)) with { Reason = ReturnReason.Warranty, HasAuthorization = authorized };
        var decision = Decide(unit with { Catalog = unit.Catalog! with { Vendor = vendor } });
        Assert.Equal((disposition, review), (decision.Route.Disposition, decision.Review));
        Assert.Equal(RoutingCause.VendorTerms, decision.Route.Cause);
    }

    [Theory]
    [InlineData(60 * Day, RoutingCause.VendorTerms)]
    [InlineData(60 * Day + 1, RoutingCause.Policy)]
    [InlineData(-Day, RoutingCause.VendorTerms)]
    public void A_return_window_ends_with_its_last_millisecond(long dwell, RoutingCause cause)
    {
        var unit = Unit("electronics", ("functional-test", 2)) with { Reason = ReturnReason.Warranty, HasAuthorization = true };
        unit = unit with { Catalog = unit.Catalog! with { Vendor = "V-1001" }, DecidedAt = unit.IntakeAt!.Value + dwell };
        Assert.Equal(cause, Decide(unit).Route.Cause);
    }

    [Theory]
    [InlineData("V-2002", ReturnReason.Defective, "vendor 'V-2002': return to vendor is prohibited")]
    [InlineData("V-unheard-of", ReturnReason.Defective, "vendors without an agreement: return to vendor is prohibited")]
    [InlineData("V-4001", ReturnReason.ChangedMind, "vendor 'V-4001': not returnable for this reason")]
    [InlineData("V-5001", ReturnReason.Defective, "vendor 'V-5001': not returnable in this grade")]
    [InlineData("V-2001", ReturnReason.Defective, "vendor 'V-2001': needs a return authorization")]
    public void A_vendor_who_does_not_take_a_unit_is_named_with_the_reason(string vendor, ReturnReason reason, string detail)
    {
        var unit = Unit("apparel", ("stains", 2)) with { Reason = reason };
        var decision = Decide(unit with { Catalog = unit.Catalog! with { Vendor = vendor } });
        var candidate = decision.Route.Candidates.ToArray().Single(c => c.Disposition == Disposition.ReturnToVendor);
        Assert.Equal((CandidateOutcome.VendorTerms, detail), (candidate.Outcome, candidate.Detail.ToString()));
    }

    [Fact]
    public void A_unit_that_lacks_only_its_authorization_is_not_thrown_away()
    {
        var rules = ShippedRules.Any(("agreements.yaml", "grades: [A, B, C]\n    window-days: 30", "window-days: 30"));
        var unit = Unit("apparel", ("stains", 3));
        unit = unit with { Catalog = unit.Catalog! with { Vendor = "V-2001" } };
        var decision = new Decision();
        decision.Decide(rules, unit.ToFacts(), null, new UnlimitedCapacity());
        Assert.Equal(ExceptionReason.AuthorizationMissing, decision.Review);
        decision.Decide(rules, (unit with { HasAuthorization = true }).ToFacts(), null, new UnlimitedCapacity());
        Assert.Equal(Disposition.ReturnToVendor, decision.Route.Disposition);
    }

    [Fact]
    public void Units_priced_in_another_currency_are_not_sold_by_guesswork()
    {
        var unit = Unit("apparel", ("stains", 2));
        var decision = Decide(unit with { Catalog = unit.Catalog! with { Currency = "EUR" } });
        Assert.Equal((DecisionState.ManualReview, ExceptionReason.NoRoute), (decision.State, decision.Review!.Value));
        Assert.Contains(decision.Route.Candidates.ToArray(), c => c.Outcome == CandidateOutcome.CurrencyMismatch
            && c.Detail.ToString() == "channel 'off-price': trades in GBP");
    }

    [Fact]
    public void A_bid_price_turns_a_channel_away_where_its_room_is_worth_more()
    {
        var unit = Unit("electronics", ("cosmetic", 2));
        var free = Decide(unit);
        var first = free.Route.Channel!;
        var bids = new decimal[5];
        bids[first.Index] = 1000;
        var decision = new Decision();
        decision.Decide(ShippedRules.Any(), unit.ToFacts(), null, new TestCapacity([true, true, true, true, true], [.. bids.Select(b => (long)(b * 10_000))]));
        Assert.NotEqual(first.Index, decision.Route.Channel?.Index);
        Assert.Equal(CandidateOutcome.LowerValue, decision.Route.Candidates.ToArray().Single(c => c.Channel?.Index == first.Index).Outcome);
    }

    [Fact]
    public void A_refused_operator_leaves_no_grade_behind()
    {
        var unit = Unit("apparel", ("stains", 2));
        unit = unit with { Catalog = unit.Catalog! with { Hygiene = true }, Findings = [.. unit.Findings, new FindingModel("hygiene-liner", 0, default)] };
        var alone = Decide(unit);
        var refused = Decide(unit with { Operator = new OperatorModel(Disposition.Restock, "", "A") });
        Assert.True(refused.OverrideRefused);
        Assert.Equal((alone.Route.Disposition, alone.Route.GradeIndex), (refused.Route.Disposition, refused.Route.GradeIndex));
        Assert.Equal("hard block hygiene", refused.Route.Candidates[0].Detail.ToString());
    }

    [Fact]
    public void A_counterfeit_that_only_the_second_grader_saw_is_held()
    {
        var unit = Unit("homeware") with { QualityFindings = [new FindingModel("counterfeit", 1, default)] };
        Assert.Equal((Disposition.Quarantine, RoutingCause.HardBlock), Route(unit));
    }

    private static UnitModel Unit(string category, params (string Criterion, double Value)[] flaws)
    {
        var findings = Sound[category].Where(s => !flaws.Any(f => f.Criterion == s.Item1)).Concat(flaws);
        return new UnitModel(new CatalogModel(category, "", 40, "GBP", 100, "GBP", 500, false, false, false, false),
            [.. findings.Select(f => new FindingModel(f.Item1, f.Item2, default))], [], null, 100 * Day, 102 * Day, null, false, 0,
            null, [true, true, true, true, true], new decimal[5]);
    }

    private static Decision Decide(UnitModel unit)
    {
        var decision = new Decision();
        decision.Decide(ShippedRules.Any(), unit.ToFacts(), unit.Operator?.ToDecision(), unit.Capacity);
        return decision;
    }

    private static (Disposition Disposition, RoutingCause Cause) Route(UnitModel unit)
    {
        var decision = Decide(unit);
        Assert.True(decision.State == DecisionState.Routed, $"{decision.State}, {decision.WaitsFor}, {decision.Review}");
        return (decision.Route.Disposition, decision.Route.Cause);
    }
}
