using Confluent.Kafka;
using Returns.Cli.Page;
using Returns.Cli.Rules;
using Returns.ClickHouse;
using Returns.Contracts.Wire;
using Returns.Simulator;
using Returns.Simulator.Settlements;

namespace Returns.Cli.Up;

/// <summary>
/// <c>returns up</c>: starts the pipeline, streams a file or shift after shift through it, and says what became of every unit.
/// </summary>
/// <remarks>
/// A run is known by its label, which begins the LPN of each of its units and follows from what goes in: the file's bytes,
/// or the shift, and the seed. So the same command again, after whatever crash, goes on with the same run: the feeder
/// publishes what it had not yet, and the counts are those of the label.
/// </remarks>
internal sealed class UpRun(UpOptions options, RunView view)
{
    /// <summary>Runs until drained, or until cancelled.</summary>
    /// <returns>The exit code: 0 when every unit that came in has come out.</returns>
    /// <exception cref="UpException">Something that a person must see to.</exception>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        using var folder = RunFolder.Take(options.Data);
        var (documents, book) = RulePublisher.Read(RulePublisher.DefaultFolder);
        var shift = options.ShiftAfterShift ? folder.NextShift : 0;
        var feed = Feeds.Open(options, book, shift);
        view.Say($"Starting the pipeline; its data and logs are in {folder.Path}");
        await using var pipeline = await Pipeline.StartServersAsync(options, folder, view.Say, cancel);
        using var admin = new AdminClientBuilder(pipeline.Client).SetLogHandler((_, _) => { }).Build();
        await TopicSetup.EnsureAsync(admin, pipeline.Kafka);
        await RulePublisher.PublishAsync(pipeline.Client, documents, LocalSchemaIds.BuiltIn, cancel);
        using var clickHouse = new ClickHouseHttp(ClickHouseAddress.Parse(pipeline.ClickHouse), TimeSpan.FromSeconds(60));
        await pipeline.StartWorkersAsync(cancel);
        await pipeline.RunningAsync(cancel);
        using var agreements = options.PagePort is null ? null : new KnownAgreements(pipeline.Client);
        await using var page = agreements is null ? null : await ServePageAsync(options.PagePort!.Value, agreements, pipeline);
        Where(pipeline, page);
        var settlements = new SettlementFeeder(pipeline.Client, options.Seed);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        // A file goes through as fast as the pipeline takes it: what is paid for its units comes when they are out, as it would.
        var paying = options.Input is null ? settlements.RunAsync(stop.Token) : null;
        Task PaidAsync()
        {
            paying ??= settlements.RunAsync(stop.Token);
            return settlements.ThroughAsync(cancel);
        }
        try
        {
            while (true)
            {
                var run = new FeedRun(options, view, pipeline, admin, clickHouse, feed, book, PaidAsync);
                Report(await view.DuringAsync(() => run.DrainAsync(cancel)), feed, folder, pipeline);
                if (options.ExitWhenDrained)
                {
                    return 0;
                }
                if (!options.ShiftAfterShift)
                {
                    view.Say("Everything stays up for queries and for scans of your own; Ctrl-C stops it.");
                    await pipeline.GaveUpAsync().WaitAsync(cancel);
                }
                folder.NextShift = ++shift;
                feed = Feeds.Open(options, book, shift);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested && !options.ExitWhenDrained)
        {
            view.Say("Stopping: workers first, then the servers.");
            return 0;
        }
        finally
        {
            await stop.CancelAsync();
            await (paying ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Serves the live page, where it could be built.</summary>
    private async Task<LivePage?> ServePageAsync(int preferred, KnownAgreements agreements, Pipeline pipeline)
    {
        if (!LivePage.IsBuilt)
        {
            view.Say("There is no live page: npm could not install what it is built from. Build again where npm reaches its registry.");
            return null;
        }
        var port = Ports.Choose(preferred);
        if (port != preferred && preferred != 0)
        {
            view.Say($"Port {preferred} is taken: the page is at port {port}; --page-port chooses another.");
        }
        return await LivePage.StartAsync(port, ClickHouseAddress.Parse(pipeline.ClickHouse), () => agreements.All, TimeProvider.System);
    }

    private void Where(Pipeline pipeline, LivePage? page)
    {
        if (page is not null)
        {
            view.Say($"  {"Page",-12}{page.Address}");
        }
        foreach (var (name, address) in pipeline.Addresses)
        {
            view.Say($"  {name,-12}{address}");
        }
        if (Receivers() is { } receivers)
        {
            view.Say($"  {"Alerts",-12}of vendors go to {receivers}");
        }
        view.Say($"""
            To look into it, from another terminal while this runs:
              {Query(pipeline, "")}
            """);
    }

    /// <summary>Who hears of alerts, without what may be secret in a URL; null where nobody does.</summary>
    private string? Receivers()
    {
        var all = ((string?[])[options.Alertmanager, .. options.Webhooks?.Split(',', StringSplitOptions.TrimEntries) ?? []]).OfType<string>().ToList();
        return all.Count == 0 ? null : string.Join(" and ", all.Select(url => new Uri(url).GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)));
    }

    /// <summary>A command to paste: what became of the units whose LPN begins with <paramref name="label"/>.</summary>
    private static string Query(Pipeline pipeline, string label) => $"""
        curl '{pipeline.ClickHouseEndpoint}/?database=returns' --data-binary "SELECT category, disposition, count() FROM items{(label.Length == 0 ? "" : $" WHERE startsWith(lpn, '{label}')")} GROUP BY ALL ORDER BY ALL FORMAT PrettyCompact"
        """;

    private void Report(RunSummary summary, ScanFeed feed, RunFolder folder, Pipeline pipeline)
    {
        var json = summary.ToJson();
        view.Say(json);
        if (feed.Rejected.Count > 0)
        {
            var list = folder.Rejected(feed.Label.ToString());
            File.WriteAllLines(list, feed.Rejected.Select(line => line.ToString()));
            view.Say($"{feed.Rejected.Count} lines are no returns of a product, such as {feed.Rejected[0]}; all of them: {list}");
        }
        view.Say("Conditions, inspections, vendors and payments of these units are simulated.");
        if (!options.ExitWhenDrained)
        {
            view.Say($"""
                To look at them while this runs:
                  {Query(pipeline, feed.Label.ToString())}
                """);
        }
        if (options.Summary is { } path)
        {
            try
            {
                File.WriteAllText(path, json);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new UpException($"--summary: {path} cannot be written: {error.Message}");
            }
        }
    }
}
