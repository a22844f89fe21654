using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Returns.Cli.Up;
using Returns.ClickHouse;
using Returns.Domain.Compliance;

namespace Returns.Cli.Page;

/// <summary>The live page: views of the floor, of recovery and of vendors, as ClickHouse has them, for browsers on this machine.</summary>
internal sealed class LivePage : IAsyncDisposable
{
    /// <summary>The port where none is given.</summary>
    public const int DefaultPort = 7070;

    private const int MostConnections = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly WebApplication _app;
    private readonly ClickHouseHttp _clickHouse;
    private readonly List<ViewFeed> _feeds = [];

    private LivePage(WebApplication app, ClickHouseHttp clickHouse) => (_app, _clickHouse) = (app, clickHouse);

    /// <summary>Its address.</summary>
    public string Address { get; private init; } = "";

    /// <summary>Whether the build has bundled the page; it does not where npm fails.</summary>
    public static bool IsBuilt => PageAsset.All.Count > 0;

    /// <summary>Serves the page on loopback.</summary>
    /// <param name="port">The port, or 0 for a free one.</param>
    /// <param name="address">The ClickHouse to read.</param>
    /// <param name="agreements">Gives the vendors' agreements that are known.</param>
    /// <param name="time">Paces the refreshes, and says as of when the figures are.</param>
    /// <exception cref="UpException">The port cannot be had.</exception>
    public static async Task<LivePage> StartAsync(int port, ClickHouseAddress address, Func<IReadOnlyCollection<Agreement>> agreements, TimeProvider time)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        var app = builder.Build();
        var clickHouse = new ClickHouseHttp(address, Patience);
        try
        {
            app.Use(Guard);
            app.UseRouting();
            foreach (var asset in PageAsset.All)
            {
                foreach (var path in asset.Paths)
                {
                    app.MapGet(path, asset.WriteAsync);
                }
            }
            var feeds = View.All.ToDictionary(view => view, view => new ViewFeed(view, clickHouse, agreements, time));
            foreach (var (view, feed) in feeds)
            {
                app.MapGet($"/events/{view.Name}", (HttpContext context) => TypedResults.ServerSentEvents(feed.ReadAsync(context.RequestAborted)));
            }
            await app.StartAsync();
            var page = new LivePage(app, clickHouse) { Address = app.Urls.First() + "/" };
            page._feeds.AddRange(feeds.Values);
            return page;
        }
        catch (IOException error)
        {
            clickHouse.Dispose();
            await app.DisposeAsync();
            throw error.InnerException is AddressInUseException
                ? new UpException($"--page-port: port {port} is taken: choose another (0 takes a free one), or --no-page")
                : new UpException($"the page cannot listen on port {port}: {error.Message}; choose another with --page-port, or --no-page");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // The streams to viewers end with their feeds; the server waits for them.
        _feeds.ForEach(feed => feed.Dispose());
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
        _clickHouse.Dispose();
    }

    /// <summary>
    /// Only this machine's own names are answered, so that no page of another origin reaches this one by a name that it resolves to
    /// loopback; and the browser is told to load, and run, nothing from elsewhere.
    /// </summary>
    private static Task Guard(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        // Scripts and style sheets come as files of this origin alone; charts set styles by script.
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-cache";
        if (context.Request.Host.Host is "localhost" or "127.0.0.1")
        {
            return next(context);
        }
        context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
        return context.Response.WriteAsync($"this page answers to 127.0.0.1 and localhost, not to '{context.Request.Host.Host}'\n");
    }

    /// <summary>The command deals with signals itself.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
