using System.Globalization;
using Returns.Contracts;
using Returns.Domain.Recovery;

namespace Returns.Topologies.Tests.Recovery;

/// <summary>Every figure of every window equals a plain sum over what its units came to, whatever came in between.</summary>
public sealed class RecoveryAgainstOracle
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 3)]
    [InlineData(4, 2)]
    public void Figures_are_the_sums_of_the_units_under_duplicates_reordering_regrades_aborts_and_restarts(int seed, int partitions)
    {
        var random = new Random(seed);
        var harness = new RecoveryHarness(partitions);
        var oracle = new Oracle();
        var pending = new List<(long At, Action Publish)>();
        for (var number = 0; number < 400; number++)
        {
            Plan(random, string.Create(CultureInfo.InvariantCulture, $"L-{number}"), pending, harness, oracle);
        }
        // In the order of event time, but for what is late by up to an hour or by days.
        foreach (var (_, publish) in pending.OrderBy(p => p.At + (random.Next(40) == 0 ? random.Next(5) * RecoveryHarness.Day : random.Next((int)RecoveryHarness.Hour))).ToList())
        {
            publish();
            if (random.Next(30) == 0)
            {
                harness.Commit();
            }
            else if (random.Next(60) == 0)
            {
                harness.Driver.Abort();
            }
            else if (random.Next(120) == 0)
            {
                harness.Driver.Restart();
            }
        }
        harness.Commit();
        // Past every close, and past the time in which corrections are gathered.
        harness.Advance(RecoveryHarness.Start + 50 * RecoveryHarness.Day);
        harness.Advance(RecoveryHarness.Start + 60 * RecoveryHarness.Day);

        oracle.Compare(harness);
        Assert.DoesNotContain(harness.DeadLetters, d => d.Rejection!.Value.ErrorClass is not ("SettledTwice" or "SettledOverPrice"));
        Assert.NotEmpty(harness.DeadLetters);
        Assert.Contains(harness.Windows, w => w.Figure == FigureKind.Correction);
        Assert.Contains(harness.Latest.Values, w => w.Figures.Currencies.Count == 2);
        CheckRevisions(harness);
    }

    /// <summary>A closed window changes by corrections alone, each with the next number.</summary>
    private static void CheckRevisions(RecoveryHarness harness)
    {
        foreach (var windows in harness.Windows.GroupBy(w => (w.Program, w.Origin, w.Dimension, w.Value, w.Span, w.Start)))
        {
            var closed = windows.SkipWhile(w => w.Figure == FigureKind.Early).ToList();
            Assert.DoesNotContain(closed, w => w.Figure == FigureKind.Early);
            Assert.Equal(closed.Count(w => w.Figure == FigureKind.Final) == 1 ? Enumerable.Range(0, closed.Count) : Enumerable.Range(1, closed.Count), closed.Select(w => w.Revision));
        }
    }

    private static void Plan(Random random, string lpn, List<(long At, Action Publish)> pending, RecoveryHarness harness, Oracle oracle)
    {
        var receivedAt = RecoveryHarness.Start + random.Next((int)(30 * RecoveryHarness.Hour));
        var price = random.Next(3) == 0 ? RecoveryHarness.Dollars(random.Next(1, 500)) : RecoveryHarness.Pounds(random.Next(1, 500));
        void Add(long at, Action publish)
        {
            pending.Add((at, publish));
            if (random.Next(8) == 0)
            {
                pending.Add((at + random.Next((int)RecoveryHarness.Day), publish));
            }
        }
        var last = receivedAt;
        for (var revision = 1; revision <= random.Next(1, 4); revision++)
        {
            if (random.Next(4) == 0)
            {
                var review = RecoveryHarness.Review(lpn, receivedAt, revision, random.Next(3) == 0 ? ExceptionState.Resolved : ExceptionState.Open);
                review.Program = price.Currency.ToString() == "GBP" ? "north" : "south";
                oracle.Take(review);
                Add(review.RaisedAt, () => harness.Publish(review));
            }
            var decision = RecoveryHarness.Decision(lpn, receivedAt, (Disposition)random.Next(8), revision);
            decision.Program = price.Currency.ToString() == "GBP" ? "north" : "south";
            decision.Facility = random.Next(2) == 0 ? "DC-LEEDS" : "DC-DERBY";
            decision.Sku = $"8512{random.Next(5)}{(char)('A' + random.Next(3))}";
            decision.Category = random.Next(2) == 0 ? "toys" : "homeware";
            decision.Vendor = random.Next(4) == 0 ? default(Utf8?) : Utf8.From(random.Next(2) == 0 ? "V-1" : "V-2");
            decision.Grade = random.Next(6) == 0 ? default(Utf8?) : Utf8.From("ABCDX"[random.Next(5)].ToString());
            decision.ReferencePrice = price;
            // Some products are bought in another currency than they are sold in.
            decision.Cost = random.Next(5) == 0 ? null : random.Next(4) == 0 ? RecoveryHarness.Dollars(random.Next(1, 300)) : price with { Amount = random.Next(1, 300) };
            decision.ExpectedValue = random.Next(5) == 0 ? null : price with { Amount = random.Next(-20, 5_000) / 10m };
            decision.HandlingCost = random.Next(5) == 0 ? null : price with { Amount = random.Next(50) / 10m };
            decision.WeightGrams = random.Next(4) == 0 ? null : random.Next(4_000);
            decision.Origin = Origin.Simulated;
            oracle.Take(decision);
            last = Math.Max(last, decision.RoutedAt);
            Add(decision.RoutedAt, () => harness.Publish(decision));
        }
        if (random.Next(2) == 0)
        {
            // After all that may still come of it, late or twice.
            var paidAt = last + 10 * RecoveryHarness.Day + random.Next((int)RecoveryHarness.Day);
            var settlement = Paid(price with { Amount = price.Amount * random.Next(50, 100) / 100 }, paidAt, 1);
            oracle.Take(settlement);
            Add(paidAt, () => harness.Publish(settlement));
            var (twice, over) = (Paid(price with { Amount = 0.5m }, paidAt + RecoveryHarness.Day * 10, 1), Paid(RecoveryHarness.Pounds(9_999m) with { Currency = price.Currency }, paidAt, 9));
            if (random.Next(3) == 0)
            {
                Add(twice.PaidAt, () => harness.Publish(twice));
            }
            if (random.Next(3) == 0)
            {
                Add(over.PaidAt, () => harness.Publish(over));
            }
            if (random.Next(3) == 0)
            {
                var corrected = Paid(price with { Amount = price.Amount / 4 }, paidAt + RecoveryHarness.Day * 20, 2);
                oracle.Take(corrected);
                Add(corrected.PaidAt, () => harness.Publish(corrected));
            }
        }

        Settlement Paid(Money amount, long at, int revision)
        {
            var paid = RecoveryHarness.Paid(lpn, at, amount, revision);
            paid.Program = price.Currency.ToString() == "GBP" ? "north" : "south";
            paid.SettlementId = SettlementId.Of(paid);
            return paid;
        }
    }

    /// <summary>A plain fold over the same events.</summary>
    private sealed class Oracle
    {
        private readonly Dictionary<string, ItemRouted> _decisions = [];
        private readonly Dictionary<string, ItemException> _reviews = [];
        private readonly Dictionary<string, Settlement> _settlements = [];

        public void Take(ItemRouted decision) => Latest(_decisions, decision.Lpn, decision, d => d.Revision);

        public void Take(ItemException review) => Latest(_reviews, review.Lpn, review, r => r.Revision);

        public void Take(Settlement settlement) => Latest(_settlements, settlement.Lpn, settlement, s => s.Revision);

        public void Compare(RecoveryHarness harness)
        {
            var expected = new SortedDictionary<string, RecoveryTotals>(StringComparer.Ordinal);
            foreach (var lpn in _decisions.Keys.Union(_reviews.Keys))
            {
                var (decision, review) = (_decisions.GetValueOrDefault(lpn), _reviews.GetValueOrDefault(lpn));
                var inReview = decision is null || (review is { State: ExceptionState.Open } && review.Revision > decision.Revision);
                var paid = _settlements.GetValueOrDefault(lpn)?.Amount;
                var unit = inReview
                    ? new UnitRecovery(Disposition.ManualReview, 0, 0, null, null, null, null, paid)
                    : new UnitRecovery(decision!.Disposition, decision.DwellMillis, decision.WeightGrams ?? 0, decision.Cost, decision.ReferencePrice, decision.ExpectedValue, decision.HandlingCost, paid);
                var channel = unit.Disposition == Disposition.Resell ? decision!.Channel.ToString()! : unit.Disposition.ToSymbol();
                (string Dimension, string Value)[] dimensions = inReview
                    ? [("program", ""), ("facility", review!.Facility.ToString()), ("category", ""), ("product_line", ""), ("grade", ""), ("channel", channel), ("vendor", "")]
                    : [("program", ""), ("facility", decision!.Facility.ToString()), ("category", decision.Category.ToString()), ("product_line", decision.Sku.ToString()[..^1]),
                        ("grade", decision.Grade?.ToString() ?? ""), ("channel", channel), ("vendor", decision.Vendor?.ToString() ?? "")];
                var (program, origin, receivedAt) = inReview ? (review!.Program, review.Origin, review.IntakeAt!.Value) : (decision!.Program, decision.Origin, decision.IntakeAt);
                var month = DateTimeOffset.FromUnixTimeMilliseconds(receivedAt);
                (string Span, long Start)[] windows =
                [
                    ("hour", receivedAt / RecoveryHarness.Hour * RecoveryHarness.Hour),
                    ("day", receivedAt / RecoveryHarness.Day * RecoveryHarness.Day),
                    ("month", new DateTimeOffset(month.Year, month.Month, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds()),
                ];
                foreach (var (dimension, value) in dimensions)
                {
                    foreach (var (span, start) in windows)
                    {
                        var key = string.Create(CultureInfo.InvariantCulture, $"{program}|{origin.ToSymbol()}|{dimension}|{value}|{span}|{start}");
                        if (!expected.TryGetValue(key, out var totals))
                        {
                            expected.Add(key, totals = new RecoveryTotals());
                        }
                        totals.Add(unit);
                    }
                }
            }
            var nothing = RecoveryHarness.Text(new RecoveryFigures());
            var found = harness.Latest.Where(w => RecoveryHarness.Text(w.Value.Figures) != nothing).ToDictionary();
            Assert.Equal(expected.Keys, found.Keys.Order(StringComparer.Ordinal));
            foreach (var (key, totals) in expected)
            {
                var figures = new RecoveryFigures();
                totals.Fill(figures);
                Assert.Equal($"{key}: {RecoveryHarness.Text(figures)}", $"{key}: {RecoveryHarness.Text(found[key].Figures)}");
                Assert.Equal((totals.Dwell.Quantile(0.5), totals.Dwell.Quantile(0.9)), (found[key].DwellMedianMillis, found[key].DwellP90Millis));
            }
        }

        private static void Latest<T>(Dictionary<string, T> known, Utf8 lpn, T record, Func<T, int> revision)
        {
            if (!known.TryGetValue(lpn.ToString(), out var before) || revision(record) >= revision(before))
            {
                known[lpn.ToString()] = record;
            }
        }
    }
}
