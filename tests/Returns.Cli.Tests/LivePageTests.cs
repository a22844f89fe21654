using System.Collections.Concurrent;
using System.Net;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Text.Json;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Returns.Cli.Page;
using Returns.Cli.Rules;
using Returns.Cli.Up;
using Returns.ClickHouse;
using Returns.ClickHouse.Migrations;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.LocalClickHouse;
using Returns.LocalKafka;

namespace Returns.Cli.Tests;

/// <summary>The server of the live page: who may ask, what it asks, and what it says where there is no answer.</summary>
public sealed class LivePageTests : IAsyncLifetime
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("returns-page-").FullName;
    private readonly CountingClickHouse _clickHouse = new();
    private readonly HttpClient _http = new() { Timeout = Bound };
    private LivePage _page = null!;

    public async ValueTask InitializeAsync()
    {
        _page = await LivePage.StartAsync(0, ClickHouseAddress.Parse($"http://reader:secret@127.0.0.1:{_clickHouse.Port}/"), () => [], TimeProvider.System);
        _http.BaseAddress = new Uri(_page.Address);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/recovery")]
    [InlineData("/vendors")]
    [InlineData("/page.js")]
    [InlineData("/page.css")]
    public async Task What_it_serves_may_load_and_run_nothing_from_elsewhere(string path)
    {
        using var answer = await _http.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
    }

    [Theory]
    [InlineData("elsewhere.example")]
    [InlineData("127.0.0.1.elsewhere.example:80")]
    [InlineData("192.0.2.7")]
    public async Task A_name_that_is_not_this_machines_is_refused(string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/events/recovery") { Headers = { Host = host } };
        using var answer = await _http.SendAsync(request);

        Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
        Assert.Empty(_clickHouse.Queries);
    }

    [Fact]
    public async Task Any_number_of_viewers_costs_the_queries_of_one()
    {
        var view = View.All.Single(v => v.Name == "recovery");
        _clickHouse.Hold();
        var viewers = Enumerable.Range(0, 40).Select(_ => new Viewer(_http, "recovery")).ToList();
        await viewers[0].StartedAsync();
        await Task.WhenAll(viewers.Select(v => v.StartedAsync()));
        _clickHouse.Release();

        var seen = await Task.WhenAll(viewers.Select(v => v.NextAsync("figures")));

        Assert.Single(seen.Distinct());
        var asked = _clickHouse.Queries.Count;
        Assert.True(asked <= 2 * view.Figures.Count, $"{asked} queries for {view.Figures.Count} figures");
        foreach (var viewer in viewers)
        {
            await viewer.DisposeAsync();
        }
    }

    [Fact]
    public async Task Nobody_looking_costs_nothing()
    {
        Assert.Empty(_clickHouse.Queries);
        await using (var viewer = new Viewer(_http, "vendors"))
        {
            await viewer.NextAsync("figures");
            await viewer.NextAsync("figures");
        }
        // Another view's refreshes count the time: in that of two, a view that is looked at would have had one.
        await using var other = new Viewer(_http, "recovery");
        var before = -1;
        for (var patience = 20; before != Asked(); patience--)
        {
            Assert.NotEqual(0, patience);
            before = Asked();
            for (var i = 0; i < 2; i++)
            {
                await other.NextAsync("figures");
            }
        }

        int Asked() => _clickHouse.Queries.Count(query => query.Contains("FROM chargebacks", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Figures_grow_stale_where_ClickHouse_is_away_and_live_once_it_is_back()
    {
        await using var viewer = new Viewer(_http, "recovery");
        using var figures = JsonDocument.Parse(await viewer.NextAsync("figures"));
        _clickHouse.IsAway = true;

        using var stale = JsonDocument.Parse(await viewer.NextAsync("stale"));

        var since = stale.RootElement.GetProperty("since").GetDateTimeOffset();
        Assert.True(since >= figures.RootElement.GetProperty("asOf").GetDateTimeOffset());
        Assert.Contains($"127.0.0.1:{_clickHouse.Port}", stale.RootElement.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", stale.RootElement.ToString(), StringComparison.Ordinal);

        // Who comes now sees the figures of before, and since when they are stale.
        await using var late = new Viewer(_http, "recovery");
        await late.NextAsync("figures");
        using var again = JsonDocument.Parse(await late.NextAsync("stale"));
        Assert.Equal(since, again.RootElement.GetProperty("since").GetDateTimeOffset());

        _clickHouse.IsAway = false;
        await late.NextAsync("figures");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_with_the_way_out()
    {
        var error = await Assert.ThrowsAsync<UpException>(() => LivePage.StartAsync(_clickHouse.Port, ClickHouseAddress.Parse("http://127.0.0.1:1"), () => [], TimeProvider.System));

        Assert.Contains($"port {_clickHouse.Port}", error.Message, StringComparison.Ordinal);
        Assert.Contains("--page-port", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_agreements_allow_follows_the_rules_and_what_they_allowed_before_is_kept()
    {
        await using var broker = await LocalKafkaServer.StartAsync(new LocalKafkaOptions { DataFolder = Path.Combine(_folder, "kafka"), Log = TextWriter.Null });
        var client = new ClientConfig { BootstrapServers = broker.BootstrapServers };
        using (var admin = new AdminClientBuilder(client).Build())
        {
            await TopicSetup.EnsureAsync(admin, broker.BootstrapServers);
        }
        using (var known = new KnownAgreements(client))
        {
            await PublishAsync(RulePublisher.DefaultFolder);
            await UntilAllowsAsync(0.30);

            var rules = Directory.CreateDirectory(Path.Combine(_folder, "rules")).FullName;
            foreach (var file in Directory.EnumerateFiles(RulePublisher.DefaultFolder, "*.yaml"))
            {
                var text = await File.ReadAllTextAsync(file);
                await File.WriteAllTextAsync(Path.Combine(rules, Path.GetFileName(file)), text.Replace("allowed-percent: {units: 30}", "allowed-percent: {units: 45}", StringComparison.Ordinal));
            }
            await PublishAsync(rules);
            await UntilAllowsAsync(0.45);
            Assert.Contains(known.All, agreement => agreement.Allowed(RateMeasure.Units) == 0.30);

            async Task UntilAllowsAsync(double share)
            {
                var until = DateTimeOffset.UtcNow + Bound;
                while (known.All.All(agreement => agreement.Allowed(RateMeasure.Units) != share))
                {
                    Assert.True(DateTimeOffset.UtcNow < until, $"no agreement allows {share}: {known.All.Count} are known");
                    await Task.Delay(20);
                }
            }
        }

        async Task PublishAsync(string from) => await RulePublisher.PublishAsync(client, RulePublisher.Read(from).Documents, LocalSchemaIds.BuiltIn, TestContext.Current.CancellationToken);
    }

    /// <summary>Before anything has happened, too, and with every period.</summary>
    [Fact]
    public async Task Every_view_can_be_read_from_a_new_database()
    {
        Assert.SkipWhen(LocalClickHouseServer.Missing is not null, LocalClickHouseServer.Missing ?? "");
        var server = await LocalClickHouseServer.Start(Path.Combine(_folder, "clickhouse"));
        try
        {
            using var http = new ClickHouseHttp(ClickHouseAddress.Parse(server.Endpoint.ToString()), Bound);
            await new Migrator(http, NullLogger<Migrator>.Instance).ApplyAsync();
            foreach (var view in View.All)
            {
                using var figures = JsonDocument.Parse(await view.ReadAsync(http, () => [], DateTimeOffset.UnixEpoch, TestContext.Current.CancellationToken));
                Assert.All(view.Figures, figure => Assert.Equal(JsonValueKind.Array, figures.RootElement.GetProperty(figure).ValueKind));
            }
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _page.DisposeAsync();
        _clickHouse.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>One that looks at a view.</summary>
    private sealed class Viewer : IAsyncDisposable
    {
        private readonly CancellationTokenSource _gone = new(Bound);
        private readonly Task<HttpResponseMessage> _answer;
        private IAsyncEnumerator<SseItem<string>>? _items;

        public Viewer(HttpClient http, string view) => _answer = http.GetAsync(new Uri($"/events/{view}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, _gone.Token);

        public Task<HttpResponseMessage> StartedAsync() => _answer;

        /// <summary>The data of the next event of a type; others are passed over.</summary>
        public async Task<string> NextAsync(string type)
        {
            _items ??= SseParser.Create(await (await _answer).Content.ReadAsStreamAsync(_gone.Token)).EnumerateAsync(_gone.Token).GetAsyncEnumerator();
            while (await _items.MoveNextAsync())
            {
                if (_items.Current.EventType == type)
                {
                    return _items.Current.Data;
                }
            }
            throw new InvalidOperationException($"the stream ended before '{type}'");
        }

        public async ValueTask DisposeAsync()
        {
            if (_items is not null)
            {
                await _items.DisposeAsync();
            }
            (await _answer).Dispose();
            _gone.Dispose();
        }
    }

    /// <summary>Answers every query with no rows, and keeps them.</summary>
    private sealed class CountingClickHouse : IDisposable
    {
        private readonly HttpListener _listener = new();
        private volatile TaskCompletionSource? _held;

        public CountingClickHouse()
        {
            using (var socket = new TcpListener(IPAddress.Loopback, 0))
            {
                socket.Start();
                Port = ((IPEndPoint)socket.LocalEndpoint).Port;
            }
            _listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
            _listener.Start();
            _ = AnswerAsync();
        }

        public int Port { get; }

        public ConcurrentQueue<string> Queries { get; } = new();

        public bool IsAway { get; set; }

        public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _held!.SetResult();

        public void Dispose() => _listener.Close();

        private async Task AnswerAsync()
        {
            while (_listener.IsListening)
            {
                HttpListenerContext request;
                try
                {
                    request = await _listener.GetContextAsync();
                }
                catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
                if (_held is { } held)
                {
                    await held.Task;
                }
                using var reader = new StreamReader(request.Request.InputStream);
                Queries.Enqueue(await reader.ReadToEndAsync());
                request.Response.StatusCode = IsAway ? (int)HttpStatusCode.ServiceUnavailable : (int)HttpStatusCode.OK;
                using (var writer = new StreamWriter(request.Response.OutputStream))
                {
                    await writer.WriteAsync("[\n]\n");
                }
                request.Response.Close();
            }
        }
    }
}
