using Returns.Contracts;
using Returns.Domain.Recovery;

namespace Returns.Domain.Tests.Recovery;

public sealed class Settlements
{
    private static readonly Currency Pounds = Currency.Parse("GBP");

    private static readonly UnitRecovery Unit = new(Disposition.Resell, 0, 0, new Money(30m, Pounds), new Money(50m, Pounds), new Money(20m, Pounds), null, null);

    [Theory]
    [InlineData(50, "GBP", SettlementVerdict.Accepted)]
    [InlineData(0, "GBP", SettlementVerdict.Accepted)]
    [InlineData(50.0001, "GBP", SettlementVerdict.OverPrice)]
    [InlineData(-0.01, "GBP", SettlementVerdict.Negative)]
    [InlineData(10, "USD", SettlementVerdict.OtherCurrency)]
    public void A_first_settlement_is_held_against_the_highest_price_in_its_currency(double amount, string currency, SettlementVerdict verdict) =>
        Assert.Equal(verdict, SettlementCheck.Judge(Unit, null, new Money((decimal)amount, Currency.Parse(currency)), 1, 0, false));

    [Fact]
    public void What_the_customer_paid_is_a_price_too()
    {
        var amount = new Money(55m, Pounds);
        Assert.Equal(SettlementVerdict.OverPrice, SettlementCheck.Judge(Unit, null, amount, 1, 0, false));
        Assert.Equal(SettlementVerdict.Accepted, SettlementCheck.Judge(Unit, new Money(60m, Pounds), amount, 1, 0, false));
    }

    [Fact]
    public void A_unit_without_a_price_can_be_paid_nothing() => Assert.Equal(SettlementVerdict.NoPrice,
        SettlementCheck.Judge(Unit with { Cost = null, ReferencePrice = null }, null, new Money(1m, Pounds), 1, 0, false));

    [Theory]
    [InlineData(1, true, SettlementVerdict.Repeated)]
    [InlineData(2, false, SettlementVerdict.SettledTwice)]
    [InlineData(1, false, SettlementVerdict.Superseded)]
    [InlineData(3, false, SettlementVerdict.Accepted)]
    public void Of_two_settlements_the_higher_revision_counts(int revision, bool isSame, SettlementVerdict verdict) =>
        Assert.Equal(verdict, SettlementCheck.Judge(Unit, null, new Money(10m, Pounds), revision, 2, isSame));

    [Fact]
    public void An_id_is_made_of_all_that_is_said_and_by_the_rule_in_the_readme()
    {
        var settlement = new Settlement { Lpn = "L-1", Program = "north", Payer = Payer.Channel, PayerName = "owned-resale", Revision = 1, Amount = new Money(12.5m, Pounds), PaidAt = 1_300_000_000_000 };
        var id = SettlementId.Of(settlement);
        var content = "L-1|north|channel|owned-resale|1|12.5000|GBP||1300000000000"u8;
        Assert.Equal("ST-" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content))[..32], id);
        settlement.Amount = new Money(12.5000m, Pounds);
        Assert.Equal(id, SettlementId.Of(settlement));
        settlement.Revision = 2;
        Assert.NotEqual(id, SettlementId.Of(settlement));
    }
}
