using System.Globalization;
using System.Text;
using System.Text.Json;
using Returns.Cli.Up;

namespace Returns.Cli.Replay;

/// <summary>Writes the units of which something else would have become to a file, as CSV or as a line of JSON each. The file has its
/// name once it is whole: what was begun and not finished is removed.</summary>
internal sealed class ChangedUnits : IDisposable
{
    private static readonly string[] Columns =
    [
        "lpn", "program", "facility", "sku", "grade_before", "grade_after", "disposition_before", "disposition_after", "channel_before", "channel_after",
        "value_before", "value_after", "currency_before", "currency_after", "rules_before", "rules_after",
    ];

    private readonly string _file;
    private readonly string _partial;
    private readonly StreamWriter _writer;
    private readonly bool _json;

    /// <param name="file">The file: what ends in .json or .jsonl is JSON, all else CSV.</param>
    /// <exception cref="UpException">It cannot be written.</exception>
    public ChangedUnits(string file)
    {
        (_file, _partial) = (file, file + ".partial");
        _json = Path.GetExtension(file).ToLowerInvariant() is ".json" or ".jsonl";
        try
        {
            _writer = new StreamWriter(_partial, append: false, new UTF8Encoding(false));
            if (!_json)
            {
                _writer.WriteLine(string.Join(',', Columns));
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UpException($"--out: {error.Message}");
        }
    }

    /// <summary>Writes a unit.</summary>
    public void Add(UnitPair unit)
    {
        var (before, after) = (unit.Before, unit.After);
        string?[] fields =
        [
            unit.Lpn, unit.Program, unit.Facility, unit.Sku, before.Grade, after.Grade, before.Disposition, after.Disposition, before.Channel, after.Channel,
            Text(before.Value?.Amount), Text(after.Value?.Amount), before.Value?.Currency.ToString(), after.Value?.Currency.ToString(), before.RuleVersion, after.RuleVersion,
        ];
        _writer.WriteLine(_json ? JsonSerializer.Serialize(Columns.Zip(fields).ToDictionary(p => p.First, p => p.Second)) : string.Join(',', fields.Select(Quoted)));
    }

    /// <summary>Gives the file its name.</summary>
    public void Finish()
    {
        _writer.Dispose();
        File.Move(_partial, _file, overwrite: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _writer.Dispose();
        File.Delete(_partial);
    }

    private static string? Text(decimal? amount) => amount?.ToString("0.00##", CultureInfo.InvariantCulture);

    private static string Quoted(string? field) =>
        field is null ? "" : field.AsSpan().ContainsAny(",\"\r\n") ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
}
