using System.Globalization;
using Confluent.Kafka;
using Microsoft.Playwright;
using Returns.Domain.Rules;
using Returns.Simulator.Conveyors;
using Returns.Simulator.Feeding;

namespace Returns.EndToEnd.Page;

/// <summary>A pipeline with a shift behind it, its live page, and a browser to look at it with.</summary>
public sealed class PageRun : IAsyncLifetime
{
    private static readonly DateTimeOffset FirstShift = new(2026, 1, 5, 5, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();
    private UpProcess? _up;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Why there is nothing to look with; null where there is.</summary>
    public static string? Missing { get; } =
        Chromium is null ? "there is no chromium on the path: tests/Returns.EndToEnd/Page/install-browser.sh installs it on a Debian"
        : !File.Exists(Axe) ? $"{Axe} is not there: tests/Returns.EndToEnd/Page/install-browser.sh installs it"
        : null;

    /// <summary>The script that finds what keeps people from using a page.</summary>
    public static string Axe => Path.Combine(UpProcess.RepositoryFolder, "tests", "Returns.EndToEnd", "Page", "Browser", "node_modules", "axe-core", "axe.min.js");

    /// <summary>The rules that the pipeline goes by.</summary>
    internal static RuleBook Rules { get; } = ReadRules();

    /// <summary>Address of the page, with a slash at its end.</summary>
    public Uri Address { get; private set; } = new("about:blank");

    private static string? Chromium =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "chromium")).FirstOrDefault(File.Exists);

    internal UpProcess Up => _up!;

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null)
        {
            return;
        }
        _up = UpProcess.Start("--simulate", "0", "--units", "3000", "--seed", "21", "--data", _folder.Path, "--page-port", "0");
        _playwright = await Playwright.CreateAsync();
        // Root has no sandbox of its own to give; what is opened here is this machine's page alone.
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium, ChromiumSandbox = false });
        await _up.LineAsync("Everything stays up");
        Address = new Uri(_up.AddressOf("Page"));
        // Weeks later, and on every partition before the last of it: windows of the vendors' agreements close, and documents are issued.
        await FeedAsync(seed: 22, units: 300, days: 70);
        await FeedAsync(seed: 24, units: 300, days: 71);
    }

    /// <summary>Streams another shift through the pipeline.</summary>
    /// <param name="seed">Of all that is simulated.</param>
    /// <param name="units">How many come back.</param>
    /// <param name="days">After the first shift.</param>
    internal async Task FeedAsync(ulong seed, long units, int days)
    {
        var shift = SimulatedShift.Create(Rules, new ShiftOptions { Seed = seed, Units = units, StartsAt = FirstShift.AddDays(days).ToUnixTimeMilliseconds() });
        await Feeder.RunAsync(new ClientConfig { BootstrapServers = Up.AddressOf("Kafka") }, shift, new FeederOptions());
    }

    /// <summary>Opens a view, and waits for its figures.</summary>
    public async Task<OpenPage> OpenAsync(string path, int width = 1920, int height = 1080, ColorScheme scheme = ColorScheme.Light)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
            ReducedMotion = ReducedMotion.Reduce,
            TimezoneId = "UTC",
        });
        var page = new OpenPage(await context.NewPageAsync(), Address);
        await page.Page.GotoAsync(new Uri(Address, path).ToString());
        await page.LiveAsync();
        return page;
    }

    private static RuleBook ReadRules()
    {
        var files = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "rules"), "*.yaml").Select(path => new RuleFile(path, File.ReadAllBytes(path)));
        Assert.True(RuleFile.TryCompile(files, out _, out var book, out _));
        return book;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
        _playwright?.Dispose();
        if (_up is not null)
        {
            await _up.DisposeAsync();
        }
        _folder.Dispose();
    }
}

/// <summary>A page in the browser, and everything that went wrong on it.</summary>
public sealed class OpenPage : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly List<string> _broken = [];

    internal OpenPage(IPage page, Uri address)
    {
        Page = page;
        void Note(string what)
        {
            lock (_broken)
            {
                _broken.Add(what);
            }
        }
        page.Console += (_, message) => Note($"console {message.Type}: {message.Text}");
        page.PageError += (_, error) => Note($"error: {error}");
        page.RequestFailed += (_, request) => Note($"failed: {request.Url} {request.Failure}");
        page.Response += (_, response) =>
        {
            if (!response.Ok)
            {
                Note($"{response.Status}: {response.Url}");
            }
        };
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(address.ToString(), StringComparison.Ordinal))
            {
                Note($"elsewhere: {request.Url}");
            }
        };
    }

    public IPage Page { get; }

    /// <summary>Waits until the figures are there and live.</summary>
    public Task LiveAsync() => Page.WaitForSelectorAsync("[data-state=live]", new PageWaitForSelectorOptions { Timeout = (float)Bound.TotalMilliseconds });

    /// <summary>What a figure reads.</summary>
    public async Task<string> FigureAsync(string name) => await Page.Locator($"[data-figure='{name}']").TextContentAsync() ?? "";

    /// <summary>Rows of a table: its columns of these numbers, tab-separated, a line each, in the order of their text.</summary>
    public async Task<string> TableAsync(string name, params int[] columns)
    {
        var rows = await Page.Locator($"[data-figure='{name}'] tbody").EvaluateAsync<string[][]>("body => [...body.rows].map(row => [...row.cells].map(cell => cell.textContent))");
        return Sorted(rows.Select(row => string.Join('\t', columns.Select(column => Plain(row[column])))));
    }

    /// <summary>Waits until a figure says what a query does.</summary>
    internal Task SaysAsync(UpProcess up, string figure, string sql) =>
        EqualAsync(async () => Number(await up.AskClickHouseAsync(sql)), () => FigureAsync(figure));

    /// <summary>Waits until columns of a table hold the rows of a query, in whatever order.</summary>
    internal Task HoldsAsync(UpProcess up, string table, int[] columns, string sql) =>
        EqualAsync(async () => Sorted((await up.AskClickHouseAsync(sql)).Split('\n')), () => TableAsync(table, columns));

    /// <summary>Waits until both are the same: the page follows ClickHouse by a moment.</summary>
    public static async Task EqualAsync(Func<Task<string>> expected, Func<Task<string>> actual)
    {
        var until = DateTimeOffset.UtcNow + Bound;
        while (true)
        {
            var (there, here) = (await expected(), await actual());
            if (there == here)
            {
                return;
            }
            if (DateTimeOffset.UtcNow > until)
            {
                Assert.Equal(there, here);
            }
            await Task.Delay(100);
        }
    }

    /// <summary>A whole number as the page writes it.</summary>
    public static string Number(string digits) => long.Parse(digits, CultureInfo.InvariantCulture).ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Nothing was written to the console, no request failed, and none went elsewhere.</summary>
    public void NothingIsBroken()
    {
        lock (_broken)
        {
            Assert.Empty(_broken);
        }
    }

    public async ValueTask DisposeAsync() => await Page.Context.DisposeAsync();

    private static string Sorted(IEnumerable<string> lines) => string.Join('\n', lines.Order(StringComparer.Ordinal));

    // As ClickHouse writes it: no thousands separators, a plain minus; words are joined.
    private static string Plain(string text) => text.Replace('−', '-').Replace(",", "", StringComparison.Ordinal).Replace(' ', '_');
}
