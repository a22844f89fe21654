using static Returns.EndToEnd.Summaries;

namespace Returns.EndToEnd;

/// <summary>A real file through the whole pipeline: processes of their own, local servers, one command.</summary>
/// <remarks>One collection: each test runs a whole pipeline, which is work for two cores on its own.</remarks>
[Collection("pipeline")]
public sealed class Replays
{
    private const string Shared = "../shared/data/online-retail-returns-2010-12_2011-06.csv.gz";

    [Theory]
    [InlineData("returns.csv", 3)]
    [InlineData("returns.csv.gz", 4)]
    public async Task Every_unit_of_a_file_comes_out_and_the_same_command_again_counts_the_same(string name, int seed)
    {
        using var folder = new TemporaryFolder();
        var file = ReturnFile.Write(folder.File(name), seed, lines: 120);

        var first = await UpProcess.SummaryAsync(folder.Path, "--input", folder.File(name));

        Balances(first);
        Assert.Equal((file.Lines, file.Rejected, file.Units), ((int)Number(first, "lines"), (int)Number(first, "rejectedLines"), Number(first, "units")));
        Assert.True(Number(first, "scans") > 3 * file.Units);
        Assert.Equal(0, Number(first, "deadLettered"));
        Assert.True(Number(first, "graded") > file.Units * 9 / 10);

        var second = await UpProcess.SummaryAsync(folder.Path, "--input", folder.File(name));

        Assert.Equal(Totals(first), Totals(second));
        Assert.Equal(0, Number(second, "scansPerSecond"));
    }

    [Fact]
    public async Task The_returns_of_2011_give_the_figures_that_are_known_of_them()
    {
        var path = SharedFile();
        Assert.SkipWhen(path is null, $"{Shared} is not there");
        using var folder = new TemporaryFolder();

        var summary = await UpProcess.SummaryAsync(folder.Path, "--input", path!);

        Balances(summary);
        Assert.Equal((4_494, 299, 127_609), (Number(summary, "lines"), Number(summary, "rejectedLines"), Number(summary, "units")));
        TestContext.Current.TestOutputHelper?.WriteLine(summary.ToString());
    }

    private static string? SharedFile()
    {
        var path = Path.GetFullPath(Path.Combine(UpProcess.RepositoryFolder, Shared));
        return File.Exists(path) ? path : null;
    }
}
