using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using Confluent.Kafka;

namespace Returns.LocalKafka.Tests.Contract;

/// <summary>Clients that share no code with librdkafka: kafkajs and kafka-python, each as a process of its own.</summary>
public sealed class ForeignClients(KafkaUnderTest kafka)
{
    private static readonly string Folder =
        typeof(ForeignClients).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "ClientsFolder").Value!;

    private string Servers => kafka.BootstrapServers;

    [Fact]
    public async Task Kafkajs_produces_and_librdkafka_and_kafka_python_consume()
    {
        NeedsKafkajs();
        NeedsKafkaPython();
        var topic = await ConfluentClients.CreateTopic(Servers, 3);
        await Kafkajs("produce", topic, "500", "js-");

        var ours = ConfluentClients.ReadAll(Servers, topic).Select(r => (r.Partition.Value, r.Message.Key, r.Message.Value)).Order().ToList();
        var python = await KafkaPython("consume", topic, ConfluentClients.NewName("g"), "500");

        Assert.Equal(500, ours.Count);
        Assert.Equal(ours, Records(python));
        Assert.Equal(500, python.GetProperty("committed").GetInt32());
        Assert.Equal(500, python.GetProperty("ends").GetInt32());
        Assert.True(python.GetProperty("found").GetBoolean());
    }

    [Fact]
    public async Task Kafka_python_produces_and_a_group_of_kafkajs_members_consumes()
    {
        NeedsKafkajs();
        NeedsKafkaPython();
        var topic = await ConfluentClients.CreateTopic(Servers, 4);
        await KafkaPython("produce", topic, "500", "py-");

        var read = Records(await Kafkajs("consume", topic, ConfluentClients.NewName("g"), "500", "2"));

        Assert.Equal(Enumerable.Range(0, 500).Select(i => $"py-{i}").Order(StringComparer.Ordinal), read.Select(r => r.Value).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Librdkafka_produces_and_both_consume_and_murmur2_puts_keys_where_kafkajs_does()
    {
        NeedsKafkajs();
        NeedsKafkaPython();
        var topic = await ConfluentClients.CreateTopic(Servers, 3);
        using (var producer = ConfluentClients.Producer(Servers, config =>
        {
            config.CompressionType = CompressionType.Gzip;
            config.Partitioner = Partitioner.Murmur2;
        }))
        {
            for (var i = 0; i < 200; i++) producer.Produce(topic, new() { Key = $"key-{i}", Value = $"v{i}" });
            producer.Flush(ConfluentClients.Patience);
        }

        var ours = ConfluentClients.ReadAll(Servers, topic).Select(r => (r.Partition.Value, r.Message.Key, r.Message.Value)).Order().ToList();
        Assert.Equal(ours, Records(await Kafkajs("consume", topic, ConfluentClients.NewName("g"), "200", "1")));
        Assert.Equal(ours, Records(await KafkaPython("consume", topic, ConfluentClients.NewName("g"), "200")));

        var other = await ConfluentClients.CreateTopic(Servers, 3);
        await Kafkajs("produce", other, "200", "v");
        Assert.Equal(ours, ConfluentClients.ReadAll(Servers, other).Select(r => (r.Partition.Value, r.Message.Key, r.Message.Value)).Order());
    }

    [Fact]
    public async Task Kafkajs_transactions_commit_and_abort()
    {
        NeedsKafkajs();
        var topic = await ConfluentClients.CreateTopic(Servers);
        await Kafkajs("transact", topic);

        Assert.Equal(["kept", "kept too"], ConfluentClients.ReadAll(Servers, topic).Values());
        Assert.Equal(["kept", "dropped", "kept too"], ConfluentClients.ReadAll(Servers, topic, IsolationLevel.ReadUncommitted).Values());
    }

    [Fact]
    public async Task Kafkajs_creates_describes_and_deletes_topics()
    {
        NeedsKafkajs();
        var result = await Kafkajs("admin", ConfluentClients.NewName("t"));

        Assert.Equal(3, result.GetProperty("partitions").GetInt32());
        Assert.Equal("compact", result.GetProperty("policy").GetString());
        Assert.True(result.GetProperty("deleted").GetBoolean());
    }

    private static List<(int Partition, string? Key, string? Value)> Records(JsonElement result) =>
        [.. result.GetProperty("values").EnumerateArray().Select(r => (r[0].GetInt32(), r[1].GetString(), r[2].GetString())).Order()];

    private static void NeedsKafkajs() => Assert.SkipUnless(
        Directory.Exists(Path.Combine(Folder, "node_modules", "kafkajs")), "kafkajs is not installed: run tests/Returns.LocalKafka.Tests/install-clients.sh");

    private static void NeedsKafkaPython() => Assert.SkipUnless(
        Directory.Exists("/usr/lib/python3/dist-packages/kafka"), "python3-kafka is not installed: run tests/Returns.LocalKafka.Tests/install-clients.sh as root");

    private Task<JsonElement> Kafkajs(string command, string topic, params string[] rest) => Run("node", ["kafkajs.js", command, Servers, topic, .. rest]);

    private Task<JsonElement> KafkaPython(string command, string topic, params string[] rest) => Run("/usr/bin/python3", ["kafka_python.py", command, Servers, topic, .. rest]);

    private static async Task<JsonElement> Run(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            // The output, too, only for so long: a child of the child may hold the pipe.
            await Task.WhenAll(process.WaitForExitAsync(), output, errors).WaitAsync(TimeSpan.FromSeconds(50));
            Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await errors}");
            return JsonDocument.Parse(await output).RootElement;
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }
}
