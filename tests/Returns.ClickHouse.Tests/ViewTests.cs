using Returns.Contracts;

namespace Returns.ClickHouse.Tests;

public sealed class ViewTests(Databases databases)
{
    [Fact]
    public async Task Each_unit_is_one_item_in_the_state_its_latest_outcome_gives()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        var samples = new OutcomeSamples(1);
        void Routed(string lpn, int revision, Disposition disposition) => stage.Publish(Topics.Dispositions, lpn, samples.Routed(lpn, revision, disposition));
        void Raised(string lpn, int revision, ExceptionState state) => stage.Publish(Topics.Exceptions, lpn, samples.Raised(lpn, revision, state));
        Routed("routed", 1, Disposition.Resell);
        Routed("rerouted", 2, Disposition.Donate);
        Routed("rerouted", 1, Disposition.Resell);
        Routed("by-disposition", 1, Disposition.ManualReview);
        Raised("by-disposition", 1, ExceptionState.Open);
        Routed("reopened", 1, Disposition.Restock);
        Raised("reopened", 2, ExceptionState.Open);
        Raised("only-open", 1, ExceptionState.Open);
        Raised("resolved", 1, ExceptionState.Open);
        Raised("resolved", 2, ExceptionState.Resolved);
        Routed("resolved", 2, Disposition.Refurbish);
        Routed("resolved-later", 1, Disposition.Restock);
        Raised("resolved-later", 2, ExceptionState.Open);
        Raised("resolved-later", 3, ExceptionState.Resolved);
        Raised("old-exception", 1, ExceptionState.Open);
        Routed("old-exception", 2, Disposition.Restock);
        await stage.AllLandedOnceAsync(stage.Sink());

        Assert.Equal(
            [
                "by-disposition manual_review manual_review 1 reason",
                "old-exception routed restock 2 -",
                "only-open manual_review manual_review 1 reason",
                "reopened manual_review manual_review 2 reason",
                "rerouted routed donate 2 -",
                "resolved routed refurbish 2 -",
                "resolved-later routed restock 1 -",
                "routed routed resell 1 -",
            ],
            (await stage.ScalarAsync("SELECT concat(lpn, ' ', state, ' ', disposition, ' ', toString(revision), if(reason IS NULL, ' -', ' reason')) FROM items ORDER BY lpn")).Split('\n'));
    }

    [Fact]
    public async Task Headline_rates_count_final_dispositions_per_currency()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        void Routed(string lpn, Disposition disposition, decimal cost, decimal expected, string currency = "GBP")
        {
            var routed = new OutcomeSamples(1).Routed(lpn, 1, disposition);
            (routed.Category, routed.Grade, routed.Origin) = ("toys", "B", Origin.Station);
            routed.Cost = new Money(cost, Currency.Parse(currency));
            routed.ExpectedValue = new Money(expected, Currency.Parse(currency));
            routed.ReferencePrice = new Money(20m, Currency.Parse(currency));
            stage.Publish(Topics.Dispositions, lpn, routed);
        }
        Routed("1", Disposition.Dispose, 10m, -1m);
        Routed("2", Disposition.Resell, 30m, 12m);
        Routed("3", Disposition.Restock, 20m, 19m);
        Routed("4", Disposition.Quarantine, 20m, 19m);
        Routed("5", Disposition.ManualReview, 20m, 19m);
        Routed("6", Disposition.Dispose, 7m, 0m, "EUR");
        await stage.AllLandedOnceAsync(stage.Sink());

        Assert.Equal(
            ["EUR\t1\t1\t1\t7\t7\t1", "GBP\t3\t1\t0.333\t60\t10\t0.167"],
            (await stage.ScalarAsync("SELECT currency, units, written_off_units, round(write_off_rate_units, 3), value, written_off_value, round(write_off_rate_value, 3) FROM write_off_rate_by_category WHERE category = 'toys' ORDER BY currency")).Split('\n'));
        Assert.Equal("B\t3\t30\t60\t0.5", await stage.ScalarAsync("SELECT grade, units, recovery_value, resale_value, recovery_rate FROM recovery_rate_by_grade WHERE currency = 'GBP'"));
    }
}
