using System.Text.Json;
using Confluent.Kafka;
using Returns.Contracts;
using Returns.Contracts.Tests;
using Returns.Contracts.Wire;

namespace Returns.Cli.Tests;

/// <summary><c>returns replay</c> against a broker on which triage has run.</summary>
public sealed class ReplayCommands : IDisposable
{
    private const int Units = 60;
    private readonly string _folder = Directory.CreateTempSubdirectory("returns-replay-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task By_the_same_rules_the_same_becomes_of_every_unit_and_nothing_is_written()
    {
        await using var stage = await RunningAsync();
        var ends = stage.Ends();

        var output = await CommandLine.ResultsAsync("replay", "--kafka", stage.Servers, "--json", "--out", Path.Combine(_folder, "same.csv"));

        var counts = JsonDocument.Parse(output).RootElement;
        Assert.Equal(Units, counts.GetProperty("units").GetInt32());
        Assert.Equal(0, counts.GetProperty("changed").GetInt32());
        Assert.Equal(1, counts.GetProperty("deadLetters").GetProperty("NotWireFormat").GetInt32());
        Assert.Equal(1, counts.GetProperty("dispositions").GetProperty("dispose").GetProperty("before").GetInt32());
        Assert.All(counts.GetProperty("dispositions").EnumerateObject(), d => Assert.Equal(d.Value.GetProperty("before").GetInt32(), d.Value.GetProperty("after").GetInt32()));
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(_folder, "same.csv")));
        Assert.Equal(ends, stage.Ends());
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = stage.Servers }).Build();
        Assert.Equal(["returns.triage"], (await admin.ListConsumerGroupsAsync()).Valid.Select(g => g.GroupId).Where(g => g.StartsWith("returns.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task By_other_rules_the_units_that_would_change_are_counted_and_listed()
    {
        await using var stage = await RunningAsync();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "rules"), "*.yaml"))
        {
            var text = await File.ReadAllTextAsync(file);
            await File.WriteAllTextAsync(Path.Combine(_folder, Path.GetFileName(file)), text
                .Replace("version: '2026.11.1'", "version: '2027.1.0'", StringComparison.Ordinal)
                .Replace("- {name: light wear, minus: 8}", "- {name: light wear, cap: C, minus: 8}", StringComparison.Ordinal));
        }
        var ends = stage.Ends();
        var list = Path.Combine(_folder, "changed.csv");

        var output = await CommandLine.ResultsAsync("replay", "--kafka", stage.Servers, "--rules", _folder, "--out", list);

        var worn = Enumerable.Range(0, Units).Where(i => i % 3 == 0 && i != 30).Select(i => $"U-{i}").Order(StringComparer.Ordinal).ToList();
        Assert.Contains($"{Units} units, of ", output, StringComparison.Ordinal);
        Assert.Contains($"something else would have become of {worn.Count + 1}\n", output, StringComparison.Ordinal);
        var lines = (await File.ReadAllLinesAsync(list)).Select(line => line.Split(',')).ToList();
        Assert.Equal("lpn", lines[0][0]);
        // The thirtieth is disposed of by an operator either way, and graded otherwise.
        Assert.Equal(worn.Append("U-30").Order(StringComparer.Ordinal), lines.Skip(1).Select(l => l[0]).Order(StringComparer.Ordinal));
        Assert.All(lines.Skip(1), l => Assert.Equal("C", l[5]));
        Assert.All(lines.Skip(1), l => Assert.NotEqual("C", l[4]));
        Assert.Equal(ends, stage.Ends());

        output = await CommandLine.ResultsAsync("replay", "--kafka", stage.Servers, "--rules", _folder, "--from", "1h", "--json");
        Assert.Equal(Units / 2, JsonDocument.Parse(output).RootElement.GetProperty("units").GetInt32());
        output = await CommandLine.ResultsAsync("replay", "--kafka", stage.Servers, "--to", "1h", "--json");
        Assert.Equal((Units / 2, 0), (JsonDocument.Parse(output).RootElement.GetProperty("units").GetInt32(), JsonDocument.Parse(output).RootElement.GetProperty("changed").GetInt32()));
    }

    [Fact]
    public async Task Rules_are_published_under_the_registrys_id_where_there_is_one()
    {
        using var registry = new LoopbackRegistry();
        await using var stage = await Stage.StartAsync();
        var before = stage.Read(Topics.Rules).Count;

        await CommandLine.ResultsAsync("rules", "publish", "--kafka", stage.Servers, "--schema-registry", registry.Url);

        var published = stage.Read(Topics.Rules).Skip(before).ToList();
        Assert.NotEmpty(published);
        Assert.All(published, r => Assert.True(ConfluentWire.TryRead(r.Message.Value, out var id, out _) && registry.Schemas[id] == RuleSet.SchemaJson));
    }

    [Fact]
    public async Task What_is_wrong_is_said_and_leaves_no_file()
    {
        await using var stage = await Stage.StartAsync();
        var (code, output) = await CommandLine.RunAsync("replay", "--kafka", stage.Servers, "--from", "1h", "--to", "2h");
        Assert.Equal(1, code);
        Assert.Contains("--to: it is not after --from", output, StringComparison.Ordinal);
        (code, output) = await CommandLine.RunAsync("replay", "--kafka", stage.Servers, "--rules", "/nowhere", "--out", Path.Combine(_folder, "none.csv"));
        Assert.Equal(1, code);
        Assert.Contains("rules in /nowhere", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    /// <summary>Half of the units hours ago and half now, every third of them worn, one disposed of by an operator, and a broken scan.</summary>
    private static async Task<Stage> RunningAsync()
    {
        var stage = await Stage.StartAsync();
        stage.Publish("SKU-1");
        var sequence = 0;
        for (var i = 0; i < Units; i++)
        {
            var at = i < Units / 2 ? DateTimeOffset.UtcNow.AddHours(-5).ToUnixTimeMilliseconds() : default(long?);
            var (lpn, time) = ($"U-{i}", Stage.Start + i * 1000);
            Send(Stage.Intake(lpn, sequence++, time), at);
            Send(Stage.Inspection(lpn, sequence++, time + 500, ("powers-on", 1), ("functional-test", 0), ("cosmetic", i % 3 == 0 ? 1 : 0), ("factory-reset", 1), ("accessories-complete", 1)), at);
        }
        stage.Send(Topics.Scans, "U-X", "no scan"u8.ToArray());
        stage.Send(Topics.Overrides, "U-30", Stage.Encoded(new OperatorOverride { OverrideId = "O-1", Lpn = "U-30", Operator = "op-17", Reason = "seen by me", Disposition = Disposition.Dispose, DecidedAt = Stage.Start + 3_600_000 }));
        stage.Flush();
        await stage.TriageUntilAsync(() => stage.Read(Topics.Dispositions).Count >= Units + 1);
        return stage;

        void Send(ItemScan scan, long? at) => stage.Send(Topics.Scans, scan.Lpn.ToString(), Stage.Encoded(scan), timestamp: at);
    }
}
