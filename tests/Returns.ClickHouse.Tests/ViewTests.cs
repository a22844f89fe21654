using Returns.Contracts;

namespace Returns.ClickHouse.Tests;

public sealed class ViewTests(Databases databases)
{
    private long _settlements;

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
    public async Task The_settlement_that_counts_is_the_highest_revision_that_was_not_refused()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        var samples = new OutcomeSamples(1);
        void Paid(string lpn, int revision, decimal amount, bool refused = false)
        {
            var paid = samples.Paid(lpn, revision);
            paid.Amount = new Money(amount, Currency.Parse("GBP"));
            stage.Publish(Topics.Settlements, lpn, paid);
            if (refused)
            {
                stage.PublishRaw(Topics.DeadLetters, new Confluent.Kafka.Message<string, byte[]> { Key = lpn, Value = Stage.Wire(paid), Headers = Stage.DeadLetterHeaders(Topics.Settlements, 0, _settlements, "SettledTwice", "twice") });
            }
            _settlements++;
        }
        Paid("once", 1, 5m);
        Paid("once", 1, 6m, refused: true);
        Paid("corrected", 2, 7m);
        Paid("corrected", 1, 8m);
        Paid("corrected", 3, 9m, refused: true);
        Paid("refused", 1, 10m, refused: true);
        await stage.AllLandedOnceAsync(stage.Sink());

        Assert.Equal(["corrected 2 7", "once 1 5"], (await stage.ScalarAsync("SELECT concat(lpn, ' ', toString(revision), ' ', toString(amount)) FROM settled_units ORDER BY lpn")).Split('\n'));
    }

    [Fact]
    public async Task Chargebacks_are_held_against_the_value_of_the_defects_of_their_window()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        var samples = new OutcomeSamples(1);
        var (start, end) = (new DateTimeOffset(2011, 5, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), new DateTimeOffset(2011, 5, 29, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds());
        foreach (var defectValue in new[] { 10m, 80m })
        {
            var window = samples.Window();
            (window.Vendor, window.AgreementId, window.Kind, window.Start, window.End, window.Currency) = ("V-1", "a1", VendorWindowKind.Billing, start, end, Currency.Parse("GBP"));
            window.Figures.DefectValue = defectValue;
            stage.Publish(Topics.VendorWindows, "NORTH|V-1", window);
        }
        foreach (var total in new[] { 50m, 14m, -4m })
        {
            var document = samples.Charged();
            (document.Vendor, document.WindowStart, document.WindowEnd, document.Terms.Currency, document.Total) = ("V-1", start, end, Currency.Parse("GBP"), total);
            stage.Publish(Topics.Chargebacks, "NORTH|V-1", document);
        }
        await stage.AllLandedOnceAsync(stage.Sink());

        // The formula is Returns.Domain's RecoveryRates.Chargeback.
        Assert.Equal("V-1\t80\t3\t60\t0.75", await stage.ScalarAsync("SELECT vendor, defect_value, documents, charged, chargeback_recovery FROM vendor_chargeback_recovery"));
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
