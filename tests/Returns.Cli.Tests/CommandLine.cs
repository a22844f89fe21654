using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Returns.Contracts;
using Returns.LocalKafka;

namespace Returns.Cli.Tests;

/// <summary>The command as a user runs it: what is wrong is named, with its value and the way out, before anything is started.</summary>
public sealed class CommandLine : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("returns-cli-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("there is no file", "up", "--input", "/nowhere/returns.csv")]
    [InlineData("choose one", "up", "--input", "returns.dll", "--simulate", "5")]
    [InlineData("below zero", "up", "--simulate", "-1")]
    [InlineData("at least 1", "up", "--units", "0")]
    [InlineData("is no URL", "up", "--clickhouse", "localhost:8123")]
    [InlineData("--alertmanager: its value is no URL", "up", "--alertmanager", "localhost:9093")]
    [InlineData("--webhooks: not URLs", "up", "--webhooks", "http://127.0.0.1:1/,token")]
    [InlineData("there is no file /nowhere/secret", "up", "--webhooks", "http://127.0.0.1:1/", "--webhook-secret-file", "/nowhere/secret")]
    [InlineData("nothing to sign without --webhooks", "up", "--webhook-secret-file", "returns.dll")]
    [InlineData("name another with --kafka", "up", "--kafka-config", "/nowhere/kafka.properties")]
    [InlineData("/nowhere/kafka.properties", "up", "--kafka", "127.0.0.1:1", "--kafka-config", "/nowhere/kafka.properties")]
    [InlineData("--sed", "up", "--sed", "4")]
    public async Task What_is_wrong_with_an_option_is_said(string said, params string[] arguments)
    {
        var (code, output) = await RunAsync(arguments);

        Assert.NotEqual(0, code);
        Assert.Contains(said, output, StringComparison.Ordinal);
        Assert.DoesNotContain("Starting", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_in_another_layout_is_named_with_what_it_lacks()
    {
        var file = Path.Combine(_folder, "orders.csv");
        await File.WriteAllTextAsync(file, "order,amount\n1,2\n");

        var (code, output) = await RunAsync("up", "--input", file, "--data", Path.Combine(_folder, "data"));

        Assert.Equal(1, code);
        Assert.Contains(file, output, StringComparison.Ordinal);
        Assert.Contains("InvoiceNo", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_rules_that_come_with_the_program_are_valid_and_a_broken_one_is_named_by_file_and_line()
    {
        var (code, output) = await RunAsync("rules", "check");
        Assert.Equal(0, code);
        Assert.Contains("grading of '*'", output, StringComparison.Ordinal);

        await File.WriteAllTextAsync(Path.Combine(_folder, "grading.yaml"), "kind: grading\nprogram: '*'\nversion: '1'\ncolour: red\n");
        (code, output) = await RunAsync("rules", "check", _folder);
        Assert.Equal(1, code);
        Assert.Contains("grading.yaml:4", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Topics_are_created_and_one_with_other_partitions_is_named()
    {
        await using var broker = await LocalKafkaServer.StartAsync(new LocalKafkaOptions { DataFolder = Path.Combine(_folder, "kafka"), Log = TextWriter.Null });
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = Topics.Grades, NumPartitions = 3, ReplicationFactor = 1 }]);
        var (failed, said) = await RunAsync("topics", "create", "--kafka", broker.BootstrapServers);
        Assert.Equal(1, failed);
        Assert.Contains("topic returns.grades", said, StringComparison.Ordinal);

        await admin.DeleteTopicsAsync([Topics.Grades]);
        for (var again = 0; again < 2; again++)
        {
            var (code, output) = await RunAsync("topics", "create", "--kafka", broker.BootstrapServers);
            Assert.True(code == 0, output);
        }
        Assert.Equal(12, admin.GetMetadata(Topics.Grades, TimeSpan.FromSeconds(30)).Topics[0].Partitions.Count);
    }

    [Fact]
    public async Task A_folder_without_rules_is_said_to_be_one()
    {
        var (code, output) = await RunAsync("rules", "check", _folder);

        Assert.Equal(1, code);
        Assert.Contains("no rule file", output, StringComparison.Ordinal);
    }

    /// <summary>What the command says, results and all else.</summary>
    internal static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        var (code, output, errors) = await RunApartAsync(arguments);
        return (code, output + errors);
    }

    /// <summary>The results of a command that succeeds: standard output alone.</summary>
    internal static async Task<string> ResultsAsync(params string[] arguments)
    {
        var (code, output, errors) = await RunApartAsync(arguments);
        Assert.True(code == 0, $"{code}: {output}{errors}");
        return output;
    }

    private static async Task<(int Code, string Output, string Errors)> RunApartAsync(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = AppContext.BaseDirectory, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "returns.dll"), .. arguments])
        {
            start.ArgumentList.Add(argument);
        }
        using var process = Process.Start(start)!;
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
