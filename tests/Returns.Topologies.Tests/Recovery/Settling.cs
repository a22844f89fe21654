using Returns.Contracts;

namespace Returns.Topologies.Tests.Recovery;

/// <summary>What becomes of a settlement that is not as it should be.</summary>
public sealed class Settling
{
    // The month is open long after it was paid.
    private const long ReceivedAt = RecoveryHarness.Start + RecoveryHarness.Day;
    private const long PaidAt = ReceivedAt + 10 * RecoveryHarness.Day;
    private readonly RecoveryHarness _harness = new();

    public Settling() => _harness.Publish(RecoveryHarness.Decision("L-1", ReceivedAt));

    [Fact]
    public void What_was_paid_takes_the_place_of_what_was_expected()
    {
        _harness.Publish(RecoveryHarness.Paid("L-1", PaidAt, RecoveryHarness.Pounds(11m)));
        var pounds = Month();
        Assert.Equal((1, 11m, 12.5m, 12.5m, 10.5m), (pounds.SettledUnits, pounds.SettledProceeds, pounds.SettledExpected, pounds.ExpectedProceeds, pounds.RatedRecovery));
        Assert.Equal(1, _harness.Metric("returns_recovery_settlements_total{result=\"accepted\"}"));
    }

    [Fact]
    public void The_same_settlement_again_changes_nothing()
    {
        var paid = RecoveryHarness.Paid("L-1", PaidAt, RecoveryHarness.Pounds(11m));
        _harness.Publish(paid);
        _harness.Commit();
        var changes = _harness.Changes;
        _harness.Publish(paid);
        Assert.Equal(11m, Month().SettledProceeds);
        Assert.Equal(changes, _harness.Changes);
        Assert.Empty(_harness.DeadLetters);
        Assert.Equal(1, _harness.Metric("returns_recovery_settlements_total{result=\"repeated\"}"));
    }

    [Fact]
    public void A_higher_revision_replaces_and_a_lower_one_is_passed_over()
    {
        _harness.Publish(RecoveryHarness.Paid("L-1", PaidAt, RecoveryHarness.Pounds(9m), revision: 2));
        _harness.Publish(RecoveryHarness.Paid("L-1", PaidAt, RecoveryHarness.Pounds(11m)));
        Assert.Equal((1, 9m), (Month().SettledUnits, Month().SettledProceeds));
        _harness.Publish(RecoveryHarness.Paid("L-1", PaidAt, RecoveryHarness.Pounds(0m), revision: 3));
        Assert.Equal((1, 0m), (Month().SettledUnits, Month().SettledProceeds));
        Assert.Empty(_harness.DeadLetters);
    }

    [Fact]
    public void A_unit_settled_twice_keeps_the_first_and_the_second_is_kept_for_a_person()
    {
        _harness.Publish(RecoveryHarness.Paid("L-1", PaidAt, RecoveryHarness.Pounds(11m)));
        _harness.Publish(RecoveryHarness.Paid("L-1", PaidAt, RecoveryHarness.Pounds(10m)));
        Assert.Equal(11m, Month().SettledProceeds);
        AssertRefused("SettledTwice", "publish with revision 2");
    }

    [Fact]
    public void More_than_any_price_of_the_unit_is_refused()
    {
        _harness.Publish(RecoveryHarness.Paid("L-1", PaidAt, RecoveryHarness.Pounds(20.01m)));
        Assert.Equal(0, Month().SettledUnits);
        AssertRefused("SettledOverPrice", "more than its price of 20 GBP");
    }

    [Fact]
    public void Another_currency_is_refused_and_never_converted()
    {
        _harness.Publish(RecoveryHarness.Paid("L-1", PaidAt, RecoveryHarness.Dollars(5m)));
        Assert.Equal(0, Month().SettledUnits);
        AssertRefused("SettledInOtherCurrency", "amounts are never converted");
    }

    [Fact]
    public void A_unit_that_nobody_knows_cannot_be_paid_for()
    {
        _harness.Publish(RecoveryHarness.Paid("L-2", PaidAt, RecoveryHarness.Pounds(5m)));
        _harness.Advance(PaidAt + 6 * RecoveryHarness.Day);
        Assert.Empty(_harness.DeadLetters);
        _harness.Advance(PaidAt + 8 * RecoveryHarness.Day);
        AssertRefused("UnitUnknown", "no decision on the unit has come within 7 days");
    }

