using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Returns.Cli.Up;
using Returns.Contracts.Wire;

namespace Returns.Cli.Replay;

/// <summary>The command line of <c>returns replay</c>.</summary>
internal static class ReplayCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var kafka = new KafkaOptions();
        var registry = new RegistryOption();
        var from = Times.Option("--from", "Units whose intake was written to Kafka then or later; all that are kept where not given.");
        var to = Times.Option("--to", "Units whose intake was written before; up to the last where not given.");
        var rules = new Option<DirectoryInfo?>("--rules") { Description = "Decide by the rules in this folder; by those that are published where not given.", HelpName = "DIR" };
        var file = new Option<FileInfo?>("--out") { Description = "Write the units of which something else would have become: .csv, or .json, a line each.", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "The counts as JSON." };
        var command = registry.On(kafka.On(new Command("replay", "Run history through triage again, by today's rules or others, and compare: what became of the units, and what would have. Writes nothing to Kafka.")
        {
            from, to, rules, file, json,
        }));
        command.SetAction(async (result, cancel) =>
        {
            if (result.GetValue(from) is { } start && result.GetValue(to) is { } end && end <= start)
            {
                throw new UpException("--to: it is not after --from, and so there is no unit between them");
            }
            var client = kafka.Read(result, "returns.replay");
            using var registered = registry.Read(result, out var schemas);
            using var changed = result.GetValue(file) is { } path ? new ChangedUnits(path.FullName) : null;
            Comparison comparison;
            try
            {
                comparison = await Progress.DuringAsync("replaying", progress =>
                    new ReplayRun(client, schemas, cancel).Run(result.GetValue(from), result.GetValue(to), result.GetValue(rules)?.FullName, changed, progress));
            }
            catch (SchemaRegistryException error)
            {
                throw new UpException(error.Message);
            }
            changed?.Finish();
            Console.WriteLine(result.GetValue(json) ? Json(comparison) : comparison.ToString());
            return 0;
        });
        return command;
    }

    private static string Json(Comparison comparison)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            comparison.Write(json);
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
