using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Returns.LocalKafka;

namespace Returns.Worker.Tests;

public sealed class WorkerProcessTests
{
    // Nothing listens there: the port is reserved.
    private const string NoKafka = "127.0.0.1:1";

    [Fact]
    public async Task Serves_health_and_metrics_before_kafka_answers_and_stops_with_its_parent()
    {
        await using var worker = new WorkerProcess("--roles", "triage", "--kafka", NoKafka, "--http-port", "0", "--exit-with-stdin");
        using var http = new HttpClient { BaseAddress = new Uri(await worker.Listening), Timeout = TimeSpan.FromSeconds(30) };
        Assert.Equal("127.0.0.1", http.BaseAddress.Host);

        using var live = await http.GetAsync(new Uri("/health/live", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        using var ready = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        using var json = JsonDocument.Parse(await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("starting", json.RootElement.GetProperty("triage").GetProperty("state").GetString());
        var metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains("process_working_set_bytes", metrics, StringComparison.Ordinal);

        worker.CloseInput();
        Assert.Equal(0, await worker.ExitCode());
    }

    [Fact]
    public async Task With_every_server_away_it_says_so_without_a_secret_and_stops_at_a_signal()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends SIGTERM");
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.username=u\nsasl.password=hunter2\n", TestContext.Current.CancellationToken);
            await using var worker = new WorkerProcess("--roles", "triage,sink", "--kafka", NoKafka, "--kafka-config", file, "--clickhouse", "http://u:hunter2@127.0.0.1:1", "--http-port", "0");
            using var http = new HttpClient { BaseAddress = new Uri(await worker.Listening), Timeout = TimeSpan.FromSeconds(30) };
            await worker.SaysAsync("waiting for ClickHouse");
            await worker.SaysAsync("cannot read the topics");
            using var ready = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            var health = await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Contains("127.0.0.1:1", health, StringComparison.Ordinal);
            using var live = await http.GetAsync(new Uri("/health/live", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, live.StatusCode);
            await worker.TerminateAsync();
            Assert.Equal(0, await worker.ExitCode());
            Assert.DoesNotContain("hunter2", health + worker.Output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_wrong_password_shows_in_log_and_health_and_the_right_one_lets_every_role_in()
    {
        var folder = Directory.CreateTempSubdirectory("returns-worker-sasl-").FullName;
        try
        {
            await using var broker = await LocalKafkaServer.StartAsync(new LocalKafkaOptions { DataFolder = Path.Combine(folder, "kafka"), Log = TextWriter.Null, Users = new Dictionary<string, string> { ["worker"] = "open-sesame" } }, TestContext.Current.CancellationToken);
            var file = Path.Combine(folder, "kafka.properties");
            await WriteAsync("hunter2");
            await using (var refused = new WorkerProcess("--roles", "triage,compliance,recovery,notifier", "--webhooks", "http://127.0.0.1:1/", "--kafka", broker.BootstrapServers, "--kafka-config", file, "--http-port", "0"))
            {
                using var http = new HttpClient { BaseAddress = new Uri(await refused.Listening), Timeout = TimeSpan.FromSeconds(30) };
                await refused.SaysAsync("returns.triage: Kafka refuses: ");
                await refused.SaysAsync("compliance: Kafka refuses: ");
                await refused.SaysAsync("recovery: Kafka refuses: ");
                await refused.SaysAsync("notifier: Kafka refuses: ");
                var health = await HealthAsync(http);
                Assert.Contains("Invalid username or password", health, StringComparison.Ordinal);
                Assert.Contains("check security.protocol, sasl.mechanism, sasl.username and sasl.password", health, StringComparison.Ordinal);
                Assert.Equal(4, health.Split("Invalid username or password").Length - 1);
                Assert.Equal(4, refused.Output.Split('\n').Count(l => l.Contains("Kafka refuses", StringComparison.Ordinal)));
                Assert.DoesNotContain("hunter2", health + refused.Output, StringComparison.Ordinal);
            }

            await WriteAsync("open-sesame");
            await using var admitted = new WorkerProcess("--roles", "triage", "--kafka", broker.BootstrapServers, "--kafka-config", file, "--http-port", "0");
            // It comes as far as the topics, of which there are none.
            await admitted.SaysAsync("does not exist: create it");
            Assert.DoesNotContain("refuses", admitted.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("sesame", admitted.Output, StringComparison.Ordinal);

            Task WriteAsync(string password) => File.WriteAllTextAsync(file, $"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.username=worker\nsasl.password={password}\n", TestContext.Current.CancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static async Task<string> HealthAsync(HttpClient http)
        {
            using var ready = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            return await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_wrong_option_ends_with_2_and_says_which()
    {
        await using var worker = new WorkerProcess("--roles", "triage", "--kafka", NoKafka, "--thread", "2");
        Assert.Equal(2, await worker.ExitCode());
        Assert.Contains("worker: '--thread' is no option", worker.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_taken_port_ends_with_1_and_says_which()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        await using var worker = new WorkerProcess("--roles", "triage", "--kafka", NoKafka, "--http-port", port);
        Assert.Equal(1, await worker.ExitCode());
        Assert.Contains($":{port}", worker.Output, StringComparison.Ordinal);
        Assert.Contains("choose another with --http-port", worker.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", worker.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asked_to_end_while_it_starts_it_ends_without_a_stack_trace()
    {
        // Which moment of the start is hit is up to the machine: these spread over all of it.
        for (var moment = 60; moment <= 300; moment += 15)
        {
            await using var worker = new WorkerProcess("--roles", "sink", "--kafka", NoKafka, "--clickhouse", "http://127.0.0.1:1", "--http-port", "0");
            await Task.Delay(moment, TestContext.Current.CancellationToken);
            worker.Terminate();
            Assert.True(await worker.ExitCode() is 0 or 143, worker.Output);
            Assert.DoesNotContain("   at ", worker.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("triage")]
    [InlineData("sink")]
    public async Task A_role_that_cannot_go_on_ends_the_process_with_one_line(string role)
    {
        await using var worker = new WorkerProcess("--roles", role, "--kafka", NoKafka, "--clickhouse", "http://127.0.0.1:1", "--http-port", "0",
            "--schema-registry", "http://u:hunter2@127.0.0.1:1");
        Assert.Equal(1, await worker.ExitCode());
        Assert.Contains($"the role {role} has stopped: Schema Registry http://127.0.0.1:1", worker.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", worker.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", worker.Output, StringComparison.Ordinal);
    }
}
