using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Returns.Contracts.Resolution;

namespace Returns.Cli.DeadLetters;

/// <summary>What is changed of a record before it is redriven.</summary>
/// <param name="Command">A shell command that gets the value's bytes and gives others, or JSON by today's schema; null for none.</param>
/// <param name="Sets">Fields and their new values.</param>
/// <param name="KeyFrom">The field that becomes the key; null leaves the key.</param>
internal sealed record LetterEdit(string? Command, IReadOnlyList<(string Field, string Value)> Sets, string? KeyFrom)
{
    private const int LargestValue = 16 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Whether nothing is changed.</summary>
    public bool IsNone => Command is null && Sets.Count == 0 && KeyFrom is null;

    /// <summary>The record's new key and value.</summary>
    /// <exception cref="FormatException">It cannot be changed so; the message says why.</exception>
    public (byte[]? Key, byte[]? Value) Apply(DeadLetter letter, Intake intake, CancellationToken cancel)
    {
        var (key, value, topic) = (letter.Key, letter.Value, letter.Source.Topic);
        if (Command is not null)
        {
            value = Filtered(letter, value ?? [], cancel);
            if (value is [(byte)'{', ..])
            {
                value = intake.FromJson(topic, Parsed(value).RootElement);
            }
        }
        if (Sets.Count == 0 && KeyFrom is null)
        {
            return (key, value);
        }
        var json = JsonNode.Parse(intake.ToJson(topic, value))!.AsObject();
        var (schema, _) = intake.SchemaOf(topic);
        foreach (var (field, text) in Sets)
        {
            Set(json, schema, field, text);
        }
        if (Sets.Count > 0)
        {
            value = intake.FromJson(topic, Parsed(Encoding.UTF8.GetBytes(json.ToJsonString())).RootElement);
        }
        if (KeyFrom is not null)
        {
            key = json[KeyFrom] is JsonValue name && name.GetValueKind() == JsonValueKind.String
                ? Encoding.UTF8.GetBytes(name.GetValue<string>())
                : throw new FormatException($"--key-from {KeyFrom}: the record has no such field that is text");
        }
        return (key, value);
    }

    private static void Set(JsonObject json, AvroSchema schema, string path, string text)
    {
        var names = path.Split('.');
        for (var i = 0; ; i++)
        {
            var field = schema.Kind == AvroKind.Record ? schema.Fields.FirstOrDefault(f => f.Name == names[i]) : null;
            if (field is null)
            {
                throw new FormatException($"--set {path}: there is no field '{names[i]}'{(schema.Kind == AvroKind.Record ? $": {string.Join(", ", schema.Fields.Select(f => f.Name))}" : "")}");
            }
            var isOptional = field.Type.Kind == AvroKind.Union && field.Type.Parts.Any(p => p.Kind == AvroKind.Null);
            schema = field.Type.Kind == AvroKind.Union && field.Type.Parts.Where(p => p.Kind != AvroKind.Null).ToList() is [var only] ? only : field.Type;
            if (i < names.Length - 1)
            {
                json = json[names[i]] as JsonObject ?? throw new FormatException($"--set {path}: {names[i]} has no value whose parts could be set: set it as a whole, as JSON");
                continue;
            }
            json[names[i]] = isOptional && text == "null" ? null
                : schema.Kind is AvroKind.String or AvroKind.Enum or AvroKind.Bytes or AvroKind.Fixed && schema.LogicalType != "decimal" ? JsonValue.Create(text)
                : schema.LogicalType == "timestamp-millis" && !long.TryParse(text, out _) ? JsonValue.Create(text)
                : Parsed(path, text);
            return;
        }
    }

    private static JsonNode? Parsed(string path, string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            throw new FormatException($"--set {path}: '{text}' is no number, true or false, or JSON");
        }
    }

    private static JsonDocument Parsed(byte[] json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException error)
        {
            throw new FormatException($"what the filter gave begins with '{{', and is no JSON: {error.Message}");
        }
    }

    private byte[] Filtered(DeadLetter letter, byte[] value, CancellationToken cancel)
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(Command!);
        start.Environment["DLQ_TOPIC"] = letter.Source.Topic;
        start.Environment["DLQ_CLASS"] = letter.ErrorClass;
        start.Environment["DLQ_PLACE"] = letter.Place.ToString();
        using var process = Process.Start(start)!;
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        bound.CancelAfter(Patience);
        try
        {
            return FilteredAsync(process, value, bound.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new FormatException($"the filter gave nothing within {Patience.TotalSeconds:0} s");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static async Task<byte[]> FilteredAsync(Process process, byte[] value, CancellationToken cancel)
    {
        var errors = process.StandardError.ReadToEndAsync(cancel);
        var input = Task.Run(async () =>
        {
            try
            {
                await process.StandardInput.BaseStream.WriteAsync(value, cancel);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It read no more of it than it needed.
            }
        }, cancel);
        var output = new MemoryStream();
        var block = new byte[64 * 1024];
        while (await process.StandardOutput.BaseStream.ReadAsync(block, cancel) is > 0 and var read)
        {
            output.Write(block, 0, read);
            if (output.Length > LargestValue)
            {
                throw new FormatException($"the filter gave more than {LargestValue} bytes");
            }
        }
        await input;
        await process.WaitForExitAsync(cancel);
        var said = (await errors).Trim().Split('\n')[0];
        return process.ExitCode != 0 ? throw new FormatException($"the filter ended with {process.ExitCode}{(said.Length > 0 ? $": {said}" : "")}")
            : output.Length == 0 ? throw new FormatException("the filter gave nothing")
            : output.ToArray();
    }
}
