using System.Globalization;
using System.Text;
using System.Text.Json;
using Returns.Contracts;

namespace Returns.Cli.Replay;

/// <summary>What became of units beside what would have, in counts.</summary>
internal sealed class Comparison
{
    private readonly SortedDictionary<string, (long Before, long After)> _dispositions = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, (long Before, long After)> _grades = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Before, string After), long> _moves = [];
    private readonly SortedDictionary<string, (decimal Before, decimal After)> _values = new(StringComparer.Ordinal);

    /// <summary>Units whose intake lies in the range.</summary>
    public long Units { get; private set; }

    /// <summary>Those of which something else would have become.</summary>
    public long Changed { get; private set; }

    /// <summary>Records that were replayed.</summary>
    public long Records { get; set; }

    /// <summary>Those of them that would be dead letters today, by error class.</summary>
    public SortedDictionary<string, long> DeadLetters { get; } = new(StringComparer.Ordinal);

    /// <summary>Counts a unit; true where something else would have become of it.</summary>
    public bool Add(UnitPair unit)
    {
        Units++;
        var (before, after) = (unit.Before, unit.After);
        Count(_dispositions, before.Disposition, after.Disposition);
        Count(_grades, before.Grade ?? "none", after.Grade ?? "none");
        Sum(before.Value, isBefore: true);
        Sum(after.Value, isBefore: false);
        if (!before.Differs(after))
        {
            return false;
        }
        Changed++;
        var move = (Say(before), Say(after));
        _moves[move] = _moves.GetValueOrDefault(move) + 1;
        return true;

        static string Say(UnitOutcome outcome) => $"{outcome.Disposition}{(outcome.Channel is { } channel ? $" by {channel}" : "")}, grade {outcome.Grade ?? "none"}";
    }

    /// <summary>As a person reads it.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Units:N0} units, of {Records:N0} records: something else would have become of {Changed:N0}\n");
        Table("disposition", _dispositions);
        Table("grade", _grades);
        foreach (var (currency, (before, after)) in _values)
        {
            text.Append(CultureInfo.InvariantCulture, $"expected recovery {currency} {before:N2} {after:N2} {after - before:+#,##0.00;-#,##0.00;0.00}\n");
        }
        foreach (var (move, count) in _moves.OrderByDescending(m => m.Value).ThenBy(m => m.Key.Before, StringComparer.Ordinal).ThenBy(m => m.Key.After, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"{count,12:N0}  {move.Before} -> {move.After}\n");
        }
        foreach (var (errorClass, count) in DeadLetters)
        {
            text.Append(CultureInfo.InvariantCulture, $"{count,12:N0}  dead letters, {errorClass}\n");
        }
        return text.ToString().TrimEnd();

        void Table(string name, SortedDictionary<string, (long Before, long After)> counts)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name,-18}{"before",12}{"after",12}{"change",12}\n");
            foreach (var (key, (before, after)) in counts)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {key,-16}{before,12:N0}{after,12:N0}{after - before,12:+#,##0;-#,##0;0}\n");
            }
        }
    }

    /// <summary>As a program reads it.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("units", Units);
        json.WriteNumber("changed", Changed);
        json.WriteNumber("records", Records);
        Counts("dispositions", _dispositions);
        Counts("grades", _grades);
        json.WriteStartObject("expectedRecovery");
        foreach (var (currency, (before, after)) in _values)
        {
            json.WriteStartObject(currency);
            json.WriteNumber("before", before);
            json.WriteNumber("after", after);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteStartArray("moves");
        foreach (var (move, count) in _moves.OrderByDescending(m => m.Value).ThenBy(m => m.Key.Before, StringComparer.Ordinal).ThenBy(m => m.Key.After, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("before", move.Before);
            json.WriteString("after", move.After);
            json.WriteNumber("units", count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("deadLetters");
        foreach (var (errorClass, count) in DeadLetters)
        {
            json.WriteNumber(errorClass, count);
        }
        json.WriteEndObject();
        json.WriteEndObject();

        void Counts(string name, SortedDictionary<string, (long Before, long After)> counts)
        {
            json.WriteStartObject(name);
            foreach (var (key, (before, after)) in counts)
            {
                json.WriteStartObject(key);
                json.WriteNumber("before", before);
                json.WriteNumber("after", after);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
    }

    private static void Count(SortedDictionary<string, (long Before, long After)> counts, string before, string after)
    {
        counts[before] = counts.GetValueOrDefault(before) is var b ? (b.Before + 1, b.After) : default;
        counts[after] = counts.GetValueOrDefault(after) is var a ? (a.Before, a.After + 1) : default;
    }

    private void Sum(Money? value, bool isBefore)
    {
        if (value is { } money)
        {
            var currency = money.Currency.ToString();
            var (before, after) = _values.GetValueOrDefault(currency);
            _values[currency] = isBefore ? (before + money.Amount, after) : (before, after + money.Amount);
        }
    }
}
