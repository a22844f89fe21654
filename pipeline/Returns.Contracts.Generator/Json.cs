using System.Globalization;
using System.Text;

namespace Returns.Contracts.Generator;

/// <summary>A strict JSON reader: a generator cannot bring a library of its own without shipping it beside the compiler.</summary>
/// <remarks>Objects are <see cref="List{T}"/> of pairs in file order, arrays are lists, and the rest is as one expects.</remarks>
internal sealed class Json
{
    private const int MaximumDepth = 64;
    private readonly string _text;
    private int _at;

    private Json(string text) => _text = text;

    /// <exception cref="FormatException">The text is not JSON; the message says where.</exception>
    public static object? Parse(string text)
    {
        var json = new Json(text);
        var value = json.Value(0);
        json.Blank();
        return json._at == text.Length ? value : throw json.Error("text behind the value");
    }

    private object? Value(int depth)
    {
        if (depth > MaximumDepth)
        {
            throw Error("nested too deeply");
        }
        Blank();
        switch (Peek())
        {
            case '{':
                var members = new List<KeyValuePair<string, object?>>();
                Sequence('}', () =>
                {
                    Blank();
                    var name = String();
                    Expect(':');
                    if (members.Exists(m => m.Key == name))
                    {
                        throw Error($"member '{name}' stands twice");
                    }
                    members.Add(new KeyValuePair<string, object?>(name, Value(depth + 1)));
                });
                return members;
            case '[':
                var items = new List<object?>();
                Sequence(']', () => items.Add(Value(depth + 1)));
                return items;
            case '"':
                return String();
            case 't':
                return Word("true", true);
            case 'f':
                return Word("false", false);
            case 'n':
                return Word("null", null);
            default:
                var start = _at;
                while (_at < _text.Length && "+-.eE0123456789".IndexOf(_text[_at]) >= 0)
                {
                    _at++;
                }
                return double.TryParse(_text.Substring(start, _at - start), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                    ? number
                    : throw Error("a value was expected");
        }
    }

    private void Sequence(char end, Action element)
    {
        _at++;
        Blank();
        if (Peek() == end)
        {
            _at++;
            return;
        }
        while (true)
        {
            element();
            Blank();
            if (Peek() == end)
            {
                _at++;
                return;
            }
            Expect(',');
        }
    }

    private string String()
    {
        Expect('"');
        var text = new StringBuilder();
        while (true)
        {
            var c = Peek();
            _at++;
            if (c == '"')
            {
                return text.ToString();
            }
            if (c < ' ')
            {
                throw Error("a control character in a string");
            }
            if (c != '\\')
            {
                text.Append(c);
                continue;
            }
            var escape = Peek();
            _at++;
            switch (escape)
            {
                case 'n': text.Append('\n'); break;
                case 't': text.Append('\t'); break;
                case 'r': text.Append('\r'); break;
                case 'b': text.Append('\b'); break;
                case 'f': text.Append('\f'); break;
                case '"' or '\\' or '/': text.Append(escape); break;
                case 'u' when _at + 4 <= _text.Length
                    && ushort.TryParse(_text.Substring(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code):
                    text.Append((char)code);
                    _at += 4;
                    break;
                default: throw Error("an unknown escape");
            }
        }
    }

    private object? Word(string word, object? value)
    {
        if (string.CompareOrdinal(_text, _at, word, 0, word.Length) != 0)
        {
            throw Error("a value was expected");
        }
        _at += word.Length;
        return value;
    }

    private void Blank()
    {
        while (_at < _text.Length && (_text[_at] is ' ' or '\t' or '\r' or '\n'))
        {
            _at++;
        }
    }

    private char Peek() => _at < _text.Length ? _text[_at] : throw Error("the text ends early");

    private void Expect(char c)
    {
        Blank();
        if (Peek() != c)
        {
            throw Error($"'{c}' was expected");
        }
        _at++;
    }

    private FormatException Error(string what) =>
        new($"line {_text.Take(Math.Min(_at, _text.Length)).Count(c => c == '\n') + 1}: {what}");
}
