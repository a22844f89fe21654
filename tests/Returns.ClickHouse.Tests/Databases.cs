using Returns.LocalClickHouse;

[assembly: AssemblyFixture(typeof(Returns.ClickHouse.Tests.Databases))]

namespace Returns.ClickHouse.Tests;

/// <summary>One local ClickHouse for the tests that need no server of their own; each takes a database of its own.</summary>
public sealed class Databases : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private LocalClickHouseServer? _server;
    private int _taken;

    public async ValueTask InitializeAsync()
    {
        if (LocalClickHouseServer.Missing is null) _server = await LocalClickHouseServer.Start(_folder.Path);
    }

    /// <summary>An address with a database that does not exist yet; skips the test where no ClickHouse can run.</summary>
    public ClickHouseAddress New()
    {
        Assert.SkipWhen(LocalClickHouseServer.Missing is not null, LocalClickHouseServer.Missing ?? "");
        return ClickHouseAddress.Parse(_server!.Endpoint.ToString()).WithDatabase($"test{Interlocked.Increment(ref _taken)}");
    }

    /// <summary>A client of a new database; the caller disposes it.</summary>
    public ClickHouseHttp NewClient() => new(New(), TimeSpan.FromSeconds(30));

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _folder.Dispose();
    }
}
