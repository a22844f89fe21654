using Returns.Contracts;
using Returns.Domain.Compliance;
using Returns.Domain.Tests.Models;

namespace Returns.Domain.Tests.Compliance;

public sealed class Documents
{
    [Fact]
    public void A_document_adds_up_names_its_deadlines_and_has_an_id_of_its_content()
    {
        var document = Document(1, null);
        Assert.Equal([(ChargeKind.Credit, 3, 180m), (ChargeKind.Packaging, 2, 3m)], document.Lines.Select(l => (l.Kind, (int)l.Units, l.Amount)));
        Assert.Equal(183m, document.Total);
        Assert.Equal(document.IssuedAt + 30 * Terms.Day, document.DisputeUntil);
        Assert.Equal(document.IssuedAt + 10 * Terms.Day, document.RespondBy);
        Assert.Equal($"CB-{document.ContentHash.ToString()[..24]}", document.DocumentId.ToString());
        Assert.Equal(document.DocumentId, Document(1, null).DocumentId);
        Assert.Empty(DocumentSeal.Check(document, null));
    }

    /// <summary>A hash that changes with a version of this software would make every document issued before look edited.</summary>
    [Fact]
    public void The_canonical_form_does_not_change()
    {
        Assert.StartsWith("kind=chargeback\nprogram=north\nvendor=V-1\nsequence=1\ncorrects=\nrevision=0\nterms.id=", DocumentSeal.Canonical(Document(1, null)), StringComparison.Ordinal);
        Assert.Equal(Expected, DocumentSeal.Hash(Document(1, null)));
    }

    private const string Expected = "defc9c46c5d3a69d7baa88cf588710128662788a3572ea7d7b3ca033d0dbc0fd";

    [Fact]
    public void Whatever_is_edited_shows()
    {
        Action<Chargeback>[] edits =
        [
            d => d.DocumentId = "CB-0", d => d.Kind = DocumentKind.Correction, d => d.Program = "south", d => d.Vendor = "V-2", d => d.Sequence++,
            d => d.Corrects = "CB-1", d => d.Revision++, d => d.Terms.Id = "0", d => d.Terms.Name = "x", d => d.Terms.Version = "x", d => d.Terms.ValidFrom = null,
            d => d.Terms.ValidTo = 1, d => d.Terms.Currency = Currency.Parse("USD"), d => d.Terms.DefectReasons.Clear(), d => d.Terms.DefectGrades.Clear(),
            d => d.Terms.AllowedUnits++, d => d.Terms.AllowedValue = 1, d => d.Terms.WindowKind = RateWindowKind.Tumbling, d => d.Terms.WindowHours++,
            d => d.Terms.MinimumUnits++, d => d.Terms.ClearPercent++, d => d.Terms.AuthorizationNeeded = false, d => d.Terms.Packaging.Clear(),
            d => d.Terms.BillingHours++, d => d.Terms.CloseAfterHours++, d => d.Terms.CreditPercent++, d => d.Terms.HandlingPercent++, d => d.Terms.Freight++,
            d => d.Terms.FeeNoAuthorization++, d => d.Terms.FeePackaging++, d => d.Terms.FeeMisShipped++, d => d.Terms.DisputeDays++, d => d.Terms.ResponseDays++,
            d => d.WindowStart++, d => d.WindowEnd++, d => d.Figures.Units++, d => d.Figures.Defects++, d => d.Figures.ValuedUnits++, d => d.Figures.Value++,
            d => d.Figures.DefectValue++, d => d.DefectsCharged = false, d => d.Lines[0].Kind = ChargeKind.Freight, d => d.Lines[0].Units++,
            d => d.Lines[0].Amount += 0.01m, d => d.Lines.Clear(), d => d.Lines.Add(), d => d.Total += 0.01m, d => d.IssuedAt++, d => d.DisputeUntil++,
            d => d.RespondBy++, d => d.Journal.Partition++, d => d.Journal.FirstOffset++, d => d.Journal.LastOffset++, d => d.Journal.Records++,
            d => d.Journal.Hash = "0", d => d.PreviousHash = "0", d => d.ContentHash = "0",
        ];
        for (var i = 0; i < edits.Length; i++)
        {
            var document = Document(1, null);
            edits[i](document);
            Assert.True(DocumentSeal.Check(document, null).Count > 0, $"edit {i}");
        }
    }

