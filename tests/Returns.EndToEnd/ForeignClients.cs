using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using static Returns.EndToEnd.Summaries;

namespace Returns.EndToEnd;

/// <summary>A publisher and a reader that share no code with the pipeline: kafkajs and avsc, with the schemas as published.</summary>
/// <remarks>One collection: each test runs a whole pipeline, which is work for two cores on its own.</remarks>
[Collection("pipeline")]
public sealed class ForeignClients
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Outcomes_recounted_from_the_topics_and_in_ClickHouse_are_the_summarys()
    {
        NeedsClients();
        using var folder = new TemporaryFolder();
        ReturnFile.Write(folder.File("returns.csv"), seed: 5, lines: 60);
        var file = folder.File("summary.json");
        await using var up = UpProcess.Start("--input", folder.File("returns.csv"), "--data", folder.Path, "--summary", file);
        await up.LineAsync("Everything stays up");
        var summary = JsonDocument.Parse(await File.ReadAllTextAsync(file)).RootElement;
        Balances(summary);

        var recount = await NodeAsync("outcomes.js", up.AddressOf("Kafka"), SchemasFolder, "");

        Assert.Equal(Number(summary, "units"), Number(recount, "units"));
        Assert.Equal(Number(summary, "graded"), Number(recount, "graded"));
        Assert.Equal(Number(summary, "manualReview"), Number(recount, "manualReview"));
        Assert.Equal(Number(summary, "routed"), recount.GetProperty("dispositions").EnumerateObject().Sum(d => d.Value.GetInt64()));
        Assert.Equal(
            $"{Number(summary, "units")}\t{Number(summary, "routed")}\t{Number(summary, "manualReview")}",
            await up.AskClickHouseAsync("SELECT count(), countIf(state = 'routed'), countIf(state = 'manual_review') FROM items"));
        Assert.Equal(Number(summary, "graded"), long.Parse(await up.AskClickHouseAsync("SELECT uniqExact(lpn) FROM grades"), CultureInfo.InvariantCulture));
        // Each record of a topic is one row: nothing twice, nothing left out between.
        Assert.Equal("0", await up.AskClickHouseAsync("SELECT count() - uniqExact(_topic, _partition, _offset) FROM dispositions"));
    }

    [Fact]
    public async Task Scans_that_kafkajs_publishes_are_graded_routed_and_stored_and_what_is_no_scan_is_a_dead_letter()
    {
        NeedsClients();
        using var folder = new TemporaryFolder();
        await using var up = UpProcess.Start("--units", "50", "--simulate", "0", "--data", folder.Path);
        await up.LineAsync("Everything stays up");

        await NodeAsync("publish.js", up.AddressOf("Kafka"), SchemasFolder, "js-", "210");

        await up.ClickHouseSaysAsync("SELECT count() FROM items WHERE startsWith(lpn, 'js-') AND state = 'routed'", "210", Patience);
        await up.ClickHouseSaysAsync("SELECT count() FROM dead_letters WHERE key = 'js-garbage' AND value = 'not a scan' AND source_topic = 'returns.scans'", "1", Patience);
        // Each topic lands in inserts of its own: a disposition may be there before its grade.
        await up.ClickHouseSaysAsync("SELECT count(), max(revision) FROM grades WHERE startsWith(lpn, 'js-')", "210\t1", Patience);
        Assert.Equal("42", await up.AskClickHouseAsync("SELECT count() FROM items WHERE startsWith(lpn, 'js-') AND grade = 'X'"));
        Assert.Equal("0", await up.AskClickHouseAsync("SELECT count() FROM items WHERE startsWith(lpn, 'js-') AND (grade = 'X') != (disposition IN ('dispose', 'return_to_vendor'))"));
    }

    private static string ClientsFolder => Path.Combine(UpProcess.RepositoryFolder, "tests", "Returns.EndToEnd", "Clients");

    private static string SchemasFolder => Path.Combine(UpProcess.RepositoryFolder, "schemas");

    private static void NeedsClients() => Assert.SkipUnless(
        Directory.Exists(Path.Combine(ClientsFolder, "node_modules", "avsc")), "kafkajs and avsc are not installed: run npm ci in tests/Returns.EndToEnd/Clients");

    private static async Task<JsonElement> NodeAsync(string script, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("node", [script, .. arguments])
        {
            WorkingDirectory = ClientsFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WaitAsync(Patience);
            Assert.True(process.ExitCode == 0, $"{script}: {await errors}");
            return JsonDocument.Parse(await output).RootElement;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
