using Returns.Contracts;
using Returns.Domain.Grading;
using Returns.Domain.Tests.Models;
using Returns.Domain.Tests.Rules;

namespace Returns.Domain.Tests.Grading;

/// <summary>The shipped checklists as an inspector would try them out.</summary>
public sealed class ShippedChecklists
{
    private static readonly (string Criterion, double Value)[] SoundPhone =
        [("powers-on", 1), ("functional-test", 0), ("cosmetic", 0), ("accessories-complete", 1)];

    [Theory]
    [InlineData("powers-on", 0, "D")]
    [InlineData("functional-test", 1, "C")]
    [InlineData("functional-test", 2, "D")]
    [InlineData("cosmetic", 1, "A")]
    [InlineData("cosmetic", 2, "B")]
    [InlineData("cosmetic", 4, "X")]
    [InlineData("accessories-complete", 0, "B")]
    [InlineData("battery-health", 90, "A")]
    [InlineData("battery-health", 79.9, "C")]
    [InlineData("battery-health", 80, "A")]
    [InlineData("battery-health", 0, "D")]
    [InlineData("battery-swollen", 1, "X")]
    [InlineData("account-locked", 1, "D")]
    [InlineData("counterfeit", 1, "X")]
    public void One_flaw_of_a_phone_leads_to_its_grade(string criterion, double value, string grade) =>
        Assert.Equal(grade, Grade("electronics", [.. SoundPhone.Where(f => f.Criterion != criterion), (criterion, value)]).Grade.ToString());

    [Fact]
    public void Small_flaws_add_up()
    {
        Assert.Equal("A", Grade("electronics", [.. SoundPhone, ("screen-condition", 1)]).Grade.ToString());
        Assert.Equal("B", Grade("electronics", [.. SoundPhone, ("screen-condition", 1), ("battery-health", 85)]).Grade.ToString());
    }

    [Theory]
    [InlineData(100.1)]
    [InlineData(-1)]
    public void A_reading_that_cannot_be_counts_as_none(double health)
    {
        var result = Grade("electronics", [.. SoundPhone, ("battery-health", health)]);
        Assert.Equal("A", result.Grade.ToString());
        Assert.Equal(1, result.Findings.Rejected);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0.5)]
    [InlineData(-1)]
    [InlineData(1e18)]
    public void A_mandatory_answer_that_is_none_leaves_the_unit_open(double answer) =>
        Assert.False(Grade("electronics", [("powers-on", answer), .. SoundPhone[1..]]).IsGraded);

    [Theory]
    [InlineData(0.69, "A", ExceptionReason.LowConfidence)]
    [InlineData(0.70, "A", null)]
    [InlineData(0.70, "B", null)]
    [InlineData(0.70, "C", ExceptionReason.GradesDisagree)]
    [InlineData(1.01, "X", null)]
    [InlineData(double.NaN, "X", null)]
    [InlineData(0.99, "Z9", null)]
    public void An_image_asks_for_a_human_and_never_changes_the_grade(double confidence, string imageGrade, ExceptionReason? review)
    {
        var result = Grade("electronics", SoundPhone, image: (imageGrade, confidence));
        Assert.Equal("A", result.Grade.ToString());
        Assert.Equal(review, result.Review);
        Assert.Equal(imageGrade == "Z9" || confidence is not (>= 0 and <= 1), result.ImageRejected);
    }

    [Theory]
    [InlineData("electronics", "cosmetic", 1, QualityVerdict.Agrees, null)]
    [InlineData("electronics", "cosmetic", 2, QualityVerdict.Disagrees, ExceptionReason.GradesDisagree)]
    public void A_second_grading_is_compared_and_not_taken_over(string category, string criterion, double value,
        QualityVerdict verdict, ExceptionReason? review)
    {
        var result = Grade(category, SoundPhone, second: [.. SoundPhone.Where(f => f.Criterion != criterion), (criterion, value)]);
        Assert.Equal("A", result.Grade.ToString());
        Assert.Equal((verdict, review), (result.Quality, result.Review));
    }

    [Fact]
    public void Half_a_second_grading_says_nothing_of_the_grade() =>
        Assert.Equal(QualityVerdict.None, Grade("electronics", SoundPhone, second: [("cosmetic", 4)]).Quality);

    [Fact]
    public void A_graded_event_carries_the_limits_with_their_values()
    {
        var facts = Facts("electronics", [.. SoundPhone.Where(f => f.Criterion != "cosmetic"), ("cosmetic", 3), ("battery-health", 61)]);
        var rules = ShippedRules.Any();
        var into = new ItemGraded();
        rules.Grading.Grade(rules.Grading.Find("electronics"u8)!, facts).Fill(facts, into);
        Assert.Equal("C", into.Grade.ToString());
        Assert.Equal(50, into.Points);
        Assert.Equal([("battery-health", 61.0, "C"), ("cosmetic", 3.0, "C")],
            into.Limits.Select(l => (l.Criterion.ToString(), l.Value, l.Cap.ToString())).Order());
        Assert.Equal("2026.11.1", into.RuleVersion.ToString());
    }

    [Fact]
    public void An_open_unit_names_what_is_missing()
    {
        var names = new ValueList<Utf8>();
        var result = Grade("electronics", SoundPhone[1..], dataBearing: true);
        result.AddMissingTo(names);
        Assert.Equal(["powers-on", "data-wiped"], names.Select(n => n.ToString()));
        Assert.Throws<InvalidOperationException>(() => result.Fill(new ItemFacts(), new ItemGraded()));
    }

    private static ItemFacts Facts(string category, (string Criterion, double Value)[] findings,
        (string Criterion, double Value)[]? second = null, (string Grade, double Confidence)? image = null, bool dataBearing = false)
    {
        var unit = new UnitModel(
            new CatalogModel(category, "", 1, "GBP", 1, "GBP", null, false, false, dataBearing, false),
            Listed(findings), Listed(second ?? []), image, 0, 0, null, false, 0, null, [], []);
        return unit.ToFacts();

        static FindingModel[] Listed((string Criterion, double Value)[] list) =>
            [.. list.Select(f => new FindingModel(f.Criterion, f.Value, default))];
    }

    private static GradeResult Grade(string category, (string Criterion, double Value)[] findings,
        (string Criterion, double Value)[]? second = null, (string Grade, double Confidence)? image = null, bool dataBearing = false)
    {
        var rules = ShippedRules.Any();
        return rules.Grading.Grade(rules.Grading.Find(ShippedRules.Bytes(category))!, Facts(category, findings, second, image, dataBearing));
    }
}
