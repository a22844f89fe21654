namespace Returns.LocalKafka.Tests;

/// <summary>A local broker in this process, with a folder and a log of its own.</summary>
internal sealed class LocalBroker : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _log = new();

    private LocalBroker(LocalKafkaServer? server, string? data, TimeProvider? time, IReadOnlyDictionary<string, string>? users)
    {
        Server = server!;
        Data = data ?? _folder.Path;
        Time = time ?? TimeProvider.System;
        Users = users;
    }

    public LocalKafkaServer Server { get; private set; }

    public string Data { get; }

    public TimeProvider Time { get; }

    public IReadOnlyDictionary<string, string>? Users { get; }

    public string BootstrapServers => Server.BootstrapServers;

    public string Log
    {
        get
        {
            lock (_log) return _log.ToString();
        }
    }

    public static async Task<LocalBroker> StartAsync(string? data = null, TimeProvider? time = null, IReadOnlyDictionary<string, string>? users = null)
    {
        var broker = new LocalBroker(null, data, time, users);
        await broker.StartAsync();
        return broker;
    }

    public async Task StartAsync() => Server = await LocalKafkaServer.StartAsync(new LocalKafkaOptions
    {
        DataFolder = Data,
        Log = TextWriter.Synchronized(_log),
        Time = Time,
        Users = Users,
        RetentionInterval = TimeSpan.FromMilliseconds(100),
        CompactionInterval = TimeSpan.FromMilliseconds(100),
    });

    public Task StopAsync() => Server.StopAsync().WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>The folder of a topic's partition 0.</summary>
    public string PartitionFolder(string topic) => Path.Combine(Directory.GetDirectories(Path.Combine(Data, "topics"), topic + "-*").Single(), "0");

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }
}
