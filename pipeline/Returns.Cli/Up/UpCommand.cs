using System.CommandLine;
using Confluent.Kafka;
using Returns.Cli.Page;
using Returns.Streams.Kafka;
using Spectre.Console;

namespace Returns.Cli.Up;

/// <summary>The command line of <c>returns up</c>.</summary>
internal static class UpCommand
{
    private const long DefaultShift = 100_000;
    private const int DefaultRate = 500;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var input = new Option<FileInfo?>("--input") { Description = "Replay this file, in the layout of UCI Online Retail, plain or .gz.", HelpName = "FILE" };
        var simulate = new Option<int?>("--simulate") { Description = "Simulate a shift at this rate; 0 is as fast as the pipeline takes it. 500 where not given.", HelpName = "UNITS_PER_SECOND" };
        var seed = new Option<ulong>("--seed") { Description = "Seed of everything that is simulated.", DefaultValueFactory = _ => 1, HelpName = "N" };
        var units = new Option<long?>("--units") { Description = $"Units of the shift to simulate; where not given, shift after shift of {DefaultShift} each. Or the most units of a file to replay.", HelpName = "N" };
        var exit = new Option<bool>("--exit-when-drained") { Description = "End when every unit of the file, or of one shift, has reached ClickHouse." };
        var summary = new Option<FileInfo?>("--summary") { Description = "Write what became of the units to this file, as JSON.", HelpName = "FILE" };
        var data = new Option<DirectoryInfo>("--data") { Description = "Folder of everything that is kept.", DefaultValueFactory = _ => new DirectoryInfo("data"), HelpName = "DIR" };
        var kafka = new Option<string?>("--kafka") { Description = "Use this Kafka instead of starting the local one.", HelpName = "HOST:PORT" };
        var kafkaConfig = new Option<FileInfo?>("--kafka-config") { Description = "librdkafka properties for every client of the Kafka in use, one name=value a line: SASL, TLS.", HelpName = "FILE" };
        var clickHouse = new Option<string?>("--clickhouse") { Description = "Use this ClickHouse instead of starting the local one.", HelpName = "URL" };
        var alertmanager = new Option<string?>("--alertmanager") { Description = "Tell this Alertmanager of vendor alerts.", HelpName = "URL" };
        var webhooks = new Option<string?>("--webhooks") { Description = "Post vendor alerts there.", HelpName = "URL[,URL]" };
        var webhookSecret = new Option<FileInfo?>("--webhook-secret-file") { Description = "Sign what is posted with this file's content.", HelpName = "FILE" };
        var pagePort = new Option<int>("--page-port") { Description = "Port of the live page on this machine; another where it is taken, 0 for any.", DefaultValueFactory = _ => LivePage.DefaultPort, HelpName = "PORT" };
        var noPage = new Option<bool>("--no-page") { Description = "Serve no live page." };
        var command = new Command("up", "Run the whole pipeline: scans to Kafka, graded and routed, exactly once in ClickHouse.")
        {
            input, simulate, seed, units, exit, summary, data, kafka, kafkaConfig, clickHouse, alertmanager, webhooks, webhookSecret, pagePort, noPage,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(input) is { } file && !file.Exists)
            {
                result.AddError($"--input: there is no file {file.FullName}");
            }
            if (result.GetValue(input) is not null && result.GetValue(simulate) is not null)
            {
                result.AddError("--input and --simulate: choose one, a file to replay or a shift to simulate");
            }
            if (result.GetValue(simulate) is < 0)
            {
                result.AddError("--simulate: the rate is below zero; 0 is as fast as the pipeline takes it");
            }
            if (result.GetValue(units) is < 1)
            {
                result.AddError("--units: give at least 1");
            }
            if (result.GetValue(pagePort) is < 0 or > ushort.MaxValue)
            {
                result.AddError("--page-port: give a port from 1 to 65535, or 0 for any");
            }
            if (result.GetValue(kafkaConfig) is not null && result.GetValue(kafka) is null)
            {
                result.AddError("--kafka-config: the local Kafka has no security to set: name another with --kafka");
            }
            if (result.GetValue(clickHouse) is { } url && !IsUrl(url))
            {
                result.AddError("--clickhouse: its value is no URL such as http://localhost:8123");
            }
            if (result.GetValue(alertmanager) is { } manager && !IsUrl(manager))
            {
                result.AddError("--alertmanager: its value is no URL such as http://localhost:9093");
            }
            if (result.GetValue(webhooks) is { } posted && !posted.Split(',', StringSplitOptions.TrimEntries).All(IsUrl))
            {
                result.AddError("--webhooks: not URLs such as https://alerts.example/returns, separated by commas");
            }
            if (result.GetValue(webhookSecret) is { } secret && (result.GetValue(webhooks) is null || !secret.Exists))
            {
                result.AddError(secret.Exists ? "--webhook-secret-file: there is nothing to sign without --webhooks" : $"--webhook-secret-file: there is no file {secret.FullName}");
            }
        });
        command.SetAction((result, cancel) =>
        {
            var console = AnsiConsole.Console;
            if (!console.Profile.Out.IsTerminal)
            {
                // Nobody's window: a line is a line.
                console.Profile.Width = short.MaxValue;
            }
            var view = new RunView(console);
            var file = result.GetValue(input);
            var client = new ClientConfig();
            if (result.GetValue(kafkaConfig) is { } properties)
            {
                try
                {
                    client = ClientProperties.Read(properties.FullName);
                }
                catch (FormatException error)
                {
                    throw new UpException($"--kafka-config: {error.Message}");
                }
            }
            return new UpRun(new UpOptions
            {
                Input = file?.FullName,
                UnitsPerSecond = result.GetValue(simulate) ?? (file is null ? DefaultRate : 0),
                Seed = result.GetValue(seed),
                Units = result.GetValue(units) ?? (file is null ? DefaultShift : null),
                ShiftAfterShift = file is null && result.GetValue(units) is null && !result.GetValue(exit),
                ExitWhenDrained = result.GetValue(exit),
                Summary = result.GetValue(summary)?.FullName,
                Data = result.GetValue(data)!.FullName,
                Kafka = result.GetValue(kafka),
                KafkaClient = client,
                KafkaConfig = result.GetValue(kafkaConfig)?.FullName,
                ClickHouse = result.GetValue(clickHouse),
                Alertmanager = result.GetValue(alertmanager),
                Webhooks = result.GetValue(webhooks),
                WebhookSecretFile = result.GetValue(webhookSecret)?.FullName,
                PagePort = result.GetValue(noPage) ? null : result.GetValue(pagePort),
            }, view).RunAsync(cancel);
        });
        return command;
    }

    private static bool IsUrl(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https";
}
