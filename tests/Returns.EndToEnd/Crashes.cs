using static Returns.EndToEnd.Summaries;

namespace Returns.EndToEnd;

/// <summary>kill -9 of any one process while units stream through it: nothing is lost, nothing counts twice.</summary>
/// <remarks>One collection: each test runs a whole pipeline, which is work for two cores on its own.</remarks>
[Collection("pipeline")]
public sealed class Crashes
{
    private static readonly string[] Shift = ["--simulate", "1500", "--units", "6000", "--seed", "7"];

    [Theory]
    [InlineData("Returns.LocalKafka.dll")]
    [InlineData("Returns.LocalClickHouse.dll")]
    [InlineData("--roles triage")]
    [InlineData("--roles sink")]
    [InlineData(null)]
    public async Task A_killed_process_changes_no_total(string? victim)
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("summary.json");
        string[] arguments = [.. Shift, "--exit-when-drained", "--data", folder.Path, "--summary", file];
        System.Text.Json.JsonElement summary;
        await using (var up = UpProcess.Start(arguments))
        {
            await up.LineAsync("streaming:");
            up.Kill(victim);
            if (victim is null)
            {
                await up.EndAsync();
            }
            summary = victim is null ? default : await up.SummaryAsync(file);
        }
        if (victim is null)
        {
            summary = await UpProcess.SummaryAsync(folder.Path, Shift);
        }

        Balances(summary);
        Assert.Equal(await Undisturbed.Value, Totals(summary));
    }

    private static readonly Lazy<Task<string>> Undisturbed = new(async () =>
    {
        using var folder = new TemporaryFolder();
        return Totals(await UpProcess.SummaryAsync(folder.Path, "--units", "6000", "--seed", "7", "--simulate", "0"));
    });
}
