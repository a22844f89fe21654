using System.Net;

namespace Returns.Worker.Tests;

public sealed class ConfigurationTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("returns-worker-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Defaults_bind_to_loopback()
    {
        var options = WorkerOptions.Read(["--roles", "triage", "--kafka", "127.0.0.1:9092"]);
        Assert.Equal(["triage"], options.Roles);
        Assert.Equal("127.0.0.1:9092", options.Kafka.BootstrapServers);
        Assert.Equal((IPAddress.Loopback, 9464, Math.Min(Environment.ProcessorCount, 4), false), (options.HttpHost, options.HttpPort, options.Threads, options.ExitWithStdin));
        Assert.Null(options.ClickHouse);
        Assert.Null(options.SchemaRegistry);
    }

    [Fact]
    public void Everything_can_be_set()
    {
        var options = WorkerOptions.Read(["--roles", "triage,sink", "--kafka", "k1:9092,k2:9093", "--clickhouse", "http://u:secret@ch:8123/?database=d", "--schema-registry", "https://u:p@sr:8081",
            "--http-host", "0.0.0.0", "--http-port", "9100", "--threads", "3", "--instance-id", "w-1", "--session-timeout", "6", "--transaction-timeout", "7", "--idle-after", "8", "--stop-timeout", "9",
            "--exit-with-stdin"]);
        Assert.Equal(["triage", "sink"], options.Roles);
        Assert.Equal("d", options.ClickHouse!.Database);
        Assert.Equal((TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(8)), (options.SessionTimeout, options.TransactionTimeout, options.IdleAfter));
        Assert.Equal((TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(9)), (options.StopTimeout, options.Streams.StopTimeout));
        Assert.Equal((IPAddress.Any, 9100, 3, "w-1", true), (options.HttpHost, options.HttpPort, options.Threads, options.InstanceId, options.ExitWithStdin));
    }

    [Theory]
    [InlineData("--roles is missing", "--kafka", "k:1")]
    [InlineData("--roles: 'triage,packer': there are triage, compliance, recovery, notifier, sink", "--roles", "triage,packer", "--kafka", "k:1")]
    [InlineData("--roles: ','", "--roles", ",", "--kafka", "k:1")]
    [InlineData("--kafka is missing", "--roles", "triage")]
    [InlineData("--alertmanager and --webhooks are missing", "--roles", "notifier", "--kafka", "k:1")]
    [InlineData("--webhooks: not a URL", "--roles", "notifier", "--kafka", "k:1", "--webhooks", "http://a/,hunter2")]
    [InlineData("--alertmanager: not a URL", "--roles", "notifier", "--kafka", "k:1", "--alertmanager", "hunter2:9093")]
    [InlineData("--webhook-secret-file: ", "--roles", "notifier", "--kafka", "k:1", "--webhooks", "http://a/?token=hunter2", "--webhook-secret-file", "/nowhere/at/all")]
    [InlineData("--clickhouse is missing", "--roles", "sink", "--kafka", "k:1")]
    [InlineData("--clickhouse: ", "--roles", "sink", "--kafka", "k:1", "--clickhouse", "ftp://u:hunter2@ch:1/")]
    [InlineData("--schema-registry: ", "--roles", "triage", "--kafka", "k:1", "--schema-registry", "u:hunter2@sr")]
    [InlineData("--threads: '0' is not a number from 1", "--roles", "triage", "--kafka", "k:1", "--threads", "0")]
    [InlineData("--session-timeout: '0' is not a number from 1 to 300", "--roles", "triage", "--kafka", "k:1", "--session-timeout", "0")]
    [InlineData("--http-port: '70000' is not a number from 0 to 65535", "--roles", "triage", "--kafka", "k:1", "--http-port", "70000")]
    [InlineData("--http-host: 'here' is no IP address", "--roles", "triage", "--kafka", "k:1", "--http-host", "here")]
    [InlineData("'--role' is no option", "--role", "triage")]
    [InlineData("--roles: its value is missing", "--roles")]
    [InlineData("--kafka-config: ", "--roles", "triage", "--kafka-config", "/nowhere/at/all")]
    public void What_cannot_be_used_is_named_and_no_secret_is_repeated(string message, params string[] arguments)
    {
        var error = Assert.Throws<FormatException>(() => WorkerOptions.Read(arguments));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Kafka_properties_come_from_the_file_and_the_servers_from_the_command_line()
    {
        var file = Properties("# security\nsecurity.protocol = SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.username=u\nsasl.password=a=b\nbootstrap.servers=other:1\n");
        var options = WorkerOptions.Read(["--roles", "triage", "--kafka", "k:9", "--kafka-config", file]);
        Assert.Equal(("k:9", "a=b"), (options.Kafka.BootstrapServers, options.Kafka.SaslPassword));
        Assert.Equal("other:1", WorkerOptions.Read(["--roles", "triage", "--kafka-config", file]).Kafka.BootstrapServers);
    }

    [Fact]
    public void A_line_that_is_no_property_is_named_by_its_number_alone()
    {
        var error = Assert.Throws<FormatException>(() => WorkerOptions.Read(["--roles", "triage", "--kafka-config", Properties("sasl.mechanism=PLAIN\nhunter2")]));
        Assert.Contains(":2: expected name=value", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sasl.pasword=hunter2", "sasl.pasword")]
    [InlineData("security.protocol=SASL", "security.protocol")]
    [InlineData("security.protocol=SSL\nssl.key.pem=hunter2", "ssl.key.pem")]
    public void A_property_that_librdkafka_does_not_take_is_named_at_the_start_and_no_secret_is_repeated(string lines, string named)
    {
        var error = Assert.Throws<FormatException>(() => WorkerOptions.Read(["--roles", "triage", "--kafka", "k:1", "--kafka-config", Properties(lines)]));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
    }

    private string Properties(string lines)
    {
        var path = Path.Combine(_folder.FullName, "kafka.properties");
        File.WriteAllText(path, lines);
        return path;
    }
}
