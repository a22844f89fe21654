using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Returns.LocalClickHouse.Tests;

/// <summary>Starting, stopping, dying and starting again.</summary>
public sealed class LifecycleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Acknowledged_inserts_survive_kill_9_and_a_clean_restart()
    {
        Assert.SkipWhen(LocalClickHouseServer.Missing is not null, LocalClickHouseServer.Missing ?? "");
        using TemporaryFolder folder = new();
        using HttpClient http = new();
        await using (var first = await LocalClickHouseServer.Start(folder.Path, cancellation: Cancellation))
        {
            await Ok(http, first, "CREATE TABLE kept (a UInt32) ENGINE = MergeTree ORDER BY a");
            for (var i = 0; i < 20; i++)
            {
                await Ok(http, first, $"INSERT INTO kept VALUES ({i})");
            }

            await first.Kill();
        }

        await using (var second = await LocalClickHouseServer.Start(folder.Path, cancellation: Cancellation))
        {
            Assert.Equal("20\t190\n", await Ok(http, second, "SELECT count(), sum(a) FROM kept"));
            await Ok(http, second, "INSERT INTO kept VALUES (100)");
        }

        Assert.False(File.Exists(Path.Combine(folder.Path, "endpoint")));
        await using var third = await LocalClickHouseServer.Start(folder.Path, cancellation: Cancellation);
        Assert.Equal("21\t290\n", await Ok(http, third, "SELECT count(), sum(a) FROM kept"));
        Assert.Equal(third.Endpoint, new Uri((await File.ReadAllTextAsync(Path.Combine(folder.Path, "endpoint"), Cancellation)).Trim()));
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        Assert.SkipWhen(LocalClickHouseServer.Missing is not null, LocalClickHouseServer.Missing ?? "");
        using TemporaryFolder folder = new();
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => LocalClickHouseServer.Start(folder.Path, port, Cancellation));
        Assert.Contains($"port {port} of 127.0.0.1 is in use", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_server_on_the_folder_is_told_so_and_the_first_goes_on()
    {
        Assert.SkipWhen(LocalClickHouseServer.Missing is not null, LocalClickHouseServer.Missing ?? "");
        using TemporaryFolder folder = new();
        using HttpClient http = new();
        await using var first = await LocalClickHouseServer.Start(folder.Path, cancellation: Cancellation);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => LocalClickHouseServer.Start(folder.Path, cancellation: Cancellation));
        Assert.Contains("is in use by another process", error.Message, StringComparison.Ordinal);
        Assert.Equal("1\n", await Ok(http, first, "SELECT 1"));
    }

    private static async Task<string> Ok(HttpClient http, LocalClickHouseServer server, string sql)
    {
        using StringContent content = new(sql);
        using var answer = await http.PostAsync(server.Endpoint, content, Cancellation);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.True(answer.IsSuccessStatusCode, text);
        return text;
    }
}
