using System.Globalization;
using System.Text;
using System.Text.Json;
using Returns.ClickHouse;
using Returns.Contracts;
using Returns.Domain.Compliance;

namespace Returns.Cli.Page;

/// <summary>One view of the page: the figures it shows, each a named query of <c>Queries/</c>.</summary>
/// <param name="Name">Its name in addresses.</param>
/// <param name="Figures">Names of its queries, in the order in which they are asked; or <see cref="Agreements"/>.</param>
/// <param name="Parameters">Values of the queries' parameters.</param>
internal sealed record View(string Name, IReadOnlyList<string> Figures, IReadOnlyDictionary<string, string> Parameters)
{
    /// <summary>What the vendors' agreements allow, which the rules say and not ClickHouse.</summary>
    private const string Agreements = "agreements";

    private static readonly Dictionary<string, string> Format = new()
    {
        ["default_format"] = "JSONEachRow",
        ["output_format_json_array_of_rows"] = "1",
        ["output_format_json_quote_64bit_integers"] = "0",
        // An amount keeps its digits: a number of JavaScript would not.
        ["output_format_json_quote_decimals"] = "1",
    };

    // How long a period is, and the part of it that one point of a chart stands for, in seconds.
    private static readonly (string Name, int Period, int Step)[] Periods =
        [("hour", 3600, 60), ("day", 24 * 3600, 900), ("month", 30 * 24 * 3600, 6 * 3600), ("year", 365 * 24 * 3600, 24 * 3600)];

    /// <summary>Every view there is: the floor by period, recovery and vendors.</summary>
    public static IReadOnlyList<View> All { get; } =
    [
        .. Periods.Select(p => new View($"floor/{p.Name}", ["units", "review_queue", "dead_letters"],
            new Dictionary<string, string>(Format) { ["param_period"] = Text(p.Period), ["param_step"] = Text(p.Step) })),
        new View("recovery",
            ["recovery_totals", "recovery_by_currency", "write_off_by_category", "write_off_value_by_category", "write_off_over_time", "recovery_by_grade", "recovered_by_channel", "chargeback_recovery"], Format),
        new View("vendors", [Agreements, "vendor_rates", "vendor_alerts", "chargebacks", "charged"], Format),
    ];

    /// <summary>The text of a named query.</summary>
    public static string Query(string figure)
    {
        using var stream = typeof(View).Assembly.GetManifestResourceStream($"Page/Queries/{figure}.sql")
            ?? throw new ArgumentException($"there is no query '{figure}'", nameof(figure));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>Asks for every figure, one after the other.</summary>
    /// <param name="clickHouse">The server and database.</param>
    /// <param name="agreements">Gives the agreements that are known.</param>
    /// <param name="asOf">When it was asked, as the page shows it.</param>
    /// <param name="cancel">Breaks it off.</param>
    /// <returns>JSON: <c>asOf</c>, and the rows of each figure by its name.</returns>
    /// <exception cref="ClickHouseException">The server did not answer in time, or refused.</exception>
    public async Task<string> ReadAsync(ClickHouseHttp clickHouse, Func<IReadOnlyCollection<Agreement>> agreements, DateTimeOffset asOf, CancellationToken cancel)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("asOf", asOf);
            foreach (var figure in Figures)
            {
                json.WritePropertyName(figure);
                if (figure == Agreements)
                {
                    Write(json, agreements());
                    continue;
                }
                json.WriteRawValue(OnOneLine(await clickHouse.QueryAsync(Query(figure), Parameters, cancel)));
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyCollection<Agreement> agreements)
    {
        json.WriteStartArray();
        foreach (var agreement in agreements)
        {
            json.WriteStartObject();
            json.WriteString("id", agreement.Id.ToString());
            Share("allowed_units", agreement.Allowed(RateMeasure.Units));
            Share("allowed_value", agreement.Allowed(RateMeasure.Value));
            json.WriteEndObject();
        }
        json.WriteEndArray();

        void Share(string name, double? share)
        {
            if (share is { } number)
            {
                json.WriteNumber(name, number);
            }
            else
            {
                json.WriteNull(name);
            }
        }
    }

    // A row ends with a line feed, and so does an event of the stream: within strings JSON has none.
    private static string OnOneLine(string rows) => rows.ReplaceLineEndings("");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
