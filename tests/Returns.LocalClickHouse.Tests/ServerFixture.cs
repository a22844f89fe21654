using System.Net;
using Xunit;

[assembly: AssemblyFixture(typeof(Returns.LocalClickHouse.Tests.ServerFixture))]

namespace Returns.LocalClickHouse.Tests;

/// <summary>One server for the tests that need no server of their own.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private LocalClickHouseServer? server;

    public HttpClient Http { get; } = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None });

    public LocalClickHouseServer Server
    {
        get
        {
            Assert.SkipWhen(LocalClickHouseServer.Missing is not null, LocalClickHouseServer.Missing ?? "");
            return server!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (LocalClickHouseServer.Missing is null)
        {
            server = await LocalClickHouseServer.Start(folder.Path);
            Http.BaseAddress = server.Endpoint;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        folder.Dispose();
    }

    /// <summary>Posts a statement and returns the answer's status and text.</summary>
    public async Task<(HttpStatusCode Status, string Text)> Post(string sql, string url = "/")
    {
        _ = Server;
        using StringContent content = new(sql);
        using var answer = await Http.PostAsync(new Uri(url, UriKind.Relative), content);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Posts a statement that must succeed.</summary>
    public async Task<string> Ok(string sql, string url = "/")
    {
        var (status, text) = await Post(sql, url);
        Assert.True(status == HttpStatusCode.OK, text);
        return text;
    }
}

/// <summary>A folder of its own, gone afterwards.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("returns-clickhouse-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
