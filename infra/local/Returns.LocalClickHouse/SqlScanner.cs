using System.Text;

namespace Returns.LocalClickHouse;

/// <summary>What a statement's text turned out to be.</summary>
internal enum StatementKind
{
    /// <summary>The text so far does not tell; more of it is needed.</summary>
    NeedMore,

    /// <summary>A statement whose whole text must be read before it runs.</summary>
    Statement,

    /// <summary>A read whose result can be streamed.</summary>
    Read,

    /// <summary>An insert followed by data; only the text before the data is SQL.</summary>
    InsertWithData,
}

/// <summary>The scan of a request's text.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="SqlEnd">InsertWithData: where the SQL ends, before FORMAT or VALUES. Otherwise: the end of the last token, `;` excluded.</param>
/// <param name="DataStart">InsertWithData: where the data begins.</param>
/// <param name="Format">The format the text names; null when it names none.</param>
/// <param name="OutputClauseAt">Read: where an INTO OUTFILE clause belongs.</param>
/// <param name="Problem">A ClickHouse error for text that a server refuses before running it; null when there is none.</param>
internal readonly record struct Scan(StatementKind Kind, int SqlEnd, int DataStart, string? Format, int OutputClauseAt, string? Problem);

/// <summary>
/// Tells where a statement's SQL ends and its data begins, without parsing SQL: it knows ClickHouse's quotes, comments,
/// heredocs and brackets, and the few words after INSERT and at the end of a SELECT. The engine's parser has the last word.
/// </summary>
internal static class SqlScanner
{
    private enum TokenKind { End, Word, Quoted, Number, Open, Close, Comma, Semicolon, Other }

    private readonly record struct Token(TokenKind Kind, int Start, int End);

    public static Scan Scan(ReadOnlySpan<byte> text, bool complete)
    {
        List<Token> tokens = [];
        var position = 0;
        var depth = 0;
        var statementEnd = -1;
        var insert = false;
        while (true)
        {
            if (!Next(text, ref position, complete, out var token))
            {
                return new Scan(StatementKind.NeedMore, 0, 0, null, 0, null);
            }

            if (token.Kind == TokenKind.End)
            {
                break;
            }

            if (statementEnd >= 0 && token.Kind != TokenKind.Semicolon)
            {
                return new Scan(StatementKind.Statement, statementEnd, 0, null, 0,
                    "Code: 62. DB::Exception: Syntax error (Multi-statements are not allowed): send one statement per request. (SYNTAX_ERROR)");
            }

            switch (token.Kind)
            {
                case TokenKind.Open: depth++; break;
                case TokenKind.Close: depth = Math.Max(0, depth - 1); break;
                case TokenKind.Semicolon when depth == 0: statementEnd = tokens.Count == 0 ? 0 : tokens[^1].End; continue;
            }

            if (depth > 0 || token.Kind == TokenKind.Close)
            {
                // What is inside brackets matters to nobody but the engine, except as "something was here".
                if (tokens.Count == 0 || tokens[^1].Kind != TokenKind.Open || depth == 0)
                {
                    tokens.Add(token);
                }

                continue;
            }

            tokens.Add(token);
            insert |= tokens.Count == 1 && Is(text, token, "INSERT"u8);
            insert &= tokens.Count <= 2 || !(Is(text, token, "SELECT"u8) || Is(text, token, "WITH"u8) || Is(text, token, "FROM"u8) || Is(text, token, "WATCH"u8));
            if (insert && tokens.Count > 1 && InsertWithData(text, tokens, complete) is { } scan)
            {
                return scan;
            }
        }

        var end = statementEnd >= 0 ? statementEnd : tokens.Count == 0 ? 0 : tokens[^1].End;
        if (!complete)
        {
            return new Scan(StatementKind.NeedMore, 0, 0, null, 0, null);
        }

        return Read(text, tokens, end);
    }

    private static Scan? InsertWithData(ReadOnlySpan<byte> text, List<Token> tokens, bool complete)
    {
        var last = tokens[^1];
        var afterName = 1;
        if (afterName < tokens.Count && Is(text, tokens[afterName], "INTO"u8))
        {
            afterName++;
        }

        if (afterName < tokens.Count && (Is(text, tokens[afterName], "TABLE"u8) || Is(text, tokens[afterName], "FUNCTION"u8)))
        {
            afterName++;
        }

        if (tokens.Count - 1 <= afterName || last.Kind != TokenKind.Word)
        {
            return null;
        }

        var before = tokens[^2];
        if (text[before.End - 1] == (byte)'.')
        {
            return null;
        }

        if (Is(text, last, "VALUES"u8))
        {
            return new Scan(StatementKind.InsertWithData, last.Start, last.End, "Values", 0, null);
        }

        if (!Is(text, before, "FORMAT"u8) || tokens.Count - 2 <= afterName)
        {
            return null;
        }

        // As ClickHouse: data begins after the first newline when only blanks precede it, else after the blanks.
        var data = last.End;
        while (data < text.Length && text[data] is (byte)' ' or (byte)'\t' or (byte)'\f')
        {
            data++;
        }

        if (data < text.Length && text[data] == (byte)'\r')
        {
            data++;
        }

        if (data < text.Length && text[data] == (byte)'\n')
        {
            data++;
        }
        else if (data >= text.Length && !complete)
        {
            return new Scan(StatementKind.NeedMore, 0, 0, null, 0, null);
        }

        var format = Encoding.UTF8.GetString(text[last.Start..last.End]);
        return new Scan(StatementKind.InsertWithData, before.Start, data, format, 0, null);
    }

