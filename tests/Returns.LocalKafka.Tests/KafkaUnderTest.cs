using Returns.LocalKafka.Tests;

[assembly: AssemblyFixture(typeof(KafkaUnderTest))]
// They mostly wait: for a session to end, a process to start, a client to notice.
[assembly: Xunit.v3.Parallelization(MaxThreads = 6)]

namespace Returns.LocalKafka.Tests;

/// <summary>
/// The Kafka the contract is checked against: the one RETURNS_TEST_KAFKA names as host:port, or a local broker in this
/// process. The contract suite knows no more of it than its address.
/// </summary>
public sealed class KafkaUnderTest : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private LocalKafkaServer? _local;

    public string BootstrapServers { get; private set; } = "";

    /// <summary>Whether it is the local broker, which compacts within seconds and takes short session timeouts.</summary>
    public bool IsLocal => _local is not null;

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("RETURNS_TEST_KAFKA") is { Length: > 0 } address)
        {
            BootstrapServers = address;
            return;
        }

        _local = await LocalKafkaServer.StartAsync(new LocalKafkaOptions { DataFolder = _folder.Path, RetentionInterval = TimeSpan.FromMilliseconds(300), CompactionInterval = TimeSpan.FromMilliseconds(300) });
        BootstrapServers = _local.BootstrapServers;
    }

    public async ValueTask DisposeAsync()
    {
        if (_local is not null) await _local.StopAsync().WaitAsync(TimeSpan.FromSeconds(30));
        _folder.Dispose();
    }
}
