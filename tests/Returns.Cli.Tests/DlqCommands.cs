using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using Returns.Contracts;
using Returns.Contracts.Resolution;
using Returns.Contracts.Tests;
using Returns.Contracts.Wire;

namespace Returns.Cli.Tests;

/// <summary><c>returns dlq</c> against a broker, and triage that refuses records and takes them when they come again.</summary>
public sealed class DlqCommands
{
    private static readonly (string, double)[] Good = [("powers-on", 1), ("functional-test", 0), ("cosmetic", 0), ("factory-reset", 1), ("accessories-complete", 1)];

    [Fact]
    public async Task What_triage_refused_is_shown_mended_and_redriven_once_and_then_taken()
    {
        await using var stage = await Stage.StartAsync();
        stage.Publish("SKU-1");
        var nameless = Stage.Intake("U-1", 1, Stage.Start);
        nameless.Facility = "";
        var headers = new Headers { { "trace", "7f"u8.ToArray() } };
        var sentAt = DateTimeOffset.UtcNow.AddMinutes(-5).ToUnixTimeMilliseconds();
        stage.Send(Topics.Scans, "U-1", Stage.Encoded(nameless), headers, sentAt);
        stage.Send(Topics.Scans, null, Stage.Encoded(Stage.Intake("U-2", 2, Stage.Start)), partition: 1);
        var json = JsonBody(ItemScan.SchemaJson, Stage.Encoded(Stage.Intake("U-3", 3, Stage.Start))[5..]);
        stage.Send(Topics.Scans, "U-3", Encoding.UTF8.GetBytes(json));
        stage.Send(Topics.Scans, "U-4", Stage.Encoded(Stage.Intake("U-4", 4, Stage.Start), schemaId: 4711));
        foreach (var (lpn, i) in new[] { "U-1", "U-2", "U-3", "U-4" }.Select((lpn, i) => (lpn, i)))
        {
            stage.Send(Stage.Inspection(lpn, 10 + i, Stage.Start + 60_000, Good));
        }
        stage.Flush();
        await stage.TriageUntilAsync(() => stage.Read(Topics.DeadLetters).Count == 4);

        var output = await RunAsync(0, "dlq", "list", "--kafka", stage.Servers);
        Assert.Contains("1 UnknownSchema of returns.scans", output, StringComparison.Ordinal);
        Assert.Contains("4 dead letters, 4 of them not redriven", output, StringComparison.Ordinal);
        output = await CommandLine.ResultsAsync("dlq", "list", "--class", "KeyMismatch", "--source", "returns.scans:1", "--since", "1h", "--json", "--kafka", stage.Servers);
        var letter = JsonDocument.Parse(output).RootElement;
        Assert.Equal(JsonValueKind.Null, letter.GetProperty("key").ValueKind);
        var place = letter.GetProperty("place").GetString()!;
        output = await RunAsync(0, "dlq", "show", place, "--kafka", stage.Servers);
        Assert.Contains("the key is none and the LPN 'U-2'", output, StringComparison.Ordinal);
        Assert.Contains("it would come back: KeyMismatch", output, StringComparison.Ordinal);
        Assert.Contains("id 1, ItemScan, which is today's", output, StringComparison.Ordinal);
        Assert.Contains("\"scannedAt\": \"2026-03-02T08:00:00.000Z\"", output, StringComparison.Ordinal);
        Assert.Contains("|..", output, StringComparison.Ordinal);

        // As they are, each would come back, and so none goes.
        var before = stage.Ends();
        output = await RunAsync(3, "dlq", "redrive", "--all", "--kafka", stage.Servers);
        Assert.Contains("0 redriven, 4 not, 0 redriven before", output, StringComparison.Ordinal);
        Assert.Contains("it would come back: UnknownSchema: schema id 4711", output, StringComparison.Ordinal);
        output = await RunAsync(0, "dlq", "redrive", "--class", "EmptyField", "--set", "facility=DC-LEEDS", "--dry-run", "--kafka", stage.Servers);
        Assert.Contains("would go to returns.scans, changed", output, StringComparison.Ordinal);
        Assert.Equal(before[$"{Topics.Scans} [[0]]"] + before[$"{Topics.Scans} [[1]]"], stage.Read(Topics.Scans).Count);

        await RunAsync(0, "dlq", "redrive", "--class", "EmptyField", "--set", "facility=DC-LEEDS", "--kafka", stage.Servers);
        await RunAsync(0, "dlq", "redrive", place, "--key-from", "lpn", "--kafka", stage.Servers);
        await RunAsync(0, "dlq", "redrive", "--class", "NotWireFormat", "--filter", "sed s/DC-LEEDS/DC-YORK/", "--kafka", stage.Servers);
        output = await RunAsync(3, "dlq", "redrive", "--source", "returns.scans", "--kafka", stage.Servers);
        Assert.Contains("0 redriven, 1 not, 3 redriven before", output, StringComparison.Ordinal);

        var redriven = stage.Read(Topics.Scans).Where(r => r.Message.Headers.TryGetLastBytes("redrive.letter", out _)).ToDictionary(r => Encoding.UTF8.GetString(r.Message.Key!));
        Assert.Equal(["U-1", "U-2", "U-3"], redriven.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("7f", Encoding.UTF8.GetString(redriven["U-1"].Message.Headers.GetLastBytes("trace")));
        Assert.Equal("1", Encoding.UTF8.GetString(redriven["U-1"].Message.Headers.GetLastBytes("redrive.count")));
        Assert.DoesNotContain(redriven["U-1"].Message.Headers, h => h.Key.StartsWith("error.", StringComparison.Ordinal));
        Assert.Equal(sentAt, redriven["U-1"].Message.Timestamp.UnixTimestampMs);
        await stage.TriageUntilAsync(() => stage.Read(Topics.Dispositions).Count >= 3);
        var routed = Stage.Decoded<ItemRouted>(stage.Read(Topics.Dispositions));
        Assert.Equal([("U-1", "DC-LEEDS"), ("U-2", "DC-LEEDS"), ("U-3", "DC-YORK")], routed.Select(r => (r.Lpn.ToString(), r.Facility.ToString())).Order());

        output = await CommandLine.ResultsAsync("dlq", "show", place, "--json", "--kafka", stage.Servers);
        Assert.NotEqual(JsonValueKind.Null, JsonDocument.Parse(output).RootElement.GetProperty("redriven").ValueKind);
        output = await RunAsync(1, "dlq", "show", "1:99", "--kafka", stage.Servers);
        Assert.Contains("no dead letter is at 1:99", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_letter_whose_schema_has_since_changed_is_read_by_its_own_or_named()
    {
        using var registry = new LoopbackRegistry();
        await using var stage = await Stage.StartAsync();
        // An earlier ItemScan without its last two fields; one whose sequence is text; and one that nobody knows.
        var earlier = JsonNode.Parse(ItemScan.SchemaJson)!.AsObject();
        var fields = earlier["fields"]!.AsArray();
        fields.RemoveAt(fields.Count - 1);
        fields.RemoveAt(fields.Count - 1);
        registry.Schemas[501] = earlier.ToJsonString();
        earlier["fields"]!.AsArray().First(f => f!["name"]!.GetValue<string>() == "sequence")!["type"] = "string";
        registry.Schemas[502] = earlier.ToJsonString();
        var json = JsonNode.Parse(JsonBody(ItemScan.SchemaJson, Stage.Encoded(Stage.Intake("OLD", 1, Stage.Start))[5..]))!.AsObject();
        json.Remove("origin");
        json.Remove("source");
        var old = Under(501, json);
        stage.Letter("OLD", old, "UnknownSchema", sourcePartition: 1, sourceOffset: 7);
        stage.Letter("OLD", old, "UnknownSchema", sourcePartition: 1, sourceOffset: 8);
        json["sequence"] = "one";
        stage.Letter("OLD", Under(502, json), "UnknownSchema", sourcePartition: 1, sourceOffset: 9);
        stage.Letter("OLD", Stage.Encoded(Stage.Intake("OLD", 1, Stage.Start), 503), "UnknownSchema", sourcePartition: 1, sourceOffset: 10);
        stage.Flush();

        var output = await RunAsync(0, "dlq", "show", "returns.scans:1:7", "--kafka", stage.Servers, "--schema-registry", registry.Url);
        Assert.Contains("id 501, ItemScan, where today's is 100", output, StringComparison.Ordinal);
        Assert.Contains("it is read as today's", output, StringComparison.Ordinal);
        Assert.Contains("\"lpn\": \"OLD\"", output, StringComparison.Ordinal);
        output = await RunAsync(0, "dlq", "show", "returns.scans:1:9", "--kafka", stage.Servers, "--schema-registry", registry.Url);
        Assert.Contains("ItemScan.sequence: written as string, which is not read as long", output, StringComparison.Ordinal);

        output = await RunAsync(0, "dlq", "redrive", "returns.scans:1:8", "--set", "sequence=2", "--kafka", stage.Servers, "--schema-registry", registry.Url);
        output = await RunAsync(3, "dlq", "redrive", "--all", "--kafka", stage.Servers, "--schema-registry", registry.Url);
        Assert.Contains("1 redriven, 2 not, 1 redriven before", output, StringComparison.Ordinal);
        Assert.Contains("it would come back: Incompatible: the writer's schema cannot be resolved: ItemScan.sequence", output, StringComparison.Ordinal);
        Assert.Contains("it would come back: UnknownSchema: schema id 503 is not known", output, StringComparison.Ordinal);

        var redriven = stage.Read(Topics.Scans).OrderBy(r => r.Offset.Value).ToList();
        Assert.Equal(2, redriven.Count);
        // What was changed is written by today's schema, and what was not is, to the byte, what it was.
        Assert.Equal(ItemScan.SchemaJson, registry.Schemas[SchemaId(redriven[0])]);
        var changed = new ItemScan();
        Assert.True(ItemScan.TryDecode(redriven[0].Message.Value.AsSpan(5), changed, out _));
        Assert.Equal((2, Origin.Station), (changed.Sequence, changed.Origin));
        Assert.Equal(old, redriven[1].Message.Value);
        Assert.All(redriven, r => Assert.Equal((1, Stage.Start), (r.Partition.Value, r.Message.Timestamp.UnixTimestampMs)));

        byte[] Under(int id, JsonObject record)
        {
            var body = AvroJson.Encode(AvroSchema.Parse(registry.Schemas[id]), JsonDocument.Parse(record.ToJsonString()).RootElement);
            return [0, 0, 0, (byte)(id >> 8), (byte)id, .. body];
        }
    }

    [Fact]
    public async Task What_would_count_twice_or_has_nowhere_to_go_is_held_back_and_says_why()
    {
        await using var stage = await Stage.StartAsync();
        var scan = Stage.Encoded(Stage.Intake("U-1", 1, Stage.Start));
        stage.Letter("U-1", scan, "PartlyTooLate");
        stage.Letter("U-1", scan, "ProcessorFailed", Topics.Dispositions);
        stage.Letter("U-1", scan, "Truncated", "another.topic");
        stage.Letter("U-1", scan, "Truncated", "");
        stage.Letter("U-2", scan[..9], "Truncated");
        stage.Letter("U-3", Stage.Encoded(Stage.Intake("U-3", 1, Stage.Start)), "ProcessorFailed");
        stage.Flush();

        var output = await RunAsync(3, "dlq", "redrive", "--all", "--kafka", stage.Servers);

        Assert.Contains("PartlyTooLate U-1: not redriven: some of its windows took it", output, StringComparison.Ordinal);
        Assert.Contains("returns.dispositions is written by returns.triage alone", output, StringComparison.Ordinal);
        Assert.Contains("another.topic is no stream that scanners or operators publish to", output, StringComparison.Ordinal);
        Assert.Contains("it does not say which topic it came from", output, StringComparison.Ordinal);
        Assert.Contains("it would come back: Truncated", output, StringComparison.Ordinal);
        Assert.Contains("1 redriven, 5 not", output, StringComparison.Ordinal);
        Assert.Equal(["U-3"], stage.Read(Topics.Scans).Select(r => Encoding.UTF8.GetString(r.Message.Key!)));
        output = await RunAsync(3, "dlq", "redrive", "--class", "Truncated", "--source", "returns.scans", "--filter", "echo broken >&2; exit 4", "--kafka", stage.Servers);
        Assert.Contains("it cannot be changed: the filter ended with 4: broken", output, StringComparison.Ordinal);
        output = await RunAsync(3, "dlq", "redrive", "--class", "Truncated", "--source", "returns.scans", "--set", "colour=red", "--kafka", stage.Servers);
        Assert.Contains("it cannot be changed:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Killed_half_way_and_run_again_or_run_twice_at_once_each_is_redriven_once()
    {
        const int Letters = 400;
        await using var stage = await Stage.StartAsync();
        for (var i = 0; i < Letters; i++)
        {
            stage.Letter($"U-{i}", Stage.Encoded(Stage.Intake($"U-{i}", i, Stage.Start)), "ProcessorFailed", sourcePartition: i % 2, sourceOffset: i);
        }
        stage.Flush();
        using (var killed = Slow(stage))
        {
            await UntilAsync(() => stage.Read(Topics.Scans).Count > 0);
            killed.Kill(entireProcessTree: true);
            await killed.WaitForExitAsync();
        }
        Assert.InRange(stage.Read(Topics.Scans).Count, 1, Letters - 1);
        var done = stage.Read(Topics.Scans).Count;
        using var overtaken = Slow(stage);
        await UntilAsync(() => stage.Read(Topics.Scans).Count > done);
        var output = await RunAsync(0, "dlq", "redrive", "--all", "--kafka", stage.Servers);
        Assert.Contains(" 0 not, ", output, StringComparison.Ordinal);
        await overtaken.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(1, overtaken.ExitCode);
        Assert.Contains("another redrive has begun", await overtaken.StandardError.ReadToEndAsync(), StringComparison.Ordinal);

        var redriven = stage.Read(Topics.Scans).Select(r => Encoding.UTF8.GetString(r.Message.Key!)).ToList();
        Assert.Equal(Letters, redriven.Count);
        Assert.Equal(Letters, redriven.Distinct().Count());
        output = await RunAsync(0, "dlq", "redrive", "--all", "--kafka", stage.Servers);
        Assert.Contains($"0 redriven, 0 not, {Letters} redriven before", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_refused_is_told_why_and_no_secret_is_repeated()
    {
        await using var stage = await Stage.StartAsync(new Dictionary<string, string> { ["night"] = "open-sesame" });
        stage.Letter("U-1", Stage.Encoded(Stage.Intake("U-1", 1, Stage.Start)), "ProcessorFailed");
        stage.Flush();
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.username=night\nsasl.password=hunter2\n");
            foreach (var command in new[] { "list", "redrive" })
            {
                var refused = await RunAsync(1, ["dlq", command, "--kafka", stage.Servers, "--kafka-config", file, .. command == "redrive" ? (string[])["--all"] : []]);
                Assert.Contains("refuses: ", refused, StringComparison.Ordinal);
                Assert.Contains("Invalid username or password", refused, StringComparison.Ordinal);
                Assert.DoesNotContain("hunter2", refused, StringComparison.Ordinal);
            }
            await File.WriteAllTextAsync(file, "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.username=night\nsasl.password=open-sesame\n");
            Assert.Contains("1 redriven, 0 not", await RunAsync(0, "dlq", "redrive", "--all", "--kafka", stage.Servers, "--kafka-config", file), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static int SchemaId(ConsumeResult<byte[]?, byte[]?> record)
    {
        Assert.True(ConfluentWire.TryRead(record.Message.Value, out var id, out _));
        return id;
    }

    private static string JsonBody(string schema, byte[] body)
    {
        var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            Assert.True(AvroJson.TryWrite(AvroSchema.Parse(schema), body, json, out var error), error.ToString());
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>A redrive that takes longer than any test waits.</summary>
    private static Process Slow(Stage stage)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = AppContext.BaseDirectory, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "returns.dll"), "dlq", "redrive", "--all", "--rate", "10", "--kafka", stage.Servers })
        {
            start.ArgumentList.Add(argument);
        }
        return Process.Start(start)!;
    }

    private static async Task UntilAsync(Func<bool> isDone)
    {
        var deadline = Environment.TickCount64 + 60_000;
        while (!isDone())
        {
            Assert.True(Environment.TickCount64 < deadline, "it did not come so far");
            await Task.Delay(20);
        }
    }

    private static async Task<string> RunAsync(int expected, params string[] arguments)
    {
        var (code, output) = await CommandLine.RunAsync(arguments);
        Assert.True(code == expected, $"{code}: {output}");
        return output;
    }
}
