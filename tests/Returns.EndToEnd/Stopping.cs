namespace Returns.EndToEnd;

/// <summary>What Ctrl-C leaves behind: nothing that runs, and data that the next start goes on with.</summary>
/// <remarks>One collection: each test runs a whole pipeline, which is work for two cores on its own.</remarks>
[Collection("pipeline")]
public sealed class Stopping
{
    [Fact]
    public async Task Ctrl_C_stops_everything_and_the_next_start_goes_on()
    {
        using var folder = new TemporaryFolder();
        string[] shift = ["--units", "4000", "--seed", "11", "--simulate", "1000"];
        await using (var up = UpProcess.Start([.. shift, "--data", folder.Path]))
        {
            await up.LineAsync("streaming:");
            up.Interrupt();
            Assert.Equal(0, await up.EndAsync());
            Assert.DoesNotContain("killed", up.Output, StringComparison.Ordinal);
        }

        Summaries.Balances(await UpProcess.SummaryAsync(folder.Path, shift));
    }

    [Fact]
    public async Task A_data_folder_in_use_is_named_with_the_way_out()
    {
        using var folder = new TemporaryFolder();
        await using var up = UpProcess.Start("--units", "100", "--data", folder.Path);
        await up.LineAsync("Starting the pipeline");
        await using var second = UpProcess.Start("--units", "100", "--data", folder.Path);

        Assert.Equal(1, await second.EndAsync());
        Assert.Contains("--data", second.Output, StringComparison.Ordinal);
    }
}
