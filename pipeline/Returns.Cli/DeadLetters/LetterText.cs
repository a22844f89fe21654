using System.Globalization;
using System.Text;
using System.Text.Json;
using Returns.Contracts.Resolution;
using Returns.Contracts.Wire;

namespace Returns.Cli.DeadLetters;

/// <summary>A dead letter for a person, and for a program.</summary>
internal static class LetterText
{
    private const int BytesInRow = 16;

    private static readonly JsonWriterOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One line.</summary>
    public static string Line(DeadLetter letter, (DateTimeOffset At, string Message)? redriven) => string.Create(CultureInfo.InvariantCulture,
        $"{letter.Place,-12} {Times.Iso(letter.At.ToUnixTimeMilliseconds())} {letter.ErrorClass,-16} {letter.Source} key {DeadLetter.Show(letter.Key)}{(letter.Redrives > 0 ? $", came back {letter.Redrives} times" : "")}{(redriven is { } mark ? $", redriven {Times.Iso(mark.At.ToUnixTimeMilliseconds())}" : "")}");

    /// <summary>One line of JSON.</summary>
    public static string JsonLine(DeadLetter letter, (DateTimeOffset At, string Message)? redriven) => Json(Options, json => Members(letter, redriven, json));

    /// <summary>All that is known of it.</summary>
    public static string Page(DeadLetter letter, (DateTimeOffset At, string Message)? redriven, Intake intake)
    {
        var page = new StringBuilder();
        Row("letter", $"{letter.Place}, of {Times.Iso(letter.At.ToUnixTimeMilliseconds())}");
        Row("record", $"{letter.Source}, of {Times.Iso(letter.SourceTimestamp)}");
        Row("key", DeadLetter.Show(letter.Key));
        foreach (var header in letter.OwnHeaders())
        {
            Row("header", $"{header.Key} = {DeadLetter.Show(header.GetValueBytes())}");
        }
        Row("reason", $"{letter.ErrorClass}: {letter.Message}");
        Row("redriven", redriven is { } mark ? $"{Times.Iso(mark.At.ToUnixTimeMilliseconds())}: {mark.Message}" : letter.Redrives > 0 ? $"not yet; it came back {letter.Redrives} times before" : "no");
        Row("today", Today(letter, intake));
        Row("schema", SchemaOf(letter, intake, out var decoded));
        if (letter.Value is { } value)
        {
            page.Append(CultureInfo.InvariantCulture, $"value     {value.Length} bytes\n");
            Dump(value, page);
        }
        if (decoded is not null)
        {
            page.Append(Encoding.UTF8.GetString(decoded)).Append('\n');
        }
        return page.ToString();

        void Row(string name, string text) => page.Append(CultureInfo.InvariantCulture, $"{name,-9} {text}\n");
    }

    /// <summary>The same as JSON.</summary>
    public static string JsonPage(DeadLetter letter, (DateTimeOffset At, string Message)? redriven, Intake intake) => Json(Options with { Indented = true }, json =>
    {
        Members(letter, redriven, json);
        json.WriteString("message", letter.Message);
        json.WriteString("sourceTimestamp", Times.Iso(letter.SourceTimestamp));
        json.WriteString("today", Today(letter, intake));
        json.WriteString("schema", SchemaOf(letter, intake, out var decoded));
        json.WriteString("value", letter.Value is { } value ? "0x" + Convert.ToHexString(value) : null);
        if (decoded is not null)
        {
            json.WritePropertyName("decoded");
            json.WriteRawValue(decoded);
        }
    });

    private static string Json(JsonWriterOptions options, Action<Utf8JsonWriter> members)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Members(DeadLetter letter, (DateTimeOffset At, string Message)? redriven, Utf8JsonWriter json)
    {
        json.WriteString("place", letter.Place.ToString());
        json.WriteString("at", Times.Iso(letter.At.ToUnixTimeMilliseconds()));
        json.WriteString("class", letter.ErrorClass);
        json.WriteString("source", letter.Source.ToString());
        json.WriteString("key", letter.Key is null ? null : DeadLetter.Show(letter.Key));
        json.WriteNumber("bytes", letter.Value?.Length ?? 0);
        json.WriteNumber("redrives", letter.Redrives);
        json.WriteString("redriven", redriven is { } mark ? Times.Iso(mark.At.ToUnixTimeMilliseconds()) : null);
    }

    /// <summary>What would become of it today, as it is.</summary>
    private static string Today(DeadLetter letter, Intake intake) =>
        intake.Barred(letter) is { } barred ? $"it cannot be redriven: {barred}"
        : intake.Rejected(letter.Source, letter.Key, letter.Value) is { } rejection ? $"it would come back: {rejection.ErrorClass}: {rejection.Message}"
        : "it would be taken";

    private static string SchemaOf(DeadLetter letter, Intake intake, out byte[]? decoded)
    {
        decoded = null;
        if (!intake.TryWriter(letter.Value, out var id, out var writer, out var problem))
        {
            return problem;
        }
        decoded = Intake.ToJson(writer, letter.Value![ConfluentWire.HeaderLength..], indented: true);
        var broken = decoded is null ? ", which these bytes are not" : "";
        if (!intake.IsInput(letter.Source.Topic))
        {
            return $"id {id}, {writer.Name}{broken}";
        }
        var (reader, current) = intake.SchemaOf(letter.Source.Topic);
        if (id == current)
        {
            return $"id {id}, {writer.Name}, which is today's{broken}";
        }
        var resolution = SchemaResolution.Create(writer, reader);
        return $"id {id}, {writer.Name}, where today's is {current}{broken}: {(resolution.Problems.Count == 0 ? "it is read as today's" : string.Join("; ", resolution.Problems))}";
    }

    private static void Dump(byte[] value, StringBuilder page)
    {
        for (var row = 0; row < value.Length; row += BytesInRow)
        {
            var bytes = value.AsSpan(row, Math.Min(BytesInRow, value.Length - row));
            page.Append(CultureInfo.InvariantCulture, $"  {row:x8}  ");
            for (var i = 0; i < BytesInRow; i++)
            {
                page.Append(i < bytes.Length ? bytes[i].ToString("x2", CultureInfo.InvariantCulture) : "  ").Append(i == 7 ? "  " : " ");
            }
            page.Append(" |");
            foreach (var b in bytes)
            {
                page.Append(b is >= 32 and < 127 ? (char)b : '.');
            }
            page.Append("|\n");
        }
    }
}
