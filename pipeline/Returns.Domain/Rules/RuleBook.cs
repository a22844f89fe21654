using Returns.Contracts;
using Returns.Domain.Rules.Yaml;

namespace Returns.Domain.Rules;

/// <summary>
/// The compiled rules of all programs. A program's own document of a kind takes the place of the one for every program
/// (<see cref="RuleDocument.AnyProgram"/>). Immutable: new documents make a new book. Safe for concurrent use.
/// </summary>
public sealed class RuleBook
{
    private readonly Dictionary<Utf8, ProgramRules?> _programs;
    private readonly Dictionary<Utf8, ProgramRules?>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly ProgramRules? _anyProgram;

    private RuleBook(Dictionary<Utf8, ProgramRules?> programs)
    {
        _programs = programs;
        _lookup = programs.GetAlternateLookup<ReadOnlySpan<byte>>();
        programs.TryGetValue(RuleDocument.AnyProgram, out _anyProgram);
    }

    /// <summary>A book without rules.</summary>
    public static RuleBook Empty { get; } = new(new Dictionary<Utf8, ProgramRules?>(Utf8Comparer.Instance));

    /// <summary>The rules of every program that has any, <see cref="RuleDocument.AnyProgram"/> included.</summary>
    public IReadOnlyCollection<ProgramRules> Programs => [.. _programs.Values.OfType<ProgramRules>()];

    /// <summary>
    /// The program's rules, or those for every program; null where there are none. A program whose own documents never fitted
    /// together has none: it is not decided by rules it does not want.
    /// </summary>
    public ProgramRules? Find(ReadOnlySpan<byte> program) =>
        _lookup.TryGetValue(program, out var rules) ? rules : _anyProgram;

    /// <summary>
    /// Compiles documents. A program whose documents do not fit together keeps the rules it had in
    /// <paramref name="previous"/>, so that one bad document stops nobody; whoever publishes rules refuses on any error.
    /// </summary>
    /// <param name="documents">All documents in force, in any order.</param>
    /// <param name="previous">The book so far; null where there is none.</param>
    /// <param name="errors">What does not fit, by document and line.</param>
    public static RuleBook Build(IEnumerable<RuleDocument> documents, RuleBook? previous,
        out IReadOnlyList<RuleError> errors)
    {
        ArgumentNullException.ThrowIfNull(documents);
        var found = new List<RuleError>();
        var byKey = new SortedDictionary<(string Program, RuleKind Kind), RuleDocument>();
        foreach (var document in documents.OrderBy(d => d.Source, StringComparer.Ordinal))
        {
            if (!byKey.TryAdd((document.Program, document.Kind), document))
            {
                found.Add(new RuleError(document.Source, 0,
                    $"{document}: {byKey[(document.Program, document.Kind)].Source} holds the same kind for the same program"));
            }
        }

        var programs = new Dictionary<Utf8, ProgramRules?>(Utf8Comparer.Instance);
        foreach (var program in byKey.Keys.Select(k => k.Program).Distinct())
        {
            var errorsBefore = found.Count;
            var rules = Compile(program, byKey, found);
            if (rules is null || found.Count > errorsBefore)
                rules = previous?.Find(Utf8.From(program).Span);
            programs.Add(program, rules);
        }

        errors = [.. found.Distinct().OrderBy(e => e.Source, StringComparer.Ordinal).ThenBy(e => e.Line)];
        return new RuleBook(programs);
    }

    private static ProgramRules? Compile(string program,
        SortedDictionary<(string Program, RuleKind Kind), RuleDocument> documents, List<RuleError> found)
    {
        var grading = Document(RuleKind.Grading);
        var channels = Document(RuleKind.Channels);
        var agreements = Document(RuleKind.Agreements);
        var routing = Document(RuleKind.Routing);
        var categories = Document(RuleKind.Categories);
        if (grading is null || channels is null || agreements is null || routing is null)
        {
            foreach (var (kind, document) in new[]
            {
                (RuleKind.Grading, grading), (RuleKind.Channels, channels), (RuleKind.Agreements, agreements),
                (RuleKind.Routing, routing),
            })
            {
                if (document is null)
                {
                    found.Add(new RuleError("rules", 0,
                        $"program '{program}' has no {WireNames<RuleKind>.Of(kind)} rules, and there are none for every program"));
                }
            }

            return null;
        }

        var collected = new List<RuleErrors>();
        var channelsDocument = (ChannelsDocument)channels.Content;
        var channelRules = channelsDocument.Compile(channels.Version, grading.Grading, ErrorsOf(channels));
        var vendorRules = ((AgreementsDocument)agreements.Content)
            .Compile(agreements.Version, grading.Grading, ErrorsOf(agreements));
        var routingRules = ((RoutingDocument)routing.Content)
            .Compile(routing.Version, grading.Grading, channelsDocument, channelRules, ErrorsOf(routing));
        var keywords = categories is null
            ? null
            : ((CategoriesDocument)categories.Content).Compile(categories.Version, grading.Grading, ErrorsOf(categories));
        collected.ForEach(e => e.End());
        return new ProgramRules(program, grading.Grading, channelRules, vendorRules, routingRules, keywords);

        RuleDocument? Document(RuleKind kind) =>
            documents.TryGetValue((program, kind), out var own) ? own
            : documents.TryGetValue((RuleDocument.AnyProgram, kind), out var any) ? any
            : null;

        RuleErrors ErrorsOf(RuleDocument document)
        {
            collected.Add(new RuleErrors(document.Source, found));
            return collected[^1];
        }
    }
}
