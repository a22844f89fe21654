using System.Diagnostics;

namespace Returns.EndToEnd;

/// <summary>Compliance in the whole pipeline: each unit counts once for its vendor, whatever is killed on the way, and the audit agrees.</summary>
/// <remarks>One collection: each test runs a whole pipeline, which is work for two cores on its own.</remarks>
[Collection("pipeline")]
public sealed class VendorFigures
{
    // Vendors of the shipped rules whose agreements hold at any time.
    private const string Vendors = "('V-1002', 'V-2001')";
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("--roles compliance")]
    [InlineData("Returns.LocalKafka.dll")]
    public async Task Each_unit_counts_once_for_its_vendor_though_a_process_is_killed(string victim)
    {
        using var folder = new TemporaryFolder();
        await using var up = UpProcess.Start("--simulate", "1500", "--units", "6000", "--seed", "11", "--data", folder.Path);
        await up.LineAsync("streaming:");
        up.Kill(victim);
        await up.LineAsync("Everything stays up");

        var routed = await up.AskClickHouseAsync($"SELECT uniqExact(lpn) FROM dispositions WHERE vendor IN {Vendors}");
        Assert.NotEqual("0", routed);
        await up.ClickHouseSaysAsync($"SELECT sum(units) FROM vendor_defect_rates WHERE kind = 'billing' AND vendor IN {Vendors}", routed, Bound);
        Assert.Equal("0", await up.AskClickHouseAsync("SELECT count() FROM (SELECT alert_id, state FROM vendor_alerts GROUP BY ALL HAVING count() > 1)"));

        var (code, output) = await VerifyAsync(up.AddressOf("Kafka"));
        Assert.True(code == 0, output);
        Assert.Contains("all is as the documents say", output, StringComparison.Ordinal);

        up.Interrupt();
        await up.EndAsync();
    }

    private static async Task<(int Code, string Output)> VerifyAsync(string kafka)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "returns.dll"), "chargebacks", "verify", "--kafka", kafka])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Bound);
        return (process.ExitCode, await output + await errors);
    }
}
