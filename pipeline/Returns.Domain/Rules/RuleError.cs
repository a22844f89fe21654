namespace Returns.Domain.Rules;

/// <summary>One thing wrong with a rule document, with the place to put it right.</summary>
/// <param name="Source">Name of the document as its reader gave it, such as <c>rules/grading.yaml</c>.</param>
/// <param name="Line">Line in the document, from 1; 0 where the document as a whole is meant.</param>
/// <param name="Message">Names the thing, the value and what would be right.</param>
public sealed record RuleError(string Source, int Line, string Message)
{
    /// <summary><c>source:line: message</c>, as compilers write it.</summary>
    public override string ToString() => Line > 0 ? $"{Source}:{Line}: {Message}" : $"{Source}: {Message}";
}
