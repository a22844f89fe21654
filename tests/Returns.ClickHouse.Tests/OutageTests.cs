using System.Net;
using System.Net.Sockets;
using Confluent.Kafka;
using Returns.ClickHouse.Sink;
using Returns.Contracts;
using Returns.LocalClickHouse;

namespace Returns.ClickHouse.Tests;

public sealed class OutageTests(Databases databases)
{
    [Fact]
    public async Task ClickHouse_killed_while_rows_land_and_started_again_loses_and_doubles_nothing()
    {
        Assert.SkipWhen(LocalClickHouseServer.Missing is not null, LocalClickHouseServer.Missing ?? "");
        using TemporaryFolder folder = new();
        var port = FreePort();
        var server = await LocalClickHouseServer.Start(folder.Path, port);
        try
        {
            await using var stage = await Stage.StartAsync(ClickHouseAddress.Parse($"http://127.0.0.1:{port}"));
            var inserts = 0;
            var sink = stage.Sink(at => { if (at == SinkStep.Inserted) Interlocked.Increment(ref inserts); }, new SinkOptions { MaxDelay = TimeSpan.FromMilliseconds(5), MaxRows = 25 });
            for (var outage = 0; outage < 2; outage++)
            {
                stage.Publish(units: 150, seed: outage);
                var before = Volatile.Read(ref inserts);
                await ExactlyOnceTests.Eventually(() => Volatile.Read(ref inserts) > before + 3, "inserts are going on");
                await server.Kill();
                stage.Publish(units: 100, seed: 10 + outage);
                await ExactlyOnceTests.Eventually(() => sink.Health.State == SinkState.WaitingForClickHouse, "the sink notices");
                Assert.Contains($"127.0.0.1:{port}", sink.Health.Reason, StringComparison.Ordinal);
                await server.DisposeAsync();
                server = await LocalClickHouseServer.Start(folder.Path, port);
            }

            await stage.AllLandedOnceAsync(sink);
            await ExactlyOnceTests.Eventually(() => sink.Health.State == SinkState.Running, "the sink runs again");
            Assert.True(await sink.MetricAsync("returns_sink_retries_total") > 0);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_sink_stops_within_its_bound_while_ClickHouse_is_away_and_leaves_its_ranges_pending()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        stage.Publish(units: 50, seed: 1);
        var away = new RunningSink(
            new ClientConfig { BootstrapServers = stage.BootstrapServers }, ClickHouseAddress.Parse("http://127.0.0.1:1"),
            new SinkOptions { MaxDelay = TimeSpan.FromMilliseconds(20), StopTimeout = TimeSpan.FromSeconds(1) }, at: null);
        await using (away)
        {
            await ExactlyOnceTests.Eventually(() => away.Health.State == SinkState.WaitingForClickHouse, "the sink notices");
            await away.StopAsync();
        }
        // From the first record that was committed: of an aborted transaction before it, more or less reached the broker.
        Assert.StartsWith("pending ", stage.Committed(Topics.Grades, 0).Metadata, StringComparison.Ordinal);

        await stage.AllLandedOnceAsync(stage.Sink());
    }

    [Fact]
    public async Task An_insert_that_ClickHouse_will_never_take_stops_the_sink_with_its_words()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        await stage.Http.QueryAsync("ALTER TABLE grades DROP COLUMN points");
        stage.Publish(units: 20, seed: 1);
        var sink = stage.Sink();

        var error = await Assert.ThrowsAsync<ClickHouseException>(() => sink.Ended);

        Assert.False(error.IsAway);
        Assert.Contains("points", error.Message, StringComparison.Ordinal);
        Assert.Equal(SinkState.Failed, sink.Health.State);
        Assert.Equal(error.Message, sink.Health.Reason);
        await stage.Http.QueryAsync("ALTER TABLE grades ADD COLUMN points Float64");
        await stage.AllLandedOnceAsync(stage.Sink());
    }

    [Fact]
    public async Task Without_migrations_the_sink_says_so()
    {
        await using var stage = await Stage.StartAsync(databases.New(), partitions: 1);
        await stage.Http.QueryAsync("DROP TABLE grades");
        stage.Publish(units: 5, seed: 1);

        var error = await Assert.ThrowsAsync<ClickHouseException>(() => stage.Sink().Ended);

        Assert.Contains("Run the migrations first", error.Message, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