    [Fact]
    public void A_document_that_is_sealed_again_after_an_edit_breaks_the_chain()
    {
        var chain = Chain(3);
        Assert.Empty(Check(chain));
        chain[1].Figures.Units++;
        DocumentSeal.Apply(chain[1], Terms.Agreement(), Charges());
        Assert.StartsWith("it follows a document with the hash", Assert.Single(Check(chain)), StringComparison.Ordinal);
    }

    [Fact]
    public void Documents_that_were_removed_are_missed()
    {
        Assert.Equal("document 3 before it is missing", Assert.Single(Check([.. Chain(5).Where(d => d.Sequence != 3)])));
        Assert.Equal("documents 2 to 4 before it are missing", Assert.Single(Check([.. Chain(5).Where(d => d.Sequence is 1 or 5)])));
        Assert.Equal("document 1 before it is missing", Assert.Single(Check([.. Chain(2).Skip(1)])));
        Assert.Contains("its number 2 was given before", Check([.. Chain(2), .. Chain(2).Skip(1)]));
    }

    [Fact]
    public void Text_that_looks_like_another_field_is_none()
    {
        var first = Document(1, null);
        var second = Document(1, null);
        (first.Program, first.Vendor) = ("north\nvendor=V-1", "");
        (second.Program, second.Vendor) = ("north", "V-1\nvendor=");
        Assert.NotEqual(DocumentSeal.Hash(first), DocumentSeal.Hash(second));
        (first.Program, second.Program) = ("a\\nb", "a\nb");
        second.Vendor = first.Vendor;
        Assert.NotEqual(DocumentSeal.Hash(first), DocumentSeal.Hash(second));
    }

    [Fact]
    public void A_correction_is_the_difference_and_all_of_them_add_up_to_what_is_due() => Cases.Each(200, random =>
    {
        var agreement = Terms.Agreement();
        var figures = default(BillingFigures);
        var present = new List<Standing>();
        var charged = default(ChargeSums);
        var paid = 0m;
        for (var revision = 0; revision < 5; revision++)
        {
            for (var i = random.Next(20); i > 0; i--)
            {
                if (present.Count > 0 && random.OneIn(3))
                {
                    var gone = random.Next(present.Count);
                    figures.Remove(present[gone]);
                    present.RemoveAt(gone);
                }
                else
                {
                    var unit = agreement.Assess(UnitsAssessed.Some(random), Terms.Findings(("box", random.Next(3))));
                    present.Add(unit);
                    figures.Add(unit);
                }
            }

            var due = figures.Due(agreement);
            var document = Document(1, null);
            DocumentSeal.Apply(document, agreement, due.Less(charged));
            charged = due;
            paid += document.Total;
            Assert.Empty(DocumentSeal.Check(document, null));
        }

        Assert.Equal(UnitsAssessed.Kinds.Sum(k => charged[(int)k].Amount), paid);
        Assert.True(charged.Less(charged).IsNothing());
    });

    private static List<string> Check(List<Chargeback> chain) =>
        [.. chain.SelectMany((document, i) => DocumentSeal.Check(document, i == 0 ? null : chain[i - 1]))];

    private static List<Chargeback> Chain(int length)
    {
        var chain = new List<Chargeback>();
        for (var i = 1; i <= length; i++) chain.Add(Document(i, chain.LastOrDefault()?.ContentHash));
        return chain;
    }

    private static ChargeSums Charges()
    {
        var charges = default(ChargeSums);
        charges[(int)ChargeKind.Credit] = new ChargeSum(3, 180m);
        charges[(int)ChargeKind.Packaging] = new ChargeSum(2, 3m);
        return charges;
    }

    private static Chargeback Document(long sequence, Utf8? previous)
    {
        var document = new Chargeback
        {
            Program = "north",
            Vendor = "V-1",
            Sequence = sequence,
            WindowStart = Terms.NewYear,
            WindowEnd = Terms.NewYear + 7 * Terms.Day,
            DefectsCharged = true,
            IssuedAt = Terms.NewYear + 8 * Terms.Day,
            PreviousHash = previous,
        };
        new DefectTotals(20, 3, 19, 1140m, 180m, 0).Fill(document.Figures);
        document.Journal.FirstOffset = 17;
        document.Journal.LastOffset = 90;
        document.Journal.Records = 23;
        document.Journal.Hash = new string('a', 64);
        DocumentSeal.Apply(document, Terms.Agreement(), Charges());
        return document;
    }
}
