using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Playwright;
using Returns.Domain.Compliance;

namespace Returns.EndToEnd.Page;

/// <summary>The live page in a real browser, before a real pipeline.</summary>
/// <remarks>One collection: each test runs a whole pipeline, which is work for two cores on its own.</remarks>
[Collection("pipeline")]
public sealed class LivePages(PageRun run) : IClassFixture<PageRun>
{
    private const string Floor = "?period=year";

    public static TheoryData<string, int, int, ColorScheme> Screens => new()
    {
        { Floor, 1920, 1080, ColorScheme.Dark },
        { Floor, 390, 844, ColorScheme.Light },
        { Floor, 320, 600, ColorScheme.Dark },
        { "recovery", 1920, 1080, ColorScheme.Light },
        { "recovery", 390, 844, ColorScheme.Dark },
        { "vendors", 1280, 800, ColorScheme.Dark },
        { "vendors", 390, 844, ColorScheme.Light },
    };

    [Fact]
    public async Task The_figures_of_the_floor_are_those_of_ClickHouse()
    {
        await using var page = await run.OpenAsync(Floor);
        var up = run.Up;

        await page.SaysAsync(up, "units", "SELECT count() FROM items");
        await page.SaysAsync(up, "graded", "SELECT countIf(grade IS NOT NULL) FROM items");
        await page.SaysAsync(up, "routed", "SELECT countIf(state = 'routed') FROM items");
        await page.SaysAsync(up, "manual_review", "SELECT countIf(state = 'manual_review') FROM items");
        await page.SaysAsync(up, "dead_letters", "SELECT count() FROM dead_letters");
        await page.HoldsAsync(up, "by_facility", [0, 1, 2], "SELECT facility, count(), countIf(state = 'manual_review') FROM items GROUP BY facility");
        await page.HoldsAsync(up, "by_time", [1, 2, 3], "SELECT count(), countIf(state = 'routed'), countIf(state = 'manual_review') FROM items GROUP BY toDate(event_time)");
        await page.HoldsAsync(up, "by_category", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
            """
            SELECT coalesce(category, 'unknown') AS c, count(), countIf(disposition = 'restock'), countIf(disposition = 'refurbish'), countIf(disposition = 'resell'),
                countIf(disposition = 'return_to_vendor'), countIf(disposition = 'donate'), countIf(disposition = 'dispose'), countIf(disposition = 'quarantine'),
                countIf(disposition = 'manual_review')
            FROM items GROUP BY c
            """);
        await page.HoldsAsync(up, "review_queue", [0, 1], "SELECT reason, count() FROM items WHERE state = 'manual_review' GROUP BY reason");
        await page.HoldsAsync(up, "oldest", [0, 2], "SELECT lpn, facility FROM items WHERE state = 'manual_review' ORDER BY toStartOfSecond(event_time), lpn LIMIT 8");
        page.NothingIsBroken();
    }

    [Fact]
    public async Task The_figures_of_recovery_are_those_of_ClickHouse_in_each_currency()
    {
        await using var page = await run.OpenAsync("recovery");
        var up = run.Up;

        // Against the items themselves.
        await page.SaysAsync(up, "received", "SELECT count() FROM items");
        await page.HoldsAsync(up, "write_off", [0, 1, 2, 3],
            """
            SELECT category, count() AS decided, countIf(disposition = 'dispose') AS lost, concat(toDecimalString(round(toDecimal64(100 * lost / decided, 6), 1), 1), '%')
            FROM items WHERE state = 'routed' AND disposition != 'quarantine' GROUP BY category
            """);
        await page.HoldsAsync(up, "write_off_value", [0, 1, 2, 3],
            """
            SELECT category, cost_currency, toDecimalString(round(sum(cost), 2), 2), toDecimalString(round(sumIf(ifNull(cost, 0), disposition = 'dispose'), 2), 2)
            FROM items WHERE state = 'routed' AND disposition != 'quarantine' AND cost_currency != '' GROUP BY category, cost_currency
            """);
        await page.HoldsAsync(up, "recovery_by_grade", [0, 1, 2, 4],
            """
            SELECT grade, expected_currency, count(), toDecimalString(round(sum(reference_price), 2), 2)
            FROM items WHERE state = 'routed' AND disposition != 'quarantine' AND expected_currency = reference_currency AND expected_currency != '' GROUP BY grade, expected_currency
            """);
        // Against windows of another length, and by another dimension.
        foreach (var currency in (string[])["GBP", "USD"])
        {
            await page.HoldsAsync(up, $"recovered_by_channel_{currency}", [0, 1, 2, 3, 4, 5],
                $"""
                SELECT replaceAll(value, '-', '_'), sum(expected_units) AS expected, toDecimalString(round(sum(expected_proceeds), 2), 2), sum(settled_units),
                    toDecimalString(round(sum(settled_proceeds), 2), 2), toDecimalString(round(sum(net_recovery), 2), 2)
                FROM recovery_amounts WHERE dimension = 'channel' AND span = 'hour' AND currency = '{currency}' GROUP BY value HAVING expected > 0
                """);
            await OpenPage.EqualAsync(
                () => up.AskClickHouseAsync($"SELECT toDecimalString(round(sum(net_recovery), 2), 2) FROM recovery_amounts WHERE dimension = 'facility' AND span = 'day' AND currency = '{currency}'"),
                async () => (await page.FigureAsync($"net_recovery_{currency}")).Replace(",", "", StringComparison.Ordinal).Replace('−', '-'));
        }
        page.NothingIsBroken();
    }