    [Fact]
    public void A_settlement_that_is_read_before_the_decision_waits_for_it()
    {
        _harness.Publish(RecoveryHarness.Review("L-2", ReceivedAt));
        _harness.Publish(RecoveryHarness.Paid("L-2", PaidAt, RecoveryHarness.Pounds(9m), revision: 2));
        _harness.Publish(RecoveryHarness.Paid("L-2", PaidAt, RecoveryHarness.Pounds(5m)));
        _harness.Publish(RecoveryHarness.Paid("L-2", PaidAt, RecoveryHarness.Pounds(50m), revision: 3));
        Assert.Equal(0, Month().SettledUnits);
        _harness.Driver.Restart();
        _harness.Publish(RecoveryHarness.Decision("L-2", ReceivedAt, revision: 2));
        Assert.Equal((1, 9m), (Month().SettledUnits, Month().SettledProceeds));
        AssertRefused("SettledOverPrice", "for unit 'L-2' is more than its price");
        _harness.Publish(RecoveryHarness.Paid("L-2", PaidAt, RecoveryHarness.Pounds(9m), revision: 2));
        Assert.Equal((1, 9m), (Month().SettledUnits, Month().SettledProceeds));
    }

    [Fact]
    public void A_unit_of_another_retailer_cannot_be_paid_for()
    {
        var paid = RecoveryHarness.Paid("L-1", PaidAt, RecoveryHarness.Pounds(5m));
        paid.Program = "south";
        paid.SettlementId = Domain.Recovery.SettlementId.Of(paid);
        _harness.Publish(paid);
        _harness.Commit();
        AssertRefused("UnitUnknown", "is of program 'north', and the settlement of 'south'");
    }

    [Fact]
    public void Below_zero_is_refused()
    {
        _harness.Publish(RecoveryHarness.Paid("L-1", PaidAt, RecoveryHarness.Pounds(-1m)));
        _harness.Commit();
        AssertRefused("SettledBelowZero", "a settlement of a higher revision");
    }

    [Fact]
    public void A_unit_without_a_price_cannot_be_paid_for()
    {
        var unit = RecoveryHarness.Decision("L-3", ReceivedAt, Disposition.Dispose);
        (unit.ReferencePrice, unit.Cost, unit.ExpectedValue) = (null, null, null);
        _harness.Publish(unit);
        _harness.Publish(RecoveryHarness.Paid("L-3", PaidAt, RecoveryHarness.Pounds(1m)));
        _harness.Commit();
        AssertRefused("SettledWithoutPrice", "neither price nor cost");
    }

    [Fact]
    public void An_id_that_does_not_follow_from_the_content_is_refused()
    {
        var paid = RecoveryHarness.Paid("L-1", PaidAt, RecoveryHarness.Pounds(5m));
        paid.Amount = RecoveryHarness.Pounds(6m);
        _harness.Publish(paid);
        Assert.Equal(0, Month().SettledUnits);
        AssertRefused("SettlementIdMismatch", "by its content 'ST-");
    }

    [Fact]
    public void A_settled_unit_that_is_routed_anew_stays_settled()
    {
        _harness.Publish(RecoveryHarness.Paid("L-1", PaidAt, RecoveryHarness.Pounds(11m)));
        var rerouted = RecoveryHarness.Decision("L-1", ReceivedAt, Disposition.Dispose, revision: 2);
        rerouted.ExpectedValue = RecoveryHarness.Pounds(-0.5m);
        _harness.Publish(rerouted);
        var pounds = Month();
        Assert.Equal((11m, 9m, 0m), (pounds.SettledProceeds, pounds.WrittenOffValue, pounds.ExpectedProceeds));
    }

    private CurrencyFigures Month()
    {
        _harness.Commit();
        return _harness.Windows.Last(w => w is { Span: WindowSpan.Month, Dimension: RecoveryDimension.Program }).Figures.Currencies.Single();
    }

    private void AssertRefused(string errorClass, string message)
    {
        var refused = Assert.Single(_harness.DeadLetters).Rejection!.Value;
        Assert.Equal(errorClass, refused.ErrorClass);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        if (errorClass != "SettlementIdMismatch")
        {
            Assert.Equal(1, _harness.Metric("returns_recovery_settlements_total{result=\"refused\"}"));
        }
    }
}
