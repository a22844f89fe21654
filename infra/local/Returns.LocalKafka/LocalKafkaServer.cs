using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Returns.LocalKafka.Groups;
using Returns.LocalKafka.Network;
using Returns.LocalKafka.Requests;
using Returns.LocalKafka.Storage;
using Returns.LocalKafka.Topics;
using Returns.LocalKafka.Transactions;

namespace Returns.LocalKafka;

/// <summary>A single-node Kafka broker for laptops, demos and tests. README.md says what it is and what it is not.</summary>
/// <remarks>Thread safe. Stopping it flushes and leaves the data folder ready for a start without recovery.</remarks>
public sealed class LocalKafkaServer : IAsyncDisposable
{
    private static readonly TimeSpan CoordinatorTick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan TransactionTick = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromMilliseconds(500);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, Connection> _connections = new();
    private readonly LocalKafkaOptions _options;
    private readonly BrokerLog _log;
    private readonly FileStream _lock;
    private readonly Socket _listener;
    private readonly StateStore _state;
    private readonly TopicCatalog _topics;
    private readonly GroupCoordinator _groups;
    private readonly TransactionCoordinator _transactions;
    private readonly RequestRouter _router;
    private readonly Task _accepting;
    private readonly Task _ticking;
    private readonly Thread _maintenance;
    private int _stopped;

    private LocalKafkaServer(LocalKafkaOptions options, BrokerLog log, FileStream folderLock, Socket listener, StateStore state)
    {
        (_options, _log, _lock, _listener, _state) = (options, log, folderLock, listener, state);
        var endpoint = (IPEndPoint)listener.LocalEndPoint!;
        (Host, Port) = (endpoint.Address.ToString(), endpoint.Port);
        _topics = new TopicCatalog(state, options, log);
        _groups = new GroupCoordinator(state, options);
        _transactions = new TransactionCoordinator(state, _topics, _groups, options.Time, log);
        _transactions.Tick();
        var identity = new BrokerIdentity(ClusterIdOf(state), options.Advertised?.Host ?? Host, options.Advertised?.Port ?? Port);
        _router = new RequestRouter(
            new ClusterRequests(identity, _topics, options.AutoCreateTopics),
            new ProduceRequests(_topics, _transactions),
            new FetchRequests(_topics, options.Time),
            new OffsetRequests(_topics),
            new GroupRequests(_groups),
            new GroupOffsetRequests(_groups, _topics),
            new TransactionRequests(_transactions, _topics),
            new TopicRequests(_topics, _groups),
            new ConfigRequests(_topics, options),
            new SaslRequests(options.Users));
        listener.Listen(512);
        File.WriteAllText(Path.Combine(options.DataFolder, "endpoint"), BootstrapServers + "\n");
        _accepting = Task.Run(AcceptAsync);
        _ticking = Task.Run(TickAsync);
        _maintenance = new Thread(Maintain) { IsBackground = true, Name = "log maintenance", Priority = ThreadPriority.BelowNormal };
        _maintenance.Start();
    }

    /// <summary>The address it listens on.</summary>
    public string Host { get; }

    /// <summary>The port it listens on, also when a free one was asked for.</summary>
    public int Port { get; }

