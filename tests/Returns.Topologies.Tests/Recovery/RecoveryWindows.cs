using Returns.Contracts;

namespace Returns.Topologies.Tests.Recovery;

/// <summary>Where units count, and when figures are final.</summary>
public sealed class RecoveryWindows
{
    private const long Midnight = RecoveryHarness.Start + 12 * RecoveryHarness.Hour;
    private readonly RecoveryHarness _harness = new();

    [Fact]
    public void A_unit_counts_where_it_was_received_in_the_hour_the_day_and_the_month_of_the_calendar()
    {
        _harness.Publish(RecoveryHarness.Decision("L-1", Midnight - 1));
        _harness.Publish(RecoveryHarness.Decision("L-2", Midnight));
        _harness.Commit();
        (WindowSpan, long, long)[] expected =
        [
            (WindowSpan.Hour, Midnight - RecoveryHarness.Hour, Midnight),
            (WindowSpan.Hour, Midnight, Midnight + RecoveryHarness.Hour),
            (WindowSpan.Day, Midnight - RecoveryHarness.Day, Midnight),
            (WindowSpan.Day, Midnight, Midnight + RecoveryHarness.Day),
            // January and February of 2026.
            (WindowSpan.Month, Midnight - 31 * RecoveryHarness.Day, Midnight),
            (WindowSpan.Month, Midnight, Midnight + 28 * RecoveryHarness.Day),
        ];
        Assert.Equal(expected, _harness.Latest.Values.Where(w => w.Dimension == RecoveryDimension.Program).Select(w => (w.Span, w.Start, w.End)).Order());
        Assert.All(_harness.Latest.Values, w => Assert.Equal(1, w.Figures.Units));
    }

    [Fact]
    public void A_regrade_moves_a_unit_from_one_grade_and_channel_to_another()
    {
        _harness.Publish(RecoveryHarness.Decision("L-1", Midnight));
        _harness.Commit();
        var regraded = RecoveryHarness.Decision("L-1", Midnight, Disposition.Dispose, revision: 2);
        regraded.Grade = "X";
        _harness.Publish(regraded);
        _harness.Commit();
        Assert.Equal(0, Month(RecoveryDimension.Grade, "B").Units);
        Assert.Equal(1, Month(RecoveryDimension.Grade, "X").WrittenOff);
        Assert.Equal(0, Month(RecoveryDimension.Channel, "off-price").Units);
        Assert.Equal(1, Month(RecoveryDimension.Channel, "dispose").Units);
        Assert.Equal((1, 1), (Month(RecoveryDimension.Program, "").Units, Month(RecoveryDimension.Program, "").WrittenOff));
    }

    [Fact]
    public void A_category_that_nobody_configured_and_a_unit_without_one_count_under_their_names()
    {
        var unknown = RecoveryHarness.Decision("L-1", Midnight);
        unknown.Category = "garden-gnomes";
        _harness.Publish(unknown);
        _harness.Publish(RecoveryHarness.Review("L-2", Midnight));
        _harness.Commit();
        Assert.Equal(1, Month(RecoveryDimension.Category, "garden-gnomes").Resold);
        Assert.Equal(1, Month(RecoveryDimension.Category, "").InReview);
    }

    [Fact]
    public void Simulated_units_are_never_in_one_sum_with_measured_ones()
    {
        var simulated = RecoveryHarness.Decision("L-1", Midnight);
        simulated.Origin = Origin.Simulated;
        _harness.Publish(simulated);
        _harness.Publish(RecoveryHarness.Decision("L-2", Midnight));
        _harness.Commit();
        Assert.Equal([1L, 1L], _harness.Latest.Values.Where(w => w is { Dimension: RecoveryDimension.Program, Span: WindowSpan.Month }).Select(w => w.Figures.Units));
    }

