using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Returns.LocalKafka.Protocol;

namespace Returns.LocalKafka.Tests;

/// <summary>What goes wrong around a broker, and the answer to each.</summary>
public sealed class Faults
{
    [Fact]
    public async Task A_port_in_use_is_named_with_the_way_out()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        using var folder = new TemporaryFolder();

        var error = await Assert.ThrowsAsync<IOException>(() => LocalKafkaServer.StartAsync(new LocalKafkaOptions { DataFolder = folder.Path, Port = port }));

        Assert.Contains($"127.0.0.1:{port}", error.Message, StringComparison.Ordinal);
        Assert.Contains("--port 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_folder_serves_one_broker_and_the_next_waits_for_the_first_to_go()
    {
        await using var first = await LocalBroker.StartAsync();
        var options = new LocalKafkaOptions { DataFolder = first.Data, LockTimeout = TimeSpan.FromMilliseconds(200) };
        var error = await Assert.ThrowsAsync<IOException>(() => LocalKafkaServer.StartAsync(options));
        Assert.Contains(first.Data, error.Message, StringComparison.Ordinal);

        var waiting = LocalKafkaServer.StartAsync(options with { LockTimeout = TimeSpan.FromSeconds(15) });
        await first.StopAsync();

        await using var second = await waiting;
        Assert.NotEqual(0, second.Port);
    }

    [Fact]
    public async Task A_newer_client_is_told_the_versions_there_are()
    {
        await using var broker = await LocalBroker.StartAsync();
        using var wire = new WireClient(broker.BootstrapServers);

        var answer = wire.Ask(ApiKey.ApiVersions, 99, w => w.Byte(0));

        Assert.Equal(ErrorCode.UnsupportedVersion, (ErrorCode)answer.Int16());
        var versions = Enumerable.Range(0, answer.ArrayLength()).ToDictionary(_ => (ApiKey)answer.Int16(), _ => (answer.Int16(), answer.Int16()));
        Assert.Equal((0, 3), versions[ApiKey.ApiVersions]);
        // And on the same connection the older version works.
        Assert.Equal(ErrorCode.None, (ErrorCode)wire.Ask(ApiKey.ApiVersions, 0, _ => { }).Int16());
    }

    [Theory]
    [InlineData("a version that is not served", 0, 99)]
    [InlineData("a request that is not served", 9999, 0)]
    public async Task A_request_that_cannot_be_answered_closes_the_connection_with_a_line(string what, short key, short version)
    {
        await using var broker = await LocalBroker.StartAsync();
        using var wire = new WireClient(broker.BootstrapServers);
        wire.Send((ApiKey)key, version, _ => { });

        Assert.True(wire.IsClosed(), what);
        ConfluentClients.Until(() => broker.Log.Contains("ApiVersions", StringComparison.Ordinal), "a line in the log");
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "HTTP")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000\u0001", "TLS")]
    [InlineData("\u007f\u00ff\u00ff\u00ffgarbage", "bytes")]
    [InlineData("\u00ff\u00ff\u00ff\u00ffgarbage", "bytes")]
    [InlineData("\u0000\u0000\u0000\u0002xx", "bytes")]
    public async Task What_is_no_frame_closes_the_connection_with_a_line(string bytes, string said)
    {
        await using var broker = await LocalBroker.StartAsync();
        using var wire = new WireClient(broker.BootstrapServers);
        wire.SendRaw(Encoding.Latin1.GetBytes(bytes));

        Assert.True(wire.IsClosed());
        ConfluentClients.Until(() => broker.Log.Contains(said, StringComparison.Ordinal), $"'{said}' in: {broker.Log}");
    }

    [Fact]
    public async Task A_frame_that_claims_much_and_sends_little_takes_little_memory()
    {
        await using var broker = await LocalBroker.StartAsync();
        var before = GC.GetTotalMemory(false);
        var sockets = new List<WireClient>();
        for (var i = 0; i < 50; i++)
        {
            var wire = new WireClient(broker.BootstrapServers);
            var frame = new byte[100];
            BinaryPrimitives.WriteInt32BigEndian(frame, 90_000_000);
            wire.SendRaw(frame);
            sockets.Add(wire);
        }

        using var ping = new WireClient(broker.BootstrapServers);
        Assert.Equal(ErrorCode.None, (ErrorCode)ping.Ask(ApiKey.ApiVersions, 0, _ => { }).Int16());
        Assert.InRange(GC.GetTotalMemory(false) - before, long.MinValue, 100_000_000);
        sockets.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task Sasl_is_answered_with_its_own_error()
    {
        await using var broker = await LocalBroker.StartAsync();
        using var wire = new WireClient(broker.BootstrapServers);

        var answer = wire.Ask(ApiKey.SaslHandshake, 1, w => w.String("PLAIN"));

        Assert.Equal(ErrorCode.IllegalSaslState, (ErrorCode)answer.Int16());
    }

    [Fact]
    public async Task Without_acknowledgements_a_failure_closes_the_connection()
    {
        await using var broker = await LocalBroker.StartAsync();
        using var wire = new WireClient(broker.BootstrapServers);
        wire.Send(ApiKey.Produce, 7, w => WireClient.WriteProduce(w, "no-such-topic", TestBatch.Build(["x"]), 0, 7));

        Assert.True(wire.IsClosed());
    }

    [Fact]
    public async Task A_full_disk_refuses_writes_serves_reads_and_heals()
    {
        using var folder = new TemporaryFolder();
        Assert.SkipUnless(Environment.UserName == "root" && Shell("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder.Path), "mounting a small file system needs root and a kernel that allows it");
        try
        {
            await using var broker = await LocalBroker.StartAsync(folder.Path);
            var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers);
            var ballast = Path.Combine(folder.Path, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[3_500_000]);
            using var wire = new WireClient(broker.BootstrapServers);
            var stored = 0;
            (ErrorCode Error, long Offset) answer;
            var values = Enumerable.Repeat(new string('x', 50), 60).ToArray();
            while ((answer = wire.Produce(topic, TestBatch.Build(values))).Error == ErrorCode.None)
            {
                Assert.Equal(stored, answer.Offset);
                stored += values.Length;
                Assert.True(stored < 100_000, "the small file system took more than it can hold");
            }

            Assert.Equal(ErrorCode.StorageError, answer.Error);
            Assert.Equal(stored, ConfluentClients.ReadAll(broker.BootstrapServers, topic).Count);
            Assert.Contains("KAFKA_STORAGE_ERROR", broker.Log, StringComparison.Ordinal);
            File.Delete(ballast);
            Assert.Equal((ErrorCode.None, stored), wire.Produce(topic, TestBatch.Build(values)));
            wire.Dispose();
            await broker.StopAsync();
            await broker.StartAsync();
            Assert.Equal(stored + values.Length, ConfluentClients.ReadAll(broker.BootstrapServers, topic).Count);
        }
        finally
        {
            Shell("umount", folder.Path);
        }
    }

    private static bool Shell(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            if (process.WaitForExit(TimeSpan.FromSeconds(10))) return process.ExitCode == 0;
            process.Kill();
            return false;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