    private static Scan Read(ReadOnlySpan<byte> text, List<Token> tokens, int end)
    {
        string? format = null;
        var clause = end;
        for (var i = tokens.Count - 2; i >= 1; i--)
        {
            if (Is(text, tokens[i], "FORMAT"u8)
                && tokens[i + 1].Kind is TokenKind.Word or TokenKind.Quoted
                && (i + 2 == tokens.Count || Is(text, tokens[i + 2], "SETTINGS"u8))
                && (tokens[i - 1].Kind is TokenKind.Quoted or TokenKind.Number or TokenKind.Close
                    || (tokens[i - 1].Kind is TokenKind.Word && !Is(text, tokens[i - 1], "SELECT"u8) && !Is(text, tokens[i - 1], "DISTINCT"u8))
                    || (tokens[i - 1].Kind is TokenKind.Other && text[tokens[i - 1].Start] == (byte)'*')))
            {
                format = Encoding.UTF8.GetString(text[tokens[i + 1].Start..tokens[i + 1].End]).Trim('`', '"');
                clause = tokens[i].Start;
                break;
            }
        }

        var read = tokens.Count > 0
            && (tokens[0].Kind == TokenKind.Open || Is(text, tokens[0], "SELECT"u8) || Is(text, tokens[0], "WITH"u8) || Is(text, tokens[0], "FROM"u8));
        for (var i = 0; i + 1 < tokens.Count; i++)
        {
            if (Is(text, tokens[i], "INTO"u8) && Is(text, tokens[i + 1], "OUTFILE"u8))
            {
                return new Scan(StatementKind.Statement, end, 0, format, clause,
                    "Code: 358. DB::Exception: INTO OUTFILE is not allowed over HTTP: take the result from the response. (INTO_OUTFILE_NOT_ALLOWED)");
            }

            read &= !(Is(text, tokens[i], "INSERT"u8) && Is(text, tokens[i + 1], "INTO"u8));
        }

        return new Scan(read ? StatementKind.Read : StatementKind.Statement, end, 0, format, clause, null);
    }

    private static bool Is(ReadOnlySpan<byte> text, Token token, ReadOnlySpan<byte> word) =>
        token.Kind == TokenKind.Word && Ascii.EqualsIgnoreCase(text[token.Start..token.End], word);

    /// <summary>The next token past blanks and comments; false when the text stops inside one and more may come.</summary>
    private static bool Next(ReadOnlySpan<byte> text, ref int position, bool complete, out Token token)
    {
        token = default;
        while (true)
        {
            while (position < text.Length && text[position] is <= (byte)' ')
            {
                position++;
            }

            if (position >= text.Length)
            {
                token = new Token(TokenKind.End, position, position);
                return complete;
            }

            var rest = text[position..];
            var lineComment = rest.StartsWith("--"u8) || rest.StartsWith("#!"u8) || rest.StartsWith("# "u8);
            if (!lineComment && !rest.StartsWith("/*"u8))
            {
                break;
            }

            var length = lineComment ? rest.IndexOf((byte)'\n') : rest[2..].IndexOf("*/"u8) is var close and >= 0 ? close + 4 : -1;
            if (length < 0)
            {
                position = text.Length;
                token = new Token(TokenKind.End, position, position);
                return complete;
            }

            position += length;
        }

        var start = position;
        var first = text[start];
        TokenKind kind;
        if (first is (byte)'\'' or (byte)'"' or (byte)'`')
        {
            position++;
            while (position < text.Length)
            {
                if (text[position] == (byte)'\\')
                {
                    position += 2;
                }
                else if (text[position++] == first)
                {
                    if (position < text.Length && text[position] == first)
                    {
                        position++;
                    }
                    else
                    {
                        break;
                    }
                }
            }

            position = Math.Min(position, text.Length);
            kind = TokenKind.Quoted;
        }
        else if (first == (byte)'$' && Heredoc(text[start..]) is > 0 and var length)
        {
            position = start + length;
            kind = TokenKind.Quoted;
        }
        else if (IsWord(first))
        {
            while (position < text.Length && IsWord(text[position]))
            {
                position++;
            }

            kind = first is >= (byte)'0' and <= (byte)'9' ? TokenKind.Number : TokenKind.Word;
        }
        else
        {
            position++;
            kind = first switch
            {
                (byte)'(' or (byte)'[' or (byte)'{' => TokenKind.Open,
                (byte)')' or (byte)']' or (byte)'}' => TokenKind.Close,
                (byte)',' => TokenKind.Comma,
                (byte)';' => TokenKind.Semicolon,
                _ => TokenKind.Other,
            };
        }

        token = new Token(kind, start, position);
        return complete || position < text.Length;
    }

    private static bool IsWord(byte b) => b is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'0' and <= (byte)'9') or (byte)'_' or >= 0x80;

    private static int Heredoc(ReadOnlySpan<byte> text)
    {
        var tag = 1;
        while (tag < text.Length && IsWord(text[tag]))
        {
            tag++;
        }

        if (tag >= text.Length || text[tag] != (byte)'$')
        {
            return 0;
        }

        var mark = text[..(tag + 1)];
        var end = text[mark.Length..].IndexOf(mark);
        return end < 0 ? text.Length : end + 2 * mark.Length;
    }
}
