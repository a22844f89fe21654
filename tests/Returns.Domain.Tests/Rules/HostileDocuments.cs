using System.Diagnostics;
using System.Text;
using Returns.Domain.Rules;
using Returns.Domain.Tests.Models;

namespace Returns.Domain.Tests.Rules;

/// <summary>Documents made to hurt are refused in little time and memory, and with a message.</summary>
public sealed class HostileDocuments
{
    private const string Head = "kind: grading\nprogram: '*'\nversion: '1'\n";

    public static TheoryData<string, string, string> Documents => new()
    {
        { "nothing", "", "rules/x.yaml: the document is empty" },
        { "only a comment", "# rules", "rules/x.yaml: the document is empty" },
        { "a word", "rules", "rules/x.yaml:1: the document must be a map, not a single value" },
        { "a list", "- rules", "rules/x.yaml:1: the document must be a map, not a list" },
        { "no kind", "program: x\nversion: '1'", "rules/x.yaml:1: rules: 'kind' is missing" },
        { "two documents", Head + "---\nkind: routing\n", "rules/x.yaml:4: a file holds one document; put this one into a file of its own" },
        { "an anchor", Head + "scale: &a [A, B]", "rules/x.yaml:4: anchor 'a' is not allowed in rules; write the value out" },
        { "an alias", Head + "scale: *a", "rules/x.yaml:4: aliases are not allowed in rules; write the value out" },
        { "a billion laughs", Laughs(), "rules/x.yaml:1: anchor 'a0' is not allowed in rules; write the value out" },
        { "a merge key", Head + "<<: {scale: [A, B]}", "rules/x.yaml:4: grading: unknown field '<<'; known are kind, program, version, scale, categories" },
        { "a tag", Head + "scale: !!binary QUJD", "rules/x.yaml:4: tag 'tag:yaml.org,2002:binary' is not allowed in rules; leave it out" },
        { "a type to construct", Head + "scale: !System.IO.FileInfo {fileName: /etc/passwd}", "rules/x.yaml:4: tag '!System.IO.FileInfo' is not allowed in rules; leave it out" },
        { "deep lists", Head + "scale: " + new string('[', 100_000), "rules/x.yaml:4: nested deeper than the 12 levels rules need" },
        { "deep maps", Head + "scale: " + string.Concat(Enumerable.Repeat("{a: ", 100_000)), "rules/x.yaml:4: nested deeper than the 12 levels rules need" },
        { "deep indents", Deep(), "rules/x.yaml:16: nested deeper than the 12 levels rules need" },
        { "a map as a key", Head + "? {a: b}\n: c", "rules/x.yaml:4: a key must be a single value, not a map" },
        { "a huge value", Head + "scale: " + new string('x', 3_000_000), "rules/x.yaml:4: a value of 3000000 characters, 'xxxxxxxxxxxxxxxxxxxx…', is longer than the 1000 a value may have" },
        { "a huge document", new string('#', (4 << 20) + 1), "rules/x.yaml: 4194305 characters are more than the 4194304 a rule document may have; give each program a document of its own" },
        { "a long list", Head + "scale: [" + string.Concat(Enumerable.Repeat("a,", 1_000_000)) + "]", "rules/x.yaml:4: more than 10000 entries in one list or map; no rules need as many" },
        { "a long map", Head + string.Concat(Enumerable.Range(0, 300_000).Select(i => $"k{i}: 1\n")), "rules/x.yaml:1: more than 10000 entries in one list or map; no rules need as many" },
        { "half a string", Head + "scale: 'A", "rules/x.yaml:4: not valid YAML" },
        { "a tab", Head + "\tscale: [A]", "rules/x.yaml:1: not valid YAML" },
        { "a forged line", Head + "scale: [\"B\\nINFO all is well\", A]\ncategories: {}", "rules/x.yaml:4: grading: grade 'B INFO all is well' must be one to four letters or digits" },
        { "a name with a line break", Head + "scale: [A, B]\ncategories:\n  \"toys\\n\": {}", "rules/x.yaml:6: category 'toys ': name 'toys ' must be lower-case letters, digits and hyphens, at most 64" },
        { "not a value", "\0\u0001\uFFFF", "rules/x.yaml:1: the document must be a map, not a single value" },
    };