    [Fact]
    public void A_closed_month_changes_by_a_correction_that_says_so()
    {
        _harness.Publish(RecoveryHarness.Decision("L-1", Midnight - 1));
        _harness.Advance(Midnight + 3 * RecoveryHarness.Day);
        var final = Months().Single(w => w.Figure == FigureKind.Final);
        Assert.Equal((1, 0), (final.Figures.Units, final.Revision));
        _harness.Windows.Clear();

        _harness.Publish(RecoveryHarness.Paid("L-1", Midnight + 10 * RecoveryHarness.Day, RecoveryHarness.Pounds(9m)));
        _harness.Commit();
        Assert.Empty(Months());
        _harness.Advance(Midnight + 14 * RecoveryHarness.Day);
        var correction = Months().Single();
        Assert.Equal((FigureKind.Correction, 1, 9m), (correction.Figure, correction.Revision, correction.Figures.Currencies.Single().SettledProceeds));
    }

    [Fact]
    public void A_backlog_of_days_between_two_commits_makes_nothing_late()
    {
        for (var hour = 0; hour < 20 * 24; hour++)
        {
            _harness.Publish(RecoveryHarness.Decision($"L-{hour}", Midnight + hour * RecoveryHarness.Hour));
        }
        _harness.Commit();
        _harness.Advance(Midnight + 25 * RecoveryHarness.Day);
        Assert.DoesNotContain(_harness.Windows, w => w.Figure == FigureKind.Correction);
        Assert.Equal(20 * 24, _harness.Windows.Count(w => w is { Dimension: RecoveryDimension.Program, Span: WindowSpan.Hour, Figure: FigureKind.Final }));
    }

    [Fact]
    public void Units_in_review_that_are_read_ahead_of_the_decisions_close_no_window()
    {
        _harness.Publish(RecoveryHarness.Review("L-9", Midnight + 20 * RecoveryHarness.Day));
        _harness.Commit();
        _harness.Publish(RecoveryHarness.Decision("L-1", Midnight));
        _harness.Commit();
        _harness.Publish(RecoveryHarness.Decision("L-2", Midnight + 1));
        _harness.Commit();
        _harness.Advance(Midnight + 25 * RecoveryHarness.Day);
        Assert.DoesNotContain(_harness.Windows, w => w.Figure == FigureKind.Correction);
        Assert.Equal(2, _harness.Windows.Single(w => w is { Dimension: RecoveryDimension.Program, Span: WindowSpan.Hour, Figure: FigureKind.Final } && w.Start == Midnight).Figures.Units);
    }

    [Fact]
    public void A_hot_hour_sends_a_change_for_each_figure_and_not_for_each_unit()
    {
        for (var i = 0; i < 1_000; i++)
        {
            _harness.Publish(RecoveryHarness.Decision($"L-{i}", Midnight + i));
        }
        _harness.Commit();
        Assert.Equal(Enum.GetValues<RecoveryDimension>().Length - 1, _harness.Changes);
        Assert.Equal(1_000, Month(RecoveryDimension.Category, "homeware").Units);
    }

    [Fact]
    public void A_decision_on_a_unit_that_is_forgotten_goes_to_the_dead_letters()
    {
        _harness.Publish(RecoveryHarness.Decision("L-1", Midnight));
        _harness.Advance(Midnight + 121 * RecoveryHarness.Day);
        var windows = _harness.Windows.Count;
        _harness.Publish(RecoveryHarness.Decision("L-1", Midnight, revision: 2));
        _harness.Commit();
        Assert.Equal("TooLate", Assert.Single(_harness.DeadLetters).Rejection!.Value.ErrorClass);
        Assert.Equal(windows, _harness.Windows.Count);
    }

    private IEnumerable<RecoveryWindow> Months() => _harness.Windows.Where(w => w is { Dimension: RecoveryDimension.Program, Span: WindowSpan.Month });

    private RecoveryFigures Month(RecoveryDimension dimension, string value) =>
        _harness.Latest.Values.Single(w => w.Dimension == dimension && w.Value == value && w.Span == WindowSpan.Month).Figures;
}
