using Returns.LocalKafka.Protocol;

namespace Returns.LocalKafka.Tests;

public sealed class HostileRequests
{
    [Fact]
    public async Task No_bytes_behind_a_header_hurt_the_broker()
    {
        await using var broker = await LocalBroker.StartAsync();
        var random = new Random(20261124);
        foreach (var api in ApiVersion.Supported)
        {
            for (var version = api.Min; version <= api.Max; version++)
            {
                for (var round = 0; round < 12; round++)
                {
                    using var wire = new WireClient(broker.BootstrapServers);
                    wire.Send(api.Key, version, w =>
                    {
                        if (version >= api.FlexibleFrom) w.Byte(0);
                        var body = w.Take(random.Next(0, 120));
                        random.NextBytes(body);
                        // Small numbers get further into a request than large ones.
                        if (round % 2 == 0)
                            foreach (ref var b in body) b = (byte)(b % 4 == 0 ? b % 16 : 0);
                    });
                }
            }
        }

        AssertUnhurt(broker);
    }

    [Fact]
    public async Task No_change_of_a_good_request_hurts_the_broker()
    {
        await using var broker = await LocalBroker.StartAsync();
        var topic = await ConfluentClients.CreateTopic(broker.BootstrapServers);
        (ApiKey Key, short Version, Action<WireWriter> Body)[] good =
        [
            (ApiKey.Produce, 7, w => WireClient.WriteProduce(w, topic, TestBatch.Build(["a", "b"]), -1, 7)),
            (ApiKey.Fetch, 11, w =>
            {
                w.Int32(-1);
                w.Int32(10);
                w.Int32(1);
                w.Int32(100_000);
                w.Byte(1);
                w.Int32(0);
                w.Int32(-1);
                w.ArrayLength(1);
                w.String(topic);
                w.ArrayLength(1);
                w.Int32(0);
                w.Int32(-1);
                w.Int64(0);
                w.Int64(-1);
                w.Int32(100_000);
                w.ArrayLength(0);
                w.String("");
            }),
            (ApiKey.Metadata, 5, w =>
            {
                w.ArrayLength(1);
                w.String(topic);
                w.Boolean(false);
            }),
            (ApiKey.ListOffsets, 2, w =>
            {
                w.Int32(-1);
                w.Byte(1);
                w.ArrayLength(1);
                w.String(topic);
                w.ArrayLength(1);
                w.Int32(0);
                w.Int64(5);
            }),
            (ApiKey.JoinGroup, 3, w =>
            {
                w.String("fuzz");
                w.Int32(200);
                w.Int32(200);
                w.String("");
                w.String("consumer");
                w.ArrayLength(1);
                w.String("range");
                w.Bytes([0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
            }),
            (ApiKey.OffsetCommit, 5, w =>
            {
                w.String("fuzz-offsets");
                w.Int32(-1);
                w.String("");
                w.ArrayLength(1);
                w.String(topic);
                w.ArrayLength(1);
                w.Int32(0);
                w.Int64(5);
                w.String("metadata");
            }),
            (ApiKey.InitProducerId, 1, w =>
            {
                w.String("fuzz");
                w.Int32(1000);
            }),
            (ApiKey.IncrementalAlterConfigs, 0, w =>
            {
                w.ArrayLength(1);
                w.Byte(2);
                w.String(topic);
                w.ArrayLength(1);
                w.String("cleanup.policy");
                w.Byte(2);
                w.String("compact");
                w.Boolean(true);
            }),
        ];
        var random = new Random(11);
        for (var round = 0; round < 1500; round++)
        {
            var (key, version, body) = good[round % good.Length];
            using var wire = new WireClient(broker.BootstrapServers);
            wire.Send(key, version, w =>
            {
                var start = w.Length;
                body(w);
                var written = w.WrittenFrom(start);
                for (var change = random.Next(1, 4); change > 0; change--) written[random.Next(written.Length)] = (byte)random.Next(256);
                if (random.Next(3) == 0) w.Length = start + random.Next(written.Length);
            });
        }

        AssertUnhurt(broker);
    }

    private static void AssertUnhurt(LocalBroker broker)
    {
        using var wire = new WireClient(broker.BootstrapServers);
        Assert.Equal(ErrorCode.None, (ErrorCode)wire.Ask(ApiKey.ApiVersions, 0, _ => { }).Int16());
        // Malformed requests are complained of by name; anything else that was thrown is a fault of the broker.
        Assert.DoesNotContain(" failed: ", broker.Log, StringComparison.Ordinal);
    }
}
