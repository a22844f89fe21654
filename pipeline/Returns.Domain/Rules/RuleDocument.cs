using System.Security.Cryptography;
using System.Text;
using Returns.Contracts;
using Returns.Domain.Grading;
using Returns.Domain.Rules.Yaml;

namespace Returns.Domain.Rules;

/// <summary>
/// One rule document, read and checked as far as it can be on its own; <see cref="RuleBook"/> checks what documents say of
/// each other. Immutable; safe for concurrent use.
/// </summary>
public sealed class RuleDocument
{
    /// <summary>The program name that stands for every program without a document of its own.</summary>
    public const string AnyProgram = "*";

    private const int MaxLabel = 64;

    private static readonly RuleKind[] Kinds = [.. Enum.GetValues<RuleKind>().Where(k => k != RuleKind.Unknown)];

    private RuleDocument(string source, RuleKind kind, string program, string version, string text, object content)
    {
        Source = source;
        Kind = kind;
        Program = program;
        Version = version;
        Text = text;
        Content = content;
    }

    /// <summary>Name for messages, such as the path of the file.</summary>
    public string Source { get; }

    /// <summary>Which rules it holds; never <see cref="RuleKind.Unknown"/>.</summary>
    public RuleKind Kind { get; }

    /// <summary>The retailer, or <see cref="AnyProgram"/>.</summary>
    public string Program { get; }

    /// <summary>Version, as decisions record it.</summary>
    public string Version { get; }

    /// <summary>The YAML it was read from.</summary>
    public string Text { get; }

    /// <summary>SHA-256 of <see cref="Text"/> in UTF-8, 64 lower-case hexadecimal digits: the same rules, the same hash.</summary>
    public Utf8 ContentHash => HashOf(Encoding.UTF8.GetBytes(Text));

    /// <summary>Key in the topic of rules: program|kind.</summary>
    public Utf8 Key => $"{Program}|{WireNames<RuleKind>.Of(Kind)}";

    internal object Content { get; }

    internal GradingRules Grading => (GradingRules)Content;

    /// <summary>Reads a document. Bad input is a result: false, and every error found.</summary>
    /// <param name="source">Name for messages, such as the path of the file.</param>
    /// <param name="text">The YAML.</param>
    /// <param name="document">The document; null where false is returned.</param>
    /// <param name="errors">What is wrong, by line; empty where true is returned.</param>
    public static bool TryParse(string source, string text, out RuleDocument? document,
        out IReadOnlyList<RuleError> errors)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(text);
        var found = new List<RuleError>();
        var collected = new RuleErrors(source, found);
        document = Parse(source, text, collected);
        if (found.Count > 0) document = null;
        collected.End();
        errors = [.. found.OrderBy(e => e.Line)];
        return document is not null;
    }

    /// <summary>
    /// Reads a document from the topic of rules. False, and every error found, also where the record says something else than
    /// the document in it, or the document is not the one that was hashed.
    /// </summary>
    /// <param name="record">The record. The document keeps nothing of its memory.</param>
    /// <param name="document">The document; null where false is returned.</param>
    /// <param name="errors">What is wrong, by line of the document; empty where true is returned.</param>
    public static bool TryRead(RuleSet record, out RuleDocument? document, out IReadOnlyList<RuleError> errors)
    {
        ArgumentNullException.ThrowIfNull(record);
        var source = $"returns.rules {record.Program}|{WireNames<RuleKind>.Of(record.Kind)} {record.Version}";
        document = null;
        var hash = HashOf(record.Document.Span);
        if (hash != record.ContentHash)
        {
            errors = [new RuleError(source, 0,
                $"the document's hash is {hash}, not the '{record.ContentHash}' it was published with; publish it again")];
            return false;
        }

        if (!TryParse(source, record.Document.ToString(), out document, out errors)) return false;
        if (document!.Kind == record.Kind && record.Program.Equals(Utf8.From(document.Program))
            && record.Version.Equals(Utf8.From(document.Version))) return true;
        errors = [new RuleError(source, 0, $"the document in it is {document}; publish it under what it says it is")];
        document = null;
        return false;
    }

    /// <summary>Sets every field of the record by which the document is published under <see cref="Key"/>.</summary>
    /// <param name="publishedAt">When it is published, milliseconds since the epoch, UTC.</param>
    /// <param name="into">The record.</param>
    public void Fill(long publishedAt, RuleSet into)
    {
        ArgumentNullException.ThrowIfNull(into);
        into.Program = Program;
        into.Kind = Kind;
        into.Version = Version;
        into.Document = Text;
        into.ContentHash = ContentHash;
        into.PublishedAt = publishedAt;
    }

    private static Utf8 HashOf(ReadOnlySpan<byte> text) => Convert.ToHexStringLower(SHA256.HashData(text));

    private static RuleDocument? Parse(string source, string text, RuleErrors errors)
    {
        if (YamlReader.Read(text, errors) is not { } node) return null;
        if (node.Fields is null)
        {
            errors.Add(node.Line, $"the document must be a map, not {node.Shape}");
            return null;
        }

        var kindNode = node.Fields.Find(f => f.Name == "kind").Value;
        var root = new MapReader(node, kindNode?.Scalar ?? "rules", errors);
        var kindText = root.RequiredText("kind");
        var program = Label(root, "program");
        var version = Label(root, "version");
        if (kindText.Value.Length == 0) return null;
        var index = Array.FindIndex(Kinds, k => WireNames<RuleKind>.Of(k) == kindText.Value);
        if (index < 0)
        {
            errors.Add(kindText.Line, $"kind '{kindText.Value}' is not a kind of rules; these are "
                + string.Join(", ", Kinds.Select(WireNames<RuleKind>.Of)));
            return null;
        }

        var kind = Kinds[index];
        object? content = kind switch
        {
            RuleKind.Grading => GradingDocument.Parse(root, version),
            RuleKind.Routing => RoutingDocument.Parse(root),
            RuleKind.Channels => ChannelsDocument.Parse(root),
            RuleKind.Agreements => AgreementsDocument.Parse(root),
            RuleKind.Categories => CategoriesDocument.Parse(root),
            _ => throw new InvalidOperationException($"no reader for {kind}"),
        };
        return content is null || errors.Count > 0 ? null : new RuleDocument(source, kind, program, version, text, content);
    }

    /// <summary>Programs are part of topic keys, versions of what decisions record: neither may hold their separators.</summary>
    private static string Label(MapReader root, string name)
    {
        var text = root.RequiredText(name);
        if (text.Value.Length > MaxLabel || text.Value.Any(c => c == '|' || char.IsWhiteSpace(c) || char.IsControl(c)))
            root.Error(text.Line, $"{name} '{text.Value}' must be at most {MaxLabel} characters without spaces and '|'");
        return text.Value;
    }

    /// <summary>Kind, program and version, for logs.</summary>
    public override string ToString() => $"{WireNames<RuleKind>.Of(Kind)} of '{Program}', version {Version}";
}
