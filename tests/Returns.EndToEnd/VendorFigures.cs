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

    [Fact]
    public async Task Every_billing_window_that_has_closed_has_its_document_once_though_compliance_is_killed()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("returns.csv");
        ReturnFile.Write(file, seed: 23, lines: 1500);
        await using var up = UpProcess.Start("--input", file, "--data", folder.Path);
        await up.LineAsync("streaming:");
        up.Kill("--roles compliance");
        await up.LineAsync("Everything stays up");

        // Time is that of the scans, and goes on after the last intake: which windows close between the two is left open here.
        // By the agreements V-1002 is billed by the week and V-2001 by four, counted from 1970, each with a fee for every unit that is not what was ordered.
        var due = await up.AskClickHouseAsync(
            $"""
            SELECT vendor, toInt64(intDiv(toUnixTimestamp(intake_at), span) * span) AS start, uniqExact(lpn), uniqExact(lpn) * fee
            FROM (SELECT *, if(vendor = 'V-1002', 7, 28) * 86400 AS span, if(vendor = 'V-1002', 1, 3) * 86400 AS close, if(vendor = 'V-1002', 8, 5) AS fee FROM dispositions)
            WHERE vendor IN {Vendors} AND return_reason = 'wrong_item' AND start + span + close <= (SELECT toUnixTimestamp(max(intake_at)) FROM dispositions)
            GROUP BY vendor, start, fee ORDER BY vendor, start
            """);
        Assert.Contains("V-1002", due, StringComparison.Ordinal);
        Assert.Contains("V-2001", due, StringComparison.Ordinal);
        await up.ClickHouseSaysAsync(
            """
            SELECT vendor, toInt64(toUnixTimestamp(window_start)) AS start, sum(n), toInt64(sum(amount))
            FROM chargebacks ARRAY JOIN `lines.kind` AS line, `lines.units` AS n, `lines.amount` AS amount
            WHERE line = 'mis_shipped' AND toUnixTimestamp(window_end) + if(vendor = 'V-1002', 1, 3) * 86400 <= (SELECT toUnixTimestamp(max(intake_at)) FROM dispositions)
            GROUP BY vendor, start ORDER BY vendor, start
            """, due, Bound);
        Assert.Equal("0", await up.AskClickHouseAsync("SELECT count() FROM chargebacks WHERE total != arraySum(`lines.amount`)"));
        Assert.Equal("0", await up.AskClickHouseAsync("SELECT count() FROM (SELECT document_id FROM chargebacks GROUP BY document_id HAVING count() > 1)"));
        Assert.Equal("0", await up.AskClickHouseAsync("SELECT count() FROM (SELECT program, vendor FROM chargebacks GROUP BY ALL HAVING count() != max(sequence))"));

        var (code, output) = await VerifyAsync(up.AddressOf("Kafka"));
        Assert.True(code == 0, output);
        Assert.Contains($"{await up.AskClickHouseAsync("SELECT count() FROM chargebacks")} documents", output, StringComparison.Ordinal);

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