    /// <summary>Host and port, as clients take them for bootstrap.servers.</summary>
    public string BootstrapServers => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    /// <summary>Opens the data folder, recovers what a crash left, and listens.</summary>
    /// <param name="options">How to run.</param>
    /// <param name="cancel">Gives up waiting for the data folder.</param>
    /// <exception cref="IOException">The folder is used by another broker for longer than the options' lock timeout, cannot be
    /// written, or the port is taken.</exception>
    public static async Task<LocalKafkaServer> StartAsync(LocalKafkaOptions options, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var log = new BrokerLog(options.Log ?? Console.Error, options.Time);
        var folderLock = await LockAsync(options, cancel).ConfigureAwait(false);
        Socket? listener = null;
        StateStore? state = null;
        try
        {
            listener = Bind(options);
            state = new StateStore(Path.Combine(options.DataFolder, "state"));
            return new LocalKafkaServer(options, log, folderLock, listener, state);
        }
        catch
        {
            state?.Dispose();
            listener?.Dispose();
            await folderLock.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Closes the connections, flushes, and lets go of port and folder. A second call does nothing.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0) return;
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        await _ticking.ConfigureAwait(false);
        await Task.WhenAny(Task.WhenAll(_connections.Keys), Task.Delay(LongestGoodbye)).ConfigureAwait(false);
        foreach (var connection in _connections.Values) connection.Abort();
        _maintenance.Join();
        _topics.Dispose();
        _state.Dispose();
        File.Delete(Path.Combine(_options.DataFolder, "endpoint"));
        await _lock.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>As <see cref="StopAsync"/>.</summary>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private static async Task<FileStream> LockAsync(LocalKafkaOptions options, CancellationToken cancel)
    {
        Directory.CreateDirectory(options.DataFolder);
        var path = Path.Combine(options.DataFolder, "lock");
        var started = options.Time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
            {
                if (options.Time.GetElapsedTime(started) < options.LockTimeout)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(50), cancel).ConfigureAwait(false);
                    continue;
                }

                throw new IOException(
                    $"{options.DataFolder}: another broker holds {path} and did not let go within {options.LockTimeout.TotalSeconds:0.#} s. Stop it, or use another data folder ({e.Message})", e);
            }
        }
    }

    private static Socket Bind(LocalKafkaOptions options)
    {
        var socket = new Socket(options.Host.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(options.Host, options.Port));
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            var reason = e.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? "is in use by another process. Stop that, choose another --port, or let --port 0 find a free one"
                : $"cannot be listened on: {e.Message}";
            throw new IOException($"{options.Host}:{options.Port} {reason}", e);
        }
    }

    private static string ClusterIdOf(StateStore state)
    {
        const string key = "cluster-id";
        foreach (var (_, value) in state.Read(key)) return Encoding.UTF8.GetString(value);
        var id = Convert.ToBase64String(Guid.NewGuid().ToByteArray()).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        state.Apply(new StateChange(key, Encoding.UTF8.GetBytes(id)));
        return id;
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptAsync(_stop.Token).ConfigureAwait(false);
                var connection = new Connection(socket, _router, _options, _log);
                var serving = Task.Run(() => connection.RunAsync(_stop.Token));
                _connections[serving] = connection;
                _ = serving.ContinueWith(
                    done =>
                    {
                        if (_connections.TryRemove(done, out var closed)) closed.Dispose();
                    },
                    CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // Out of file descriptors, say. The clients that are here are served; a new one tries again.
                if (_stop.IsCancellationRequested) return;
                _log.WriteLimited("accept", $"cannot accept a connection: {e.Message}");
                await Task.Delay(CoordinatorTick).ConfigureAwait(false);
            }
        }
    }

    private async Task TickAsync()
    {
        using var timer = new PeriodicTimer(CoordinatorTick, _options.Time);
        var last = _options.Time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                try
                {
                    _groups.Tick();
                    if (_options.Time.GetElapsedTime(last) < TransactionTick) continue;
                    last = _options.Time.GetTimestamp();
                    _transactions.Tick();
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // A fault of ours in one group must not leave every session and transaction without its timeout.
                    _log.WriteLimited("fault", $"sessions and transactions could not all be looked after: {e}");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private void Maintain()
    {
        var interval = _options.RetentionInterval < _options.CompactionInterval ? _options.RetentionInterval : _options.CompactionInterval;
        var (retained, compacted) = (_options.Time.GetTimestamp(), _options.Time.GetTimestamp());
        while (!_stop.Token.WaitHandle.WaitOne(interval))
        {
            var retain = _options.Time.GetElapsedTime(retained) >= _options.RetentionInterval;
            var compact = _options.Time.GetElapsedTime(compacted) >= _options.CompactionInterval;
            if (retain) retained = _options.Time.GetTimestamp();
            if (compact) compacted = _options.Time.GetTimestamp();
            foreach (var topic in _topics.All)
            {
                foreach (var partition in topic.Partitions)
                {
                    if (_stop.IsCancellationRequested) return;
                    Maintain(partition, retain, compact);
                }
            }
        }
    }

    private void Maintain(PartitionLog partition, bool retain, bool compact)
    {
        try
        {
            var now = _options.Time.GetUtcNow().ToUnixTimeMilliseconds();
            if (retain) partition.Retain(now);
            if (compact && partition.Config.Compact) new Compaction(partition, _log, _stop.Token).RunWhenDue(now);
        }
        catch (OperationCanceledException)
        {
            // Stopping; what is half compacted is dropped at the next start.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // A deleted topic closes its files under us; a full disk is tried again next time.
            if (e is not ObjectDisposedException) _log.WriteLimited("maintenance", $"{partition.Id}: {e.Message}; tried again later");
        }
        catch (Exception e)
        {
            // An exception that leaves this thread ends the process; a fault of ours costs this partition its turn only.
            _log.WriteLimited("fault", $"{partition.Id}: retention or compaction failed: {e}");
        }
    }
}