    [Fact]
    public async Task The_figures_of_vendors_are_those_of_ClickHouse_with_the_bound_that_alerts_go_by()
    {
        await using var page = await run.OpenAsync("vendors");
        await run.Up.ClickHouseSaysAsync("SELECT count() > 0 FROM chargebacks", "1", TimeSpan.FromSeconds(90));

        await page.HoldsAsync(run.Up, "chargebacks", [0, 1, 2, 3, 5, 6, 8],
            "SELECT document_id, kind, program, concat(vendor, '_#', toString(sequence)), units, defects, concat(toDecimalString(total, 2), '_', currency) FROM chargebacks");
        await page.SaysAsync(run.Up, "open_alerts", "SELECT count() FROM (SELECT argMax(state, _offset) AS last FROM vendor_alerts GROUP BY alert_id) WHERE last = 'raised'");
        await OpenPage.EqualAsync(
            async () =>
            {
                var rows = (await run.Up.AskClickHouseAsync("SELECT concat(vendor, '/', program), units, defects FROM vendor_defect_rates WHERE kind = 'rate' AND units > 0")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
                return string.Join('\n', rows.Select(row => row.Split('\t')).Select(row => $"{row[0]}\t{row[1]}\t{row[2]}\t{LowerBound(row[1], row[2])}").Order(StringComparer.Ordinal));
            },
            async () =>
            {
                var rows = (await page.TableAsync("vendor_rates", 0, 1, 3, 4, 5, 7)).Split('\n');
                return string.Join('\n', rows.Select(row => row.Split('\t')).Where(row => row[2] == "alerts" && row[3] != "0").Select(row => $"{row[0]}/{row[1]}\t{row[3]}\t{row[4]}\t{row[5].Split('_')[0]}").Order(StringComparer.Ordinal));
            });
        var rows = (await page.TableAsync("vendor_rates", 1, 0, 2, 8, 10)).Split('\n').Select(row => row.Split('\t')).ToList();
        Assert.NotEmpty(rows);
        Assert.All(rows, row =>
        {
            var agreement = PageRun.Rules.Find(Encoding.UTF8.GetBytes(row[0]))!.Vendors.AgreementsWith(Encoding.UTF8.GetBytes(row[1])).All.Single(a => a.Name.ToString() == row[2]);
            Assert.Equal((Share(agreement.AllowedUnits), Share(agreement.AllowedValue)), (row[3], row[4]));
        });
        page.NothingIsBroken();

        static string Share(int? hundredths) => hundredths is { } share ? (share / 100m).ToString("0.0", CultureInfo.InvariantCulture) + "%" : "–";

        static string LowerBound(string units, string defects)
        {
            var all = double.Parse(units, CultureInfo.InvariantCulture);
            return (100 * WilsonBound.Lower(double.Parse(defects, CultureInfo.InvariantCulture) / all, all)).ToString("0.0", CultureInfo.InvariantCulture) + "%";
        }
    }

    [Fact]
    public async Task More_scans_bring_an_update_without_anybodys_doing()
    {
        await using var page = await run.OpenAsync(Floor);
        await page.SaysAsync(run.Up, "units", "SELECT count() FROM items");
        var before = await page.FigureAsync("units");

        await run.FeedAsync(seed: 23, units: 150, days: 72);

        await OpenPage.EqualAsync(() => Task.FromResult("changed"), async () => await page.FigureAsync("units") == before ? "not changed" : "changed");
        await page.SaysAsync(run.Up, "units", "SELECT count() FROM items");
        page.NothingIsBroken();
    }

    [Theory]
    [MemberData(nameof(Screens))]
    public async Task Every_view_fits_its_screen_draws_its_charts_and_keeps_nobody_out(string path, int width, int height, ColorScheme scheme)
    {
        await using var page = await run.OpenAsync(path, width, height, scheme);

        Assert.Equal(0, await page.Page.EvaluateAsync<int>("() => Math.max(0, document.documentElement.scrollWidth - innerWidth)"));
        Assert.Equal(scheme == ColorScheme.Dark ? "dark" : "light", await page.Page.EvaluateAsync<string>("() => getComputedStyle(document.documentElement).colorScheme"));
        await page.Page.WaitForSelectorAsync(".drawing svg path", new PageWaitForSelectorOptions { State = WaitForSelectorState.Attached });
        foreach (var table in await page.Page.Locator("summary").AllAsync())
        {
            await table.ClickAsync();
        }
        Assert.Empty(await BarriersAsync(page.Page));
        page.NothingIsBroken();
    }

    [Fact]
    public async Task The_keyboard_reaches_everything_and_shows_where_it_is()
    {
        await using var page = await run.OpenAsync(Floor);
        var keyboard = page.Page.Keyboard;
        var reached = new List<string>();
        do
        {
            await keyboard.PressAsync("Tab");
            reached.Add(await page.Page.EvaluateAsync<string>("() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()"));
            Assert.NotEqual("none", await page.Page.EvaluateAsync<string>("() => getComputedStyle(document.activeElement).outlineStyle"));
        }
        while (reached.Count < 40 && reached[^1] != "Dead letters by class of error");
        Assert.Equal(["Skip to the figures", "Floor", "Recovery", "Vendors"], reached.Take(4));
        Assert.Contains("As a table", reached);
        Assert.Contains("Units by facility", reached);

        await page.Page.Locator("summary").First.FocusAsync();
        await keyboard.PressAsync("Enter");
        Assert.True(await page.Page.Locator("[data-figure='by_time']").IsVisibleAsync());

        await page.Page.Locator("#theme").FocusAsync();
        await keyboard.PressAsync("Space");
        Assert.Equal("dark", await ThemeAsync());
        await page.Page.Locator("nav a[href='/vendors']").FocusAsync();
        await keyboard.PressAsync("Enter");
        await page.Page.WaitForSelectorAsync("nav a[href='/vendors'][aria-current=page]");
        await page.LiveAsync();
        Assert.Equal("dark", await ThemeAsync());
        Assert.Equal("Vendors", await page.Page.Locator("[aria-current=page]").TextContentAsync());
        Assert.Equal("Vendors", await page.Page.Locator("h1").TextContentAsync());

        Task<string?> ThemeAsync() => page.Page.Locator("html").GetAttributeAsync("data-theme");
    }

    [Fact]
    public async Task A_page_that_loses_its_pipeline_says_since_when_and_goes_on_once_it_is_back()
    {
        await using var page = await run.OpenAsync(Floor);
        var units = await page.FigureAsync("units");

        await page.Page.RouteAsync("**/events/**", route => route.AbortAsync());
        await page.Page.Locator("#period select").SelectOptionAsync("month");

        await page.Page.WaitForSelectorAsync("[data-state=lost]");
        Assert.Contains("does not answer", await page.Page.Locator("#notice").TextContentAsync(), StringComparison.Ordinal);
        Assert.Equal(units, await page.FigureAsync("units"));

        await page.Page.UnrouteAsync("**/events/**");
        await page.LiveAsync();
        Assert.False(await page.Page.Locator("#notice").IsVisibleAsync());
    }

    [Fact]
    public async Task Figures_that_ClickHouse_does_not_give_are_stale_since_and_stay_on_the_screen()
    {
        await using var page = await run.OpenAsync(Floor);
        var units = await page.FigureAsync("units");
        // What it said, in its order: the stream that is sent here ends, so that the connection counts as lost after it.
        await page.Page.EvaluateAsync("() => { window.said = []; new MutationObserver(() => said.push(document.getElementById('state').dataset.state + ' ' + document.getElementById('state-text').textContent + ' ' + document.getElementById('notice').textContent)).observe(document.getElementById('notice'), { childList: true }); }");

        await page.Page.RouteAsync("**/events/**", route => route.FulfillAsync(new RouteFulfillOptions
        {
            ContentType = "text/event-stream",
            Body = "event: stale\ndata: {\"since\":\"2026-01-05T03:04:05Z\",\"reason\":\"<b>no answer</b> within 20 s\"}\n\n",
        }));
        await page.Page.Locator("#period select").SelectOptionAsync("month");

        await page.Page.WaitForFunctionAsync("() => said.some(words => words.startsWith('stale '))");
        var said = await page.Page.EvaluateAsync<string>("() => said.find(words => words.startsWith('stale '))");
        Assert.Contains("stale since 03:04:05", said, StringComparison.Ordinal);
        Assert.Contains("<b>no answer</b> within 20 s", said, StringComparison.Ordinal);
        Assert.Equal(units, await page.FigureAsync("units"));
    }

    /// <summary>What axe-core finds that is serious: its rules, the element, and why.</summary>
    private static async Task<IEnumerable<string>> BarriersAsync(IPage page)
    {
        // By the debugger: the page's own policy lets no other script in.
        await page.EvaluateAsync(await File.ReadAllTextAsync(PageRun.Axe) + ";0");
        var found = await page.EvaluateAsync<JsonElement>("async () => (await axe.run()).violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => v.id + ': ' + v.nodes.map(n => n.html + ' ' + n.failureSummary).join('; '))");
        return found.EnumerateArray().Select(v => v.GetString()!);
    }
}
