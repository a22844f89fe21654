namespace Returns.Domain.Rules;

/// <summary>One file of rules, as it lies in a folder such as infra/rules.</summary>
/// <param name="Name">Path, for messages.</param>
/// <param name="Content">The file's bytes: YAML in UTF-8, with or without a byte order mark.</param>
public sealed record RuleFile(string Name, ReadOnlyMemory<byte> Content)
{
    /// <summary>
    /// Reads files and compiles them together: what a publisher does before it publishes any of them, and what a person does
    /// who changes a rule.
    /// </summary>
    /// <param name="files">All files in force, in any order.</param>
    /// <param name="documents">The documents to publish, by program and kind; empty where anything is wrong.</param>
    /// <param name="book">The compiled rules; <see cref="RuleBook.Empty"/> where anything is wrong.</param>
    /// <param name="errors">Everything that is wrong, by file and line.</param>
    /// <returns>True where nothing is wrong.</returns>
    public static bool TryCompile(IEnumerable<RuleFile> files, out IReadOnlyList<RuleDocument> documents,
        out RuleBook book, out IReadOnlyList<RuleError> errors)
    {
        ArgumentNullException.ThrowIfNull(files);
        var read = new List<RuleDocument>();
        var found = new List<RuleError>();
        foreach (var file in files.OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            if (TextOf(file, out var text) is { } error) found.Add(error);
            else if (RuleDocument.TryParse(file.Name, text, out var document, out var wrong)) read.Add(document!);
            else found.AddRange(wrong);
        }

        if (found.Count == 0 && read.Count == 0)
            found.Add(new RuleError("rules", 0, "there is no rule file; rules are files of YAML, one for each kind of rules"));

        // With a file missing from them, the others would be reported for not fitting together.
        book = RuleBook.Empty;
        if (found.Count == 0)
        {
            var built = RuleBook.Build(read, null, out var misfits);
            found.AddRange(misfits);
            if (found.Count == 0) book = built;
        }

        var good = found.Count == 0;
        documents = good ? [.. read.OrderBy(d => d.Program, StringComparer.Ordinal).ThenBy(d => d.Kind)] : [];
        errors = found;
        return good;
    }

    private static RuleError? TextOf(RuleFile file, out string text)
    {
        var bytes = file.Content.Span;
        if (bytes.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        var chars = new char[bytes.Length];
        System.Text.Unicode.Utf8.ToUtf16(bytes, chars, out var read, out var written, replaceInvalidSequences: false);
        text = new string(chars, 0, written);
        return read == bytes.Length
            ? null
            : new RuleError(file.Name, bytes[..read].Count((byte)'\n') + 1,
                $"byte 0x{bytes[read]:X2} is not UTF-8; save the file in that encoding");
    }
}
