using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.ClickHouse;
using Returns.ClickHouse.Migrations;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.LocalClickHouse;
using Returns.Streams.Testing;
using Returns.Topologies.Recovery;

namespace Returns.Cli.Tests;

/// <summary><c>returns report</c> and <c>returns baseline</c> against a ClickHouse that has what recovery says of some units.</summary>
public sealed class Reports(ReportedUnits units) : IClassFixture<ReportedUnits>
{
    [Fact]
    public async Task A_month_s_page_has_every_population_currency_and_category_by_its_name_and_fetches_nothing()
    {
        await RunAsync("baseline", "clear");
        var page = await PageAsync("report", "--month", "2011-05");

        Assert.Contains("<h2 id=\"r0\">north</h2>", page, StringComparison.Ordinal);
        Assert.Contains("<h2 id=\"r1\">south (simulated)</h2>", page, StringComparison.Ordinal);
        // Two currencies of one retailer stand beside each other, and nothing is the sum of them.
        Assert.Contains("Recovery rate, GBP<b>60.0 %</b>", page, StringComparison.Ordinal);
        Assert.Contains("Recovery rate, USD<b>25.0 %</b>", page, StringComparison.Ordinal);
        Assert.Contains("Net recovery value, GBP<b>480.00</b>", page, StringComparison.Ordinal);
        Assert.Contains("Net recovery value, USD<b>50.00</b>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("530.00", page, StringComparison.Ordinal);
        // One that nobody configured, which is no markup either; and units without one.
        Assert.Contains("garden &lt;gnomes&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<gnomes>", page, StringComparison.Ordinal);
        Assert.Contains("(none)", page, StringComparison.Ordinal);
        Assert.Contains("Provisional: the month is not closed yet.", page, StringComparison.Ordinal);
        Assert.Contains("No baseline is pinned", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_stands_out_comes_first()
    {
        var page = await PageAsync("report", "--month", "2011-05");

        // 12 of 20 toys are written off, and none of the others.
        Assert.Contains("<b>Category toys</b> writes off 60.0 % of its units (12 of 20)", page, StringComparison.Ordinal);
        var table = page[page.IndexOf("Write-off rate by category</h3>", StringComparison.Ordinal)..];
        var rows = table[table.IndexOf("<tbody>", StringComparison.Ordinal)..table.IndexOf("</tbody>", StringComparison.Ordinal)].Split("<tr", StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("class=\"out\"><th scope=\"row\">toys", rows[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_baseline_is_pinned_for_everyone_shown_and_cleared()
    {
        var (code, output) = await RunAsync("baseline", "pin", "--from", "2011-04-01", "--to", "2011-05-01");
        Assert.True(code == 0, output);
        Assert.Contains("baseline: April 2011", output, StringComparison.Ordinal);

        // In April everything was resold for half of its price.
        var page = await PageAsync("report", "--month", "2011-05");
        Assert.Contains("Changes are against the baseline, April 2011.", page, StringComparison.Ordinal);
        Assert.Contains("▲ +10.0 pp", page, StringComparison.Ordinal);

        (code, output) = await RunAsync("baseline", "show");
        Assert.True(code == 0, output);
        Assert.Contains("recovery rate 50.0 %", output, StringComparison.Ordinal);
        (code, output) = await RunAsync("baseline", "clear");
        Assert.True(code == 0, output);
        (_, output) = await RunAsync("baseline", "show");
        Assert.Contains("no baseline is pinned", output, StringComparison.Ordinal);
        Assert.Contains("No baseline is pinned", await PageAsync("report", "--month", "2011-05"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_data_there_is_a_row_for_each_figure_and_currency_with_the_baseline_s_rates()
    {
        await RunAsync("baseline", "pin", "--from", "2011-04-01", "--to", "2011-05-01");
        var file = Path.Combine(units.Folder, "may.csv");
        var (code, output) = await RunAsync("report", "--month", "2011-05", "--format", "csv", "--out", file);
        Assert.True(code == 0, output);
        var lines = (await File.ReadAllLinesAsync(file)).Select(l => l.Split(',').Select(c => c.Trim('"')).ToArray()).ToList();
        string Cell(string[] row, string column) => row[Array.IndexOf(lines[0], column)];
        var whole = lines.Where(l => Cell(l, "program") == "north" && Cell(l, "dimension") == "program").ToList();
        Assert.Equal(["GBP", "USD"], whole.Select(l => Cell(l, "currency")));
        Assert.Equal(("480", "0.6", "0.5", "2011-04-01/2011-05-01"), (Cell(whole[0], "net_recovery"), Cell(whole[0], "recovery_rate"), Cell(whole[0], "baseline_recovery_rate"), Cell(whole[0], "baseline")));

        file = Path.Combine(units.Folder, "may.parquet");
        (code, output) = await RunAsync("report", "--month", "2011-05", "--format", "parquet", "--out", file);
        Assert.True(code == 0, output);
        var bytes = await File.ReadAllBytesAsync(file);
        Assert.True(bytes.AsSpan(0, 4).SequenceEqual("PAR1"u8) && bytes.AsSpan(bytes.Length - 4).SequenceEqual("PAR1"u8));
    }

    [Fact]
    public async Task A_month_without_data_is_said_with_the_months_there_are()
    {
        var file = Path.Combine(units.Folder, "none.html");
        var (code, output) = await RunAsync("report", "--month", "2012-01", "--out", file);
        Assert.Equal(1, code);
        Assert.Contains("no units were received in January 2012: there are figures for April 2011 to May 2011", output, StringComparison.Ordinal);
        Assert.False(File.Exists(file));

        (code, output) = await RunAsync("baseline", "pin", "--from", "2012-01-01", "--to", "2012-02-01");
        Assert.Equal(1, code);
        Assert.Contains("nothing could be held against it", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'2011-13' is no month such as 2011-05", "report", "--month", "2011-13")]
    [InlineData("html", "report", "--month", "2011-05", "--format", "pdf")]
    [InlineData("--from: '1 May' is no day such as 2011-01-01", "baseline", "pin", "--from", "1 May", "--to", "2011-06-01")]
    [InlineData("it is the day after the last", "baseline", "pin", "--from", "2011-06-01", "--to", "2011-06-01")]
    public async Task What_is_wrong_with_an_option_is_said(string said, params string[] arguments)
    {
        var (code, output) = await RunAsync(arguments);
        Assert.NotEqual(0, code);
        Assert.Contains(said, output, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output)> RunAsync(params string[] arguments) => CommandLine.RunAsync([.. arguments, "--clickhouse", units.Url]);

    private async Task<string> PageAsync(params string[] arguments)
    {
        var file = Path.Combine(units.Folder, "page.html");
        var (code, output) = await RunAsync([.. arguments, "--out", file]);
        Assert.True(code == 0, output);
        return await File.ReadAllTextAsync(file);
    }
}

/// <summary>A ClickHouse with the figures of some units, for the tests of one class, which run one after another.</summary>
public sealed class ReportedUnits : IAsyncLifetime
{
    private const long Day = 86_400_000;
    private static readonly long May = new DateTimeOffset(2011, 5, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private LocalClickHouseServer? _server;

    /// <summary>A folder for the tests.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("returns-reports-").FullName;

    /// <summary>Where ClickHouse listens; skips the test where none can run.</summary>
    public string Url
    {
        get
        {
            Assert.SkipWhen(_server is null, LocalClickHouseServer.Missing ?? "");
            return _server!.Endpoint.ToString();
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (LocalClickHouseServer.Missing is not null)
        {
            return;
        }
        _server = await LocalClickHouseServer.Start(Path.Combine(Folder, "clickhouse"));
        using var clickHouse = new ClickHouseHttp(ClickHouseAddress.Parse(Url), TimeSpan.FromSeconds(60));
        await new Migrator(clickHouse, NullLogger<Migrator>.Instance).ApplyAsync();
        await InsertAsync(clickHouse);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>What recovery says of the units below, as rows.</summary>
    private static async Task InsertAsync(ClickHouseHttp clickHouse)
    {
        var driver = new TopologyTestDriver(RecoveryTopology.Build(LocalSchemaIds.BuiltIn, 1, Metrics.WithCustomRegistry(Metrics.NewCustomRegistry())));
        var number = 0;
        void Decide(long at, string category, Disposition disposition, decimal price, decimal net, string currency = "GBP", string program = "north", Origin origin = Origin.Station)
        {
            var money = Currency.Parse(currency);
            var unit = new ItemRouted
            {
                Lpn = string.Create(CultureInfo.InvariantCulture, $"L-{number++}"),
                Program = program,
                Facility = "DC-LEEDS",
                Sku = "85123A",
                Category = category,
                Grade = Utf8.From("B"),
                Disposition = disposition,
                Channel = disposition == Disposition.Resell ? Utf8.From("off-price") : default(Utf8?),
                Revision = 1,
                ReferencePrice = new Money(price, money),
                Cost = new Money(price / 2, money),
                ExpectedValue = new Money(net, money),
                HandlingCost = new Money(1m, money),
                WeightGrams = 500,
                RuleVersion = "1",
                RoutedAt = at + 600_000,
                IntakeAt = at,
                DwellMillis = 600_000,
                Origin = origin,
            };
            driver.Pipe(Topics.Dispositions, unit.Lpn.ToString(), new WireEncoder<ItemRouted>().Encode(unit).ToArray());
        }
        for (var i = 0; i < 10; i++)
        {
            Decide(May - 10 * Day + i, "homeware", Disposition.Resell, 10m, 5m);
        }
        for (var i = 0; i < 40; i++)
        {
            // 60 % of 20 in 40 units.
            Decide(May + i % 20 * Day, "homeware", Disposition.Resell, 20m, 12m);
        }
        for (var i = 0; i < 20; i++)
        {
            Decide(May + i * Day, "toys", i < 12 ? Disposition.Dispose : Disposition.Restock, 10m, 2.5m, "USD");
        }
        Decide(May, "garden <gnomes>", Disposition.Restock, 0m, 0m);
        Decide(May, "", Disposition.Restock, 0m, 0m);
        Decide(May, "toys", Disposition.Resell, 10m, 8m, program: "south", origin: Origin.Simulated);
        driver.Commit();
        driver.Commit();

        var window = new RecoveryWindow();
        var (rows, offset) = (new StringBuilder(), 0L);
        foreach (var record in driver.Read(Topics.Recovery))
        {
            Assert.True(new WireDecoder<RecoveryWindow>().TryDecode(record.Value, window, out var error), error.ToString());
            rows.Append(Row(window, offset++)).Append('\n');
        }
        foreach (var table in new[] { "recovery_current", "recovery_windows" })
        {
            await clickHouse.QueryAsync($"INSERT INTO {table} FORMAT JSONEachRow {rows}");
        }
    }

    private static string Row(RecoveryWindow window, long offset)
    {
        var (figures, amounts) = (window.Figures, window.Figures.Currencies);
        return JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["_topic"] = Topics.Recovery,
            ["_partition"] = 0,
            ["_offset"] = offset,
            ["program"] = window.Program.ToString(),
            ["origin"] = window.Origin.ToSymbol(),
            ["dimension"] = window.Dimension.ToSymbol(),
            ["value"] = window.Value.ToString(),
            ["span"] = window.Span.ToSymbol(),
            ["start"] = Time(window.Start),
            ["end"] = Time(window.End),
            ["figure"] = window.Figure.ToSymbol(),
            ["revision"] = window.Revision,
            ["units"] = figures.Units,
            ["restocked"] = figures.Restocked,
            ["resold"] = figures.Resold,
            ["written_off"] = figures.WrittenOff,
            ["kept_grams"] = figures.KeptGrams,
            ["dwell_millis"] = figures.DwellMillis,
            ["dwell_median_millis"] = window.DwellMedianMillis,
            ["dwell_p90_millis"] = window.DwellP90Millis,
            ["write_off_rate"] = window.WriteOffRate,
            ["dwell.buckets"] = figures.Dwell.Buckets,
            ["dwell.counts"] = figures.Dwell.Counts,
            ["amounts.currency"] = amounts.Select(a => a.Currency.ToString()),
            ["amounts.valued_units"] = amounts.Select(a => a.ValuedUnits),
            ["amounts.received_value"] = amounts.Select(a => a.ReceivedValue),
            ["amounts.decided_value"] = amounts.Select(a => a.DecidedValue),
            ["amounts.written_off_value"] = amounts.Select(a => a.WrittenOffValue),
            ["amounts.costed_units"] = amounts.Select(a => a.CostedUnits),
            ["amounts.handling_cost"] = amounts.Select(a => a.HandlingCost),
            ["amounts.expected_units"] = amounts.Select(a => a.ExpectedUnits),
            ["amounts.expected_proceeds"] = amounts.Select(a => a.ExpectedProceeds),
            ["amounts.settled_units"] = amounts.Select(a => a.SettledUnits),
            ["amounts.settled_proceeds"] = amounts.Select(a => a.SettledProceeds),
            ["amounts.settled_expected"] = amounts.Select(a => a.SettledExpected),
            ["amounts.rated_units"] = amounts.Select(a => a.RatedUnits),
            ["amounts.resale_value"] = amounts.Select(a => a.ResaleValue),
            ["amounts.rated_recovery"] = amounts.Select(a => a.RatedRecovery),
            ["rates.currency"] = window.Rates.Select(r => r.Currency.ToString()),
            ["rates.write_off_rate"] = window.Rates.Select(r => r.WriteOffRate),
            ["rates.recovery_rate"] = window.Rates.Select(r => r.RecoveryRate),
            ["rates.cost_per_return"] = window.Rates.Select(r => r.CostPerReturn),
            ["rates.net_recovery"] = window.Rates.Select(r => r.NetRecovery),
        });
    }

    private static string Time(long millis) => DateTimeOffset.FromUnixTimeMilliseconds(millis).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
