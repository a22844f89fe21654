using System.Globalization;
using Returns.Contracts;
using Returns.Domain.Recovery;
using Returns.Simulator.Settlements;

namespace Returns.Simulator.Tests.Settlements;

public sealed class Paying
{
    private const long Start = 1_300_000_000_000;
    private const long Day = 86_400_000;

    [Fact]
    public void The_same_decisions_give_the_same_settlements_and_another_seed_gives_others()
    {
        Assert.Equal(Texts(Paid(1)), Texts(Paid(1)));
        Assert.NotEqual(Texts(Paid(1)), Texts(Paid(2)));
    }

    [Fact]
    public void Nothing_is_paid_before_event_time_has_come_to_it_nor_more_than_the_price()
    {
        var desk = new SettlementDesk(1);
        var decisions = Decisions().ToDictionary(d => d.Lpn.ToString());
        var (now, offset) = (long.MinValue, 0L);
        foreach (var decision in decisions.Values)
        {
            now = Math.Max(now, decision.RoutedAt);
            desk.Observe(decision, offset++);
            while (desk.TryNext(out var settlement))
            {
                var paidFor = decisions[settlement.Lpn.ToString()];
                Assert.InRange(settlement.PaidAt, paidFor.RoutedAt + 3 * Day, now);
                Assert.InRange(settlement.Amount.Amount, 0, paidFor.ReferencePrice!.Value.Amount);
                Assert.Equal(paidFor.ReferencePrice!.Value.Currency, settlement.Amount.Currency);
                Assert.Equal(SettlementId.Of(settlement), settlement.SettlementId.ToString());
                Assert.True(paidFor.Disposition is Disposition.Resell or Disposition.ReturnToVendor);
                Assert.Equal(paidFor.Disposition == Disposition.Resell ? "off-price" : "V-1", settlement.PayerName.ToString());
            }
        }
    }

    [Fact]
    public void Some_are_sent_twice_some_corrected_some_unpaid()
    {
        var paid = Paid(1);
        var units = paid.GroupBy(s => s.Lpn.ToString()).ToList();
        Assert.Contains(units, u => u.Select(s => s.SettlementId.ToString()).Distinct().Count() < u.Count());
        Assert.Contains(units, u => u.Max(s => s.Revision) == 2);
        Assert.Contains(paid, s => s.Amount.Amount == 0);
        Assert.All(units, u => Assert.Equal(u.Max(s => s.Revision), u.Select(s => s.SettlementId.ToString()).Distinct().Count()));
        // Of the channels' and vendors' units that had 30 days to be paid for.
        var due = Decisions().Count(d => d.Disposition is Disposition.Resell or Disposition.ReturnToVendor && d.RoutedAt < Start + 30 * Day);
        Assert.InRange(units.Count(u => u.First().PaidAt > 0), due * 80 / 100, Decisions().Count());
    }

    [Fact]
    public void A_decision_that_replaces_another_replaces_what_would_have_been_paid_for_it()
    {
        var desk = new SettlementDesk(1);
        desk.Observe(Decision(1, Start, Disposition.Resell), 0);
        desk.Observe(Decision(1, Start + 1, Disposition.Dispose, revision: 2), 1);
        Assert.Null(desk.FirstPending);
        desk.Observe(Decision(2, Start + 60 * Day, Disposition.Dispose), 2);
        Assert.False(desk.TryNext(out _));
    }

    [Fact]
    public void A_station_s_unit_is_never_paid_for()
    {
        var desk = new SettlementDesk(1);
        for (var i = 0; i < 200; i++)
        {
            var measured = Decision(i, Start + i * Day, Disposition.Resell);
            measured.Origin = Origin.Station;
            desk.Observe(measured, i);
        }
        Assert.Null(desk.FirstPending);
        Assert.False(desk.TryNext(out _));
    }

    public static IEnumerable<ItemRouted> Decisions() => Enumerable.Range(0, 4_000).Select(i => Decision(i, Start + i * Day / 80, (Disposition)(i % 6)));

    public static ItemRouted Decision(int number, long at, Disposition disposition, int revision = 1) => new()
    {
        Lpn = string.Create(CultureInfo.InvariantCulture, $"L-{number}"),
        Program = "north",
        Vendor = Utf8.From("V-1"),
        Disposition = disposition,
        Channel = disposition == Disposition.Resell ? Utf8.From("off-price") : default(Utf8?),
        Revision = revision,
        ReferencePrice = new Money(10m, Currency.Parse("GBP")),
        ExpectedValue = new Money(9m, Currency.Parse("GBP")),
        HandlingCost = new Money(0.8m, Currency.Parse("GBP")),
        RoutedAt = at,
        Origin = Origin.Replayed,
    };

    private static List<Settlement> Paid(ulong seed)
    {
        var desk = new SettlementDesk(seed);
        var paid = new List<Settlement>();
        var offset = 0L;
        foreach (var decision in Decisions())
        {
            desk.Observe(decision, offset++);
            while (desk.TryNext(out var settlement))
            {
                paid.Add(settlement);
            }
        }
        return paid;
    }

    private static IEnumerable<string> Texts(IEnumerable<Settlement> settlements) => settlements.Select(s => $"{s.SettlementId} {s.Lpn} {s.Revision} {s.Amount} {s.PaidAt}");
}
