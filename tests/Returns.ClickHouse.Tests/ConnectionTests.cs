using System.Net;
using System.Net.Sockets;

namespace Returns.ClickHouse.Tests;

public sealed class ConnectionTests
{
    /// <summary>The moment matters: between the connection's opening and its first byte HttpClient throws what the socket does.</summary>
    [Fact]
    public async Task A_connection_that_is_reset_at_any_moment_means_that_ClickHouse_is_away()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource();
        var resetting = Task.Run(async () =>
        {
            while (true)
            {
                stop.Token.ThrowIfCancellationRequested();
                using var socket = await listener.AcceptSocketAsync(stop.Token);
                socket.LingerState = new LingerOption(true, 0);
            }
        });
        using var http = new ClickHouseHttp(ClickHouseAddress.Parse($"http://{listener.LocalEndpoint}"), TimeSpan.FromSeconds(30));

        for (var i = 0; i < 3000; i++)
        {
            Assert.True((await Assert.ThrowsAsync<ClickHouseException>(() => http.QueryAsync("SELECT 1"))).IsAway);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => resetting);
    }
}
