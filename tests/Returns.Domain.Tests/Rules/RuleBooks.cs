using System.Text;
using Returns.Contracts;
using Returns.Domain.Rules;
using Returns.Domain.Tests.Models;

namespace Returns.Domain.Tests.Rules;

/// <summary>Rules that change while units are decided by them.</summary>
public sealed class RuleBooks
{
    [Fact]
    public void Documents_that_do_not_fit_together_leave_the_rules_as_they_were()
    {
        var before = RuleBook.Build(Documents(), null, out var errors);
        Assert.Empty(errors);
        var after = RuleBook.Build(Documents(("channels.yaml", "name: off-price", "name: on-price")), before, out errors);
        Assert.All(errors, e => Assert.Contains("channel 'off-price' is not in the channels rules", e.Message, StringComparison.Ordinal));
        Assert.NotEmpty(errors);
        Assert.Same(before.Find("anyone"u8), after.Find("anyone"u8));

        var repaired = RuleBook.Build(Documents(("channels.yaml", "2026.11.1", "2")), after, out errors);
        Assert.Empty(errors);
        Assert.Equal("grading:2026.11.1 routing:2026.11.1 channels:2 agreements:2026.11.2", repaired.Find("anyone"u8)!.RoutingVersion.ToString());
    }

    [Fact]
    public void A_programs_own_document_takes_the_place_of_everyones_and_the_others_stay()
    {
        var own = Own("agreements", "vendors:\n  - {name: '*', return-to-vendor: prohibited}\n");
        var book = RuleBook.Build([.. Documents(), own], null, out var errors);
        Assert.Empty(errors);
        Assert.Equal("grading:2026.11.1 routing:2026.11.1 channels:2026.11.1 agreements:acme-1", book.Find("acme"u8)!.RoutingVersion.ToString());
        Assert.Equal("grading:2026.11.1 routing:2026.11.1 channels:2026.11.1 agreements:2026.11.2", book.Find("anyone"u8)!.RoutingVersion.ToString());
        Assert.Same(book.Find("acme"u8)!.Grading, book.Find("anyone"u8)!.Grading);
        Assert.Equal(["*", "acme", "lakeside"], book.Programs.Select(p => p.Program).Order());

        var without = RuleBook.Build(Documents(), book, out errors);
        Assert.Same(without.Find("anyone"u8), without.Find("acme"u8));
    }

    [Fact]
    public void A_program_whose_own_documents_never_fitted_is_not_decided_by_everyones()
    {
        var misfit = Own("agreements", "vendors:\n  - {name: '*', return-to-vendor: eligible, grades: [Z], currency: GBP, credit-percent: 1}\n");
        var book = RuleBook.Build([.. Documents(), misfit], null, out var errors);
        Assert.Single(errors);
        Assert.NotNull(book.Find("anyone"u8));
        Assert.Null(book.Find("acme"u8));
        Assert.DoesNotContain(book.Programs, p => p.Program == "acme");

        // One that had been content with everyone's goes on with those.
        var before = RuleBook.Build(Documents(), null, out _);
        Assert.Same(before.Find("acme"u8), RuleBook.Build([.. Documents(), misfit], before, out _).Find("acme"u8));
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        var book = RuleBook.Build(Documents().Where(d => d.Kind != RuleKind.Channels), null, out var errors);
        Assert.Null(book.Find("anyone"u8));
        Assert.Equal("rules: program '*' has no channels rules, and there are none for every program", Assert.Single(errors).ToString());
        Assert.Null(RuleBook.Empty.Find("anyone"u8));
    }

    [Fact]
    public void The_order_of_documents_makes_no_difference() => Cases.Each(50, random =>
    {
        var documents = Documents().ToArray();
        random.Shuffle(documents);
        var rules = RuleBook.Build(documents, null, out var errors).Find("anyone"u8)!;
        Assert.Empty(errors);
        Assert.Equal("grading:2026.11.1 routing:2026.11.1 channels:2026.11.1 agreements:2026.11.2", rules.RoutingVersion.ToString());
    });

    [Fact]
    public void A_published_document_is_received_as_it_was_written()
    {
        foreach (var document in Documents())
        {
            var record = Published(document);
            Assert.Equal($"{record.Program}|{record.Kind.ToString().ToLowerInvariant()}", document.Key.ToString());
            Assert.Equal(64, record.ContentHash.Length);
            Assert.True(RuleDocument.TryRead(record, out var received, out var errors), string.Join('\n', errors));
            Assert.Equal((document.Kind, document.Program, document.Version, document.Text, document.ContentHash),
                (received!.Kind, received.Program, received.Version, received.Text, received.ContentHash));
            Assert.Equal(1_700_000_000_000, record.PublishedAt);
        }
    }

    [Fact]
    public void The_hash_is_the_SHA_256_of_the_text()
    {
        var document = Documents()[0];
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(document.Text))),
            document.ContentHash.ToString());
    }

    [Fact]
    public void A_record_that_is_not_what_it_says_is_refused()
    {
        var grading = Documents().Single(d => d.Kind == RuleKind.Grading);
        Refused("the document's hash is ", r => r.Document = r.Document.ToString() + " ");
        Refused("the document in it is grading of '*', version 2026.11.1; publish it under what it says it is", r => r.Version = "9");
        Refused("the document in it is grading of '*'", r => r.Program = "acme");
        Refused("the document in it is grading of '*'", r => r.Kind = RuleKind.Routing);
        Refused("the document in it is grading of '*'", r => r.Kind = RuleKind.Unknown);

        void Refused(string message, Action<RuleSet> change)
        {
            var record = Published(grading);
            change(record);
            Assert.False(RuleDocument.TryRead(record, out var document, out var errors));
            Assert.Null(document);
            var error = Assert.Single(errors);
            Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
            Assert.StartsWith("returns.rules ", error.Source, StringComparison.Ordinal);
        }
    }

    private static RuleSet Published(RuleDocument document)
    {
        var record = new RuleSet();
        document.Fill(1_700_000_000_000, record);
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        record.Encode(bytes);
        var read = new RuleSet();
        Assert.True(RuleSet.TryDecode(bytes.WrittenSpan, read, out var error), error.ToString());
        return read;
    }

    private static IReadOnlyList<RuleDocument> Documents(params (string File, string From, string To)[] changes) =>
        [.. ShippedRules.Files(changes).Select(f => Parsed(f.Name, Encoding.UTF8.GetString(f.Content.Span)))];

    private static RuleDocument Own(string kind, string content) =>
        Parsed($"rules/acme-{kind}.yaml", $"kind: {kind}\nprogram: acme\nversion: acme-1\n{content}");

    private static RuleDocument Parsed(string source, string text)
    {
        Assert.True(RuleDocument.TryParse(source, text, out var document, out var errors), string.Join('\n', errors));
        return document!;
    }
}