    [Theory]
    [MemberData(nameof(Documents))]
    public void A_document_made_to_hurt_is_refused_at_little_cost(string what, string text, string error)
    {
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        Assert.False(RuleDocument.TryParse("rules/x.yaml", text, out var document, out var errors), what);
        Assert.Null(document);
        Assert.Contains(errors, e => e.ToString().StartsWith(error, StringComparison.Ordinal));
        Assert.True(errors.Count <= 101, $"{errors.Count} errors");
        Assert.All(errors, e => Assert.True(e.Message.Length < 2000 && !e.Message.Any(char.IsControl), e.Message));
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), $"{what} took {Stopwatch.GetElapsedTime(start)}");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - bytes < 300_000_000, $"{what} took {GC.GetAllocatedBytesForCurrentThread() - bytes:N0} bytes");
    }

    [Fact]
    public void Of_very_many_errors_the_first_hundred_are_told_and_the_number()
    {
        var vendors = string.Concat(Enumerable.Range(0, 2000).Select(i => $"  - {{name: v{i}, colour: red}}\n"));
        RuleDocument.TryParse("rules/x.yaml", "kind: agreements\nprogram: '*'\nversion: '1'\nvendors:\n" + vendors, out _, out var errors);
        Assert.Equal(101, errors.Count);
        Assert.Equal("rules/x.yaml: 4001 errors, of which the first 100 are shown; correct these first", errors[0].ToString());
    }

    [Fact]
    public void A_table_too_long_to_look_up_is_refused()
    {
        var rows = string.Concat(Enumerable.Range(0, 9000).Select(i => $"  - {{name: r{i}, policy: priority, to: [quarantine]}}\n"));
        Assert.Contains("the table has more than the 1000 rows there may be",
            ShippedRules.Errors(("routing.yaml", "table:\n", "table:\n" + rows)).Select(e => e.Message.Split(": ")[^1]));
    }

    [Fact]
    public void Any_damage_to_a_document_is_reported_and_never_thrown()
    {
        var files = ShippedRules.Files();
        Cases.Each(500, random =>
        {
            var file = random.Any(files);
            var bytes = file.Content.ToArray();
            for (var i = random.Next(1, 6); i > 0; i--)
            {
                var at = random.Next(bytes.Length);
                switch (random.Next(4))
                {
                    case 0: bytes[at] = (byte)random.Next(256); break;
                    case 1: bytes = bytes[..at]; break;
                    case 2: bytes = [.. bytes[..at], .. Encoding.UTF8.GetBytes(random.Any(Morsels)), .. bytes[at..]]; break;
                    default:
                        var length = Math.Min(random.Next(200), bytes.Length - at);
                        bytes = [.. bytes[..at], .. bytes[(at + length)..]];
                        break;
                }

                if (bytes.Length == 0) break;
            }

            var damaged = files.Select(f => f == file ? f with { Content = bytes } : f);
            var good = RuleFile.TryCompile(damaged, out var documents, out _, out var errors);
            Assert.Equal(good, errors.Count == 0);
            Assert.Equal(good ? files.Count : 0, documents.Count);
            Assert.All(errors, e => Assert.False(string.IsNullOrWhiteSpace(e.Message)));
        });
    }

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_found_by_line_and_a_byte_order_mark_is_not_in_the_way()
    {
        var files = ShippedRules.Files();
        var latin = files.Select((f, i) => i == 0 ? f with { Content = (byte[])[.. "# one\n# gr"u8, 0xFC, .. "n\n"u8] } : f);
        Assert.False(RuleFile.TryCompile(latin, out _, out _, out var errors));
        Assert.Equal($"{files[0].Name}:2: byte 0xFC is not UTF-8; save the file in that encoding", Assert.Single(errors).ToString());

        var marked = files.Select(f => f with { Content = (byte[])[0xEF, 0xBB, 0xBF, .. f.Content.Span] });
        Assert.True(RuleFile.TryCompile(marked, out _, out _, out errors), string.Join('\n', errors));
    }

    private static readonly string[] Morsels =
        ["'", "\"", "[", "}", ": ", "- ", "\n", "\t", "&a ", "*a", "!!x ", "|\n", ">\n", "%YAML 9.9\n", "---\n", "...\n", "? ", "\\U0011FFFF", "\"\\uD800\"", "\0", "ÿ", "99999999999999999999999999999999", "-0", "1e9", "~"];

    private static string Laughs()
    {
        var text = new StringBuilder("a0: &a0 [lol, lol]\n");
        for (var i = 1; i < 40; i++) text.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]\n");
        return text.ToString();
    }

    private static string Deep()
    {
        var text = new StringBuilder(Head);
        for (var i = 0; i < 500; i++) text.Append(' ', i).Append("a:\n");
        return text.ToString();
    }
}
